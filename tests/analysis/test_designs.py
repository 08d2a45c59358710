"""What a forecast is about: sds as they were measured, counts as they were planned, assumptions marked as such."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from harness import languages as lang
from harness.analysis.compare import Comparer
from harness.analysis.designs import TABLE, designs, planned
from harness.analysis.forecast import Assumption, Design, forecast
from harness.analysis.results import Results
from harness.errors import UserError
from harness.plan import Plan, make_plan
from harness.store import Store
from harness.suite import Train
from harness.suite_file import load

NOTHING = Assumption()

GAINS = {"jpn_Jpan": 0.1, "kor_Hang": 0.2, "eus_Latn": 0.3, "kat_Geor": 0.4}
"""Language → gain; each is a family of its own here."""


def bare(results_of: Callable[..., Results], seeds: int = 2, seen: dict[str, dict[str, str]] | None = None) -> Results:
    """Results of two trained arms: ``a`` moves by ±2 points from seed to seed, ``b`` by ±3, items by nothing."""
    rows = []
    for seed, sign in list(enumerate((-1, 1)))[:seeds]:
        for code, gain in GAINS.items():
            rows += [("a", seed, code, f"i{item}", 0.4 + gain + 0.02 * sign) for item in range(3)]
            rows += [("b", seed, code, f"i{item}", 0.4 + 0.03 * sign) for item in range(3)]
    found = results_of(rows, seen=seen)
    trained = msgspec.structs.replace(found.suite.targets["t"], train=Train(data="cldr_kind", languages=["eng_Latn"]))
    return replace(found, suite=msgspec.structs.replace(found.suite, targets={"t": trained}))


def test_sds_are_those_of_the_gains_and_of_the_seeds_in_points(results_of: Callable[..., Results]) -> None:
    (found,) = designs([], NOTHING, bare(results_of))
    assert (found.families, found.units, found.basis) == (4, 4, "measured in bare")
    assert found.family_sd == pytest.approx(100 * math.sqrt(0.05 / 3))
    assert found.seed_sds == pytest.approx((100 * math.sqrt(0.0008), 100 * math.sqrt(0.0018)))
    assert found.seed_sd == pytest.approx(100 * math.sqrt(0.0013))
    assert found.item_se == pytest.approx(0.0, abs=1e-6)


def test_an_arm_without_training_has_no_seed_sd(results_of: Callable[..., Results]) -> None:
    results = bare(results_of)
    untrained = msgspec.structs.replace(results.suite.targets["t"], train=None)
    results = replace(results, suite=msgspec.structs.replace(results.suite, targets={"t": untrained}))
    assert designs([], NOTHING, results)[0].seed_sds == (0.0, 0.0)


def test_one_seed_leaves_the_seed_sd_open_for_an_assumption(results_of: Callable[..., Results]) -> None:
    results = bare(results_of, seeds=1)
    assert designs([], NOTHING, results)[0].seed_sds == (None, None)
    (assumed,) = designs([], Assumption(seed_sd=2.0), results)
    assert (assumed.seed_sds, assumed.basis) == ((2.0, 2.0), "measured in bare; assumed: seed sd")


def test_results_without_two_unseen_families_measure_nothing(results_of: Callable[..., Results]) -> None:
    met = {"a": dict.fromkeys(list(GAINS)[:3], "intermediate")}
    with pytest.raises(UserError, match="bare: no declared contrast was measured in two families"):
        designs([], NOTHING, bare(results_of, seen=met))


def test_a_forecast_for_the_seeds_that_were_run_is_what_the_report_says(comparer: Comparer) -> None:
    report = comparer.between("diverse", "english", "kind")[0]
    (row,) = forecast([of(designs([], NOTHING, comparer.results), "diverse")], [3])
    assert row["se"] == pytest.approx(100 * report["se"])
    assert row["df"] == pytest.approx(report["df"])
    assert row["mde80"] == pytest.approx(100 * report["mde80"])
    assert (row["families"], row["units"]) == (report["n"]["families"], report["n"]["units"])


def test_measured_sds_are_carried_to_other_numbers_of_families(comparer: Comparer) -> None:
    kept, wider = (designs(families, NOTHING, comparer.results) for families in ([], [6, 40]))
    assert [(d.families, d.family_sd, d.units) for d in wider[:2]] == [(n, kept[0].family_sd, None) for n in (6, 40)]


def test_without_results_the_rows_of_the_specification_are_assumed_over_all_families() -> None:
    found = designs([], NOTHING)
    assert {(d.families, d.basis) for d in found} == {(22, "assumed")}
    assert [(d.family_sd, d.seed_sd) for d in found] == list(TABLE)


@pytest.mark.parametrize(
    ("given", "pairs"),
    [
        (Assumption(4.0, 0.0), [(4, 0)]),
        (Assumption(seed_sd=1.0), [(3, 1), (6, 1), (10, 1)]),
        (Assumption(family_sd=4.0), [(4, 0.3), (4, 1), (4, 2)]),
    ],
)
def test_what_is_given_is_assumed_and_what_is_not_spans_the_table(
    given: Assumption, pairs: list[tuple[float, float]]
) -> None:
    found = designs([10, 22], given)
    assert [(d.families, d.family_sd, d.seed_sd) for d in found] == [(g, *pair) for g in (10, 22) for pair in pairs]


def test_one_family_says_nothing() -> None:
    with pytest.raises(UserError, match="--families: expected at least 2"):
        designs([22, 1], NOTHING)


@pytest.fixture(scope="module")
def graph(planted: Store) -> Plan:
    return make_plan(load(planted.path.parent / "planted.toml"), None)


def of(found: list[Design], arm: str) -> Design:
    return next(d for d in found if d.contrast and d.contrast.a == arm)


def test_a_plan_without_results_counts_unseen_families_and_assumes_sds(graph: Plan) -> None:
    found = of(planned(graph, None), "diverse")
    met = {lang.unit(code) for code in ("eng_Latn", "rus_Cyrl", "arb_Arab", "hin_Deva")}
    codes = [code for arm, _, code, _ in graph.seen if arm == "diverse" and lang.unit(code) not in met]
    assert (found.units, found.families) == (len(set(map(lang.unit, codes))), len(set(map(lang.cluster, codes))))
    assert (found.family_sd, found.seed_sds, found.basis) == (3.0, (1.0, 1.0), "assumed")


def test_a_contrast_without_unseen_languages_can_have_no_verdict(graph: Plan) -> None:
    (row,) = forecast([of(planned(graph, None), "all")], [3])
    assert (row["families"], row["mde80"]) == (0, None)
    assert row["note"] == "no verdict possible: every language is seen by one of the arms"


def test_a_plan_takes_what_the_store_measured_of_the_same_arms_and_target(
    graph: Plan, planted: Store, comparer: Comparer
) -> None:
    measured = of(designs([], NOTHING, comparer.results), "diverse")
    assert of(planned(graph, planted), "diverse") == measured
    assert of(planned(graph, planted), "all").basis == "assumed"


def test_a_suite_with_more_seeds_is_forecast_from_the_one_that_was_run(planted: Store) -> None:
    more = load(planted.path.parent / "planted.toml", None, ["seeds=[0,1,2,3,4]"])
    assert more.name != "planted"
    assert of(planned(make_plan(more, planted), planted), "diverse").basis == "measured in planted"


def test_another_arm_of_the_same_name_is_not_what_was_measured(planted: Store, tmp_path: Path) -> None:
    text = (planted.path.parent / "planted.toml").read_text(encoding="utf-8")
    changed = tmp_path / "changed.toml"
    named = text.replace('name = "planted"', 'name = "changed"')
    changed.write_text(named.replace('["rus_Cyrl", "arb_Arab", "hin_Deva"]', '["tur_Latn"]'), encoding="utf-8")
    found = planned(make_plan(load(changed), planted), planted)
    assert (of(found, "diverse").basis, of(found, "twin").basis) == ("assumed", "measured in planted")
