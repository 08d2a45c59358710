"""From languages to families: means, item noise with gaps, and the variance that families share."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from harness.analysis.significance import (
    family_item_noise,
    family_means,
    item_variance,
    naive_tests,
    shared_item_variance,
    unit_means,
)
from harness.languages import languages

UNITS, CLUSTERS = ["a", "a", "b", "c"], ["F", "F", "F", "G"]


def test_codes_average_to_units_and_units_to_families():
    names, means, n_units = family_means([1, 3, 5, 8], UNITS, CLUSTERS)
    assert (names, means.tolist(), n_units.tolist()) == (["F", "G"], [3.5, 8.0], [2, 1])


def test_rows_of_seeds_average_alike():
    scores = np.random.default_rng(0).random((3, 4))
    _, means, _ = family_means(scores, UNITS, CLUSTERS)
    assert means == pytest.approx(np.stack([family_means(row, UNITS, CLUSTERS)[1] for row in scores]))


def test_units_come_sorted_with_their_family():
    names, means, clusters = unit_means([1, 3, np.nan, 8], UNITS, CLUSTERS)
    assert (names, clusters) == (["a", "b", "c"], ["F", "F", "G"])
    assert means == pytest.approx([2, np.nan, 8], nan_ok=True)


def test_a_unit_in_two_families_is_refused():
    with pytest.raises(ValueError, match="unit 'a' lie in several"):
        family_means([1, 3, 5, 8], UNITS, ["F", "G", "F", "G"])


def test_the_order_of_languages_does_not_matter():
    values = np.array([1.0, 3, 5, 8])
    for order in ([3, 1, 0, 2], [2, 3, 1, 0]):
        names, means, _ = family_means(values[order], np.array(UNITS)[order], np.array(CLUSTERS)[order])
        assert (names, means.tolist()) == (["F", "G"], [3.5, 8.0])


def test_one_more_code_or_unit_that_gains_alike_moves_only_the_naive_p():
    values, units, clusters = [0.02, 0.02, 0.05, 0.05, -0.01], list("aabcd"), list("GGFFH")
    _, means, _ = family_means(values, units, clusters)
    _, more_codes, _ = family_means([0.02, *values], ["a", *units], ["G", *clusters])
    _, more_units, _ = family_means([0.05, *values], ["e", *units], ["F", *clusters])
    assert more_codes == pytest.approx(means)
    assert more_units == pytest.approx(means)
    base = naive_tests(values)
    for gain in (0.02, 0.05):
        moved = naive_tests([gain, *values])
        assert moved.t_p < base.t_p
        assert moved.wilcoxon_p < base.wilcoxon_p
        assert moved.sign_p < base.sign_p


def test_flores_has_190_units_in_22_clusters(flores):
    codes, units, clusters = flores
    names, _, n_units = family_means(np.zeros(204), units, clusters)
    assert (codes.size, n_units.sum()) == (204, 190)
    assert sorted(n_units.tolist(), reverse=True) == [74, 33, 18, 18, 11, 8, 4, 3, 3, 3, 3, 2] + [1] * 10
    assert n_units.sum() ** 2 / np.square(n_units).sum() == pytest.approx(4.84, abs=0.005)
    assert dict(zip(names, n_units.tolist(), strict=True))["Mande"] == 2
    singles = {"Saharan", "Quechuan", "Aymaran", "Tupian", "Japonic", "Koreanic", "Mongolic-Khitan", "Basque"}
    assert {n for n, k in zip(names, n_units, strict=True) if k == 1} == singles | {"Kartvelian", "Esperanto"}


def test_units_by_iso_code_are_196(flores):
    codes, _, clusters = flores
    iso = np.array([languages()[code]["language_cluster"] for code in codes])
    assert family_means(np.zeros(204), iso, clusters)[2].sum() == 196


def test_sib_has_191_units_with_nko_in_mande():
    rows = list(languages().values())
    names, _, n_units = family_means(np.zeros(205), [r["unit"] for r in rows], [r["cluster"] for r in rows])
    assert (len(rows), len(names), n_units.sum()) == (205, 22, 191)
    assert n_units[names.index("Mande")] == 3


def test_merged_units_are_the_scripts_and_standards_of_one_language(flores):
    codes, units, _ = flores
    merged = {unit for unit, count in Counter(units.tolist()).items() if count > 1}
    members = {code[:3] for code, unit in zip(codes, units, strict=True) if unit in merged}
    scripts = {"ace", "arb", "bjn", "kas", "knc", "min", "taq", "zho"}
    standards = {"bos", "hrv", "srp", "nno", "nob", "apc", "ajp", "aka", "twi", "lvs", "ltg"}
    assert members == scripts | standards


def test_item_noise_is_the_families_gain_on_each_item():
    d = np.array([[0.1, 0.3, 0.5, 0.0], [0.2, 0.0, -0.1, 0.4]])
    expected = [[(0.2 + 0.5) / 2, 0.0], [(0.1 - 0.1) / 2, 0.4]]
    assert family_item_noise(d, UNITS, CLUSTERS) == pytest.approx(np.array(expected))


def test_a_missing_item_enters_as_the_languages_gain_and_stretches_the_rest():
    d = np.array([[0.3], [np.nan], [0.5], [np.nan]])
    assert family_item_noise(d, ["a"], ["F"])[:, 0] == pytest.approx([0.4 - 0.2, 0.4, 0.4 + 0.2, 0.4])


def test_columns_keep_the_family_gain_whatever_is_missing():
    rng = np.random.default_rng(0)
    d = rng.normal(0.1, 1, (50, 4))
    d[rng.random(d.shape) < 0.3] = np.nan
    gains = family_means(np.nanmean(d, axis=0), UNITS, CLUSTERS)[1]
    assert family_item_noise(d, UNITS, CLUSTERS).mean(axis=0) == pytest.approx(gains)


def test_languages_without_common_items_share_no_noise():
    rng = np.random.default_rng(1)
    shock = rng.normal(size=400)
    d = shock[:, None] + rng.normal(0, 0.01, (400, 2))
    together, _ = shared_item_variance(family_item_noise(d, ["a", "b"], ["F", "G"]))
    assert together == pytest.approx(shock.var(ddof=1) / 400, rel=0.02)
    d[:200, 0] = d[200:, 1] = np.nan
    apart = family_item_noise(d, ["a", "b"], ["F", "G"])
    assert shared_item_variance(apart)[0] < 0.02 * together


def test_half_the_items_give_twice_the_variance():
    d = np.random.default_rng(2).normal(size=(4000, 1))
    d[::2] = np.nan
    variance, _ = item_variance(family_item_noise(d, ["a"], ["F"])[:, 0])
    assert variance == pytest.approx(np.nanvar(d) / 2000, rel=0.01)


def test_a_language_without_items_and_infinite_gains_are_refused():
    with pytest.raises(ValueError, match="at least one item in every language"):
        family_item_noise([[0.1, np.nan], [0.2, np.nan]], ["a", "b"], ["F", "G"])
    with pytest.raises(ValueError, match="finite gains"):
        family_item_noise([[0.1], [np.inf]], ["a"], ["F"])


def test_the_shared_variance_is_the_mean_covariance_between_families():
    e = np.array([[0.1, 0, 0.2], [0, 0.1, 0.1], [-0.1, -0.1, 0], [0.2, 0.1, 0.1]])
    variance, df = shared_item_variance(e)
    assert (variance, df) == (pytest.approx(0.0015277778, abs=1e-10), 3)
    covariance = np.cov(e.T) / 4
    assert variance == pytest.approx(covariance[~np.eye(3, dtype=bool)].mean())


def test_groups_enter_by_their_sums():
    e = np.random.default_rng(3).normal(size=(12, 4))
    groups = np.repeat(np.arange(4), 3)
    covariance = np.cov(e.reshape(4, 3, 4).mean(axis=1).T) / 4
    variance, df = shared_item_variance(e, groups)
    assert (variance, df) == (pytest.approx(max(0, covariance[~np.eye(4, dtype=bool)].mean())), 3)


def test_noise_that_opposes_or_one_family_shares_nothing():
    z = np.random.default_rng(4).normal(size=50)
    assert shared_item_variance(np.stack([z, -z], axis=1))[0] == 0.0
    assert shared_item_variance(z[:, None])[0] == 0.0
    assert np.isnan(shared_item_variance(np.ones((1, 3)))[0])
