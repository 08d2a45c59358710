"""Every verdict has its condition and its sentence; words that claim too much are in none of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from harness.analysis import words
from harness.analysis.words import (
    IN_SUM,
    SENTENCES,
    interval,
    p_value,
    points,
    rank_words,
    ranks,
    statement,
    summed,
    told_apart,
    verdict,
)

FORBIDDEN = ("no difference", "outperforms", "trend towards", "***", "highly significant", "significant", "generally")


def _report(**changes: Any) -> dict[str, Any]:
    """Return a report of 22 families in which A is better by 1.9 points, as the tests then change it."""
    base: dict[str, Any] = {
        "a": "diverse", "b": "english", "target": "topic", "role": "primary", "scope": "recipe", "reason": None,
        "estimate": 0.0192, "se": 0.0075, "interval": [0.0041, 0.0352], "p": 0.018, "p_holm": 0.036, "holm_over": 2,
        "mde80": 0.0224, "n": {"families": 22, "seeds_a": 3, "seeds_b": 3},
        "leave_one_out": {"min": 0.016, "min_family": "Turkic", "max": 0.023, "max_family": "Quechuan",
                          "without_largest": {"family": "Indo-European", "estimate": 0.021, "p": 0.02}},
        "areas": {"p": 0.4, "table": [{"area": "Eurasia", "families": 13, "gain": 0.02},
                                      {"area": "Africa", "families": 5, "gain": 0.01}]},
        "by": None, "slope": None, "margin": None,
        "all_languages": {"estimate": 0.03, "se": 0.01, "interval": [0.01, 0.05]},
    }  # fmt: skip
    return base | changes


def _said(**changes: Any) -> tuple[str, str]:
    report = _report(**changes)
    report["verdict"] = verdict(report)
    return report["verdict"], statement(report)


def test_better_needs_holm_and_an_interval_above_zero() -> None:
    assert _said() == (
        "better",
        "Diverse scores 1.92 points above english on average over families "
        "(95 % interval 0.41 to 3.52; p = .036, Holm over 2; 22 families, 3 seeds).",
    )


def test_a_small_p_that_is_no_evidence_is_explained_and_a_large_one_needs_none() -> None:
    assert "Alone its p" not in _said(p_holm=0.9, p=0.45, interval=[-0.01, 0.04])[1]


def test_worse_is_said_with_the_size_and_the_side() -> None:
    kind, said = _said(
        estimate=-0.0192, interval=[-0.0352, -0.0041], leave_one_out=None, areas={"p": None, "table": []}
    )
    assert kind == "worse"
    assert "1.92 points below english" in said
    assert "−3.52 to −0.41" in said


def test_a_holm_p_above_five_percent_is_no_evidence_and_tells_what_could_be_found() -> None:
    assert _said(p_holm=0.06) == (
        "no_evidence",
        "No evidence of a difference (1.92 points, 0.41 to 3.52). The smallest difference this design would find in "
        "4 of 5 repetitions is 2.24 points. Alone its p is .018, but it is one of 2 claims: p = .060, Holm over 2.",
    )


def test_an_interval_that_touches_zero_is_no_evidence() -> None:
    assert _said(interval=[-0.0001, 0.04])[0] == "no_evidence"


def test_no_findings_sign_turns_without_one_family() -> None:
    """So no words are kept for it: wherever a sign turns, the t of the family gains is at most 1."""
    gains = np.random.default_rng(3).standard_cauchy((20_000, 7)) + 1
    total, families = gains.sum(1, keepdims=True), gains.shape[1]
    turns = ((total - gains) * total < 0).any(1)
    t = np.abs(gains.mean(1)) / (gains.std(1, ddof=1) / families**0.5)
    assert turns.sum() > 5_000
    assert t[turns].max() <= 1


def test_a_finding_that_is_gone_without_the_largest_family_says_so() -> None:
    left = {**_report()["leave_one_out"], "without_largest": {"family": "Indo-European", "estimate": 0.01, "p": 0.2}}
    assert _said(leave_one_out=left)[1].endswith("But not without Indo-European.")


def test_an_areal_pattern_follows_the_verdict_with_its_table() -> None:
    areas = {**_report()["areas"], "p": 0.003}
    assert _said(areas=areas)[1].endswith(
        "The gain differs between macro-areas (p = .003): Eurasia 2.00 (13), Africa 1.00 (5); families of one area "
        "are not independent evidence."
    )


def test_exploratory_contrasts_suggest_and_never_show() -> None:
    kind, said = _said(role="exploratory", p_holm=None)
    assert kind == "exploratory"
    assert "suggest" in said
    assert "show" not in said
    assert "not declared" in said


def test_two_seeds_among_several_contrasts_are_exploratory() -> None:
    kind, said = _said(reason="few_seeds")
    assert kind == "exploratory"
    assert "two seeds" in said


def test_fewer_than_six_families_speak_of_these_languages_only() -> None:
    kind, said = _said(n={"families": 5, "seeds_a": 3, "seeds_b": 3}, reason="too_few_families")
    assert kind == "languages_only"
    assert "not enough families (5) to speak of others" in said


def test_one_seed_speaks_of_these_checkpoints() -> None:
    kind, said = _said(scope="models", n={"families": 22, "seeds_a": 1, "seeds_b": 1})
    assert kind == "better"
    assert said.endswith(
        "These checkpoints differ by 1.92 points (0.41 to 3.52; p = .036, Holm over 2); other seeds were not run."
    )


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("no_evidence", {"p_holm": 0.3}),
        ("exploratory", {"role": "exploratory"}),
        ("equivalent", {"p_holm": 0.3, "margin": 0.04}),
        ("languages_only", {"n": {"families": 4, "seeds_a": 1, "seeds_b": 1}}),
    ],
)
def test_where_nothing_is_found_one_seed_says_that_others_were_not_run(kind: str, changes: dict[str, Any]) -> None:
    said = _said(**{"scope": "models", "n": {"families": 22, "seeds_a": 1, "seeds_b": 1}, **changes})
    assert said[0] == kind
    assert said[1].endswith("Other seeds were not run: this is about these checkpoints.")


def test_a_margin_is_met_by_an_interval_that_lies_inside_it() -> None:
    narrow = {"estimate": 0.001, "interval": [-0.006, 0.009], "p": 0.7, "p_holm": 0.8}
    said = ("equivalent", "Any difference is smaller than 1 points (−0.60 to 0.90).")
    assert _said(**narrow, margin=0.01) == said
    assert _said(**narrow, margin=0.009)[0] == "no_evidence"
    assert _said(**narrow)[0] == "no_evidence"
    assert _said(**{**narrow, "interval": [-0.011, 0.009]}, margin=0.01)[0] == "no_evidence"
    assert _said(**narrow, margin=0.01, role="exploratory")[0] == "exploratory"


def test_a_difference_inside_its_margin_is_said_with_both() -> None:
    kind, said = _said(margin=0.05)
    assert kind == "better"
    assert said.endswith("22 families, 3 seeds). Any difference is smaller than 5 points (0.41 to 3.52).")


SLOPE = {"slope": 0.021, "p": 0.004, "families": 12, "min_p": 0.000488, "seed_se": 0.008, "recipe_p": 0.03}


def test_a_declared_slope_says_how_the_gain_moves_within_families() -> None:
    assert _said(by="joshi_class", slope=SLOPE, p_holm=0.012, p=0.5) == (
        "depends_on",
        "The gain of diverse over english rises by 2.10 points per step of joshi_class within families "
        "(p = .012, Holm over 2; 12 families).",
    )


def test_a_slope_that_seeds_explain_is_said_of_these_runs() -> None:
    for p in (0.051, None):  # with one seed there is none
        noisy = {**SLOPE, "recipe_p": p}
        assert "these training runs alone" in _said(by="joshi_class", slope=noisy, p_holm=0.012)[1]


def test_a_slope_that_is_not_found_names_the_smallest_p_that_could_be() -> None:
    kind, said = _said(by="distance.syntactic", slope={**SLOPE, "p": 0.3}, p_holm=0.6)
    assert kind == "no_dependence"
    assert said == (
        "No evidence that the gain of diverse over english depends on syntactic distance to the nearest intermediate "
        "language (2.10 points per unit of distance; 12 families, smallest p reachable .00049)."
    )


def test_a_slope_in_fewer_than_six_families_is_never_found() -> None:
    assert _said(by="joshi_class", slope={**SLOPE, "families": 5}, p_holm=0.01)[0] == "no_dependence"


def test_no_unseen_language_gives_no_verdict() -> None:
    kind, said = _said(reason="no_unseen_languages", estimate=None, se=None, interval=None, p=None, p_holm=None)
    assert kind == "no_unseen_languages"
    assert "3.0 points" in said
    assert "nothing is claimed of others" in said


def test_what_cannot_be_tested_says_why() -> None:
    kind, said = _said(p=None, interval=None, reason="constant", p_holm=None)
    assert kind == "undefined"
    assert "(every family gained the same)" in said


def test_no_sentence_holds_a_forbidden_word() -> None:
    closed = (words.SENTENCES, words.ADDED, words.WHY_EXPLORATORY, words.RANKS)
    sentences = [words.SLOPE_OF_RUNS, *(said for table in closed for said in table.values())]
    assert not [(s, w) for s in sentences for w in FORBIDDEN if w in s.lower()]


def test_rank_words_name_holm_and_who_was_not_tested() -> None:
    pairs = [{"a": "x", "b": "y", "reason": None}, {"a": "x", "b": "z", "reason": "no_unseen_languages"}]
    arms = [{"arm": name, "rank": [1, 3]} for name in "xyz"]
    said = rank_words({"pairs": pairs, "arms": arms, "holm_over": 1, "scope": "recipe"})
    assert "Holm over 1" in said
    assert said.endswith("no language is unseen by both arms: z.")
    assert [ranks({"rank": [1, 1]}), ranks({"rank": [2, 4]})] == ["1", "2–4"]


@pytest.mark.parametrize(
    ("value", "se", "said"),
    [
        (0.0192, 0.0098, "1.92"),  # two significant digits of .98 points are .98: two decimals
        (0.0192, 0.023, "1.9"),  # of 2.3 points: one decimal
        (-0.192, 0.12, "−19"),  # of 12 points: none
        (0.0192, None, "1.9"),
        (-0.00001, 0.01, "0.0"),  # never minus zero
        (None, 0.1, "–"),
    ],
)
def test_points_are_printed_to_two_digits_of_their_error(value: float | None, se: float | None, said: str) -> None:
    assert points(value, se) == said


def test_intervals_and_p_values() -> None:
    assert interval([-0.01, 0.031], 0.01) == "−1.0 to 3.1"
    assert interval(None, 0.01) == "no interval"
    assert [p_value(p) for p in (0.0000021, 0.00031, 0.018, 0.5, 1.0, None)] == [
        "p < .0001",
        "p = .00031",
        "p = .018",
        "p = .500",
        "p = 1",
        "no p",
    ]


def test_a_slope_that_no_family_can_show_is_not_called_missing_evidence() -> None:
    kind, said = _said(by="joshi_class", slope={**SLOPE, "slope": None, "reason": "no_within_family_variation"})
    assert kind == "undefined"
    assert said.endswith("nothing can be tested here (no family has languages at several places of joshi_class).")


def test_pairs_without_a_language_that_both_have_not_seen_have_no_ranks_to_explain() -> None:
    pairs = [{"a": "a", "b": "b", "reason": "no_unseen_languages"}]
    ranking = {"arms": [{"arm": "a"}, {"arm": "b"}], "pairs": pairs, "holm_over": 0, "scope": "models"}
    assert rank_words(ranking).startswith("Rank: no pair of arms could be tested")


def test_a_sum_counts_every_verdict_and_names_what_was_found() -> None:
    def report(verdict: str, a: str, target: str) -> dict[str, Any]:
        return {"verdict": verdict, "a": a, "b": "none", "target": target}

    reports = [report("no_evidence", "mnli", t) for t in ("panx", "xquad")]
    reports += [report("worse", "ccg", "panx"), report("better", "mnli", "xnli"), report("better", "squad1", "mlqa")]
    assert summed(reports) == (
        "Of 5 comparisons: 2 × the first arm ahead (mnli against none on xnli; squad1 against none on mlqa), "
        "1 × the first arm behind (ccg against none on panx), 2 × no evidence of a difference."
    )
    assert set(IN_SUM) == set(SENTENCES)


def test_only_a_target_with_several_test_sets_names_them() -> None:
    reports = [
        {"target": "qa", "dataset": "xquad", "split": "test"},
        {"target": "qa", "dataset": "mlqa", "split": "dev"},
        {"target": "qa", "dataset": "mlqa", "split": "test"},
        {"target": "t", "dataset": "x", "split": "test"},
    ]
    assert [r["target"] for r in told_apart(reports)] == ["qa (xquad)", "qa (mlqa dev)", "qa (mlqa test)", "t"]
