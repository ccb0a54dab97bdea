"""Every claim with a number about how methods perform has a source that has the number (scripts/claims)."""

import runpy

import pytest

from places import ROOT

CLAIMS = runpy.run_path(str(ROOT / "scripts" / "claims"))


@pytest.mark.parametrize("page", CLAIMS["pages"](), ids=lambda page: str(page.relative_to(ROOT)))
def test_claims_have_a_source_with_their_numbers(page):
    faults = [
        (claim, CLAIMS["missing"](claim, page, sources) or "no source")
        for claim, sources in CLAIMS["claims"](page)
        if not sources or CLAIMS["missing"](claim, page, sources)
    ]
    assert faults == []


@pytest.mark.parametrize(
    ("text", "lost"),
    [
        ("Coverage was 93.0% ([table](calibration.md)).", []),
        ("Coverage was 12.3% ([table](calibration.md)).", ["12.3%"]),
        ("Coverage was 93.0%.", None),
        ("A 95% interval should cover the truth in 95%.", "no claim"),
    ],
)
def test_a_number_that_its_source_lacks_is_named(tmp_path, text, lost):
    page = tmp_path / "page.md"
    page.write_text(text)
    (tmp_path / "calibration.md").write_text("least coverage 0.930")
    found = CLAIMS["claims"](page)
    if lost == "no claim":
        assert found == []
    else:
        ((claim, sources),) = found
        assert sources == [] if lost is None else CLAIMS["missing"](claim, page, sources) == lost
