"""Intervals that are valid at every look."""
