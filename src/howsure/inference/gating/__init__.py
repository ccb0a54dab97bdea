"""What a gate asks of a candidate, and how each criterion is judged."""
