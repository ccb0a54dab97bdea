"""Every recipe of docs/recipes.md runs as it stands there, but those that say that they were not tried."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from urllib.request import urlopen

import pytest

from child import run
from places import ROOT

pytest.importorskip("mlflow", reason="scripts/recipes has what this needs")

PAGE = (ROOT / "docs" / "recipes.md").read_text(encoding="utf-8")
DATA = PAGE.partition("\n# The page inside an app\n")[0]
"""What is about other tools' results; see test_apps.py for the rest."""
NOT_TRIED = "not tried:"
ENVIRONMENT = {
    "DEEPEVAL_TELEMETRY_OPT_OUT": "1",
    "HF_HUB_OFFLINE": "1",
    "LANGFUSE_PUBLIC_KEY": "none",
    "LANGFUSE_SECRET_KEY": "none",
    "LANGFUSE_TRACING_ENABLED": "false",
    "LANGSMITH_API_KEY": "none",
    "LANGSMITH_TRACING": "false",
    "RAGAS_DO_NOT_TRACK": "true",
    "WANDB_MODE": "offline",
    "WEAVE_DISABLED": "true",
}

ANSWERS = """
RIGHT = {"a": ["q0", "q1", "q2"], "b": ["q0", "q1"]}
ITEMS = ["q0", "q1", "q2", "q3"]
def answer(model, item):
    return "yes" if item in RIGHT[model] else "no"
results = {}
"""
"""What the two models answered, where yes is right, for what stands before a recipe."""

BEFORE = {
    "MLflow": """
import mlflow
mlflow.set_experiment("quiz")
for model in RIGHT:
    with mlflow.start_run():
        mlflow.log_param("model", model)
        right = [float(answer(model, item) == "yes") for item in ITEMS]
        mlflow.log_table({"item": ITEMS, "score": right}, "results.json")
""",
    "Weights & Biases": """
import wandb
for model in RIGHT:
    with wandb.init(project="quiz") as logged:
        rows = [[item, model, float(answer(model, item) == "yes")] for item in ITEMS]
        logged.log({"results": wandb.Table(columns=["item", "model", "score"], data=rows)})
""",
    "Langfuse": """
from langfuse import Evaluation, Langfuse
def correct(*, output, expected_output, **_):
    return Evaluation(name="correct", value=float(output == expected_output))
for model in RIGHT:
    results[model] = Langfuse().run_experiment(
        name=model,
        data=[{"input": item, "expected_output": "yes"} for item in ITEMS],
        task=lambda *, item, **_: answer(model, item["input"]),
        evaluators=[correct],
    )
""",
    "Hugging Face datasets": """
from datasets import Dataset
from pathlib import Path
Path("runs").mkdir()
for model in RIGHT:
    rows = [{"item": item, "model": model, "score": float(answer(model, item) == "yes")} for item in ITEMS]
    Dataset.from_list(rows).to_parquet(f"runs/{model}.parquet")
""",
    "Inspect": """
from inspect_ai import Task, eval
from inspect_ai.dataset import Sample
from inspect_ai.model import ModelOutput
from inspect_ai.scorer import match
from inspect_ai.solver import solver
@solver
def answering():
    async def solve(state, generate):
        state.output = ModelOutput.from_content(state.model.name, answer(state.model.name, state.sample_id))
        return state
    return solve
for model in RIGHT:
    samples = [Sample(id=item, input=item, target="yes") for item in ITEMS]
    task = Task(dataset=samples, solver=answering(), scorer=match(), name="quiz")
    eval(task, model=f"mockllm/{model}", log_dir="logs", display="none")
""",
    "Braintrust": """
from braintrust import Eval
def correct(input, output, expected):
    return float(output == expected)
for model in RIGHT:
    results[model] = Eval(
        "quiz",
        data=[{"input": item, "expected": "yes"} for item in ITEMS],
        task=lambda input: answer(model, input),
        scores=[correct],
        no_send_logs=True,
    )
""",
    "DeepEval": """
from deepeval import evaluate
from deepeval.metrics import ExactMatchMetric
from deepeval.test_case import LLMTestCase
for model in RIGHT:
    cases = [LLMTestCase(input=item, actual_output=answer(model, item), expected_output="yes") for item in ITEMS]
    results[model] = evaluate(cases, [ExactMatchMetric()])
""",
    "Ragas": """
from ragas import EvaluationDataset, evaluate
from ragas.metrics import ExactMatch
for model in RIGHT:
    rows = [{"user_input": item, "response": answer(model, item), "reference": "yes"} for item in ITEMS]
    results[model] = evaluate(EvaluationDataset.from_list(rows), metrics=[ExactMatch()], show_progress=False)
""",
    "LangSmith": """
import datetime, uuid
from langsmith import evaluate
from langsmith.schemas import Example
def correct(outputs, reference_outputs):
    return outputs["answer"] == reference_outputs["answer"]
now, dataset = datetime.datetime.now(), uuid.uuid4()
ids = [uuid.UUID(int=k) for k in range(len(ITEMS))]
examples = [
    Example(id=id, inputs={"item": item}, outputs={"answer": "yes"}, dataset_id=dataset, created_at=now)
    for id, item in zip(ids, ITEMS)
]
for model in RIGHT:
    results[model] = evaluate(
        lambda inputs: {"answer": answer(model, inputs["item"])},
        data=examples,
        evaluators=[correct],
        upload_results=False,
    )
""",
    "Weave": """
import asyncio, weave
@weave.op
def correct(expected, output):
    return {"correct": output == expected}
for model in RIGHT:
    @weave.op
    def answering(item):
        return answer(model, item)
    evaluation = weave.Evaluation(dataset=[{"item": item, "expected": "yes"} for item in ITEMS], scorers=[correct])
    results[model] = asyncio.run(evaluation.get_eval_results(answering))
""",
}
"""What makes the results that a recipe begins with, by the recipe's heading."""

AFTER = """
if "scores" in dir():
    rows = scores.to_frame().sort("model", "item")
    assert rows["model"].str.split("/").list.last().to_list() == ["a"] * 4 + ["b"] * 4, rows
    assert rows["score"].to_list() == [1, 1, 1, 0, 1, 1, 0, 0], rows
    assert rows["item"].n_unique() == 4, rows
    print(howsure.compare(scores, *rows["model"].unique(maintain_order=True)))
else:
    (board,) = published.boards
    assert [(entry.model, entry.score) for entry in board.entries] == [("mockllm/a", 0.75), ("mockllm/b", 0.5)]
"""


def recipes():
    """Return every block of the page with its heading, and whether the text before it says that it wasn't tried."""
    for part in re.split(r"^## ", DATA, flags=re.MULTILINE)[1:]:
        heading, _, text = part.partition("\n")
        for before, block in re.findall(r"(.*?)^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
            yield heading, block, before.rstrip().endswith(NOT_TRIED)


TRIED = [(heading, block) for heading, block, left in recipes() if not left]


@pytest.fixture(scope="module")
def tracking(tmp_path_factory):
    """Run a tracking server of MLflow until the end."""
    folder = tmp_path_factory.mktemp("mlflow")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    stored = ["--backend-store-uri", "sqlite:///runs.db", "--artifacts-destination", "./artifacts"]
    with (folder / "server.log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, *words, *stored], cwd=folder, stdout=log, stderr=log, process_group=0
        )
        try:
            yield answering(f"http://127.0.0.1:{port}")
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait(30)


def answering(url):
    """Wait until a server answers."""
    for _ in range(240):
        with suppress(OSError), urlopen(f"{url}/health", timeout=2):
            return url
        time.sleep(0.5)
    raise AssertionError("the server of MLflow doesn't answer")


def test_every_recipe_is_tried_or_says_that_it_is_not():
    assert {heading for heading, _ in TRIED} == set(BEFORE)
    assert [heading for heading, _, left in recipes() if left] == ["Langfuse", "Phoenix"]


@pytest.mark.parametrize(("heading", "block"), TRIED, ids=[heading for heading, _ in TRIED])
def test_a_recipe(heading, block, request, tmp_path):
    environment = dict(ENVIRONMENT)
    if heading == "MLflow":
        environment["MLFLOW_TRACKING_URI"] = request.getfixturevalue("tracking")
    run(ANSWERS + BEFORE[heading] + block + AFTER, tmp_path, **environment)
