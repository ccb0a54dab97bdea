"""The verbs: check, gather, ask, answer; one file a verb; sides.py and series.py read what
several of them compare.
"""
