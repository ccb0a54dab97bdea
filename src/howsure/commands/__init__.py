"""The commands: one file each; base.py is what they share, options.py their options."""
