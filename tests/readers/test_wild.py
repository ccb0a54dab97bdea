"""Real folders, given by their path alone, give the figures stated in their README or results."""

import json
from collections import Counter

import pytest

import howsure
from places import DATA

WILD = DATA / "wild"
pytestmark = pytest.mark.skipif(not WILD.is_dir(), reason="the real results are not here")

BOARDS = {
    "terminal-bench-leaderboard": {
        "20250811_cursor-cli_claude-4-sonnet": (105 / 400, 80),
        "20250829_goose_claude-4-opus": (181 / 400, 80),
        "20250902_orchestrator_qwen-3-coder-480B": (77 / 400, 80),
        "20250911_chaterm_claude-4-sonnet": (197 / 400, 80),
    },
    "swe-bench-results": {
        "ACoder": (382 / 500, 500),
        "warp": (378 / 500, 500),
        "trae": (376 / 500, 500),
        "JoyCode": (373 / 500, 500),
        "tools_claude-4-opus": (366 / 500, 500),
        "openhands_gpt5": (359 / 500, 500),
        "OpenHands-CodeAct-2.1-sonnet-20241022": (265 / 500, 500),
        "agentless-1.5_gpt4o": (194 / 500, 500),
        "factory_code_droid": (185 / 500, 500),
        "amazon-q-developer-agent-20240430-dev": (128 / 500, 500),
        "sweagent_gpt4o": (116 / 500, 500),
        "rag_gpt4": (14 / 500, 500),
        "Agent_Selection_v1.gpt-5.1": (384 / 500, 500),
        "Agent_Selection_v1.gpt-5.2": (382 / 500, 500),
        "Agent_Selection_v1.gpt-o3": (373 / 500, 500),
    },
    "SWE-bench_Pro-os": {"gpt-4o-paper": (36 / 619, 619), "gemini-2-5-pro-preview-paper": (105 / 955, 955)},
    "swebench-reliability-study": {
        "i0_run1": (0.79, 100),
        "i0_run2": (0.75, 100),
        "i0_run3": (0.77, 100),
        "i0_run4": (0.76, 100),
        "i0_run5": (0.72, 100),
        "i1c": (0.74, 100),
        "i1d": (0.76, 100),
        "baseline": (1.0, 30),
        "p4_generic": (2 / 60, 30),
    },
    "MMLU-Pro": {"jamba-1.5-large": (5951 / 12032, 12032), "Llama-2-7b-hf": (2207 / 12032, 12032)},
    "MMMU": {"gpt-4o_vision_direct": (734 / 1730, 1730), "gpt-4o_standard(10 options)_direct": (694 / 1730, 1730)},
    "alpaca_eval": {"text_davinci_001": (0.1517412935, 804), "falcon-40b-instruct": (0.4571428571, 805)},
    "METR-eval-analysis": {
        "human": (0.8250, 83),
        "o1-preview": (0.4769, 82),
        "GPT-4o": (0.3313, 83),
        "davinci-002": (0, 16),
    },
}


@pytest.mark.parametrize("folder", BOARDS)
def test_leaderboards_of_real_folders_have_the_known_scores(folder):
    (board,) = howsure.leaderboard(WILD / folder).boards
    found = {entry.model: (entry.estimate.value, entry.estimate.n_items) for entry in board.entries}
    assert found.keys() == BOARDS[folder].keys()
    for model, (score, n) in BOARDS[folder].items():
        assert found[model] == (pytest.approx(score, abs=5e-5), n)


def boards_of(folder, **options):
    boards = howsure.leaderboard(WILD / folder, **options).boards
    return {(board.task, entry.model): round(entry.estimate.value, 5) for board in boards for entry in board.entries}


def test_bfcl_accuracies_count_the_items_that_score_files_omit():
    found, model = boards_of("bfcl-vllm-results"), "openai_gpt-oss-120b"
    stated = {
        "simple_python": (351 / 400, 345 / 400),
        "simple_java": (0.5, 0.52),
        "simple_javascript": (0.48, 0.52),
        "multiple": (173 / 200, 174 / 200),
        "irrelevance": (208 / 240, 207 / 240),
    }
    for category, scores in stated.items():
        for run, score in zip(("v0.10.2", "v0.11.0"), scores, strict=True):
            assert found[f"BFCL {category}", f"{model} (run={run})"] == round(score, 5)
    assert found["BFCL parallel", f"{model} (run=v0.11.0)"] == 0


def test_evalscope_scores_are_the_reported_ones():
    found = boards_of("evalscope")
    assert {key: score for key, score in found.items() if key[0]} == {
        ("gpqa_diamond", "qwen-plus"): 0.8,
        ("gsm8k", "qwen-plus"): 1.0,
        ("ifeval", "qwen-plus"): 0.9,
        ("iquiz", "qwen-plus"): 0.85,
        ("gpqa_diamond", "qwen3-max"): 0.9,
        ("gsm8k", "qwen3-max"): 1.0,
        ("ifeval", "qwen3-max"): 0.8,
        ("iquiz", "qwen3-max"): 0.8,
    }
    loose = boards_of("evalscope", task="ifeval", metric="inst_level_strict")
    assert loose == {("ifeval", "qwen-plus"): 0.96667, ("ifeval", "qwen3-max"): 0.86667}


def test_aider_second_tries_are_a_metric_and_not_attempts():
    model = "anthropic/claude-3-5-sonnet-20240620 (run=2024091{})"
    runs = [model.format("7-claude-3.5-sonnet-lucifer-prompt"), model.format("8-claude-3.5-sonnet-lucifer-prompt-v2")]
    within = boards_of("aider-benchmarks")
    first = boards_of("aider-benchmarks", metric="pass_rate_1")
    assert [within["aider", run] for run in runs] == [round(96 / 133, 5), round(103 / 133, 5)]
    assert [first["aider", run] for run in runs] == [round(68 / 133, 5), round(73 / 133, 5)]


def test_promptfoo_folders_of_both_layouts_are_read():
    assert boards_of("prompt-eval-workbench") == {("Prompt eval smoke tests", "openai:chat:gpt-4o-mini"): 0.66667}
    assert sorted(boards_of("promptfoo-config-js").values()) == [1.0, 1.0]


def test_livebench_scores_are_the_known_ones():
    boards = howsure.leaderboard(WILD / "LiveBench").boards
    scores = {board.task: round(board.entries[0].estimate.value, 5) for board in boards}
    assert {name: scores[name] for name in ("paraphrase", "simplify", "summarize")} == {
        "paraphrase": 0.64683,
        "simplify": 0.596,
        "summarize": 0.5775,
    }


def test_swe_bench_pairs_have_the_known_wins_and_losses():
    for a, b, only_a, only_b in (
        ("trae", "warp", 32, 34),
        ("ACoder", "warp", 39, 35),
        ("rag_gpt4", "sweagent_gpt4o", 4, 106),
    ):
        found = howsure.compare(WILD / "swe-bench-results", a, b)
        assert (found.wins, found.losses) == (only_a, only_b)


def test_yaml_leaderboards_of_aider_are_published_scores():
    pytest.importorskip("yaml")
    boards = howsure.audit(WILD / "aider-leaderboards").boards
    sizes = {board.task: len(board.entries) for board in boards}
    assert {name: sizes[name] for name in ("polyglot_leaderboard", "edit_leaderboard")} == {
        "polyglot_leaderboard": 69,
        "edit_leaderboard": 98,
    }
    (polyglot,) = [board for board in boards if board.task == "polyglot_leaderboard"]
    best = polyglot.entries[0]
    assert (best.model, round(best.score, 3), best.n) == ("gpt-5 (high)", 0.88, 225)
    (edit,) = [board for board in boards if board.task == "edit_leaderboard"]
    assert Counter(entry.n for entry in edit.entries) == {133: 93, 132: 2, 33: 1, 36: 1, 225: 1}


def test_pythia_checkpoints_are_separate_models():
    published = howsure.read(WILD / "pythia").published
    assert len({entry.model for entry in published}) == 16
    found = {(e.model, e.task, e.metric): (e.score, e.stderr) for e in published}
    score, error = found["EleutherAI/pythia-v1.1-160m@step143000", "lambada_openai", "acc"]
    assert (score, error) == (pytest.approx(0.328352, abs=1e-6), pytest.approx(0.006543, abs=1e-6))


def test_a_thousand_other_files_are_summarised_in_one_line(tmp_path):
    for number in range(1000):
        (tmp_path / f"note{number}.txt").write_text("nothing")
    logs = sorted((WILD / "llm-evals" / "logs").glob("*_grab-bag_*.eval"))[:10]
    for path in logs:
        (tmp_path / path.name).write_bytes(path.read_bytes())
    told = str(howsure.describe(tmp_path))
    assert "note0.txt and 999 more" in told
    assert told.count("\n") < 20


def test_standard_errors_of_arena_hard_come_from_its_published_limits():
    answer = howsure.audit(WILD / "arena-hard-auto")
    (board,) = answer.boards
    best = board.entries[0]
    assert (len(board.entries), best.model, best.score) == (60, "gpt-4-turbo-2024-04-09", 82.63)
    assert best.se == pytest.approx((84.6 - 80.75) / (2 * 1.96), rel=1e-4)
    assert any("standard errors from the limits in rating_q025 and rating_q975" in note for note in answer.notes)


def runs_of(folder):
    """Return date, commit, score and items of every run."""
    found = howsure.runs(WILD / folder).runs
    return [(run.started[:16], run.commit[:7], round(run.score, 5), run.n_items) for run in found]


def test_terminal_bench_runs_have_their_stated_accuracy():
    metadata = {"2025-09-01T11:51": 0.1925}
    for path in (WILD / "terminal-bench-leaderboard").rglob("run_metadata.json"):
        stated = json.loads(path.read_text())
        metadata[stated["start_time"][:16]] = stated["accuracy"]
    found = {date: (commit, score, n) for date, commit, score, n in runs_of("terminal-bench-leaderboard")}
    assert len(found) == 16
    assert {date: found[date][1] for date in metadata} == metadata
    assert found["2025-09-01T11:51"] == ("84aaf70", 0.1925, 80)


def test_aider_runs_are_one_row_for_all_cases():
    assert runs_of("aider-benchmarks") == [
        ("2024-09-18T13:00", "e603714", round(103 / 133, 5), 133),
        ("2024-09-18T00:34", "e603714", round(96 / 133, 5), 133),
    ]
    assert {(run.files, run.dirty) for run in howsure.runs(WILD / "aider-benchmarks").runs} == {(133, True)}


def test_evalscope_runs_show_limit_temperature_and_version():
    pytest.importorskip("yaml")
    found = howsure.runs(WILD / "evalscope").runs
    assert {(run.limit, run.settings["temperature"], run.environment["evalscope"]) for run in found} == {
        ("10", "0.7", "0.0.0_dev")
    }


def test_runs_lists_every_task_of_results_without_rows():
    found = howsure.runs(WILD / "pythia").runs
    assert (len(found), {run.counted for run in found}) == (16 * 87, {False})
