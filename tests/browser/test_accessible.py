"""axe-core finds nothing, best practices included."""

from __future__ import annotations

import pytest

from accessible import check
from browser_cases import LOOKS, made


@pytest.mark.parametrize("name", ["example", "tasks"])
@pytest.mark.parametrize("look", ["light", "dark", "narrow"])
def test_axe_finds_nothing(name, look, opened):
    check(opened(made(name), bypass_csp=True, **LOOKS[look]))


def test_axe_finds_nothing_in_differences(opened):
    check(opened(made("example"), hash="#scale=differences&more=1", bypass_csp=True))
