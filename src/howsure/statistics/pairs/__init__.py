"""Differences of two models, and of all pairs at once."""
