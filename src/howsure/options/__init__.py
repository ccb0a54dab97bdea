"""Options: each defined once, with its check, default, words, help and flag."""
