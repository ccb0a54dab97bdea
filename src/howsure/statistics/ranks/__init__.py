"""Ranks that are real: all pairs at once, corrected for their number."""
