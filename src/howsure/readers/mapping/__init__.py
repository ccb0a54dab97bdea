"""Mappings: how a file that no reader knows becomes rows, said in a small declared language."""
