"""Answers: what a verb returns, one file a verb. Frozen data; how they are said stands in present/."""
