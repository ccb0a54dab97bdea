"""A run in progress: what has arrived, and what may be asked of it."""
