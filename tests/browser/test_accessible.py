"""axe-core finds nothing, best practices included."""

from __future__ import annotations

import pytest

from accessible import check
from browser_cases import LOOKS, made
from trials import diagonal


@pytest.mark.parametrize(("look", "name"), diagonal(["light", "dark", "narrow"], ["example", "tasks"]))
def test_axe_finds_nothing(name, look, opened):
    check(opened(made(name), bypass_csp=True, **LOOKS[look]))


def test_axe_finds_nothing_in_differences(opened):
    check(opened(made("example"), hash="#scale=differences&more=1", bypass_csp=True))
