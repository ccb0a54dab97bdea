"""Judges: scores that a model gave, corrected with the labels of people."""
