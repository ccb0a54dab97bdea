"""The page of `howsure report`: its size, the time to make it, and the time until a browser shows it.

    python benchmarks/page.py [--chromium /usr/bin/chromium-headless-shell] [--rounds 3]

Made-up boards (made_up.py). "ready": from navigation until the leaderboard, a pair and a model are shown (html[data-ready]),
in a fresh context of a headless Chromium, median of the rounds.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

sys.path.insert(0, str(Path(__file__).parent))

import made_up

BOARDS = (
    ("4 models × 100 items", 4, 100, 20),
    ("20 × 12,000", 20, 12_000, 1_000),
    ("300 × 500", 300, 500, 50),
    ("300 × 12,000", 300, 12_000, 1_000),
)
ARGUMENTS = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync"


def rows(models: int, items: int, clusters: int) -> pl.DataFrame:
    x, codes = made_up.scores(models, items, clusters)
    return pl.DataFrame(
        {
            "model": np.repeat([f"lab-{k % 7}/model-{k}" for k in range(models)], items),
            "item": np.tile([f"question-{i}" for i in range(items)], models),
            "group": np.tile([f"passage-{g}" for g in codes], models),
            "score": x.T.ravel(),
        }
    )


def ready(browser, address: str) -> float:
    context = browser.new_context(viewport={"width": 1400, "height": 1000}, offline=True)
    page = context.new_page()
    start = time.perf_counter()
    page.goto(address)
    page.wait_for_selector("html[data-ready]", state="attached", timeout=60_000)
    seconds = time.perf_counter() - start
    context.close()
    return seconds


def main() -> None:
    from playwright.sync_api import sync_playwright

    from howsure.verbs.report import report

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chromium", default="/usr/bin/chromium-headless-shell")
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=asked.chromium, args=ARGUMENTS.split())
        print("| board | MB | make (s) | ready (s) |\n|---|---|---|---|")
        for title, *shape in BOARDS:
            table, file = rows(*shape), Path(folder) / "page.html"
            start = time.perf_counter()
            report(table, cluster="group").save(file)
            made = time.perf_counter() - start
            seen = statistics.median(ready(browser, file.as_uri()) for _ in range(asked.rounds))
            print(f"| {title} | {file.stat().st_size / 1e6:.2f} | {made:.1f} | {seen:.2f} |", flush=True)


if __name__ == "__main__":
    main()
