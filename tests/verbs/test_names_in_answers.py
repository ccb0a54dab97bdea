"""An answer's part of a name that it doesn't have is an error with the names that it has."""

import pytest

import howsure as hs
from frames import attempts, clustered


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        (lambda: hs.leaderboard(clustered()), "quiz"),
        (lambda: hs.against(clustered(models="abc"), "b"), "quiz"),
        (lambda: hs.questions(attempts()), "quiz"),
        (lambda: hs.noise(attempts()), "a"),
    ],
)
@pytest.mark.parametrize("wrong", ["nothing", 0])
def test_a_name_that_isnt_there_is_an_error_with_those_that_are(answer, name, wrong):
    found = answer()
    assert found[name] is not None
    with pytest.raises(hs.HowsureError, match=f"no (task|name) {wrong!r} in this answer. Available: .*{name!r}"):
        found[wrong]
