"""The code of docs/trackers.md, against MLflow's file store, Weights & Biases offline, and a server that records what Langfuse's client sends."""

import base64
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from child import run
from places import ROOT

pytest.importorskip("mlflow", reason="scripts/recipes has what this needs")

PAGE = (ROOT / "docs" / "trackers.md").read_text(encoding="utf-8")
BLOCKS = dict(re.findall(r"^## (.+?)\n(?:(?!^## ).)*?^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))


@pytest.fixture
def results(tmp_path):
    rows = ["model,question,correct"]
    rows += [f"{model},q{k},{int(k % 10 < right)}" for model, right in (("new", 8), ("old", 6)) for k in range(200)]
    (tmp_path / "results.csv").write_text("\n".join(rows) + "\n")
    return tmp_path


def test_every_block_of_the_page_is_tried():
    assert list(BLOCKS) == ["MLflow", "Weights & Biases", "Langfuse", "Several answers in one run"]


READ_MLFLOW = """
import json
client = mlflow.MlflowClient()
(found,) = mlflow.search_runs(output_format="list")
assert abs(found.data.metrics["howsure/difference"] - 0.2) < 1e-9, found.data.metrics
assert found.data.metrics["howsure/low"] > 0
assert found.data.tags["howsure/verdict"] == "better"
assert found.data.tags["howsure/sentence"].startswith("new is better than old by 20.0 points"), found.data.tags
assert found.data.tags["howsure/settings/level"] == "0.95"
answer = mlflow.artifacts.load_dict(f"{found.info.artifact_uri}/howsure.json")
assert answer["answer"] == "comparison"
"""


def test_mlflow_has_metrics_tags_and_the_whole_answer(results):
    environment = {"MLFLOW_TRACKING_URI": (results / "mlruns").as_uri(), "MLFLOW_ALLOW_FILE_STORE": "true"}
    run(BLOCKS["MLflow"] + READ_MLFLOW, results, **environment)


READ_PREFIXES = """
(found,) = mlflow.search_runs(output_format="list")
assert {name.partition("/")[0] for name in found.data.metrics} == {"quality", "noise"}
"""


def test_several_answers_have_their_prefixes(results):
    environment = {"MLFLOW_TRACKING_URI": (results / "mlruns").as_uri(), "MLFLOW_ALLOW_FILE_STORE": "true"}
    run(BLOCKS["Several answers in one run"] + READ_PREFIXES, results, **environment)


READ_WANDB = """
import glob, json
from pathlib import Path
(table,) = Path("wandb").rglob("*.table.json")
found = json.loads(table.read_text())
assert "model" in found["columns"] and len(found["data"]) == 2, found
"""


def test_wandb_has_the_summary_and_a_table(results):
    block = BLOCKS["Weights & Biases"].replace(
        'with wandb.init(project="evals"):', 'with wandb.init(project="evals") as logged:'
    )
    check = "    assert abs(logged.summary['howsure/new/value'] - 0.8) < 1e-9, dict(logged.summary)\n"
    check += "    assert logged.summary['howsure/sentence'].startswith('new '), dict(logged.summary)\n"
    run(block + check + READ_WANDB, results, WANDB_MODE="offline")


@pytest.fixture
def recorder():
    """Serve what Langfuse's client asks, and record it."""
    received = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            received.append((self.path, self.headers.get("Authorization", ""), json.loads(body or b"null")))
            data = b"{}"
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_):
            """Write nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", received
    server.shutdown()
    server.server_close()


def test_langfuse_receives_a_score_per_number_and_the_verdict(results, recorder):
    address, received = recorder
    keys = {
        "LANGFUSE_PUBLIC_KEY": "pk",
        "LANGFUSE_SECRET_KEY": "sk",
        "LANGFUSE_HOST": address,
        "LANGFUSE_BASE_URL": address,
    }
    run(BLOCKS["Langfuse"], results, **keys)
    sent = [(head, each) for path, head, body in received if path == "/api/public/scores" for each in body]
    assert sent, received[:3]
    assert {head for head, _ in sent} == {"Basic " + base64.b64encode(b"pk:sk").decode()}
    scores = {each["name"]: each for _, each in sent}
    assert scores["howsure/value"]["value"] == pytest.approx(0.2)
    assert scores["howsure/value"]["dataType"] == "NUMERIC"
    assert scores["howsure/verdict"]["value"] == "pass"
    assert scores["howsure/verdict"]["dataType"] == "CATEGORICAL"
    assert scores["howsure/low"]["sessionId"] == "pr-42"
    assert scores["howsure/low"]["comment"].startswith("PASS. new is not worse than old")
    assert scores["howsure/low"]["metadata"]["settings/level"] == "0.95"
