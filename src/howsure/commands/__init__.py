"""The command line: verbs.py makes commands that only call a verb. Others have a file each."""
