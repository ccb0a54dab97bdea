"""lm-eval's sample and results files of old and new versions give scores, metrics and published results."""

import pytest

from howsure.errors import ReadError
from howsure.readers import lm_eval
from howsure.readers.base import Source
from howsure.table.schema import COLUMNS
from places import ROOT
from reader_cases import codes, lines, read, scores

TIME = "2025-03-03T00-05-12.300060"


def row(doc_id, acc=1.0, *, name="none", key=None, **more):
    return {
        "doc_id": doc_id,
        "doc": {"question": "?", "subject": "law"},
        "target": "A",
        "arguments": {},
        "resps": [["x"]],
        "filtered_resps": ["x"],
        "filter": name,
        "metrics": ["acc"],
        "doc_hash": key or f"h{doc_id}",
        "acc": acc,
        **more,
    }


def results(**more):
    return {
        "results": {
            "law": {"alias": "law", "acc,none": 0.5, "acc_stderr,none": 0.1, "ppl,none": 3.0, "ppl_stderr,none": "N/A"}
        },
        "configs": {"law": {"num_fewshot": 5}},
        "n-shot": {"law": 5},
        "higher_is_better": {"law": {"acc": True, "ppl": False}},
        "n-samples": {"law": {"original": 9, "effective": 2}},
        "config": {"model": "hf", "model_args": "pretrained=org/m", "gen_kwargs": {"temperature": 0.2}, "limit": None},
        "model_name": "org/m",
        **more,
    }


def test_samples_take_the_model_and_settings_from_the_results_file(write):
    companion = write(f"org__m/results_{TIME}.json", results())
    reading = read(lm_eval, write(f"org__m/samples_law_{TIME}.jsonl", lines([row(0), row(1, 0.0)])))
    assert lm_eval.claims(companion) == "companion"
    assert scores(reading) == {("h0", 0, "acc"): 1.0, ("h1", 0, "acc"): 0.0}
    assert set(reading.rows["model"]) == {"org/m"}
    assert set(reading.rows["task"]) == {"law"}
    extra = reading.rows.select([name for name in reading.rows.columns if name not in COLUMNS])
    assert extra.row(0, named=True) == {"doc_id": "0", "question": "?", "subject": "law"}
    assert [(entry.metric, entry.score, entry.stderr, entry.n) for entry in reading.published] == [
        ("acc", 0.5, 0.1, 2),
        ("ppl", 3.0, None, 2),
    ]
    assert reading.configuration["num_fewshot"] == "5"
    assert reading.configuration["gen_kwargs.temperature"] == "0.2"
    assert codes(reading) == []


def test_without_a_results_file_the_folder_names_the_model(write):
    reading = read(lm_eval, write(f"org__m/samples_law_{TIME}.jsonl", lines([row(0)])))
    assert reading.rows["model"][0] == "org/m"
    assert codes(reading) == ["model_from_path"]
    assert reading.configuration == {}
    assert reading.run.started == "2025-03-03T00:05:12"


def test_each_filter_is_a_separate_metric(write):
    rows = [row(0, 1.0, name="strict-match"), row(0, 0.0, name="flexible-extract")]
    reading = read(lm_eval, write(f"samples_law_{TIME}.jsonl", lines(rows)))
    assert scores(reading) == {("h0", 0, "acc,strict-match"): 1.0, ("h0", 0, "acc,flexible-extract"): 0.0}


def test_published_filters_have_the_metric_names_of_the_samples(write):
    values = {"em,strict": 0.1, "em_stderr,strict": 0.01, "em,flexible": 0.2, "em_stderr,flexible": "N/A"}
    reading = read(lm_eval, write("results.json", results(results={"gsm": values})))
    assert [(entry.metric, entry.stderr) for entry in reading.published] == [("em,strict", 0.01), ("em,flexible", None)]


def test_a_repeated_document_is_numbered_by_its_position(write):
    rows = [row(10, 0.0, key="h"), row(2, 1.0, key="h")]
    reading = read(lm_eval, write(f"samples_law_{TIME}.jsonl", lines(rows)))
    assert scores(reading) == {("h#2", 0, "acc"): 0.0, ("h", 0, "acc"): 1.0}


def test_corpus_metrics_are_named_and_left_out(write):
    rows = [row(0, 1.0, f1=[1, 0], bleu=["0", "x"], metrics=["acc", "f1", "bleu"])]
    reading = read(lm_eval, write(f"samples_law_{TIME}.jsonl", lines(rows)))
    assert set(scores(reading)) == {("h0", 0, "acc")}
    assert [warning.message for warning in reading.warnings if warning.code == "corpus_metric"] == [
        f"samples_law_{TIME}.jsonl: f1, bleu has a value for the whole corpus only, not one per document."
    ]


def test_samples_with_corpus_metrics_only_have_no_rows(write):
    rows = [row(0, [1, 0])]
    assert read(lm_eval, write(f"samples_law_{TIME}.jsonl", lines(rows))).rows is None


def test_old_samples_without_a_metric_list_are_read(write):
    old = [
        {key: value for key, value in row(n).items() if key not in ("metrics", "filter", "doc_hash")} for n in (0, 1)
    ]
    reading = read(lm_eval, write(f"samples_law_{TIME}.json", old))
    assert scores(reading) == {("0", 0, "acc"): 1.0, ("1", 0, "acc"): 1.0}


def test_old_samples_keep_only_the_metrics_of_the_results_file(write):
    old = {key: value for key, value in row(0, length=7).items() if key != "metrics"}
    write(f"results_{TIME}.json", results())
    reading = read(lm_eval, write(f"samples_law_{TIME}.jsonl", lines([old])))
    assert set(scores(reading)) == {("h0", 0, "acc")}


def test_a_missing_value_is_unscored(write):
    reading = read(
        lm_eval, write(f"samples_law_{TIME}.jsonl", lines([row(0, float("nan")), row(1, None), row(2, True)]))
    )
    assert scores(reading) == {("h0", 0, "acc"): "unscored", ("h1", 0, "acc"): "unscored", ("h2", 0, "acc"): 1.0}


def test_results_alone_are_published_scores(write):
    reading = read(lm_eval, write(f"results_{TIME}.json", results()))
    assert reading.rows is None
    assert reading.facts[0].lower_is_better == {"ppl"}
    assert reading.published[0].model == "org/m"


def test_results_before_version_0_4_are_read(write):
    document = {
        "results": {"piqa": {"acc": 0.5, "acc_stderr": 0.1, "perplexity": 3.0}},
        "config": {"model_args": "pretrained=x"},
    }
    reading = read(lm_eval, write("x.json", document))
    assert [(entry.metric, entry.stderr) for entry in reading.published] == [("acc", 0.1), ("perplexity", None)]
    assert reading.facts[0].lower_is_better == {"perplexity"}


def test_results_as_a_list_are_published_scores(write):
    entries = [{"task_name": "w", "prompt_name": "p 1", "em": 0.2, "em_stderr": 0.01}, {"task_name": "w", "em": 0.3}]
    reading = read(lm_eval, write("410M_eval_results_02-16.json", {"results": entries, "config": {"x": "em_stderr"}}))
    assert [(entry.task, entry.model, entry.score) for entry in reading.published] == [
        ("w+p 1", "410M", 0.2),
        ("w", "410M", 0.3),
    ]


def test_a_broken_sample_line_is_an_error_that_names_the_line(write):
    text = lines([row(0), row(1)])[:-20] + "\n"
    with pytest.raises(ReadError, match=rf"samples_law_{TIME}\.jsonl, line 2: not valid JSON"):
        read(lm_eval, write(f"samples_law_{TIME}.jsonl", text))


@pytest.mark.parametrize(
    "content", [{"results": {"a": 1}}, [{"doc_id": 1}], "doc_id,doc\n1,2\n", {"results": []}, '{"doc_id": 0}']
)
def test_other_files_are_not_claimed(write, content):
    assert lm_eval.claims(write("results.json", content)) is None


@pytest.mark.parametrize(
    "path", sorted((ROOT / "tests" / "fixtures" / "lm_eval").rglob("samples_*.jsonl")), ids=lambda path: path.name
)
def test_means_of_real_samples_equal_the_published_scores(path):
    reading = read(lm_eval, Source(path=path, root=path.parent))
    for entry in reading.published:
        values = [value for (_, _, metric), value in scores(reading).items() if metric == entry.metric]
        numbers = [value for value in values if isinstance(value, float)]
        if numbers:
            assert sum(numbers) / len(numbers) == pytest.approx(entry.score)


def test_non_numeric_published_scores_are_left_out_with_a_warning(write):
    values = {"alias": "t", "acc,none": 0.5, "acc_stderr,none": "N/A", "f1,none": "half", "bleu,none": "N/A"}
    reading = read(lm_eval, write("results_2025-01-01T00-00-00.json", {"results": {"t": values}}))
    assert [entry.metric for entry in reading.published] == ["acc"]
    old = {"piqa": {"acc": None, "acc_stderr": 0.1}, "boolq": {"acc": 0.5, "acc_stderr": 0.1}}
    plain = read(lm_eval, write("old.json", {"results": old, "versions": {}, "config": {}}))
    assert [warning.code for warning in plain.warnings if warning.code == "score_left_out"] == ["score_left_out"]
    assert [warning.message for warning in reading.warnings if warning.code == "score_left_out"] == [
        "results_2025-01-01T00-00-00.json: 1 published score is not numeric and left out."
    ]
