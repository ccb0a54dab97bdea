"""Simulated data sets with known parameters, and whether every method meets its criterion on them.

This folder isn't part of the installed package. `scripts/calibrate` runs the simulation whose results ship in
`howsure/inference/calibration_record/`, and the tests repeat a few scenarios.
"""
