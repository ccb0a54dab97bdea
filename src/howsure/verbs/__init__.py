"""The verbs: check, gather, ask, answer; one file a verb."""
