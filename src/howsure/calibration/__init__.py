"""Worlds whose truth is known, and the check of every method's promise in them.

worlds.py draws samples, checks.py says which methods are checked and what they promise, grids.py which
worlds, and harness.py compares what was promised with what happened. `howsure calibrate` runs it;
docs/calibration.md shows it.
"""
