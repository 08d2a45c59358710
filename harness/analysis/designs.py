"""What a forecast is about: contrasts that earlier results measured, or assumptions where there are none."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

import msgspec

from harness import languages as lang
from harness import plan as planning
from harness.analysis.compare import Comparer
from harness.analysis.forecast import Assumption, Design
from harness.analysis.gains import gains
from harness.analysis.numbers import headline
from harness.analysis.results import Floats, Results, from_store
from harness.errors import UserError
from harness.record import recorded
from harness.store import Store
from harness.suite import Contrast, Suite

TABLE = ((3.0, 0.3), (3.0, 1.0), (3.0, 2.0), (6.0, 1.0), (6.0, 2.0), (10.0, 2.0))
"""Sds of family gains and of seeds, in points, where nothing is known: the rows of §7's table."""

PLANNED = TABLE[1]
"""What is assumed of a planned contrast that nobody has measured."""


def designs(families: Sequence[int], given: Assumption, results: Results | None = None) -> list[Design]:
    """Return what a question about power is about: each contrast that was measured, or each row of assumptions.

    Args:
        families: numbers of families; none: those that were measured, or all of the languages table.
        given: what is assumed; what it leaves open is measured, or spans :data:`TABLE`.
        results: earlier results to measure in.
    """
    if any(count < 2 for count in families):
        raise UserError("power: --families: expected at least 2; one family says nothing of how families vary")
    if results is None:
        return _assumed(families or [len({lang.cluster(code) for code in lang.languages()})], given)
    comparer = Comparer(results)
    found = [
        design.assuming(given)
        for contrast, target in _contrasts(results.suite)
        if (design := _measured(comparer, contrast, target))
    ]
    if not found:
        raise UserError(
            f"{results.suite.name}: no declared contrast was measured in two families that neither arm trained on; "
            "leave the results out and assume --family-sd and --seed-sd"
        )
    return [replace(d, families=g, units=None) for d in found for g in families] if families else found


def _assumed(families: Sequence[int], given: Assumption) -> list[Design]:
    def chosen(value: float | None, default: float) -> float:
        return default if value is None else value

    pairs = dict.fromkeys((chosen(given.family_sd, f), chosen(given.seed_sd, s)) for f, s in TABLE)
    item_se = given.item_se or 0.0
    return [Design(families=g, family_sd=f, seed_sds=(s, s), item_se=item_se) for g in families for f, s in pairs]


def planned(graph: planning.Plan, store: Store | None) -> list[Design]:
    """Return each contrast and target of a planned suite: measured, where the store has results of its like.

    Like is the same model, arms and target, in the suite itself or in another one.
    """
    suite = graph.suite
    earlier = [Comparer(from_store(store, name)) for name in _like(suite, store)] if store else []
    return [_planned(graph, earlier, contrast, target) for contrast, target in _contrasts(suite)]


def _planned(graph: planning.Plan, earlier: list[Comparer], contrast: Contrast, target: str) -> Design:
    suite = graph.suite
    tested = [row for row in graph.seen if row[0] in (contrast.a, contrast.b) and row[1] == target]
    codes = {code for _, _, code, _ in tested} - {code for _, _, code, what in tested if what}
    families, units = len({lang.cluster(code) for code in codes}), len({lang.unit(code) for code in codes})
    likes = (c for c in earlier if _declared(c.results.suite, contrast, target) == _declared(suite, contrast, target))
    measured = next((d for c in likes if (d := _measured(c, contrast, target))), None)
    family_sd, seed_sd = PLANNED
    if measured:
        known = measured if measured.seed_sd is not None else measured.assuming(Assumption(seed_sd=seed_sd))
        return replace(known, families=families, units=units)
    return Design(
        families=families,
        family_sd=family_sd,
        seed_sds=(seed_sd * suite.trains(contrast.a, target), seed_sd * suite.trains(contrast.b, target)),
        contrast=contrast,
        target=target,
        units=units,
    )


def _contrasts(suite: Suite) -> Iterator[tuple[Contrast, str]]:
    return ((contrast, target) for contrast in suite.contrasts for target in contrast.targets)


def _like(suite: Suite, store: Store) -> list[str]:
    """Return the suites of a store that some contrast could have been measured in, the suite itself first."""
    return sorted(
        (name for name in store.suites() if recorded(store, name).model == suite.model),
        key=lambda name: (name != suite.name, name),
    )


def _declared(suite: Suite, contrast: Contrast, target: str) -> list[msgspec.Struct | None]:
    return [suite.arms.get(contrast.a), suite.arms.get(contrast.b), suite.targets.get(target)]


def _measured(comparer: Comparer, contrast: Contrast, target: str) -> Design | None:
    """Return a contrast with what its headline varied by; None where there are not two families to measure."""
    suite, (a, b) = comparer.results.suite, (contrast.a, contrast.b)
    measures = comparer.results.measures(target)
    found = comparer.pair(a, b, measures[0]) if measures else None
    narrowed = found.within(comparer.unseen(a, b, target)) if found else None
    g = gains(narrowed) if narrowed else None
    test = headline(g) if g else None
    if g is None or test is None or test.variance_families is None:
        return None
    return Design(
        families=len(g.m),
        family_sd=100 * math.sqrt(test.variance_families * len(g.m)),
        seed_sds=(_seed_sd(g.seeds_a, suite.trains(a, target)), _seed_sd(g.seeds_b, suite.trains(b, target))),
        item_se=100 * math.sqrt(test.variance_items or 0.0),
        item_df=g.item_part[1] or math.inf,
        basis=f"measured in {suite.name}",
        contrast=contrast,
        target=target,
        units=len(g.units),
    )


def _seed_sd(scores: Floats | None, trained: bool) -> float | None:
    if not trained:
        return 0.0
    return None if scores is None else 100 * float(scores.std(ddof=1))
