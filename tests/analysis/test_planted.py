"""The harness finds an effect that was planted, covers its size, and does not find one that was not."""

from __future__ import annotations

import numpy as np
import pytest

from harness import languages as lang
from harness.analysis.compare import Comparer
from tests.planted import true_gain


def _true_family_macro(arm: str, codes: list[str]) -> float:
    families: dict[str, dict[str, list[float]]] = {}
    for code in codes:
        families.setdefault(lang.cluster(code), {}).setdefault(lang.unit(code), []).append(true_gain(arm, code))
    return float(np.mean([np.mean([np.mean(u) for u in units.values()]) for units in families.values()]))


def test_a_planted_gain_is_found_and_its_size_covered(comparer: Comparer) -> None:
    report = comparer.between("diverse", "english", "kind")[0]
    truth = _true_family_macro("diverse", [r["code"] for r in report["languages"] if r["unseen"]])
    assert report["verdict"] == "better"
    assert report["role"] == "primary"
    low, high = report["interval"]
    assert low <= truth <= high
    assert high - low < 0.15
    assert report["statement"].startswith("Diverse scores 1")


def test_the_family_with_the_larger_gain_is_named_with_its_gain(comparer: Comparer) -> None:
    report = comparer.between("diverse", "english", "kind")[0]
    best = max(report["families"], key=lambda f: f["gain"])
    assert best["family"] == "Afro-Asiatic"
    low, high = best["interval"]
    assert low <= 0.30 <= high


def test_a_null_is_not_found(comparer: Comparer) -> None:
    report = comparer.between("twin", "english", "kind")[0]
    assert report["verdict"] == "no_evidence"
    low, high = report["interval"]
    assert low <= 0 <= high
    assert "No evidence of a difference" in report["statement"]


def test_an_arm_trained_on_every_language_gets_no_verdict(comparer: Comparer) -> None:
    report = comparer.between("all", "english", "kind")[0]
    assert (report["verdict"], report["reason"]) == ("no_unseen_languages", "no_unseen_languages")
    assert report["estimate"] is None
    low, high = report["all_languages"]["interval"]
    assert low <= 0.10 <= high
    assert "nothing is claimed of others" in report["statement"]


def test_languages_that_an_arm_met_are_left_out_of_the_headline(comparer: Comparer) -> None:
    report = comparer.between("diverse", "english", "kind")[0]
    unseen = {r["code"] for r in report["languages"] if r["unseen"]}
    assert {"eng_Latn", "rus_Cyrl", "arb_Arab", "hin_Deva"}.isdisjoint(unseen)
    assert report["n"]["codes"] == len(unseen) == 133
    assert report["all_languages"]["n"] == 137


def test_swapping_the_arms_negates_the_estimate_and_keeps_p(comparer: Comparer) -> None:
    one, other = comparer.between("diverse", "english", "kind")[0], comparer.between("english", "diverse", "kind")[0]
    assert other["estimate"] == pytest.approx(-one["estimate"])
    assert other["p"] == pytest.approx(one["p"])
    assert (one["verdict"], other["verdict"]) == ("better", "worse")


def test_other_measures_of_a_declared_target_are_exploratory(comparer: Comparer) -> None:
    reports = comparer.between("diverse", "english", "kind")
    assert [r["metric"] for r in reports] == ["accuracy", "balanced_accuracy", "macro_f1"]
    assert [r["role"] for r in reports] == ["primary", "exploratory", "exploratory"]
    assert reports[1]["p_holm"] is None
