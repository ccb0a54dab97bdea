"""Random halves of one system's results."""
