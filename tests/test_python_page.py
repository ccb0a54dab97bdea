"""The Python examples of docs/python.md run, and type checkers accept them."""

import json
import re
import shutil
import subprocess
import sys

import numpy as np
import polars as pl
import pytest

from places import ROOT

PAGE = ROOT / "docs" / "python.md"
CODE = "\n".join(re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL))


def scored(models=("A", "B"), n=60, **columns):
    """Return rows of right and wrong answers: a model's is wrong on every third, fourth … question."""
    rows = [
        {"model": model, "question": f"q{i}", "correct": int(i % (3 + place) > 0)}
        for place, model in enumerate(models)
        for i in range(n)
    ]
    return pl.DataFrame(rows).with_columns(**columns)


@pytest.fixture
def data(tmp_path, monkeypatch):
    """The files that the page reads."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    item = pl.col("question").str.slice(1).cast(pl.Int64)
    results = scored(("A", "B", "C"), category=pl.when(item % 2 == 0).then(pl.lit("law")).otherwise(pl.lit("math")))
    results.write_csv("results.csv")
    results.rename({"question": "prompt_text", "correct": "points"}).write_csv("own.csv")
    pl.concat([scored(task=pl.lit(task)) for task in ("x", "y")]).write_csv("tasks.csv")
    for model, name in (("A", "old"), ("B", "new"), ("A", "ours")):
        scored().filter(model=model).drop("model").write_csv(f"{name}.csv")
    tries = pl.concat([scored(seed=pl.lit(seed)) for seed in range(4)])
    tries.with_columns(correct=pl.Series((rng.random(len(tries)) < 0.6).astype(int))).write_csv("seeds.csv")
    samples = pl.concat([scored(attempt=pl.lit(k)) for k in range(10)])
    samples.with_columns(correct=pl.Series((rng.random(len(samples)) < 0.4).astype(int))).write_csv("samples.csv")
    scored(document=(item // 4).cast(pl.String)).write_csv("documents.csv")
    won = [("a", "b", "model_a")] * 20 + [("a", "b", "model_b")] * 10
    pl.DataFrame(won, schema=["model_a", "model_b", "winner"], orient="row").write_csv("votes.csv")
    grades = [(f"i{i}", rater, (i + (rater == "y" and i % 5 == 0)) % 3) for i in range(40) for rater in "xy"]
    pl.DataFrame(grades, schema=["item", "rater", "rating"], orient="row").write_csv("ratings.csv")
    verdicts = [(f"i{i}", i % 2, i % 2 if i % 7 else 1 - i % 2) for i in range(60)]
    pl.DataFrame(verdicts, schema=["item", "judge", "human"], orient="row").write_csv("judged.csv")
    (tmp_path / "nightly").mkdir()
    for day in range(1, 7):
        right = (rng.random(40) < 0.7).astype(int)
        pl.DataFrame({"question": range(40), "correct": right}).write_csv(f"nightly/2026-10-0{day}.csv")


@pytest.mark.unmeasured
@pytest.mark.usefixtures("data")
def test_the_examples_run():
    names = {}
    exec(compile(CODE, str(PAGE), "exec"), names)
    assert names["rate"].value == 2 / 3000
    assert names["plan"].items == pytest.approx(2950, abs=10)
    assert [task.task for task in names["hs"].compare("tasks.csv", "A", "B").tasks] == ["x", "y"]


@pytest.mark.unmeasured
@pytest.mark.once
@pytest.mark.skipif(shutil.which("node") is None, reason="pyright needs Node.js")
def test_mypy_and_pyright_in_strict_mode_accept_the_examples(tmp_path):
    (tmp_path / "page.py").write_text(CODE, encoding="utf-8")
    (tmp_path / "pyrightconfig.json").write_text(json.dumps({"typeCheckingMode": "strict"}), encoding="utf-8")
    found = subprocess.run(
        [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable, "--project", str(tmp_path)],
        capture_output=True,
        check=False,
        text=True,
        cwd=tmp_path,
    )
    assert [each["message"] for each in json.loads(found.stdout)["generalDiagnostics"]] == []
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(ROOT / ".mypy_cache"), "page.py"],
        capture_output=True,
        check=False,
        text=True,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout
