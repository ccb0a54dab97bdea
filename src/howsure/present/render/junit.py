"""JUnit XML for CI systems: one test case per check. Pure. Any text gives valid XML."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal
from xml.sax.saxutils import escape, quoteattr

from howsure.present.render.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterable

Outcome = Literal["pass", "fail", "skip"]

_NO_XML = re.compile("[\ufffe\uffff]")


def render(suite: str, cases: Iterable[tuple[str, str, Outcome, str]], *, beside: str = "") -> str:
    """Return one test suite. A case is its class, its name, its outcome and its message. `beside`: the
    suite's own output.

    >>> print(render("gate", [("quiz", "not worse", "skip", "a < b & c")]))
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="gate" tests="1" failures="0" errors="0" skipped="1">
      <testsuite name="gate" tests="1" failures="0" errors="0" skipped="1">
        <testcase classname="quiz" name="not worse" time="0">
          <skipped message="a &lt; b &amp; c"/>
        </testcase>
      </testsuite>
    </testsuites>
    <BLANKLINE>
    """
    listed = list(cases)
    counts = {outcome: sum(case[2] == outcome for case in listed) for outcome in ("fail", "skip")}
    head = (
        f'name={_quoted(suite)} tests="{len(listed)}" failures="{counts["fail"]}" errors="0" '
        f'skipped="{counts["skip"]}"'
    )
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f"<testsuites {head}>", f"  <testsuite {head}>"]
    for case in listed:
        lines += _case(*case)
    lines += [f"    <system-out>{escape(_lines(beside))}</system-out>"] if beside else []
    return "\n".join([*lines, "  </testsuite>", "</testsuites>", ""])


def _case(classname: str, name: str, outcome: Outcome, message: str) -> list[str]:
    inside = {
        "pass": f"      <system-out>{escape(_text(message))}</system-out>",
        "fail": f"      <failure message={_quoted(message)}>{escape(_text(message))}</failure>",
        "skip": f"      <skipped message={_quoted(message)}/>",
    }[outcome]
    return [
        f'    <testcase classname={_quoted(classname)} name={_quoted(name)} time="0">',
        inside,
        "    </testcase>",
    ]


def _lines(text: str) -> str:
    return "\n".join(_text(line) for line in text.split("\n"))


def _quoted(text: str) -> str:
    return quoteattr(_text(text))


def _text(text: str) -> str:
    """Show characters that XML 1.0 can't represent."""
    return _NO_XML.sub(lambda match: f"\\u{ord(match.group()):04x}", visible(text))
