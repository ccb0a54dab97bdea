"""Options: what may be chosen; each once, with its check, default, words, help and flag."""
