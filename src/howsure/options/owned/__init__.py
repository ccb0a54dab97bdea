"""The options that a verb has of its own, or has in a way of its own, by what the verbs are for."""
