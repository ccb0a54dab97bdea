"""The command line: verbs.py makes the commands that are a verb and no more; others have a file each."""
