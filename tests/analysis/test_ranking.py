"""Rank sets against hand counts, and pairs against scipy's t-test: which arms are told apart, on which languages."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import pytest
from scipy import stats

from harness.analysis.compare import Comparer
from harness.analysis.ranking import rankings
from harness.analysis.results import Results
from harness.errors import UserError
from harness.suite import Train

SEVEN = ["deu_Latn", "arb_Arab", "swh_Latn", "tur_Latn", "fin_Latn", "tam_Taml", "jpn_Jpan"]
"""Seven languages of seven families."""

EIGHT = [*SEVEN, "kor_Hang"]

Make = Callable[..., Results]
Scores = dict[tuple[str, int], list[float]]
"""(arm, seed) → the score of each language, which all of its items have: items then add no variance."""


def _rows(scores: Scores, codes: list[str]) -> list[tuple[Any, ...]]:
    return [
        (a, s, c, f"i{i}", v) for (a, s), row in scores.items() for c, v in zip(codes, row, strict=True) for i in (0, 1)
    ]


def _ranking(results: Results) -> dict[str, Any]:
    return rankings(Comparer(results))[0]


def _pairs(ranking: dict[str, Any]) -> dict[frozenset[str], dict[str, Any]]:
    return {frozenset((pair["a"], pair["b"])): pair for pair in ranking["pairs"]}


def _ranks(ranking: dict[str, Any]) -> dict[str, list[int]]:
    return {row["arm"]: row["rank"] for row in ranking["arms"]}


def test_planted_arms_get_the_ranks_that_were_planted(comparer: Comparer) -> None:
    # diverse gains .12 or more over the equal english and twin; `all` was trained on every language.
    ranking = rankings(comparer)[0]
    assert _ranks(ranking) == {"diverse": [1, 2], "all": [1, 4], "english": [2, 4], "twin": [2, 4]}
    assert [row["arm"] for row in ranking["arms"]] == ["diverse", "all", "english", "twin"]
    assert {row["arm"]: row["letters"] for row in ranking["arms"]} == {
        "diverse": "a", "all": "ab", "english": "b", "twin": "b"}  # fmt: skip
    assert ranking["holm_over"] == 3
    reasons = {pair["reason"] for pair in ranking["pairs"] if "all" in (pair["a"], pair["b"])}
    assert reasons == {"no_unseen_languages"}
    json.dumps(ranking, allow_nan=False)


LEVEL = [0.5] * 7
STEADY = [0.52, 0.53, 0.54, 0.55, 0.56, 0.57, 0.58]
LOOSE = [0.45, 0.47, 0.49, 0.51, 0.53, 0.55, 0.57]


def test_pairs_are_t_tests_of_family_gains_and_holm_is_over_all_three(results_of: Make) -> None:
    # All three differences are symmetric, so that the test for skewed gains agrees with Student's.
    ranking = _ranking(results_of(_rows({("a", 0): STEADY, ("b", 0): LEVEL, ("c", 0): LOOSE}, SEVEN)))
    gains = {"ab": np.subtract(STEADY, LEVEL), "ac": np.subtract(STEADY, LOOSE), "bc": np.subtract(LOOSE, LEVEL)}
    p = {name: float(stats.ttest_1samp(gain, 0).pvalue) for name, gain in gains.items()}
    assert p["ab"] < p["ac"] < 0.025 < p["bc"]
    pairs = _pairs(ranking)
    for name, times in (("ab", 3), ("ac", 2), ("bc", 1)):
        pair = pairs[frozenset(name)]
        assert pair["p"] == pytest.approx(p[name])
        assert pair["p_holm"] == pytest.approx(times * p[name])
    assert _ranks(ranking) == {"a": [1, 1], "b": [2, 3], "c": [2, 3]}
    assert [row["letters"] for row in ranking["arms"]] == ["a", "b", "b"]
    assert (ranking["scope"], ranking["holm_over"]) == ("models", 3)


def test_holm_over_all_pairs_takes_a_difference_back_that_stands_alone(results_of: Make) -> None:
    # t = .034 / .0389 · √7 ≈ 2.3: p is about .06 over 2, and more over 3.
    shaky = [v + 0.024 for v in LOOSE]
    p = float(stats.ttest_1samp(np.subtract(shaky, LEVEL), 0).pvalue)
    assert 0.025 < p * 1.5 < 0.15
    ranking = _ranking(results_of(_rows({("a", 0): LEVEL, ("b", 0): LEVEL, ("c", 0): shaky}, SEVEN)))
    assert _pairs(ranking)[frozenset("bc")]["p_holm"] == pytest.approx(3 * p)
    assert set(map(tuple, _ranks(ranking).values())) == {(1, 3)}


def _seeded(results_of: Make, *, trained: bool) -> dict[str, Any]:
    shift = {"a": (-0.01, 0.0, 0.01), "b": (-0.005, 0.0, 0.005), "c": (-0.06, 0.0, 0.06)}
    base = {"a": STEADY, "b": LEVEL, "c": LEVEL}
    scores = {(arm, s): [v + d for v in base[arm]] for arm in "abc" for s, d in enumerate(shift[arm])}
    results = results_of(_rows(scores, SEVEN))
    if trained:
        train = Train(data="cldr_kind", languages=["eng_Latn"])
        results.suite.targets["t"] = msgspec.structs.replace(results.suite.targets["t"], train=train)
    return _ranking(results)


def test_a_pair_of_quiet_arms_gets_the_seed_variance_that_all_arms_show(results_of: Make) -> None:
    pair = _pairs(_seeded(results_of, trained=True))[frozenset("ab")]
    families = np.var(STEADY, ddof=1) / 7
    pooled = (0.01**2 + 0.005**2 + 0.06**2) / 3  # each arm has two degrees of freedom
    assert pair["se"] ** 2 == pytest.approx(families + pooled * 2 / 3)


def test_a_pair_with_the_noisy_arm_keeps_its_own_larger_seed_variance(results_of: Make) -> None:
    pair = _pairs(_seeded(results_of, trained=True))[frozenset("ac")]
    assert pair["se"] ** 2 == pytest.approx(np.var(STEADY, ddof=1) / 7 + (0.01**2 + 0.06**2) / 3)


def test_arms_that_train_nothing_share_no_seed_variance(results_of: Make) -> None:
    pair = _pairs(_seeded(results_of, trained=False))[frozenset("ab")]
    assert pair["se"] ** 2 == pytest.approx(np.var(STEADY, ddof=1) / 7 + (0.01**2 + 0.005**2) / 3)


def test_one_seed_in_any_arm_makes_the_ranking_one_of_checkpoints(results_of: Make) -> None:
    scores = {("a", 0): STEADY, ("a", 1): STEADY, ("b", 0): LEVEL, ("b", 1): LEVEL, ("c", 0): LEVEL}
    assert _ranking(results_of(_rows(scores, SEVEN)))["scope"] == "models"


def test_each_pair_is_tested_on_its_own_unseen_languages(results_of: Make) -> None:
    seen = {"a": {"deu_Latn": "intermediate"}, "c": {"jpn_Jpan": "intermediate"}}
    scores = {("a", 0): [*STEADY, 0.55], ("b", 0): [*LEVEL, 0.5], ("c", 0): [*LOOSE, 0.5]}
    pairs = _pairs(_ranking(results_of(_rows(scores, EIGHT), seen=seen)))
    assert {"".join(sorted(k)): v["codes"] for k, v in pairs.items()} == {"ab": 7, "bc": 7, "ac": 6}
    assert pairs[frozenset("ab")]["estimate"] == pytest.approx(np.mean([0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.05]))


def test_fewer_than_six_families_separate_nobody(results_of: Make) -> None:
    ranking = _ranking(results_of(_rows({("a", 0): STEADY[:5], ("b", 0): LEVEL[:5]}, SEVEN[:5])))
    pair = ranking["pairs"][0]
    assert (pair["p"] < 0.05, pair["p_holm"], pair["reason"]) == (True, 1.0, "too_few_families")
    assert _ranks(ranking) == {"a": [1, 2], "b": [1, 2]}


def test_an_order_that_training_languages_turn_is_not_ranked(results_of: Make) -> None:
    # Over the seven languages that neither met a is better; over all eight b is, by the one that it was trained on.
    scores = {("a", 0): [*STEADY, 0.1], ("b", 0): [*LEVEL, 0.95]}
    ranking = _ranking(results_of(_rows(scores, EIGHT), seen={"b": {"kor_Hang": "intermediate"}}))
    pair = ranking["pairs"][0]
    assert (pair["a"], pair["estimate"] < 0, pair["p_holm"] < 0.05) == ("b", True, True)
    assert (pair["separated"], pair["reason"]) == (False, "other_order_over_all_languages")
    assert _ranks(ranking) == {"a": [1, 2], "b": [1, 2]}


def test_arms_of_one_rank_stand_by_name_not_by_score(results_of: Make) -> None:
    scores = {("b", 0): STEADY, ("a", 0): [v - 0.001 * (i % 3 - 1) for i, v in enumerate(STEADY)]}
    assert [row["arm"] for row in _ranking(results_of(_rows(scores, SEVEN)))["arms"]] == ["a", "b"]


def test_a_language_that_one_seed_lacks_is_left_out(results_of: Make) -> None:
    scores = {(arm, s): [v + 0.01 * s for v in row] for arm, row in (("a", STEADY), ("b", LEVEL)) for s in (0, 1)}
    rows = [r for r in _rows(scores, SEVEN) if r[:3] != ("a", 1, "jpn_Jpan")]
    ranking = _ranking(results_of(rows))
    assert [row["languages"] for row in ranking["arms"]] == [6, 7]
    assert ranking["pairs"][0]["estimate"] == pytest.approx(np.mean(STEADY[:6]) - 0.5)


def test_arms_without_scores_are_not_ranked(results_of: Make) -> None:
    results = results_of(_rows({("b", 0): LEVEL, ("c", 0): STEADY}, SEVEN))
    assert [row["arm"] for row in _ranking(results)["arms"]] == ["c", "b"]
    with pytest.raises(UserError, match="unknown target 'x'; the nearest are t"):
        rankings(Comparer(results), "x")
    empty = results_of(_rows({("a", 0): LEVEL}, SEVEN))
    empty.con.execute("delete from results")
    with pytest.raises(UserError, match="bare: no scores yet"):
        rankings(Comparer(empty))
