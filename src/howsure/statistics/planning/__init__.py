"""Power, sample sizes and smallest differences."""
