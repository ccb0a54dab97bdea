"""Charts from plain records, as Vega-Lite specifications: base.py is the style that all share, leaderboard.py
has the charts of boards; those of other answers stand in the file of their verb in present/.

A specification is plain data and needs nothing to be made; drawing it needs Altair (the extra "plot"). Its
rows are the dataset "rows", so that a page can put others in.
"""
