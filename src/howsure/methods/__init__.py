"""The statistics: arrays in, a small frozen answer out. NumPy and SciPy only; no frames, no I/O."""
