"""Write the calculator, a page that computes in the browser with howsure's statistics: calculator.py FILE."""

import sys
from pathlib import Path
from string import Template

from howsure import __version__
from howsure.page import page

HERE = Path(__file__).parent
PARTS = (*page.STATISTICS, "counts")


def write() -> str:
    """Return the page."""
    read = {name: (HERE / f"calculator.{name}").read_text(encoding="utf-8") for name in ("html", "css", "js")}
    style = page.asset("theme.css") + read["css"]
    program = page.in_one_scope([page.statistics(PARTS), read["js"]])
    distributions = page.asset("distributions.min.js")
    policy = page.policy(style, [distributions, program]).replace(
        "default-src 'none'", "default-src 'none'; frame-src 'self'"
    )
    return Template(read["html"]).substitute(
        policy=policy,
        style=style,
        version=__version__,
        licences=page.licences(drawing=False),
        distributions=distributions,
        program=program,
    )


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(write(), encoding="utf-8")
