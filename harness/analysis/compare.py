"""Two arms compared, with families as the unit: the whole report of one contrast, target and measure.

The report is one plain object whose keys docs/statistics.md lists; numbers that do not exist are None with a reason.
Terminal, page and JSON all print this object and compute nothing of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import Any

import msgspec

from harness import languages as lang
from harness.analysis import words
from harness.analysis.gains import Pair, gains, pair
from harness.analysis.levels import COLUMNS, check_column, places, slope
from harness.analysis.numbers import headline, nothing, numbers
from harness.analysis.results import Measure, Results, from_store
from harness.analysis.significance import holm
from harness.data.errata import NOTE
from harness.errors import UserError, unknown
from harness.store import Store
from harness.suite import Contrast

Report = dict[str, Any]

CLUSTER_RULE = "Glottolog family; units by Glottolog language; overrides in datacards/clusters.csv"


TRAINED = ("target", "intermediate")
"""What is seen of a language that was trained on, not only chosen by."""

PAIRS = 8
"""Pairs of arms that are kept matched: one is as large as both arms' values."""


class Comparer:
    """Compares the arms of one suite's results; reads each arm's values once."""

    def __init__(self, results: Results) -> None:
        self.results = results
        self.cube = lru_cache(maxsize=None)(results.cube)
        self.pair = lru_cache(maxsize=PAIRS)(self._pair)
        self._numbers = lru_cache(maxsize=None)(self._all_numbers)

    @cached_property
    def beside(self) -> Comparer:
        """The same arms in the suite's other edition."""
        return Comparer(self.results.beside())

    def declared(self) -> list[Report]:
        """Return a full report of every declared contrast, target and test set, on the headline measure.

        What is claimed is claimed of a target's first test set; of the others a report is exploratory.
        """
        holm_sets = self._holm()
        suite = self.results.suite
        return [
            self._report(c, target, m, holm_sets)
            for c in suite.contrasts
            for target in c.targets
            for m in self.results.headlines(target)[: 1 if c.by else None]
        ]

    def between(self, a: str, b: str, target: str | None, by: str | None = None) -> list[Report]:
        """Return every report of arm ``a`` over arm ``b``, headlines of declared contrasts first in their target.

        ``by`` breaks the gain down by one column of languages, or ``distance.KIND``, instead of those of every page.
        """
        suite = self.results.suite
        for arm in (a, b):
            if arm not in suite.arms:
                raise unknown("arm", arm, suite.arms, suite.name)
        if a == b:
            raise UserError(f"{suite.name}: {a!r} against itself; name two arms")
        if by is not None:
            check_column(by)
        holm_sets, columns = self._holm(), COLUMNS if by is None else (by,)
        found = []
        for name in self.targets(target):
            main, *dependences = self._contrasts(a, b, name)
            measures = self.results.measures(name)
            found += [self._report(main, name, m, holm_sets, columns) for m in measures[:1]]
            found += [self._report(c, name, m, holm_sets, columns) for c in dependences for m in measures[:1]]
            found += [self._report(main, name, m, holm_sets, columns) for m in measures[1:]]
        if not found:
            raise UserError(f"{suite.name}: no scores of {a} and {b} yet; `stiltbench run` makes them")
        return found

    def targets(self, named: str | None) -> list[str]:
        """Return the target that is named, or all of the suite's."""
        suite = self.results.suite
        if named is not None and named not in suite.targets:
            raise unknown("target", named, suite.targets, suite.name)
        return list(suite.targets) if named is None else [named]

    def _pair(self, a: str, b: str, measure: Measure) -> Pair | None:
        """Return the paired values of two arms; None where they share no scored item."""
        left, right = self.cube(a, measure), self.cube(b, measure)
        return pair(left, right) if left.ids and right.ids else None

    def unseen(self, a: str, b: str, target: str) -> set[str]:
        """Return the languages that neither arm has seen, in training or in choosing its model."""
        found = [self.results.seen.get((arm, target), {}) for arm in (a, b)]
        return set(found[0]) - {code for codes in found for code, what in codes.items() if what}

    def _contrasts(self, a: str, b: str, target: str) -> list[Contrast]:
        """Return the declared contrast of two arms on a target, else an exploratory one, then those declared ``by``.

        All in the order of arms that was asked for.
        """
        declared = [c for c in self.results.suite.contrasts if target in c.targets and {c.a, c.b} == {a, b}]
        turned = [msgspec.structs.replace(c, a=a, b=b) for c in declared]
        plain = [c for c in turned if c.by is None]
        if not plain:
            plain = [Contrast(name=f"{a} over {b}", a=a, b=b, targets=[target], role="exploratory")]
        return [*plain[:1], *(c for c in turned if c.by is not None)]

    def _holm(self) -> dict[tuple[str, str, str], tuple[float, int]]:
        """Return (contrast, target, role) → adjusted p and the size of its set, over each role's headlines."""
        found: dict[tuple[str, str, str], tuple[float, int]] = {}
        for role in ("primary", "secondary"):
            names, values = [], []
            for c in (c for c in self.results.suite.contrasts if self.results.role(c) == role):
                for target in c.targets:
                    p = self._headline_p(c, target)
                    if p is not None:
                        names.append((c.name, target, role))
                        values.append(p)
            adjusted: list[float] = holm(values).tolist() if values else []
            found |= {name: (p, len(values)) for name, p in zip(names, adjusted, strict=True)}
        return found

    def _headline_p(self, contrast: Contrast, target: str) -> float | None:
        """Return the p of what a contrast claims; 1 where there is none yet: what is missing never eases the others.

        None where the design leaves no unseen language: there is no test to count.
        """
        unseen = self.unseen(contrast.a, contrast.b, target)
        if not unseen:
            return None
        measures = self.results.measures(target)[:1]
        found = self.pair(contrast.a, contrast.b, measures[0]) if measures else None
        narrowed = found.within(unseen) if found else None
        if narrowed is None:
            return 1.0
        p = self._slope(contrast, narrowed)["p"] if contrast.by else headline(gains(narrowed)).p
        return 1.0 if p is None else float(p)

    def _slope(self, contrast: Contrast, narrowed: Pair) -> Report:
        """Return the slope that a contrast declares with ``by``, on the languages that neither arm met."""
        assert contrast.by is not None
        trained = self._intermediate_languages(contrast.a)
        return slope(gains(narrowed), places(contrast.by, narrowed.languages, trained))

    def _intermediate_languages(self, arm: str) -> list[str]:
        """Return the languages that an arm's intermediate phase names; those of "all" are what its targets saw."""
        mix = self.results.suite.arms[arm].mix
        named = {code for m in mix if m.languages != "all" for code in m.languages}
        if any(m.languages == "all" for m in mix):
            mine = [met for (name, _), met in self.results.seen.items() if name == arm]
            named |= {code for met in mine for code, what in met.items() if what in TRAINED}
        return sorted(named)

    def _declaration(self, contrast: Contrast, target: str) -> Report | None:
        """Return a contrast's declaration: its hash, when it was made, and since when its arms could be compared."""
        arms, results = {contrast.a, contrast.b}, self.results
        mine = [c for c in results.suite.contrasts if c.name == contrast.name and {c.a, c.b} == arms]
        if not mine or target not in mine[0].targets:
            return None
        times = {"declared": results.declared, "compared_since": results.facts["compared_since"]}
        return {"hash": mine[0].hash, **{name: of.get(contrast.name) for name, of in times.items()}}

    def _other_edition(self, contrast: Contrast, m: Measure) -> Report:
        """Return the gain in the suite's other edition, and how many items errata mark; {} where they touch none."""
        marked = self.results.marked(m.target, m.dataset, m.split)
        if all(mark["effect"] == NOTE for mark in marked):
            return {}
        found = self.beside.pair(contrast.a, contrast.b, m)
        narrowed = found.within(self.unseen(contrast.a, contrast.b, m.target)) if found else None
        if narrowed is None:
            return {}
        g = gains(narrowed)
        test = headline(g)
        n = {"codes": len(narrowed.languages), "families": len(g.families), "items": len(narrowed.ids)}
        values = {name: getattr(test, name) for name in ("estimate", "se", "interval", "p")}
        edition = "as-released" if self.results.suite.edition == "errata" else "errata"
        return {"other_edition": {"edition": edition, **values, "n": n, "marked": marked}}

    def _all_numbers(self, a: str, b: str, measure: Measure, columns: Sequence[str]) -> Report:
        """Return every number of two arms; contrasts that differ by their `by` alone share them."""
        found = self.pair(a, b, measure)
        if found is None:
            return nothing("no_overlap")
        return numbers(found, self.unseen(a, b, measure.target), columns, self._intermediate_languages(a))

    def _report(
        self,
        contrast: Contrast,
        target: str,
        measure: Measure,
        holm_sets: dict[tuple[str, str, str], tuple[float, int]],
        columns: Sequence[str] = COLUMNS,
    ) -> Report:
        headline_measure = measure == self.results.measures(target)[0]
        role = self.results.role(contrast) if headline_measure else "exploratory"
        adjusted, over = holm_sets.get((contrast.name, target, role), (None, 0))
        found = self.pair(contrast.a, contrast.b, measure)
        report: Report = {
            "suite": self.results.suite.name,
            "contrast": contrast.name,
            "role": role,
            "declaration": self._declaration(contrast, target),
            "margin": contrast.margin / 100 if contrast.margin else None,
            "a": contrast.a,
            "b": contrast.b,
            "target": target,
            "dataset": measure.dataset,
            "split": measure.split,
            "metric": measure.metric,
            "direction": measure.direction,
            "layer": measure.layer,
            "unit": "ratio",
            "p_holm": adjusted,
            "holm_over": over,
        }
        report |= self._numbers(contrast.a, contrast.b, measure, tuple(columns))
        if role != "exploratory" and over > 1 and min(report["n"]["seeds_a"], report["n"]["seeds_b"]) == 2:
            report["reason"] = report["reason"] or "few_seeds"
        report["dropped"] = {**report["dropped"], "masked": self.results.facts["masked"].get(target, 0)}
        seen = self.results.seen
        report["seen"] = {
            side: sorted(code for code, what in seen.get((arm, target), {}).items() if what)
            for side, arm in (("a", contrast.a), ("b", contrast.b))
        }
        report["cluster_rule"], report["overrides"] = CLUSTER_RULE, {"nqo_Nkoo": lang.cluster("nqo_Nkoo")}
        report["seed"], report["n_resamples"] = 0, {"icc": 1999, "areas": 9999}
        report["versions"] = self.results.facts["places"]
        report |= self._other_edition(contrast, measure)
        report["by"], report["slope"] = contrast.by, None
        unseen = self.unseen(contrast.a, contrast.b, target)
        narrowed = found.within(unseen) if found and contrast.by else None
        if narrowed:
            report["slope"] = {**self._slope(contrast, narrowed), "p_holm": adjusted}
        report["verdict"] = words.verdict(report)
        report["statement"] = words.statement(report)
        return report


def compare(
    store: Store, suite: str, a: str, b: str, *, target: str | None = None, by: str | None = None
) -> list[Report]:
    """Return the reports of arm ``a`` over arm ``b`` of a suite in a store: one per target and measure.

    In each target the declared headline comes first; what was not declared is exploratory. ``by`` names the one column
    of languages to break the gain down by.
    """
    return Comparer(from_store(store, suite)).between(a, b, target, by)
