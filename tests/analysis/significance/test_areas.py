"""Macro-areas: the permutation test against all permutations, and the area of a family."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from harness.analysis.significance import area_test, family_areas

M = [0.04, 0.01, 0.03, -0.02, 0.05, 0.02, 0.06, 0.00]
APART = [0.10, 0.12, 0.08, 0.01, 0.02, 0.00, -0.05, -0.04]
AREAS = np.array([0, 0, 0, 1, 1, 1, 2, 2])


@pytest.mark.parametrize(("gains", "expected"), [(APART, 0.0035714), (M, 0.8892857)])
def test_p_comes_near_that_of_all_permutations(gains, expected):
    rows = np.array(list(permutations(gains)))
    means = [rows[:, :3].mean(axis=1), rows[:, 3:6].mean(axis=1), rows[:, 6:].mean(axis=1)]
    between = np.array([3, 3, 2]) @ np.square(np.array(means) - np.mean(gains))
    exact = np.mean(between >= between[0] - 1e-12)
    assert exact == pytest.approx(expected, abs=1e-7)
    result = area_test(gains, AREAS)
    assert result.p == pytest.approx(exact, abs=3 * np.sqrt(exact * (1 - exact) / 9999) + 1e-4)
    assert result.p != area_test(gains, AREAS, seed=1).p
    assert result == area_test(gains, AREAS)


def test_the_table_gives_each_area_its_families_and_gain():
    rows = area_test(APART, np.array(["Eurasia", "Africa", "Papunesia"])[AREAS]).table
    assert [(row.area, row.families) for row in rows] == [("Africa", 3), ("Eurasia", 3), ("Papunesia", 2)]
    assert [row.gain for row in rows] == pytest.approx([0.01, 0.1, -0.045])


def test_one_area_has_a_table_and_no_p():
    result = area_test(M, ["Eurasia"] * 8)
    assert (result.p, result.reason, len(result.table)) == (None, "one_area", 1)


def test_equal_gains_show_no_pattern():
    assert area_test([0.3] * 8, AREAS).p == 1.0


def test_a_family_lies_where_most_of_its_units_do():
    areas = ["Eurasia", "Africa", "Africa", "Papunesia", "Eurasia", "Africa"]
    clusters = ["Y", "X", "X", "X", "Z", "Z"]  # Z is a tie: the first by name
    assert family_areas(areas, clusters) == ["Africa", "Eurasia", "Africa"]
