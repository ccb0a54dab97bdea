"""Worlds whose truth is known, and whether every method holds its promise in them.

Beside the package, and no part of what is installed: `scripts/calibrate` draws the record that ships in
`howsure/inference/calibration_record/`, and the tests draw a few of its worlds again.
"""
