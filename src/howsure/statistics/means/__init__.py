"""Means, their standard errors and intervals."""
