"""Answers: the return values of verbs, one file per verb. Frozen data, worded in present/."""
