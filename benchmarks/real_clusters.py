"""Public benchmarks with natural clusters, for scripts/calibrate --only clusters: scores of models that answered all items.

Reads the folder of real results (../shared/data, see its README). Not here: code_arena (its benchmarks share their items in pairs, and
four are too few to draw from). Models are named where the licence lets tables of them stand in documentation.
"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import polars as pl

from simulation.real_clusters import ClusterBoard

TOP = 30


def boards(folder: Path):
    """Yield every benchmark, and how many of its clusters are drawn."""
    tidy, wild = folder / "tidy", folder / "wild"
    yield (
        board("SWE-bench Verified", "repositories", pl.read_parquet(tidy / "swebench_verified.parquet"), named=True),
        (8, 12, 20, 30),
    )
    zero = pl.read_parquet(tidy / "zeroeval.parquet")
    mmlu, zebra = (zero.filter(pl.col("benchmark") == f"zeroeval_{task}") for task in ("mmlu-redux", "zebra-grid"))
    yield board("MMLU-Redux", "subjects", mmlu, named=True), (8, 12, 15, 30)
    yield board("ZebraLogic", "sizes of puzzle", zebra, named=True), (8, 12, 25)
    live = pl.read_parquet(tidy / "livecodebench.parquet").filter(pl.col("dup_no") == 1)
    coded = live.filter(pl.col("benchmark") == "lcb_generation", pl.col("release") == "v1_400")
    yield board("LiveCodeBench, generation", "contests", coded), (12, 30, 104)
    yield (
        board("LiveCodeBench, execution", "problems", live.filter(pl.col("benchmark") == "lcb_execution")),
        (12, 30, 92),
    )
    judged = pl.read_parquet(tidy / "alpaca_eval.parquet").filter(pl.col("judge") == "alpaca_eval_gpt4")
    yield board("AlpacaEval", "sources", judged.drop_nulls("score")), (5, 8)
    bar = pl.read_parquet(tidy / "llmbar.parquet").filter(~pl.col("subset").str.starts_with("Processed"))
    bar = bar.select(
        model=pl.col("judge") + " " + pl.col("prompt"),
        item=pl.col("subset") + pl.col("item").cast(pl.String),
        cluster="subset",
        score="score",
    )
    yield board("LLMBar", "subsets", bar), (6, 10)
    yield board("MMLU-Pro", "categories", mmlu_pro(wild / "MMLU-Pro" / "eval_results")), (8, 14)
    yield board("MMMU-Pro", "subjects", mmmu_pro(wild / "MMMU" / "mmmu-pro" / "output")), (8, 12, 30)
    yield board("SWE-bench Pro", "repositories", swebench_pro(wild / "SWE-bench_Pro-os" / "traj")), (8, 11)
    yield (
        board("METR", "task families", metr(wild / "METR-eval-analysis" / "data" / "external" / "all_runs.jsonl")),
        (12, 36),
    )


def board(name: str, unit: str, rows: pl.DataFrame, *, named: bool = False) -> ClusterBoard:
    """Put the rows of the best models that have nearly all items into items × models; several answers are averaged."""
    rows = rows.drop_nulls("score").with_columns(pl.col("item").cast(pl.String), pl.col("score").cast(pl.Float64))
    held = rows.group_by("model").agg(pl.col("item").n_unique().alias("n"), pl.col("score").mean())
    most = held.filter(pl.col("n") == held["n"].max()).sort("score", "model", descending=[True, False]).head(TOP)
    kept = most if len(most) > 1 else held
    cells = rows.filter(pl.col("model").is_in(kept["model"].to_list()))
    home = rows.group_by("item").agg(pl.col("cluster").min())  # a few items come with two
    cells = cells.group_by("item", "model").agg(pl.col("score").mean()).join(home, on="item")
    wide = cells.pivot("model", index=["cluster", "item"], values="score").drop_nulls().sort("cluster", "item")
    codes = wide["cluster"].cast(pl.Categorical).to_physical().rank("dense").to_numpy().astype(int) - 1
    models = [model for model in kept["model"] if model in wide.columns]
    return ClusterBoard(
        name=name, unit=unit, scores=wide.select(models).to_numpy(), codes=codes, models=tuple(models), named=named
    )


def mmlu_pro(folder: Path) -> pl.DataFrame:
    rows = []
    for path in sorted(folder.glob("*.zip")):
        with zipfile.ZipFile(path) as packed:
            answers = json.loads(packed.read(packed.namelist()[0]))
        rows += [
            (path.stem, str(each["question_id"]), each["category"], float(each["pred"] == each["answer"]))
            for each in answers
        ]
    return framed(rows)


def mmmu_pro(folder: Path) -> pl.DataFrame:
    lines = (
        (path.stem, json.loads(line))
        for path in sorted(folder.glob("*.jsonl"))
        for line in path.read_text().splitlines()
    )
    return framed([(model, each["id"], each["subject"], float(each["if_right"])) for model, each in lines])


def swebench_pro(folder: Path) -> pl.DataFrame:
    rows = []
    for path in sorted(folder.glob("*/eval_results.json")):
        rows += [
            (path.parent.name, item, item.split("-")[0], float(right))
            for item, right in json.loads(path.read_text()).items()
        ]
    return framed(rows)


def metr(path: Path) -> pl.DataFrame:
    runs = [json.loads(line) for line in path.read_text().splitlines()]
    wanted = ("human", "o1-preview", "GPT-4o")
    rows = framed(
        [
            (run["alias"], run["task_id"], run["task_family"], float(run["score_binarized"]))
            for run in runs
            if run["alias"] in wanted
        ]
    )
    return rows.filter(pl.col("model").n_unique().over("item") == len(wanted))


def framed(rows: list) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=["model", "item", "cluster", "score"], orient="row")
