"""Reading an Inspect log of 15,000 samples into a table of scores; each side has read a small log before.

The log is an example log with its samples and summaries multiplied, written as Inspect writes it: zstd members, one per
sample, and one list of summaries.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from measure import HERE, Race, Side, report, script

SMALL = HERE.parent / "examples" / "logs" / "smollm2-135m-terse.eval"
SAMPLES = 15_000


def races(peers: dict[str, str], folder: Path) -> list[Race]:
    if not SMALL.exists():
        return []
    import subprocess

    large = folder / "large.eval"
    subprocess.run(script("inspect_log.py", "make", str(large)), check=True)
    others = []
    if "inspect" in peers:
        command = script("inspect_log.py", "inspect", str(large), python=peers["inspect"])
        others.append(Side(name="inspect_ai", command=command))
    ours = Side(name="howsure", command=script("inspect_log.py", "howsure", str(large)))
    return [Race(title="read a .eval of 15,000 samples", ours=ours, others=others, at_least=10)]


def make(large: str) -> None:
    """Multiply the small log."""
    import json

    try:
        import compression.zstd  # noqa: F401 - then the standard library's zip reads it
        import zipfile
    except ImportError:
        from backports.zstd import zipfile

    with zipfile.ZipFile(SMALL) as old, zipfile.ZipFile(large, "w", compression=93) as new:
        summaries, header = json.loads(old.read("summaries.json")), json.loads(old.read("header.json"))
        times = SAMPLES // len(summaries)
        many = []
        new.writestr("_journal/start.json", old.read("_journal/start.json"))
        for copy in range(times):
            for row in summaries:
                changed = {"id": f"{row['id']}-{copy}", "uuid": f"{row['uuid']}{copy}"}
                sample = json.loads(old.read(f"samples/{row['id']}_epoch_{row['epoch']}.json"))
                many.append(row | changed)
                name = f"samples/{changed['id']}_epoch_{row['epoch']}.json"
                new.writestr(name, json.dumps(sample | changed))
        ids = [f"{item}-{copy}" for copy in range(times) for item in header["eval"]["dataset"]["sample_ids"]]
        header["eval"]["dataset"] |= {"samples": len(ids), "sample_ids": ids}
        header["results"] |= {"total_samples": len(many), "completed_samples": len(many)}
        header["results"]["scores"][0]["scored_samples"] = len(ids)
        new.writestr("summaries.json", json.dumps(many))
        new.writestr("header.json", json.dumps(header))


def howsure(large: str) -> None:
    import howsure

    howsure.read(SMALL).to_frame()
    start = time.perf_counter()
    table = howsure.read(large).to_frame()
    report(time.perf_counter() - start)
    assert len(table) == SAMPLES


def inspect(large: str) -> None:
    from inspect_ai.analysis import samples_df

    samples_df(str(SMALL), quiet=True)
    start = time.perf_counter()
    table = samples_df(large, quiet=True)
    seconds = time.perf_counter() - start
    assert len(table) == SAMPLES
    report(seconds)


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
