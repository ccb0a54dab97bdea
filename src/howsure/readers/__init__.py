"""Readers: one file per harness format, the contract in base.py."""
