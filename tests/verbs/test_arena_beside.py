"""arena extras: covariates, weights, anchors, fit of the Bradley-Terry model, influence, further votes, Elo."""

import json

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner
from scipy import special

import howsure as hs
from howsure.commands.main import main

MODELS = np.array(["u", "v", "w", "x", "y", "z"])


def votes(seed=0, n=1500, voters=60, style=0.0, first=0.0, circle=0.0):
    """Votes with a taste for length and for what stands first; the weak models write more. `circle`: u beats v, v w and w u beyond the line."""
    rng = np.random.default_rng(seed)
    one = rng.integers(0, 6, n)
    other = (one + rng.integers(1, 6, n)) % 6
    length = rng.normal(100 + 20 * np.stack([one, other]), 30)
    gap = 0.3 * (other - one) + style * (length[0] - length[1]) / 50 + first
    turns = {(0, 1): circle, (1, 2): circle, (2, 0): circle}
    gap += [turns.get((a, b), 0.0) - turns.get((b, a), 0.0) for a, b in zip(one.tolist(), other.tolist(), strict=True)]
    winner = np.where(rng.random(n) < 0.2, "tie", np.where(rng.random(n) < special.expit(gap), "model_a", "model_b"))
    return pl.DataFrame(
        {
            "model_a": MODELS[one],
            "model_b": MODELS[other],
            "winner": winner,
            "judge": rng.integers(0, voters, n),
            "length_a": length[0],
            "length_b": length[1],
        }
    )


def ranked(answer):
    return [model.model for model in answer.boards[0].models]


def run(*words):
    return CliRunner(env={"COLUMNS": "120"}).invoke(main, [*words], catch_exceptions=False)


def test_a_length_covariate_removes_the_preference_for_longer_answers():
    """A taste for length lifts the weak models, which write more; the covariate takes it out, and says what it was worth."""
    rows = votes(n=6000, style=0.8)
    plain, even = hs.arena(rows), hs.arena(rows, covariate="length")
    assert ranked(even) == list(MODELS)
    assert ranked(plain) != list(MODELS)
    (effect,) = even.boards[0].effects
    assert (effect.covariate, effect.p_value < 1e-6, effect.odds_ratio > 1) == ("length", True, True)
    assert effect.sd == pytest.approx((rows["length_a"] - rows["length_b"]).std(), rel=1e-3)
    assert effect.gain == pytest.approx(effect.odds_ratio / (1 + effect.odds_ratio) - 0.5)
    before = {entry.model: entry.estimate.value for entry in plain.boards[0].board.entries}
    places = {model: k + 1 for k, model in enumerate(ranked(plain))}
    for model in even.boards[0].models:
        assert model.unadjusted == pytest.approx(before[model.model])
        assert model.unadjusted_rank == places[model.model]
    shown = even.render(width=140)
    assert "unadjusted %" in shown
    assert "gain, points" in shown
    assert "unadjusted" not in plain.render(width=140)


@pytest.mark.unmeasured
def test_covariate_effects_and_p_values_agree_with_their_intervals():
    for seed in range(12):
        for effect in hs.arena(votes(seed, n=300, style=0.1), covariate=["length", "position"]).boards[0].effects:
            inside = effect.odds_ratio_interval.contains(1.0)
            assert inside == effect.gain_interval.contains(0.0) == (effect.p_value > 0.05)


def test_the_position_covariate_estimates_the_first_position_effect():
    rows = votes(n=4000, first=0.4)
    plain, even = hs.arena(rows).boards[0], hs.arena(rows, covariate="position").boards[0]
    assert plain.position_effect.p_value < 0.001
    assert even.position_effect is None
    assert even.effects[0].gain == pytest.approx(plain.position_effect.value, rel=0.25)
    assert np.isnan(even.effects[0].sd)
    assert "Who stands first" not in hs.arena(rows, covariate="position").render()


def test_a_weight_of_2_equals_two_votes():
    rows = votes(n=400)
    trust = pl.Series(np.random.default_rng(1).integers(1, 4, 400))
    weighed = hs.arena(rows.with_columns(trust=trust), weight="trust").boards[0]
    again = hs.arena(rows[np.repeat(np.arange(400), trust.to_numpy()).tolist()]).boards[0]
    assert weighed.n_votes == 400
    for one, other in zip(weighed.board.entries, again.board.entries, strict=True):
        assert (one.model, one.estimate.value) == (other.model, pytest.approx(other.estimate.value))
        assert one.estimate.se == pytest.approx(other.estimate.se)


def test_a_cyclic_preference_gives_a_warning_on_fit_and_a_transitive_one_none():
    straight, turning = hs.arena(votes(n=4000)), hs.arena(votes(n=4000, circle=1.5))
    assert straight.boards[0].model_fit.p_value > 0.05
    assert straight.boards[0].model_fit.worst_pairs == ()
    assert "The Bradley–Terry model fits all 15 pairs" in straight.render(width=200, details=True)
    found = turning.boards[0].model_fit
    assert [warning.code for warning in turning.warnings] == ["not_one_line"]
    assert {tuple(sorted((each.model_a, each.model_b))) for each in found.worst_pairs} == {
        ("u", "v"),
        ("v", "w"),
        ("u", "w"),
    }
    assert all(each.share > each.expected for each in found.worst_pairs)
    assert "Nothing speaks against" not in turning.render()
    by_both = votes(n=4000, circle=1.5).with_columns(prompt=pl.int_range(4000) % 4)
    assert hs.arena(by_both, cluster=["judge", "prompt"]).boards[0].model_fit is None, "four prompts can't tell"


def test_the_most_influential_voter_is_named_with_scores_without_it():
    """A voter with a taste for the leader, and many votes."""
    rows = votes(n=800)
    fan = pl.DataFrame(
        {"model_a": ["u"] * 120, "model_b": ["x", "y", "z"] * 40, "winner": ["model_a"] * 120, "judge": 99}
    )
    found = hs.arena(pl.concat([rows, fan], how="diagonal_relaxed"))
    most = found.boards[0].influential_cluster
    assert (most.column, most.cluster, most.n_votes) == ("judge", "99", 120)
    rest = hs.arena(rows).boards[0].board.entries
    assert most.leader_without == rest[0].model
    score = {entry.model: entry.estimate.value for entry in rest}
    best = found.boards[0].models[0].model
    assert most.score_without == pytest.approx(score[best])
    assert most.lead_without == pytest.approx(score[best] - max(value for name, value in score.items() if name != best))
    assert "The most influential is judge 99: without its 120 votes, " in found.render(width=200)
    assert hs.arena(rows, cluster="none").boards[0].influential_cluster is None


def test_further_votes_for_80_percent_power_follow_the_normal_approximation():
    """About as many as 80% power takes by the normal approximation; a larger board needs no more."""
    found = hs.arena(votes(n=300)).boards[0]
    following, names = found.next_votes, [model.model for model in found.models]
    at = names.index(following.ahead)
    assert names[at + 1] == following.behind
    pair = found.board.pairs
    assert following.difference == pytest.approx(pair.difference[at, at + 1])
    times = (1.96 + 0.8416) ** 2 * pair.se[at, at + 1] ** 2 / following.difference**2
    assert following.votes_needed == pytest.approx(300 * times, rel=0.05)
    assert {following.next_a, following.next_b} <= set(names)
    wide = pl.DataFrame({"model_a": ["p"] * 200, "model_b": ["q"] * 200, "winner": ["A"] * 180 + ["B"] * 20})
    assert hs.arena(wide).boards[0].next_votes is None


def test_with_anchors_scores_against_all_models_are_also_reported():
    every, some = hs.arena(votes()), hs.arena(votes(), against=["u", "z"])
    scores = {entry.model: entry.estimate.value for entry in every.boards[0].board.entries}
    for model in some.boards[0].models:
        assert model.against_all == pytest.approx(scores[model.model])
        assert model.against_all_rank == ranked(every).index(model.model) + 1
    assert "against all %" in some.render(width=140)
    assert "against all" not in every.render(width=140)


def test_a_single_anchor_scores_0_5_against_itself():
    entries = {entry.model: entry.estimate for entry in hs.arena(votes(), against="w").boards[0].board.entries}
    assert (entries["w"].value, entries["w"].interval.low, entries["w"].interval.high) == (0.5, 0.5, 0.5)
    assert entries["u"].interval.low < entries["u"].value < entries["u"].interval.high


def test_anchors_and_covariates_are_read_from_the_configuration(tmp_path, monkeypatch):
    votes().write_csv(tmp_path / "votes.csv")
    (tmp_path / "howsure.toml").write_text('[arena]\nagainst = ["u", "z"]\ncovariate = ["length"]\nscale = "elo"\n')
    monkeypatch.chdir(tmp_path)
    found = hs.arena("votes.csv", against=["u", "z"], covariate="length")
    assert json.loads(run("arena", "votes.csv", "-f", "json").stdout) == found.to_dict()


def test_the_elo_scale_adds_ratings_and_leaves_scores_unchanged():
    score, elo = hs.arena(votes()), hs.arena(votes(), scale="elo")
    assert elo.to_dict() == score.to_dict()
    assert elo.render(width=140).index(" Elo ") < elo.render(width=140).index("score %")
    for model, entry in zip(elo.boards[0].models, elo.boards[0].board.entries, strict=True):
        assert model.elo_interval.contains(model.elo)
        assert (model.elo > 1000) == (entry.estimate.value > 0.5)
    rows = pl.DataFrame({"model_a": ["x"] * 9, "model_b": ["y"] * 9, "winner": ["A"] * 9, "voter": range(9)})
    assert "from " in hs.arena(rows, scale="elo").render(width=140)
    with pytest.raises(hs.OptionError, match="scale"):
        hs.arena(votes(), scale="points")


def test_scores_against_a_baseline_equal_alpaca_eval_win_rates(real_data):
    """AlpacaEval 2: win rates and their standard errors; with the lengths, near its length-controlled win rates."""
    rows = pl.read_parquet(real_data / "tidy" / "alpaca_eval.parquet").filter(
        pl.col("judge") == "weighted_alpaca_eval_gpt4_turbo"
    )
    published = pl.read_parquet(real_data / "tidy" / "alpaca_eval_leaderboard_summary.parquet").filter(
        pl.col("judge") == "weighted_alpaca_eval_gpt4_turbo"
    )
    columns = {"model_a": "model", "model_b": "baseline", "winner": "score"}
    given = {"cluster": "item", "against": "gpt4_1106_preview"}
    plain = hs.arena(rows, columns=columns, **given).to_frame().join(published, on="model")
    assert len(plain) == 57
    assert (100 * plain["value"]).to_numpy() == pytest.approx(plain["win_rate"].to_numpy(), abs=1e-6)
    assert (100 * plain["se"]).to_numpy() == pytest.approx(plain["standard_error"].to_numpy(), abs=1e-2)
    even = hs.arena(rows, columns=columns | {"length": ("len_model", "len_baseline")}, covariate="length", **given)
    beside = even.to_frame().join(published, on="model")
    official = beside["length_controlled_winrate"].to_numpy() / 100
    assert np.abs(beside["value"].to_numpy() - official).mean() < 0.02
    assert ((beside["low"].to_numpy() <= official) & (official <= beside["high"].to_numpy())).mean() > 0.9
