"""Inference: a study and a question become an answer, by the statistics."""
