"""The public functions: check options, gather data, estimate, answer. One file per function; sides.py and
series.py read what several of them compare.
"""
