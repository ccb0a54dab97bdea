"""Mappings: a small declarative language that defines how a file of unknown format becomes rows."""
