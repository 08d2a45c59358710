"""The report's keys, its numbers against hand calculations, and input that has no answer."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest
from scipy import stats

from harness import languages as lang
from harness.analysis.compare import Comparer, compare
from harness.analysis.results import Results
from harness.analysis.significance import holm
from harness.errors import UserError
from harness.store import Store

KEYS = """suite contrast role a b target metric unit scope statement verdict reason warnings estimate se df interval
    p p_t p_skew p_flip p_holm min_p mde80 variance n prediction_interval icc areas leave_one_out families
    language_macro
    code_macro these_languages all_languages seen languages at_least_better at_least_worse breakdowns naive dropped
    cluster_rule overrides seed n_resamples versions by slope margin declaration"""
"""Keys of `compare --format json` (docs/statistics.md)."""

SIX = ["deu_Latn", "arb_Arab", "swh_Latn", "tur_Latn", "fin_Latn", "tam_Taml", "jpn_Jpan"]
"""Seven languages of seven families."""


def _rows(values: dict[tuple[str, int], np.ndarray[Any, Any]], codes: list[str]) -> list[tuple[Any, ...]]:
    return [
        (arm, seed, code, f"i{i}", float(table[k, i]))
        for (arm, seed), table in values.items()
        for k, code in enumerate(codes)
        for i in range(table.shape[1])
    ]


def _random(codes: list[str], arms: dict[str, int], items: int = 40) -> dict[tuple[str, int], np.ndarray[Any, Any]]:
    rng = np.random.default_rng(5)
    shape = (len(codes), items)
    return {(a, s): (rng.random(shape) < 0.5).astype(float) for a, seeds in arms.items() for s in range(seeds)}


def _one(results: Results) -> dict[str, Any]:
    return Comparer(results).between("a", "b", None)[0]


def test_every_report_has_all_keys_and_is_json_without_nan(planted: Store) -> None:
    for report in compare(planted, "planted", "diverse", "english"):
        assert report.keys() >= set(KEYS.split())
        json.dumps(report, allow_nan=False)


def test_the_headline_is_the_t_test_of_family_gains_if_nothing_else_varies(results_of: Callable[..., Results]) -> None:
    # Items disjoint between families share no noise, one seed each: V is that of the families alone.
    rng = np.random.default_rng(1)
    rows = [
        (arm, 0, code, f"{code}{i}", float(rng.random() < 0.5 + 0.2 * (arm == "a")))
        for arm, code, i in itertools.product("ab", SIX, range(30))
    ]
    report = _one(results_of(rows))
    mean = {(arm, c): np.mean([r[4] for r in rows if r[0] == arm and r[2] == c]) for arm in "ab" for c in SIX}
    gains = [mean["a", c] - mean["b", c] for c in SIX]
    expected = stats.ttest_1samp(gains, 0)
    assert report["estimate"] == pytest.approx(np.mean(gains))
    assert report["p_t"] == pytest.approx(expected.pvalue)
    assert report["variance"]["items"] == pytest.approx(0, abs=1e-12)
    assert report["scope"] == "models"


def test_seeds_of_both_arms_enter_the_variance(results_of: Callable[..., Results]) -> None:
    values = _random(SIX, {"a": 3, "b": 3})
    report = _one(results_of(_rows(values, SIX)))
    macro = {arm: [values[arm, s].mean() for s in range(3)] for arm in "ab"}
    seeds = sum(np.var(macro[arm], ddof=1) / 3 for arm in "ab")
    assert report["scope"] == "recipe"
    assert report["variance"]["seeds"] * report["se"] ** 2 == pytest.approx(seeds)


def test_holm_is_over_the_contrasts_of_one_role(comparer: Comparer) -> None:
    report = comparer.between("diverse", "english", "kind")[0]
    assert (report["holm_over"], report["p_holm"]) == (1, report["p"])
    twin = comparer.between("twin", "english", "kind")[0]
    assert twin["holm_over"] == 1  # `all over english` has no p


def test_level_tables_hold_each_language_once(comparer: Comparer) -> None:
    report = comparer.between("diverse", "english", "kind")[0]
    for breakdown in report["breakdowns"]:
        assert sum(level["languages"] for level in breakdown["levels"]) == report["n"]["codes"]


def test_a_level_of_few_families_is_said_to_have_no_verdict(comparer: Comparer) -> None:
    report = comparer.between("diverse", "english", "kind")[0]
    area = next(b for b in report["breakdowns"] if b["by"] == "macroarea")
    reasons = {level["level"]: (level["families"] < 6, level["reason"]) for level in area["levels"]}
    assert all((reason == "too_few_families") == few for few, reason in reasons.values())
    assert reasons["Papunesia"][0]


def test_a_declared_slope_enters_holm_with_its_own_p(comparer: Comparer) -> None:
    suite = comparer.results.suite
    main = suite.contrasts[0]
    by = [msgspec.structs.replace(main, name=n, by=n) for n in ("joshi_class", "distance.syntactic")]
    more = msgspec.structs.replace(suite, contrasts=[*suite.contrasts, *by])
    reports = {r["contrast"]: r for r in Comparer(replace(comparer.results, suite=more)).declared()}
    p = {name: reports[name]["slope"]["p"] for name in ("joshi_class", "distance.syntactic")}
    expected = dict(zip(["main", *p], holm([reports["diverse over english"]["p"], *p.values()]), strict=True))
    assert reports["joshi_class"]["p_holm"] == pytest.approx(expected["joshi_class"])
    assert reports["distance.syntactic"]["slope"]["p_holm"] == pytest.approx(expected["distance.syntactic"])
    assert reports["diverse over english"]["p_holm"] == pytest.approx(expected["main"])
    assert reports["joshi_class"]["verdict"] == "no_dependence"  # the planted gain has no slope
    assert reports["diverse over english"]["verdict"] == "better"


def test_distance_is_to_the_nearest_intermediate_language_of_arm_a(comparer: Comparer) -> None:
    assert comparer._intermediate_languages("diverse") == ["arb_Arab", "hin_Deva", "rus_Cyrl"]
    assert lang.distance("ukr_Cyrl", "rus_Cyrl", "syntactic") < lang.distance("ukr_Cyrl", "hin_Deva", "syntactic")


def test_a_contrast_that_was_declared_after_its_scores_is_exploratory(comparer: Comparer) -> None:
    results = comparer.results
    since = results.facts["compared_since"]["diverse over english"]
    assert results.declared["diverse over english"] <= since
    assert comparer.between("diverse", "english", "kind")[0]["role"] == "primary"
    later = {"diverse over english": since[:-1] + "~"}  # later than any time that begins alike
    late = Comparer(replace(results, declared=results.declared | later))
    assert late.between("diverse", "english", "kind")[0]["verdict"] == "exploratory"


def test_a_score_outside_its_range_is_refused(results_of: Callable[..., Results]) -> None:
    rows = _rows(_random(SIX, {"a": 1, "b": 1}), SIX)
    bad = [(*rows[3][:4], 1.5) if r == rows[3] else r for r in rows]
    with pytest.raises(UserError, match="outside 0 to 1"):
        _one(results_of(bad))


# -- input that has no answer (docs/statistics.md, degenerate input) ---------------------------------------------------


def test_two_to_five_families_get_an_estimate_and_no_verdict(results_of: Callable[..., Results]) -> None:
    report = _one(results_of(_rows(_random(SIX[:4], {"a": 2, "b": 2}), SIX[:4])))
    assert (report["verdict"], report["reason"]) == ("languages_only", "too_few_families")
    assert report["estimate"] is not None
    assert "not enough families (4)" in report["statement"]


def test_one_family_gets_what_can_be_said_of_these_languages(results_of: Callable[..., Results]) -> None:
    report = _one(results_of(_rows(_random(["deu_Latn", "fra_Latn"], {"a": 2, "b": 2}), ["deu_Latn", "fra_Latn"])))
    assert (report["verdict"], report["p"]) == ("languages_only", None)
    assert report["these_languages"]["interval"] is not None
    assert len(report["languages"]) == 2


def test_equal_arms_have_p_one_and_no_interval(results_of: Callable[..., Results]) -> None:
    same = _random(SIX, {"a": 1})["a", 0]
    report = _one(results_of(_rows({("a", 0): same, ("b", 0): same}, SIX)))
    assert (report["estimate"], report["p"], report["interval"], report["reason"]) == (0, 1, None, "constant")


def test_a_constant_arm_is_warned_of(results_of: Callable[..., Results]) -> None:
    values = _random(SIX, {"b": 1})
    report = _one(results_of(_rows(values | {("a", 0): np.ones((7, 40))}, SIX)))
    assert "constant_arm" in report["warnings"]


def test_arms_without_a_common_item_are_not_compared(results_of: Callable[..., Results]) -> None:
    rows = [(arm, 0, code, f"{arm}{i}", 1.0) for arm in "ab" for code in SIX for i in range(5)]
    report = _one(results_of(rows))
    assert (report["verdict"], report["reason"], report["estimate"]) == ("no_overlap", "no_overlap", None)


def test_partial_overlap_is_counted_and_warned_of(results_of: Callable[..., Results]) -> None:
    rows = [r for r in _rows(_random(SIX, {"a": 1, "b": 1}), SIX) if not (r[0] == "a" and int(r[3][1:]) >= 30)]
    report = _one(results_of(rows))
    assert report["dropped"]["items"] == 7 * 10
    assert {"partial_overlap", "missing_items"} <= set(report["warnings"])
    assert report["n"]["items"] == 30


def test_a_language_that_one_arm_lacks_is_dropped_and_named(results_of: Callable[..., Results]) -> None:
    rows = [r for r in _rows(_random(SIX, {"a": 1, "b": 1}), SIX) if not (r[0] == "b" and r[2] == "tam_Taml")]
    report = _one(results_of(rows))
    assert report["dropped"]["codes"] == ["tam_Taml"]
    assert "Dravidian" not in [f["family"] for f in report["families"]]


def test_an_example_scored_twice_is_refused(results_of: Callable[..., Results]) -> None:
    rows = _rows(_random(SIX, {"a": 1, "b": 1}), SIX)
    with pytest.raises(UserError, match="deu_Latn i0 was scored twice"):
        _one(results_of([*rows, rows[0]]))


def test_two_seeds_carry_no_test_among_several(results_of: Callable[..., Results]) -> None:
    results = results_of(_rows(_random(SIX, {"a": 2, "b": 2}), SIX))
    alone = Comparer(results).declared()[0]
    assert (alone["holm_over"], alone["reason"]) == (1, None)
    first = results.suite.contrasts[0]
    results.suite.contrasts.append(msgspec.structs.replace(first, name="the same again"))
    among_two = Comparer(results).declared()[0]
    assert (among_two["holm_over"], among_two["reason"], among_two["verdict"]) == (2, "few_seeds", "exploratory")
    assert "carry no test among several" in among_two["statement"]


def _level(gains: dict[str, float], seeds: int = 3) -> list[tuple[Any, ...]]:
    """Return rows in which arm b scores .4 everywhere, and arm a as much more in each language as is said."""
    arms = {"a": gains, "b": dict.fromkeys(gains, 0.0)}
    return [
        (arm, s, c, f"i{i}", 0.4 + g)
        for arm, of in arms.items()
        for s in range(seeds)
        for c, g in of.items()
        for i in "01"
    ]


def test_a_finding_that_rests_on_the_largest_family_names_it(results_of: Callable[..., Results]) -> None:
    others = dict(zip(SIX[1:], [0.01, 0.10, 0.0, -0.01, 0.07, 0.05], strict=True))
    with_two_germanic = {"deu_Latn": 0.08, "nld_Latn": 0.08, **others}
    assert (
        stats.ttest_1samp([0.08, *others.values()], 0).pvalue < 0.05 < stats.ttest_1samp([*others.values()], 0).pvalue
    )
    report = _one(results_of(_level(with_two_germanic)))
    assert report["verdict"] == "better"
    assert report["statement"].endswith("But not without Indo-European.")


def test_gains_that_follow_the_areas_are_said_with_their_table(results_of: Callable[..., Results]) -> None:
    eurasia = {"deu_Latn": 0.20, "tur_Latn": 0.21, "fin_Latn": 0.22, "tam_Taml": 0.19, "jpn_Jpan": 0.18}
    africa = {"arb_Arab": 0.05, "swh_Latn": 0.06, "luo_Latn": 0.04, "bam_Latn": 0.05}
    codes = {**eurasia, **{"amh_Ethi" if c == "arb_Arab" else c: g for c, g in africa.items()}}
    report = _one(results_of(_level(codes)))
    # Of the 126 ways to choose four of nine families for Africa this is the most extreme one.
    assert report["areas"]["p"] == pytest.approx(1 / 126, abs=0.004)
    assert report["verdict"] == "better"
    assert "Eurasia 20.0 (5), Africa 5.0 (4)" in report["statement"].replace(".00 (", ".0 (")
    assert report["statement"].endswith("families of one area are not independent evidence.")


def test_one_seed_each_speaks_of_these_checkpoints(results_of: Callable[..., Results]) -> None:
    report = _one(results_of(_level(dict(zip(SIX, [0.1, 0.11, 0.12, 0.1, 0.11, 0.12, 0.11], strict=True)), seeds=1)))
    assert (report["scope"], report["verdict"]) == ("models", "better")
    assert "These checkpoints differ by 11.0" in report["statement"]
    assert report["statement"].endswith("other seeds were not run.")


def test_a_declared_margin_is_in_points_and_met_by_the_interval(results_of: Callable[..., Results]) -> None:
    results = results_of(_level(dict(zip(SIX, [0.004, -0.004, 0.003, -0.003, 0.002, -0.002, 0.001], strict=True))))
    for margin, expected in ((1.0, "equivalent"), (0.1, "no_evidence")):
        results.suite.contrasts[0] = msgspec.structs.replace(results.suite.contrasts[0], margin=margin)
        report = _one(results)
        assert (report["margin"], report["verdict"]) == (pytest.approx(margin / 100), expected)


def test_a_report_has_the_hash_and_the_times_of_its_declaration(comparer: Comparer) -> None:
    forth, back = (comparer.between(a, b, "kind")[0] for a, b in (("diverse", "english"), ("english", "diverse")))
    results = comparer.results
    name = "diverse over english"
    assert forth["declaration"] == back["declaration"] == {
        "hash": results.suite.contrasts[0].hash,
        "declared": results.declared[name],
        "compared_since": results.facts["compared_since"][name],
    }  # fmt: skip
    assert comparer.between("twin", "diverse", "kind")[0]["declaration"] is None


def test_unknown_arms_and_targets_are_refused_with_the_nearest(comparer: Comparer) -> None:
    with pytest.raises(UserError, match="unknown arm 'divers'; the nearest are diverse"):
        comparer.between("divers", "english", None)
    with pytest.raises(UserError, match="unknown target 'kinds'; the nearest are kind"):
        comparer.between("diverse", "english", "kinds")
    with pytest.raises(UserError, match="against itself"):
        comparer.between("english", "english", None)
