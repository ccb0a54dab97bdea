"""How attempts ended: a significant difference in limits hit or errors between two models is a warning."""

import pytest

import howsure as hs
from reader_cases import own_log, sample

N = 100


def log(path, *, ended, by="token", broken=0):
    """Write a log of which so many samples a limit ended, and so many an error."""
    samples = []
    for k in range(N):
        given = {**sample(f"q{k}", "CI"[k % 2]), "limit": by if k < ended else None}
        samples.append({**given, "scores": {}, "error": "Timeout"} if k >= N - broken else given)
    return own_log(path, samples, model=f"mock/{path.stem}")


def limit_warnings(answer):
    return [warning.message for warning in answer.warnings if warning.code == "ended_otherwise"]


def test_a_difference_in_attempts_ended_by_a_limit_is_a_warning_with_both_shares(tmp_path):
    log(tmp_path / "a.eval", ended=20)
    log(tmp_path / "b.eval", ended=55)
    told = "token limit: 20.0% of mock/a's attempts against 55.0% of mock/b's ended by it"
    assert limit_warnings(hs.compare(tmp_path, "mock/a", "mock/b")) == [told]
    assert limit_warnings(hs.gate(tmp_path, "mock/a", "mock/b", not_worse_than=0.1)) == [told]


@pytest.mark.parametrize("counts", [(20, 20), (20, 24), (20, 30), (0, 0)])
def test_a_difference_in_limits_hit_within_chance_gives_no_warning(counts, tmp_path):
    for name, count in zip("ab", counts, strict=True):
        log(tmp_path / f"{name}.eval", ended=count)
    assert limit_warnings(hs.compare(tmp_path, "mock/a", "mock/b")) == []


def test_errors_and_each_kind_of_limit_have_separate_warnings(tmp_path):
    log(tmp_path / "a.eval", ended=40, by="time")
    log(tmp_path / "b.eval", ended=40, by="message", broken=30)
    found = {message.partition(":")[0] for message in limit_warnings(hs.compare(tmp_path, "mock/a", "mock/b"))}
    assert found == {"time limit", "message limit", "error"}


def test_a_saved_baseline_gives_the_same_warning_about_limits(tmp_path):
    a, b = log(tmp_path / "a.eval", ended=20), log(tmp_path / "b.eval", ended=55)
    hs.save_baseline(b, "main", output=tmp_path / "main.howsure")
    (told,) = limit_warnings(hs.compare(None, str(a), f"saved:{tmp_path / 'main.howsure'}"))
    assert told.startswith("token limit: 20.0% of a.eval's attempts against 55.0%")


def test_a_table_without_stop_reasons_gives_no_warning_about_limits(tmp_path):
    log(tmp_path / "a.eval", ended=55)
    rows = "task,metric,model,item,score\n" + "".join(f"words,match,b,q{k},{k % 2}\n" for k in range(N))
    (tmp_path / "b.csv").write_text(rows)
    found = hs.compare(None, str(tmp_path / "a.eval"), str(tmp_path / "b.csv"))
    assert limit_warnings(found) == []


def test_a_limit_with_an_unsafe_name_is_called_limit(tmp_path):
    log(tmp_path / "a.eval", ended=60, by="<b>\x1b[31m")
    log(tmp_path / "b.eval", ended=0)
    (told,) = limit_warnings(hs.compare(tmp_path, "mock/a", "mock/b"))
    assert told.startswith("limit: 60.0%")
