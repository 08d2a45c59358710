"""Calibration: what is counted, against which bounds, in which worlds, and the page made of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from harness.bench import calibration, worlds
from harness.bench.worlds import DRAWS, Case, Count, Setting, draw

NORMAL = Setting("normal", 0.5)


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("shape", DRAWS)
def test_gains_have_mean_0_and_variance_1(shape):
    drawn = DRAWS[shape](rng(), (1000, 1000))
    tail = 0.2 if shape in ("t3", "lognormal") else 0.02
    assert (drawn.mean(), drawn.var()) == (pytest.approx(0, abs=0.01), pytest.approx(1, rel=tail))


def test_families_share_what_the_icc_says():
    families = np.repeat(np.arange(50), 2)
    gains = worlds.unit_gains(rng(), families, sets=2000, icc=0.3)
    assert np.mean(gains[:, ::2] * gains[:, 1::2]) == pytest.approx(0.3, abs=0.02)
    assert worlds.to_families(gains, families) == pytest.approx((gains[:, ::2] + gains[:, 1::2]) / 2)


def test_exchangeable_gains_are_symmetric_where_single_ones_are_not():
    skewed, even = (draw(Setting("exponential", 0.0, exchangeable=e), 500, rng()).units for e in (False, True))
    assert np.mean(skewed > 0) == pytest.approx(np.exp(-1), abs=0.01)
    assert np.mean(even > 0) == pytest.approx(0.5, abs=0.01)
    assert (skewed.std(), even.std()) == pytest.approx((worlds.UNIT_SD,) * 2, rel=0.05)


def test_items_and_seeds_add_their_variance_to_every_language():
    setting = Setting("normal", 0.0, items=100, shock=0.3, seed_sd=0.05, seeds=(2, 4))
    world = draw(setting, 2000, rng())
    own = worlds.UNIT_SD**2 + worlds.ITEM_SD**2 / 100
    shared = 0.3**2 / 100 + 0.05**2 / 2 + 0.05**2 / 4
    assert world.units.var(axis=0).mean() == pytest.approx(own + shared, rel=0.05)
    assert np.cov(world.units[:, 0], world.units[:, -1])[0, 1] == pytest.approx(shared, rel=0.15)
    variance, df = world.items
    assert (np.mean(variance), df) == (pytest.approx(0.3**2 / 100, rel=0.05), 99)
    assert (world.seeds_a.shape, world.seeds_b.shape) == ((2000, 2), (2000, 4))


def test_units_of_a_family_share_no_item_noise_but_the_shock():
    world = draw(Setting("normal", 0.0, items=100), 4000, rng())
    first, second = np.flatnonzero(world.families == np.bincount(world.families).argmax())[:2]
    assert np.corrcoef(world.units[:, first], world.units[:, second])[0, 1] == pytest.approx(0, abs=0.05)


def test_one_seed_is_drawn_but_leaves_nothing_to_test_it_with():
    world = draw(Setting("normal", 0.0, items=20, seed_sd=9.0, seeds=(1, 1)), 50, rng())
    assert (world.seeds_a, world.seeds_b) == (None, None)
    assert world.units.std() > 9


def test_rates_count_what_the_tests_say():
    rows = {row["test"]: row for row in calibration.rates(NORMAL, 200, (3,))}
    theirs = ttest_1samp(draw(NORMAL, 200, rng((3,))).units, 0, axis=1)
    ends = theirs.confidence_interval()
    assert rows["naive t"]["size"] == np.mean(theirs.pvalue <= 0.05)
    assert rows["naive t"]["coverage"] == np.mean((ends.low <= 0) & (ends.high >= 0))
    size = rows["naive t"]["size"]
    assert rows["naive t"]["size_se"] == pytest.approx(np.sqrt(size * (1 - size) / 200))
    assert rows["headline"]["size"] <= min(rows["family t"]["size"], rows["Hall"]["size"])
    assert rows["headline"]["size"] == pytest.approx(1 - rows["headline"]["coverage"])
    assert rows["family sign-flip"]["coverage"] is None
    assert rows["naive t"]["within"] is None


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        (NORMAL, (0.02, 0.07)),
        (Setting("exponential", 0.0), (0.0, 0.08)),
        (Setting("lognormal", 0.2), (0.0, 0.11)),
        (Setting("lognormal", 0.0, exchangeable=True), (0.02, 0.07)),
        (replace(calibration.SIB, shape="lognormal"), (0.012, 0.075)),
        (replace(calibration.SEEDS, seeds=(2, 2)), (0.012, 0.075)),
        (replace(calibration.SEEDS, seeds=(5, 2)), None),
        (replace(calibration.SEEDS, seeds=(1, 1)), None),
    ],
)
def test_bounds_of_the_headline(setting, expected):
    assert calibration.bounds(setting) == expected


def test_every_setting_has_rows_and_its_own_stream(monkeypatch):
    monkeypatch.setattr(calibration, "SETTINGS", (NORMAL, NORMAL, calibration.SIB))
    monkeypatch.setattr(calibration, "CASES", ())
    rows = calibration.measure(30, seed=1)
    assert [(row["section"], row["sets"]) for row in rows] == [("8.1", 30)] * 18 + [("8.2", 30)] * 9
    first, second, items = rows[:9], rows[9:18], rows[18:]
    assert [row["size"] for row in first] != [row["size"] for row in second]
    assert items[0]["setting"] == "FLORES-200, 204 items, shock 0.15, seed sd 0.01, 3/3 seeds"
    assert calibration.measure(30, seed=1) == rows


def case(*counts):
    return Case("a world", lambda _sets, _random: list(counts), "t3", 0.1)


def test_a_case_is_judged_by_its_size_or_by_its_coverage():
    half, never = np.array([True, False]), np.zeros(10, bool)
    counts = (Count("a", half, (0.0, 0.075)), Count("b", half, (0.5, 1.0), covers=True), Count("c", never))
    counted = case(*counts, Count("in no set", never[:0]))
    size, coverage, free = calibration.case_rates(counted, 0, (0,))
    assert (size["size"], size["size_se"], size["coverage"], size["within"]) == (0.5, np.sqrt(0.125), None, False)
    assert (coverage["size"], coverage["coverage"], coverage["within"], coverage["sets"]) == (None, 0.5, True, 2)
    assert (free["size"], free["at_most"], free["within"], free["sets"]) == (0.0, None, None, 10)
    assert {row["section"] for row in (size, coverage, free)} == {"14"}


def test_cases_have_streams_of_their_own(monkeypatch):
    drawn = Case("a world", lambda sets, random: [Count("a", random.random(sets) < 0.5)])
    monkeypatch.setattr(calibration, "SETTINGS", ())
    monkeypatch.setattr(calibration, "CASES", (drawn, drawn))
    first, second = calibration.measure(1000)
    assert first["size"] != second["size"]


def test_the_page_shows_each_rate_with_its_error_and_names_what_is_out_of_bounds():
    made = calibration.rates(NORMAL, 50, (0,)) + calibration.rates(calibration.SIB, 50, (0,))
    for row in made:
        row |= {"size": 0.04, "size_se": 0.006, "within": row["within"] and row["section"] == "8.1"}
    half = np.array([True, False])
    made += calibration.case_rates(case(Count("Holm", half, (0.0, 0.075)), Count("ranks", half, covers=True)), 2, (0,))
    text = calibration.page(made, seed=7)
    assert "`stiltbench bench calibration --sets 50" in text
    assert "seed 7" in text
    assert "| FLORES-200 | normal | 0.5 | 0.040 ± 0.006 |" in text
    assert text.count("**0.040** ± 0.006") == 2
    assert (
        "Outside its bounds: FLORES-200, 204 items, shock 0.15, seed sd 0.01, 3/3 seeds, normal, ICC 0, headline: "
        "0.040 ± 0.006; a world, t3, ICC 0.1, Holm: 0.500 ± 0.354." in text
    )
    assert "| a world | t3 | 0.1 | Holm | 2 | 0.500 ± 0.354 | – | 0 to 0.075 | **no** |" in text
    assert "| a world | t3 | 0.1 | ranks | 2 | – | 0.500 ± 0.354 | – | – |" in text
    assert text.count("\n## ") == 5
