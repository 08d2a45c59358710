"""Rules of decision in worlds without what they look for: what is drawn, and what is counted of it."""

from __future__ import annotations

import numpy as np
import pytest

from harness.bench import rules
from harness.bench.worlds import flores_families


def rates(counts):
    return {count.test: count.happened.mean() for count in counts}


def rng(seed=0):
    return np.random.default_rng(seed)


def test_resource_classes_vary_in_12_families():
    x, families = rules.resource_class(), flores_families()
    assert (np.nanmean(x), np.nanstd(x)) == (pytest.approx(0), pytest.approx(1))
    known = ~np.isnan(x)
    assert sum(np.ptp(x[known & (families == f)]) > 0 for f in set(families[known])) == 12


def test_trainings_that_tilt_the_gain_make_slopes_of_these_runs():
    held, tilted = (rates(rules.slopes(150, rng(), seeds=5, tilt=t)) for t in (0.0, 0.05))
    assert tilted["slope"] > 0.5 > held["slope"] + 0.3
    assert 0 < held["slope, said of the recipe"] <= held["slope"]
    assert tilted["slope, said of the recipe"] < tilted["slope"] - 0.3


def test_a_gain_of_one_family_is_never_found():
    """Of G values of which one is large, t goes to 1."""
    assert rates(rules.one_family(50, rng(), largest=1e6)) == {"found": 0.0, "found, no caveat": 0.0}


def test_a_general_gain_is_found_with_the_power_that_was_asked_for():
    found, caveat = rules.one_family(400, rng(), general=True)
    assert found.happened.mean() == pytest.approx(0.77, abs=0.07)
    assert len(caveat.happened) == found.happened.sum()


def test_holm_asks_more_of_four_targets_than_of_one():
    alone, four = (rates(rules.targets(800, rng(1), seeds=5, count=k, shared=1.0)) for k in (1, 4))
    assert alone["Holm"] == alone["no correction"] == pytest.approx(0.05, abs=0.02)
    assert four["no correction"] == pytest.approx(0.05, abs=0.02)
    assert four["Holm"] == pytest.approx(0.05 / 4, abs=0.01)


def test_true_claims_are_no_false_ones():
    assert rates(rules.targets(50, rng(), seeds=3, count=4, shared=0.5, moved=4)) == {"no correction": 0, "Holm": 0}


@pytest.mark.parametrize(
    ("ahead", "holds"), [((0, 0, 0), True), ((0, -1, -1), True), ((0, 1, 0), False), ((1, 0, 0), False)]
)
def test_rank_sets_hold_where_no_pair_is_told_apart_the_wrong_way(ahead, holds):
    shown = np.array([0.2, 0.1, 1.0 if 1 not in ahead[1:] else 0.0])
    assert rules._ranks_hold((0.0, 0.0, 1.0), shown, [(0, 1), (0, 2), (1, 2)], np.array(ahead)) is holds


@pytest.mark.parametrize("apart", [False, True])
def test_arms_that_are_far_apart_are_ranked_as_they_are(apart):
    (found,) = rules.ranks(20, rng(), means=(0.0, 9.0, 18.0, 27.0, 36.0), shape="normal", apart=apart)
    assert (found.happened.mean(), found.covers) == (1.0, True)
