"""Write metrics.csv, and metrics.json: what scikit-learn, SciPy and NumPy make of it. Needs numpy, scipy, scikit-learn, jiwer, sacrebleu.

`python tests/references/metrics.py`, then `Rscript tests/references/metrics.R` adds DeLong's errors by pROC and those of ratios by survey.
"""

import csv
import json
from pathlib import Path

import jiwer
import numpy as np
import sacrebleu
import scipy
import sklearn
from scipy import stats
from sklearn import metrics as sk

HERE = Path(__file__).parent
SIZE = 240

rng = np.random.default_rng(47)
cluster = np.arange(SIZE) // 8
group = rng.normal(0, 0.6, 30)[cluster]
label = (rng.random(SIZE) < 0.25).astype(int)
shared = rng.normal(size=SIZE)
score_a = np.round(1.4 * label + group + 0.5 * shared + rng.normal(size=SIZE), 2)
score_b = np.round(1.0 * label + group + 0.5 * shared + rng.normal(size=SIZE), 1)
classes = np.array(["cat", "dog", "eel", "fox"])
kind = rng.choice(classes, SIZE, p=[0.4, 0.3, 0.2, 0.1])
said = np.where(rng.random(SIZE) < 0.6, kind, rng.choice(classes, SIZE))
words = 5 + rng.poisson(12, SIZE)
errors = rng.binomial(words, np.clip(0.12 + 0.05 * group, 0.01, 0.5))
weight = np.round(0.5 + rng.random(SIZE), 3)
columns = {
    "cluster": cluster, "label": label, "score_a": score_a, "score_b": score_b, "kind": kind, "said": said,
    "words": words, "errors": errors, "weight": weight,
}  # fmt: skip

with (HERE / "metrics.csv").open("w", newline="") as file:
    writer = csv.writer(file)
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))

found = {"versions": {"scikit-learn": sklearn.__version__, "scipy": scipy.__version__, "numpy": np.__version__}}
for name, w in (("plain", None), ("weighted", weight)):
    values = {
        "accuracy": sk.accuracy_score(kind, said, sample_weight=w),
        "balanced-accuracy": sk.balanced_accuracy_score(kind, said, sample_weight=w),
        "mcc": sk.matthews_corrcoef(kind, said, sample_weight=w),
        "auroc": sk.roc_auc_score(label, score_b, sample_weight=w),
        "average-precision": sk.average_precision_score(label, score_b, sample_weight=w),
        "brier": sk.brier_score_loss(label, 1 / (1 + np.exp(-score_a)), sample_weight=w),
    }
    for word, of in (("precision", sk.precision_score), ("recall", sk.recall_score), ("f1", sk.f1_score)):
        values |= {
            f"{word}@class={one}": of(kind, said, labels=[one], average="macro", sample_weight=w) for one in classes
        }
        averages = ("macro", "weighted", "micro")
        values |= {f"{kind_}-{word}": of(kind, said, average=kind_, sample_weight=w) for kind_ in averages}
    values["ratio"] = float(np.average(errors, weights=w) / np.average(words, weights=w))
    values["perplexity"] = float(np.exp(values["ratio"]))
    found[name] = values
found["plain"] |= {
    "pearson": stats.pearsonr(words, score_b).statistic,
    "spearman": stats.spearmanr(words, score_b).statistic,
    "median": np.median(score_b),
    "quantile@q=0.9": np.quantile(score_b, 0.9),
}
tags = np.array(["hate", "insult", "threat", "violence"])
tagged = np.random.default_rng(48)
true = tagged.random((SIZE, 4)) < [0.5, 0.3, 0.2, 0.1]
guessed = np.where(tagged.random((SIZE, 4)) < 0.8, true, tagged.random((SIZE, 4)) < 0.3)
for name, w in (("plain", None), ("weighted", weight)):
    values = {"accuracy": sk.accuracy_score(true, guessed, sample_weight=w)}
    for word, of in (("precision", sk.precision_score), ("recall", sk.recall_score), ("f1", sk.f1_score)):
        values |= {
            f"{kind_}-{word}": of(true, guessed, average=kind_, sample_weight=w, zero_division=0)
            for kind_ in ("macro", "weighted", "micro", "samples")
        }
        values[f"{word}@class=threat"] = of(true[:, 2], guessed[:, 2], sample_weight=w)
    found[f"lists, {name}"] = values
with (HERE / "lists.jsonl").open("w") as file:
    for k in range(SIZE):
        row = {
            "item": f"q{k}",
            "weight": float(weight[k]),
            "label": [*tags[true[k]]],
            "prediction": [*tags[guessed[k]]],
        }
        file.write(json.dumps(row) + "\n")
vocabulary = [
    "the",
    "cat",
    "dog",
    "sat",
    "on",
    "a",
    "mat",
    "and",
    "ran",
    "home",
    "very",
    "fast",
    "today",
    "near",
    "old",
    "river",
    "bank",
]
right = [" ".join(rng.choice(vocabulary, rng.integers(6, 15))) for _ in range(60)]
heard = [
    " ".join(
        word if rng.random() < 0.85 else str(rng.choice(vocabulary)) for word in text.split() if rng.random() < 0.95
    )
    for text in right
]
with (HERE / "texts.csv").open("w", newline="") as file:
    writer = csv.writer(file)
    writer.writerow(["model", "item", "label", "prediction"])
    writer.writerows(("m", f"q{k}", one, other) for k, (one, other) in enumerate(zip(right, heard, strict=True)))
found["texts"] = {
    "wer": jiwer.wer(right, heard),
    "cer": jiwer.cer(right, heard),
    "bleu": sacrebleu.corpus_bleu(heard, [right], smooth_method="none").score,
    "chrf": sacrebleu.corpus_chrf(heard, [right]).score,
}
found["versions"] |= {
    "jiwer": jiwer.__version__ if hasattr(jiwer, "__version__") else "4",
    "sacrebleu": sacrebleu.__version__,
}
(HERE / "metrics.json").write_text(json.dumps(found, indent=1, default=float) + "\n")
