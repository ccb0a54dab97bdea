"""axe-core finds nothing, best practices included."""

from __future__ import annotations

from pathlib import Path

import axe_playwright_python
import pytest

from browser_cases import LOOKS, made

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")


@pytest.mark.parametrize("look", ["light", "dark", "narrow"])
@pytest.mark.parametrize("name", ["example", "tasks"])
def test_axe_finds_nothing(name, look, opened):
    check(opened(made(name), bypass_csp=True, **LOOKS[look]))


def test_axe_finds_nothing_in_differences(opened):
    check(opened(made("example"), hash="#scale=differences&more=1", bypass_csp=True))


def check(page):
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    assert [(each["id"], [node["html"][:160] for node in each["nodes"][:3]]) for each in found["violations"]] == []
    assert len(found["passes"]) > 30
