"""A command as a user runs it, in this process; and an answer in every form."""

import json
import re

import pytest
from click.testing import CliRunner, Result

from howsure.answers.base import DATA
from howsure.commands.main import main

FORMS = ("terminal", "markdown", "csv", "latex", "html", "json")


def run(*words: object, columns: int = 100) -> Result:
    """Run a command without a configuration; a bug is raised."""
    runner = CliRunner(env={"COLUMNS": str(columns)})
    return runner.invoke(main, ["--no-config", *map(str, words)], catch_exceptions=False)


def planned(*words: str, code: int = 0) -> str:
    """Plan as a user does, and return what is said."""
    result = run("plan", *words)
    assert result.exit_code == code, result.output
    return result.output


def everything(answer) -> str:
    """Render in every format: nothing crashes, nothing is nan, JSON is strict; return the terminal's, with
    details.
    """
    texts = {form: answer.render(form, width=80) for form in FORMS}
    texts |= {form: answer.render(form, width=80, details=True) for form in FORMS if form not in DATA}
    for form, text in texts.items():
        assert text.strip(), form
        assert re.search(r"\bnan\b", text, re.IGNORECASE) is None, (form, text)
    json.loads(texts["json"], parse_constant=pytest.fail)
    assert max(map(len, texts["terminal"].splitlines())) <= 80
    return texts["terminal"]
