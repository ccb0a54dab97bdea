"""Readers: a file per harness format (registry.py lists them), the contract in base.py, and what stands
around them: folders, archives, addresses, mappings, the cache.
"""
