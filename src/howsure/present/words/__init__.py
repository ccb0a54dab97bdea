"""The sentences of `--explain`, and the conditions under which each is true."""
