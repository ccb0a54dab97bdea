"""Inside other programs: Inspect, lm-eval, pytest."""
