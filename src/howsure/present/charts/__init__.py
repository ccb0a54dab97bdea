"""Charts from plain records, as Vega-Lite specifications: one module a kind, base.py is the style that they
share.

A specification is plain data and needs nothing to be made; drawing it needs Altair (the extra "plot"). Its
rows are the dataset "rows", so that a page can put others in.
"""
