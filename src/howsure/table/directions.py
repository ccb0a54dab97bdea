"""Names that leave the direction of scores open: a cost, a loss, a rate of errors. What they don't say is not
guessed.
"""

from __future__ import annotations

from howsure.table.names import name_words

BURDENS = frozenset(
    (
        *("cost", "costs", "price", "usd", "dollars", "seconds", "secs", "duration", "latency", "runtime"),
        *(
            "tokens",
            "steps",
            "error",
            "errors",
            "loss",
            "perplexity",
            "ppl",
            "wer",
            "cer",
            "unsafe",
            "harmful",
            "toxic",
        ),
        *("toxicity", "failure", "failures", "violation", "violations", "hallucination", "hallucinations"),
    )
)
"""Words of a name that leave open whether larger scores are better."""


def is_burden(*names: str) -> bool:
    """Say whether a name leaves the direction open: cost_usd, Seconds, error rate."""
    return any(not BURDENS.isdisjoint(name_words(name)) for name in names)
