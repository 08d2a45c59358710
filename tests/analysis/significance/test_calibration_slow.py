"""Rates of error by simulation, 1,000 sets a setting: families, items, seeds, slopes, counts, and rules of decision."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtr

from harness.analysis.significance import (
    family_icc,
    trend_test,
    true_discoveries,
)
from harness.bench import calibration, rules
from harness.bench.worlds import Setting, unit_gains

pytestmark = pytest.mark.slow

SETS = 1000


@pytest.mark.parametrize("setting", calibration.SETTINGS, ids=str)
def test_the_headline_keeps_its_size_and_covers(setting):
    rows = {row["test"]: row for row in calibration.rates(setting, SETS, (11,))}
    headline = rows["headline"]
    assert headline["within"] is not False
    if setting.items is not None and headline["within"]:
        assert headline["coverage"] >= 0.925
    if setting.icc:
        assert rows["naive t"]["size"] > headline["size"] + 0.2


def test_skewed_gains_of_families_are_what_hall_is_for():
    rows = {row["test"]: row for row in calibration.rates(Setting("exponential", 0.0), SETS, (13,))}
    assert rows["family t"]["size"] > rows["headline"]["size"]


@pytest.mark.parametrize("icc", [0.0, 0.2, 0.5])
def test_icc_intervals_cover(flores_families, icc):
    gains = unit_gains(np.random.default_rng(14), flores_families, sets=SETS, icc=icc)
    results = [family_icc(row, flores_families, n_permutations=1) for row in gains]
    assert np.mean([low <= icc <= high for low, high in (r.interval for r in results)]) >= 0.93


def test_icc_permutations_hold_their_size(flores_families):
    gains = unit_gains(np.random.default_rng(15), flores_families, sets=300, icc=0.0)
    p = [family_icc(row, flores_families, n_permutations=399).p for row in gains]
    assert np.mean(np.array(p) <= 0.05) <= 0.085


def test_trends_that_vary_by_family_do_not_pass_for_a_trend(flores_families):
    rng, x = np.random.default_rng(16), rules.resource_class()
    slopes = rng.normal(0, 0.3, (SETS, flores_families.max() + 1))[:, flores_families]
    gains = unit_gains(rng, flores_families, sets=SETS, icc=0.5) + slopes * np.nan_to_num(x)
    results = [trend_test(x, row, flores_families) for row in gains]
    assert results[0].reason is None
    assert np.mean([result.p <= 0.05 for result in results]) <= 0.07


@pytest.mark.parametrize("case", calibration.CASES, ids=lambda case: f"{case.setting} {case.shape}")
def test_rules_of_decision_keep_what_they_promise(case):
    rows = calibration.case_rates(case, SETS, (12,))
    assert not [row for row in rows if row["within"] is False]


@pytest.mark.parametrize("better", [0, 60, 120])
def test_true_discoveries_are_not_overcounted(flores_families, better):
    rng, size = np.random.default_rng(18), flores_families.size
    z = np.sqrt(0.3) * rng.standard_normal((SETS, 1)) + np.sqrt(0.5) * rng.standard_normal((SETS, size))
    z += np.sqrt(0.2) * rng.standard_normal((SETS, flores_families.max() + 1))[:, flores_families]
    z[:, :better] += 3.0
    counts = np.array([true_discoveries(row, 0.025) for row in ndtr(-z)])
    assert np.mean(counts <= better) >= 0.97
    assert counts.mean() > 0.3 * better or not better
