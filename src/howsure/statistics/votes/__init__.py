"""Pairwise votes: strengths of models (Bradley and Terry 1952), ties, and what each cluster of votes adds."""
