"""The benchmark of intervals: what it compares is the same, and what it divides is of one round."""

from __future__ import annotations

from itertools import count

import numpy as np
import pytest

from harness.analysis.significance import ScoreIntervals
from harness.bench import significance
from harness.bench.significance import Case, Size

SMALL = Size(languages=2, systems=3, items=60, resamples=199, timed=4, rounds=2)


@pytest.fixture(scope="module")
def rows():
    return significance.measure(SMALL)


def test_every_claim_is_measured_over_all_cells_and_equal(rows):
    assert [row["claim"] for row in rows[:5]] == ["score intervals"] * 2 + ["paired differences", "BLEU", "chrF++"]
    assert [row["cells"] for row in rows[:5]] == [6, 6, 2 * 3, 6, 6]
    assert [row.get("at_least") for row in rows] == [80, None, 250, 60, 60, 0.6, None]
    assert all(row["equal"] and 0 < row["apart"] <= 5 for row in rows[:5])


def test_product_and_memory_close_the_table(rows):
    product, memory = rows[5:]
    assert product["unit"] == "GFLOP/s"
    assert product["theirs"] > 0
    assert product["reached"] == (product["times"] >= 0.6)
    # the counts alone are 199 × 60 × 4 bytes, and all of it is far below the limit
    assert 0.047 < memory["ours"] < 128
    assert memory["reached"]


def case(ours, theirs, cells=8, **aims):
    found = ScoreIntervals(np.zeros(cells), np.array(ours)[:, None] * np.ones(cells), (None,) * cells)
    return Case("c", "d", cells, lambda: found, lambda mine: np.array(theirs)[:, None] * np.ones(len(mine)), **aims)


def test_what_others_do_is_scaled_to_all_cells(monkeypatch):
    clock = count()  # ours takes 1 tick, theirs 1 for 4 of 8 cells
    monkeypatch.setattr(significance.time, "perf_counter", lambda: float(next(clock)))
    assert significance._round(case((0, 1), (0, 1)), SMALL, 0) == (1.0, 2.0, 0.0)


def test_aims_are_met_by_ratio_and_by_seconds():
    rounds = [(0.1, 9.0, 1.0), (0.2, 20.0, 6.0), (0.4, 4.0, 2.0)]
    row = significance._row(case((0, 1), (0, 1), at_least=80, at_most=0.2), SMALL, rounds)
    assert (row["ours"], row["theirs"], row["times"], row["apart"]) == pytest.approx((0.2, 9.0, 90.0, 6.0))
    assert (row["reached"], row["equal"]) == (True, False)
    assert not significance._row(case((0, 1), (0, 1), at_least=91), SMALL, rounds)["reached"]
    assert not significance._row(case((0, 1), (0, 1), at_most=0.1), SMALL, rounds)["reached"]


def test_endpoints_are_apart_in_standard_errors_of_a_normal_quantile():
    random = np.random.default_rng(0)
    samples = np.quantile(random.standard_normal((2, 2000, 999)), [0.025, 0.975], axis=-1)
    ours, theirs = samples[:, 0], samples[:, 1]
    apart = [significance._apart(ours[:, [i]], theirs[:, [i]], 999) for i in range(2000)]
    # the larger of two |z|: below 2.24 in 95 of 100
    assert np.mean(np.array(apart) < 2.24) == pytest.approx(0.95, abs=0.02)
