"""A design's forecast: the tables of statistics §7, closed forms, and what is said where it has none."""

from __future__ import annotations

import math

import pytest

from harness.analysis.forecast import Assumption, Design, advice, forecast
from harness.errors import UserError


def design(families: int = 22, family_sd: float = 3.0, seed_sd: float | None = 1.0) -> Design:
    return Design(families=families, family_sd=family_sd, seed_sds=(seed_sd, seed_sd))


@pytest.mark.parametrize(
    ("family_sd", "seed_sd", "expected", "models"),
    [
        (3, 0.3, [2.1, 2.0, 1.9, 1.9, 1.9], 1.9),
        (3, 1, [4.5, 3.2, 2.6, 2.2, 2.1], 1.9),
        (3, 2, [10.2, 6.1, 4.3, 3.2, 2.6], 1.9),
        (6, 1, [5.0, 4.4, 4.1, 3.9, 3.9], 3.8),
        (6, 2, [9.0, 6.5, 5.3, 4.5, 4.1], 3.8),
        (10, 2, [9.3, 7.9, 7.2, 6.7, 6.5], 6.3),
    ],
)
def test_points_by_seeds_are_those_of_the_specification(
    family_sd: float, seed_sd: float, expected: list[float], models: float
) -> None:
    rows = forecast([design(22, family_sd, seed_sd)], [2, 3, 5, 10, 20, 1])
    assert [round(row["mde80"], 1) for row in rows] == [*expected, models]
    assert {round(row["mde80_models"], 1) for row in rows} == {models}


@pytest.mark.parametrize(
    ("families", "expected"), [(3, 3.26), (5, 1.68), (6, 1.43), (10, 1.00), (12, 0.889), (16, 0.749), (22, 0.626)]
)
def test_one_seed_finds_what_families_alone_allow(families: int, expected: float) -> None:
    (row,) = forecast([design(families, 1.0)], [1])
    assert row["mde80"] == pytest.approx(expected, abs=0.005)
    assert row["scope"] == "models"
    assert "checkpoints alone" in row["note"]
    assert ("no verdict possible" in row["note"]) == (families < 6)


def test_shared_items_add_their_variance_and_take_no_degrees_of_freedom() -> None:
    (row,) = forecast([Design(families=9, family_sd=3.0, seed_sds=(0.0, 0.0), item_se=2.0)], [3])
    assert row["se"] == pytest.approx(math.sqrt(9 / 9 + 4))
    assert row["df"] == pytest.approx(5**2 / (1 / 8))


def test_an_arm_that_trains_nothing_adds_no_noise_of_seeds() -> None:
    one = Design(families=9, family_sd=3.0, seed_sds=(2.0, 0.0))
    (row,) = forecast([one], [4])
    assert row["se"] == pytest.approx(math.sqrt(9 / 9 + 4 / 4))
    assert row["df"] == pytest.approx(2**2 / (1 / 8 + 1 / 3))
    assert row["seed_sd"] == 2.0


def test_power_is_that_of_the_reference_and_four_in_five_at_the_smallest_difference() -> None:
    (row,) = forecast([design(22, 4.0)], [1], effect=3.0)
    assert row["power"] == pytest.approx(0.9181807, abs=1e-7)
    (smallest,) = forecast([design()], [3])
    (again,) = forecast([design()], [3], effect=smallest["mde80"])
    assert again["power"] == pytest.approx(0.8, abs=1e-4)
    assert "power" not in smallest


def test_without_a_seed_sd_only_the_checkpoints_have_a_forecast() -> None:
    (row,) = forecast([design(seed_sd=None)], [3])
    assert (row["se"], row["df"], row["mde80"], row["seed_sd"]) == (None,) * 4
    assert round(row["mde80_models"], 1) == 1.9
    assert "assume --seed-sd" in row["note"]


def test_two_seeds_are_warned_of() -> None:
    assert [row["note"] for row in forecast([design()], [2, 3])] == [
        "two seeds: exploratory where several are tested",
        "",
    ]


@pytest.mark.parametrize(
    ("family_sd", "seed_sd", "seeds"), [(3, 1, 5), (3, 1.01, 10), (6, 2, 5), (3, 2, 10), (3, None, 5)]
)
def test_ten_seeds_are_advised_where_seeds_vary_by_more_than_a_third_of_families(
    family_sd: float, seed_sd: float | None, seeds: int
) -> None:
    one = design(22, family_sd, seed_sd)
    assert forecast([one], [3])[0]["advised_seeds"] == seeds
    assert advice([one]).startswith(f"Advised: {seeds} seeds in each arm: ")
    assert "Three are allowed" in advice([one])


def test_mixed_advice_says_where_each_holds() -> None:
    assert "10 seeds in each arm where the seed sd is above a third" in advice([design(), design(seed_sd=2.0)])


def test_where_no_family_is_unseen_no_seeds_are_advised() -> None:
    nothing = design(families=0, seed_sd=2.0)
    assert forecast([nothing], [3])[0]["advised_seeds"] is None
    assert advice([nothing]).startswith("No number of seeds helps")
    assert advice([nothing, design()]).startswith("Advised: 5 seeds in each arm: ")


def test_what_is_assumed_takes_the_place_of_what_was_measured_and_says_so() -> None:
    measured = Design(families=9, family_sd=3.0, seed_sds=(None, 0.0), item_se=1.0, item_df=20, basis="measured in s")
    known = measured.assuming(Assumption(seed_sd=2.0))
    assert (known.seed_sds, known.family_sd, known.item_df) == ((2.0, 0.0), 3.0, 20)
    assert known.basis == "measured in s; assumed: seed sd"
    assert measured.assuming(Assumption()) == measured
    assert measured.assuming(Assumption(item_se=0.0)).item_se == 0.0


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ({"family_sd": -3.0}, "--family-sd: expected a number of points above 0, saw -3"),
        ({"family_sd": 0.0}, "--family-sd"),
        ({"seed_sd": -1.0}, "--seed-sd: expected a number of points of at least 0, saw -1"),
        ({"item_se": math.nan}, "--item-se"),
        ({"seed_sd": math.inf}, "--seed-sd"),
    ],
)
def test_an_impossible_assumption_is_refused_by_its_name(given: dict[str, float], place: str) -> None:
    with pytest.raises(UserError, match=place):
        Assumption(**given)


@pytest.mark.parametrize("effect", [-1.0, 0.0, math.nan])
def test_an_effect_must_be_above_zero(effect: float) -> None:
    with pytest.raises(UserError, match="--effect"):
        forecast([design()], [3], effect)
