"""howsure around lm-evaluation-harness (lm_eval): evaluate with error bars, and stop once a question is
answered.

lm_eval is imported when one of the two is called.
"""

from howsure.integrations.lm_eval.evaluating import Evaluated, evaluate
from howsure.integrations.lm_eval.stopping import EvaluatedUntil, evaluate_until

__all__ = ["Evaluated", "EvaluatedUntil", "evaluate", "evaluate_until"]
