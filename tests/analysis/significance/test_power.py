"""Power and smallest detectable differences against statsmodels and the specification's tables."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.power import TTestPower

from harness.analysis.significance import mde, plan, power_of


def test_power_is_statsmodels():
    se = 0.04 / np.sqrt(22)
    assert power_of(0.03, se, 21) == pytest.approx(0.9181807, abs=1e-7)
    assert power_of(0.03, se, 21) == pytest.approx(TTestPower().power(0.75, 22, 0.05))
    assert power_of(0.0, se, 21) == pytest.approx(0.05)
    assert power_of(-0.03, se, 21) == pytest.approx(power_of(0.03, se, 21))


def test_mde_reference():
    assert mde(0.01, 21) == pytest.approx(0.0293817, abs=1e-7)
    assert mde(0.00943729, 7) == pytest.approx(0.0308577, abs=1e-7)
    assert mde(0.04 / np.sqrt(22), 21) == pytest.approx(0.0250568, abs=1e-7)
    assert mde(0.04 / np.sqrt(8), 7) == pytest.approx(0.0462414, abs=1e-7)


@pytest.mark.parametrize("power", [0.5, 0.8, 0.95])
def test_what_is_detectable_is_detected_with_that_power(power):
    assert power_of(mde(0.02, 9, power), 0.02, 9) == pytest.approx(power, abs=1e-4)


@pytest.mark.parametrize(("delta", "df", "expected"), [(7.55, 1.0, 0.44639459), (51.0, 5.0, 1.0), (38.5, 20.0, 1.0)])
def test_power_is_known_where_a_tail_is_next_to_nothing(delta, df, expected):
    assert power_of(delta, 1.0, df) == pytest.approx(expected, abs=1e-8)


def test_shared_items_are_a_further_part_and_arms_may_differ_in_their_seeds():
    found = plan(3.0, 9, (2.0, 0.0), 4, 2, item_variance=(2.0, 40.0))
    assert found.se == pytest.approx(np.sqrt(1 + 1 + 2))
    assert found.df == pytest.approx(4**2 / (1 / 8 + 1 / 3 + 4 / 40))


def test_families_alone_in_units_of_their_sd():
    table = {
        3: 3.26,
        4: 2.13,
        5: 1.68,
        6: 1.43,
        8: 1.16,
        10: 1.00,
        12: 0.889,
        14: 0.810,
        16: 0.749,
        18: 0.701,
        22: 0.626,
    }
    for families, expected in table.items():
        digits = 3 if expected < 0.9 else 2
        assert round(mde(1 / np.sqrt(families), families - 1), digits) == expected, families
        solved = TTestPower().solve_power(nobs=families, alpha=0.05, power=0.8)
        assert mde(1 / np.sqrt(families), families - 1) == pytest.approx(solved, rel=1e-3)


def test_plan_reference():
    result = plan(0.03, 22, 0.01, 3, 3)
    assert (result.se, result.df, result.mde) == pytest.approx((0.01037187, 9.7182594, 0.0323624), abs=1e-7)


@pytest.mark.parametrize(
    ("sd_family", "sd_seed", "row", "models"),
    [
        (3, 0.3, [2.1, 2.0, 1.9, 1.9, 1.9], 1.9),
        (3, 1, [4.5, 3.2, 2.6, 2.2, 2.1], 1.9),
        (3, 2, [10.2, 6.1, 4.3, 3.2, 2.6], 1.9),
        (6, 1, [5.0, 4.4, 4.1, 3.9, 3.9], 3.8),
        (6, 2, [9.0, 6.5, 5.3, 4.5, 4.1], 3.8),
        (10, 2, [9.3, 7.9, 7.2, 6.7, 6.5], 6.3),
    ],
)
def test_planning_table(sd_family, sd_seed, row, models):
    assert [round(plan(sd_family, 22, sd_seed, s, s).mde, 1) for s in (2, 3, 5, 10, 20)] == row
    assert round(plan(sd_family, 22, 0.0, 2, 2).mde, 1) == models


@pytest.mark.parametrize(("n", "row"), [(204, [4.4, 6.2, 8.8]), (1012, [2.0, 2.8, 3.9])])
def test_one_language_by_discordance(n, row):
    assert [100 * mde(np.sqrt(pi / n), n - 1) for pi in (0.05, 0.1, 0.2)] == pytest.approx(row, abs=0.1)


def test_one_seed_cannot_be_planned_for():
    with pytest.raises(ValueError, match="at least 2"):
        plan(0.03, 22, 0.01, 1, 3)
