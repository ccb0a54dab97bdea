"""How answers are worded, tabled and drawn: one file per verb."""
