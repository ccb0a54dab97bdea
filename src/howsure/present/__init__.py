"""How answers are said, tabled and drawn: one file a verb."""
