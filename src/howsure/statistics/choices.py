"""What the statistics can be asked for: the words of each choice."""

from __future__ import annotations

from typing import Literal

IntervalMethod = Literal["blend", "wilson", "t", "clopper-pearson", "jeffreys", "bootstrap", "bayes"]
"""How the interval of one mean is made. None chooses "blend" for scores in [0, 1] and "t" for others."""

ComparisonMethod = Literal["score", "t", "sign-flip", "mcnemar", "bootstrap", "bayes"]
"""How a difference is tested. None chooses "score" for scores in [0, 1] and "t" for others."""

Variance = Literal["CR2", "CR1", "miller"]
"""The variance estimator: CR2 (Bell and McCaffrey 2002), CR1 (Stata's), or the paper's formula (Miller
2024).
"""

Adjustment = Literal["max-t", "holm", "bh", "none"]
"""How p-values of many pairs are corrected for their number."""

ManyToOne = Literal["max-t", "dunnett", "holm", "bh", "none"]
"""How p-values of many sides against one are corrected for their number."""

ScoreKind = Literal["mean", "pass@", "pass^", "plug-in", "majority@", "best-of-", "consistency", "prob"]
"""What is made of the attempts at an item; those that end in a sign are followed by k."""

Goal = Literal["different", "not-worse", "same"]
"""What a plan is to show: a difference, that it is no worse than a margin, or that it is within one."""

PlanMethod = Literal["score", "t", "z"]
"""The test that is planned for: the default of `compare`, the paired t, or the paper's normal formula."""

Spending = Literal["obrien-fleming", "pocock"]
"""How planned looks spend the error: hardly any at first, as O'Brien and Fleming's boundary does, or evenly,
as Pocock's does.
"""

Ties = Literal["half", "davidson", "rao-kupper"]
"""What a tied vote is: half a win of each (the default), or an outcome of its own, as Davidson (1970) or Rao
and Kupper (1967) have it.
"""

WinnerIs = Literal["name", "side"]
"""What a winner is, of two models that are called like sides: the name of one of them, or a side."""

Drawing = Literal["unknown", "random", "convenience"]
"""How the answers that were labelled had been chosen, where no column says with which probability."""

Measurement = Literal["nominal", "ordinal", "interval"]
"""What ratings are: values that are equal or not, values in order, or numbers whose differences count."""

Coefficient = Literal["agreement", "cohen", "fleiss", "krippendorff", "gwet", "correlation"]
"""How agreement is measured: as it is, or beyond chance, or as a correlation."""

Shown = Literal["gold", "orders", "others", "nothing"]
"""What tells a judge's favour from quality: known answers, both orders, other judges, or nothing."""
