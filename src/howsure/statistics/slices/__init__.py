"""Parts of the items side by side: do they differ at all, and which of them."""
