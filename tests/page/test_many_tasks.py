"""A page that several processes make equals that of one, whatever happens to the helpers."""

import pickle
from contextlib import contextmanager

import polars as pl
import pytest

import howsure as hs
from frames import attempts, clustered, two_models
from helping import done_by_helper, dying
from howsure import processes
from howsure.inference.population import SAME_CLUSTERS, population_of
from howsure.inference.question import Question
from howsure.page.boards import shown
from howsure.page.contents import contents_of
from howsure.processes import in_processes, start_helpers
from howsure.study.design import make_design
from howsure.study.factors import gather_levelled


@pytest.fixture(scope="module")
def helpers():
    pool = start_helpers(1)
    yield pool
    pool.shutdown(wait=False, cancel_futures=True)


@contextmanager
def by_helpers(helpers):
    """Let helpers do everything, and raise what they raise."""

    @contextmanager
    def all_by_helpers(count, load):
        def each(work, items):
            given.extend(items)
            return processes._shared(helpers, 4 * len(items) + 4, work, items)

        yield each

    given = []
    with pytest.MonkeyPatch.context() as changed:
        changed.setattr(processes, "in_processes", all_by_helpers)
        changed.setattr(processes, "_result_of", lambda future, work: future.result())
        yield given


def tasks(*frames):
    return pl.concat([frame.with_columns(task=pl.lit(f"t{k}")) for k, frame in enumerate(frames)])


LABELS = two_models(60, label=pl.Series(["yes", "no", "no"] * 40)).with_columns(
    prediction=pl.when(pl.col("score") == 1).then("label").otherwise(pl.lit("yes"))
)
CASES = {
    "few clusters in one of two tasks": (
        tasks(clustered(3, 9), clustered(40, 2)),
        {"cluster": "passage", "by": "passage"},
    ),
    "attempts and minutes": (
        tasks(attempts(), attempts(9)).with_columns(minutes=60 - 8 * pl.col("score").sum().over("task", "item")),
        {"cluster": "passage", "difficulty": "minutes"},
    ),
    "exactly these questions": (tasks(attempts(), attempts(9)), {"population": "these-questions"}),
    "a metric": (LABELS.drop("score"), {"statistic": "f1"}),
    "seeds": (attempts(12).rename({"attempt": "seed"}), {"random_factor": "seed"}),
    "costs": (attempts().rename({"length": "usd"}), {"usage": "usd", "level": 0.9}),
    "tasks as a sample": (tasks(*[two_models(k) for k in range(8, 20)]), {"tasks_as_sample": True}),
}


@pytest.mark.parametrize(("rows", "options"), CASES.values(), ids=CASES)
def test_a_page_by_helper_processes_equals_that_by_one(rows, options, helpers):
    page = hs.report(rows, command="x", **options)
    with by_helpers(helpers) as given:
        helped = hs.report(rows, command="x", **options)
    assert given
    assert helped.html == page.html
    assert helped.leaderboard.to_dict() == page.leaderboard.to_dict()


@pytest.mark.unmeasured
def test_a_page_of_many_tasks_is_the_same_by_two_processes():
    rows = tasks(*[two_models(5 + k % 3) for k in range(100)])
    one, two = (hs.report(rows, command="x", processes=count).html for count in (1, 2))
    assert one == two


def test_a_board_that_was_sent_computes_what_it_had_not():
    rows = clustered(5, 6, models=("a", "b", "c", "d"))
    design, scores = make_design({"cluster": "passage"}), hs.read(rows)
    question = Question(population=population_of(None), adjust="max-t")
    (part,) = contents_of(scores, design, gather_levelled(scores, design), question).first.tasks
    assert part.board.pairs.difference.shape == (4, 4)
    sent = pickle.loads(pickle.dumps(part))
    assert "p_adjusted" not in vars(sent.board.places)
    assert sent.asked.population == SAME_CLUSTERS
    assert shown(sent) == shown(part)
    assert sent.board.leader_corrected == part.board.leader_corrected
    assert sent.board.other_population == part.board.other_population


@pytest.mark.parametrize("count", [0, 1, 2, 3, 40])
def test_results_are_in_order_whoever_has_an_item(count, helpers):
    found = list(processes._shared(helpers, 4, done_by_helper, range(count)))
    assert [item for item, _ in found] == list(range(count))
    by_helper = [helped for _, helped in found]
    assert sorted(by_helper, reverse=True) == by_helper, "the first ones"
    assert not count or by_helper[0]


def test_this_process_does_what_helpers_cannot(helpers):
    assert list(processes._shared(helpers, 4, lambda item: item + 1, range(9))) == [*range(1, 10)]
    with pytest.raises(ValueError, match="invalid literal"):
        list(processes._shared(helpers, 4, int, ["1", "x", "2"]))


def test_the_work_of_helpers_that_end_is_done_by_this_process():
    with in_processes(3, tuple) as each:
        assert list(each(dying, range(50))) == [*range(50)]
        assert list(each(abs, range(50))) == [*range(50)]


def test_without_helper_processes_this_one_does_everything(monkeypatch):
    def refuse(*args):
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr("multiprocessing.get_context", refuse)
    with in_processes(2, tuple) as each:
        assert list(each(done_by_helper, range(3))) == [(k, False) for k in range(3)]
