"""The pytest plugin: gates as tests. It is loaded by pytest itself, and imports nothing heavy until a gate
runs.

    def test_no_worse_than_main(howsure_gate):
        howsure_gate("logs/", candidate="pr-42", baseline="main", not_worse_than=0.01)

    @pytest.mark.howsure_gate("logs/", candidate="pr-42", at_least=0.9)
    def test_floor(): ...

A pass passes, a fail fails with the verdict's sentence, and "can't tell" is skipped, or treated as
--howsure-unclear sets.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from howsure.answers.gate import Gate

UNCLEAR = ("skip", "fail", "xfail", "pass")
SIDES = ("candidate", "baseline")
PROPERTY = "howsure"
"""The name of the verdict in a test's report, also in pytest's own JUnit XML."""

WORDS = {"pass": "pass", "fail": "fail", "unclear": "can't tell"}


class Judge(Protocol):
    """The value of the fixture: `howsure.gate` that ends the test according to its verdict."""

    def __call__(self, data: Any = None, **asked: Any) -> Gate:
        """Run the gate. Relative paths are relative to pytest's root directory."""
        ...


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --howsure-unclear and its ini option."""
    told = "the outcome of a test with an undecided gate: skip (default), fail, xfail or pass"
    parser.getgroup("howsure").addoption("--howsure-unclear", choices=UNCLEAR, default=None, help=told)
    parser.addini("howsure_unclear", told, default="skip")


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line(
        "markers",
        "howsure_gate(paths, candidate=..., baseline=..., **criteria): howsure.gate has to "
        "pass, see docs/gate.md",
    )
    if _unclear(config) not in UNCLEAR:
        raise pytest.UsageError(f"howsure_unclear={_unclear(config)!r} is not one of {', '.join(UNCLEAR)}")


@pytest.fixture
def howsure_gate(request: pytest.FixtureRequest) -> Judge:
    """Return `howsure.gate` as an assertion: pass continues, fail fails, an undecided gate is skipped
    (--howsure-unclear).
    """

    def judge(data: Any = None, **asked: Any) -> Gate:
        """Run the gate, and end the test according to its verdict."""
        answer = _judged(request.node, data, asked)
        _settle(request.config, [answer])
        return answer

    return judge


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> None:
    """Judge the gates of a test's markers before its body runs."""
    answers = [_of_marker(item, mark) for mark in item.iter_markers("howsure_gate")]
    if answers:
        _settle(item.config, answers)


def _of_marker(item: pytest.Item, mark: pytest.Mark) -> Gate:
    if len(mark.args) > 1:
        raise pytest.UsageError(
            f"{item.nodeid}: the marker howsure_gate takes the paths as arguments, and "
            "everything else by name"
        )
    return _judged(item, mark.args[0] if mark.args else None, dict(mark.kwargs))


def _judged(item: pytest.Item, data: Any, asked: dict[str, Any]) -> Gate:
    import howsure

    root = item.config.rootpath
    sides = {name: _rooted_side(asked[name], root, alone=data is None) for name in SIDES if name in asked}
    policy = {"policy": _rooted(asked["policy"], root)} if "policy" in asked else {}
    answer = howsure.gate(_rooted(data, root), **{**asked, **sides, **policy})
    item.user_properties.append((PROPERTY, f"{answer.verdict}: {answer.sentence}"))
    return answer


def _rooted(data: Any, root: Path) -> Any:
    if isinstance(data, (str, Path)):
        return root / data
    if isinstance(data, (list, tuple)):
        return [root / part if isinstance(part, (str, Path)) else part for part in data]
    return data


def _rooted_side(side: Any, root: Path, *, alone: bool) -> Any:
    """Return a side whose path is relative to the root. A bare name is a path only if no results could
    contain a model of this name.
    """
    if not isinstance(side, str) or root == Path.cwd():
        return side
    kind, colon, text = side.partition(":")
    if colon and kind in ("path", "saved") and _is_there(root / text):
        return f"{kind}:{root / text}"
    return str(root / side) if (alone or "/" in side) and _is_there(root / side) else side


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a name that files can't have
        return False


def _settle(config: pytest.Config, answers: list[Gate]) -> None:
    """End the test according to the worst verdict."""
    from howsure.present.render.visible import visible

    __tracebackhide__ = True
    for verdict in ("fail", "unclear"):
        told = "\n".join(visible(answer.sentence) for answer in answers if answer.verdict == verdict)
        does = "fail" if verdict == "fail" else _unclear(config)
        if told and does == "fail":
            pytest.fail(told, pytrace=False)
        if told and does == "xfail":
            pytest.xfail(told)
        if told and does == "skip":
            pytest.skip(told)


def _unclear(config: pytest.Config) -> str:
    return str(config.getoption("--howsure-unclear") or config.getini("howsure_unclear"))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Count the verdicts, and list those that aren't pass."""
    found = [verdict for _, verdicts in sorted(_verdicts(terminalreporter)) for verdict in verdicts]
    if not found:
        return
    from howsure.present.render.visible import visible

    counts = {word: sum(text.startswith(f"{word}:") for text in found) for word in WORDS}
    title = ", ".join(f"{count} {WORDS[word]}" for word, count in counts.items() if count)
    terminalreporter.section(f"howsure: {title}")
    for text in found:
        verdict, _, sentence = text.partition(": ")
        if verdict != "pass":
            terminalreporter.write_line(visible(sentence))


def _verdicts(terminalreporter: Any) -> Iterator[tuple[str, list[str]]]:
    """Yield the verdicts of every test once. The last report of a test contains them all."""
    found: dict[str, list[str]] = {}
    for reports in terminalreporter.stats.values():
        for report in reports:
            texts = [str(value) for name, value in getattr(report, "user_properties", ()) if name == PROPERTY]
            if texts and len(texts) > len(found.get(report.nodeid, ())):
                found[report.nodeid] = texts
    yield from found.items()
