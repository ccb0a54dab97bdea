"""Readers: one file per harness format (registry.py lists them), the contract in base.py, and their
surroundings: folders, archives, addresses, mappings, the cache.
"""
