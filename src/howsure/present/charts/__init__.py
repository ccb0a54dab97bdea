"""Charts from plain records, as Vega-Lite specifications. base.py has the common style, leaderboard.py the
charts of boards. Those of other answers are in the file of their verb in present/.

A specification is plain data and needs no packages. Drawing it needs Altair (the extra "plot"). Its rows are
the dataset "rows", so that a page can replace them.
"""
