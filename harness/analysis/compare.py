"""Two arms compared, with families as the unit: the whole report of one contrast, target and measure.

The report is one plain object whose keys docs/statistics.md lists; numbers that do not exist are None with a reason.
Terminal, page and JSON all print this object and compute nothing of their own.
"""

from __future__ import annotations

from dataclasses import asdict
from functools import lru_cache
from typing import Any

import numpy as np

from harness import languages as lang
from harness.analysis import words
from harness.analysis.gains import Gains, Pair, gains, pair
from harness.analysis.levels import breakdowns
from harness.analysis.results import Measure, Results, from_store
from harness.analysis.significance import (
    FamilyTest,
    area_test,
    benjamini_hochberg,
    family_areas,
    family_icc,
    family_means,
    family_test,
    holm,
    language_macro_test,
    language_test,
    leave_one_family_out,
    mde,
    naive_tests,
    prediction_interval,
    shared_item_variance,
    these_languages_test,
    true_discoveries,
)
from harness.errors import UserError, unknown
from harness.store import Store
from harness.suite import Contrast

Report = dict[str, Any]

ONE_SIDED_ALPHA = 0.025
CLUSTER_RULE = "Glottolog family; units by Glottolog language; overrides in datacards/clusters.csv"


class Comparer:
    """Compares the arms of one suite's results; reads each arm's values once."""

    def __init__(self, results: Results) -> None:
        self.results = results
        self.cube = lru_cache(maxsize=None)(results.cube)

    def declared(self) -> list[Report]:
        """Return a full report of the headline measure of every declared contrast and target."""
        holm_sets = self._holm()
        suite = self.results.suite
        return [
            self._report(c, target, m, holm_sets)
            for c in suite.contrasts
            for target in c.targets
            for m in self.results.measures(target)[:1]
        ]

    def between(self, a: str, b: str, target: str | None) -> list[Report]:
        """Return every report of arm ``a`` over arm ``b``, headlines of declared contrasts first in their target."""
        suite = self.results.suite
        for arm in (a, b):
            if arm not in suite.arms:
                raise unknown("arm", arm, suite.arms, suite.name)
        if target and target not in suite.targets:
            raise unknown("target", target, suite.targets, suite.name)
        if a == b:
            raise UserError(f"{suite.name}: {a!r} against itself; name two arms")
        holm_sets = self._holm()
        contrasts = {t: self._contrast(a, b, t) for t in ([target] if target else suite.targets)}
        found = [
            self._report(contrast, name, m, holm_sets)
            for name, contrast in contrasts.items()
            for m in self.results.measures(name)
        ]
        if not found:
            raise UserError(f"{suite.name}: no scores of {a} and {b} yet; `stiltbench run` makes them")
        return found

    def _contrast(self, a: str, b: str, target: str) -> Contrast:
        """Return the declared contrast of two arms on a target, in the order asked for, or an exploratory one."""
        for c in self.results.suite.contrasts:
            if target in c.targets and {c.a, c.b} == {a, b}:
                return Contrast(name=c.name, a=a, b=b, targets=c.targets, role=c.role)  # a and b as they were asked for
        return Contrast(name=f"{a} over {b}", a=a, b=b, targets=[target], role="exploratory")

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
        """Return the headline's p; 1 where it has none yet, so that what is missing never eases the others.

        None where the design leaves no unseen language: there is no test to count.
        """
        unseen = self._unseen(contrast, target)
        if not unseen:
            return None
        measures = self.results.measures(target)[:1]
        found = self._pair(contrast, measures[0]) if measures else None
        narrowed = found.within(unseen) if found else None
        p = headline(gains(narrowed)).p if narrowed else None
        return 1.0 if p is None else p

    def _pair(self, contrast: Contrast, measure: Measure) -> Pair | None:
        a, b = self.cube(contrast.a, measure), self.cube(contrast.b, measure)
        return pair(a, b) if a.ids and b.ids else None

    def _unseen(self, contrast: Contrast, target: str) -> set[str]:
        """Return the languages that neither arm's training has met."""
        seen = self.results.seen
        met = {code for arm in (contrast.a, contrast.b) for code, what in seen[arm, target].items() if what}
        return set(seen[contrast.a, target]) - met

    def _report(
        self,
        contrast: Contrast,
        target: str,
        measure: Measure,
        holm_sets: dict[tuple[str, str, str], tuple[float, int]],
    ) -> Report:
        headline_measure = measure == self.results.measures(target)[0]
        role = self.results.role(contrast) if headline_measure else "exploratory"
        adjusted, over = holm_sets.get((contrast.name, target, role), (None, 0))
        found = self._pair(contrast, measure)
        report: Report = {
            "suite": self.results.suite.name,
            "contrast": contrast.name,
            "role": role,
            "a": contrast.a,
            "b": contrast.b,
            "target": target,
            "dataset": measure.dataset,
            "metric": measure.metric,
            "direction": measure.direction,
            "layer": measure.layer,
            "unit": "ratio",
            "p_holm": adjusted,
            "holm_over": over,
        }
        report |= _numbers(found, self._unseen(contrast, target)) if found else _nothing("no_overlap")
        if role != "exploratory" and over > 1 and min(report["n"]["seeds_a"], report["n"]["seeds_b"]) == 2:
            report["reason"] = report["reason"] or "few_seeds"
        seen = self.results.seen
        report["seen"] = {
            side: sorted(code for code, what in seen[arm, target].items() if what)
            for side, arm in (("a", contrast.a), ("b", contrast.b))
        }
        report["cluster_rule"], report["overrides"] = CLUSTER_RULE, {"nqo_Nkoo": lang.cluster("nqo_Nkoo")}
        report["seed"], report["n_resamples"] = 0, {"icc": 1999, "areas": 9999}
        report["versions"] = self.results.facts["places"]
        report["verdict"] = words.verdict(report)
        report["statement"] = words.statement(report)
        return report


def compare(store: Store, suite: str, a: str, b: str, *, target: str | None = None) -> list[Report]:
    """Return the reports of arm ``a`` over arm ``b`` of a suite in a store: one per target and measure.

    In each target the declared headline comes first; what was not declared is exploratory.
    """
    return Comparer(from_store(store, suite)).between(a, b, target)


def headline(g: Gains) -> FamilyTest:
    """Return the family test at the scope that the seeds allow (statistics §2.2)."""
    return family_test(g.m, item_variance=g.item_part, seeds_a=g.seeds_a, seeds_b=g.seeds_b)


def _numbers(found: Pair, unseen: set[str]) -> Report:
    """Return every number of a report: the headline on unseen languages, and what stands beside it."""
    everywhere = gains(found)
    narrowed = found.within(unseen)
    report: Report = {
        "all_languages": _all_languages(everywhere),
        "languages": _languages(found, unseen),
        "dropped": {"codes": found.dropped, "items": found.missing, "reasons": _drop_reasons(found)},
    }
    if narrowed is None:
        return _nothing("no_unseen_languages") | report | {"n": _counts(everywhere), "scope": everywhere.scope}
    return _headline_numbers(gains(narrowed)) | report | _certified(report["languages"])


def _headline_numbers(g: Gains) -> Report:
    test = headline(g)
    parts = {s: getattr(test, f"variance_{s}") for s in ("families", "items", "seeds")}
    total = None if None in parts.values() else sum(parts.values())
    return {
        "scope": g.scope,
        "reason": test.reason,
        "warnings": _warnings(g, test),
        **{k: getattr(test, k) for k in ("estimate", "se", "df", "p", "p_t", "p_skew", "p_flip", "min_p")},
        "interval": test.interval,
        "mde80": mde(test.se, test.df) if test.se and test.df else None,
        "variance": {name: part / total for name, part in parts.items()} if total else None,
        "n": _counts(g),
        "prediction_interval": prediction_interval(g.m),
        "icc": _icc(g),
        "areas": _areas(g),
        "leave_one_out": _leave_one_out(g),
        "families": _families(g),
        "language_macro": _picked(
            language_macro_test(g.d, g.unit_families), "estimate", "se", "df", "interval", "p", "p_flip"
        ),
        "code_macro": float(g.pair.gain.mean()),
        "these_languages": _these_languages(g),
        "naive": asdict(naive_tests(g.pair.gain)),
        "breakdowns": breakdowns(g),
    }


def _nothing(reason: str) -> Report:
    """Return the report's keys with nothing in them, and why."""
    empty = (
        "estimate se df interval p p_t p_skew p_flip min_p mde80 variance prediction_interval icc areas leave_one_out "
        "language_macro code_macro these_languages all_languages naive at_least_better at_least_worse"
    )
    n = dict.fromkeys(("codes", "units", "families", "items", "groups", "seeds_a", "seeds_b"), 0)
    lists: Report = {"families": [], "languages": [], "breakdowns": [], "warnings": []}
    dropped = {"codes": [], "items": 0, "reasons": [reason]}
    return dict.fromkeys(empty.split()) | lists | {"scope": None, "reason": reason, "n": n, "dropped": dropped}


def _picked(found: Any, *names: str) -> Report:
    return {name: getattr(found, name) for name in names}


def _counts(g: Gains) -> Report:
    groups = g.pair.groups
    return {
        "codes": len(g.pair.languages),
        "units": len(g.units),
        "families": len(g.families),
        "items": len(g.pair.ids),
        "groups": len(set(groups)) if groups else len(g.pair.ids),
        "seeds_a": len(g.pair.a),
        "seeds_b": len(g.pair.b),
    }


def _warnings(g: Gains, test: FamilyTest) -> list[str]:
    p = g.pair
    found = []
    found += ["missing_items"] if p.missing > 0.01 * p.union else []
    found += ["partial_overlap"] if p.missing > 0.1 * p.union else []
    found += ["few_seeds"] if g.scope == "recipe" and min(len(p.a), len(p.b)) < 3 else []
    found += ["skewed_families"] if test.gamma_hat is not None and abs(test.gamma_hat) > 2 else []
    found += ["constant_arm"] if any(np.nanmin(arm) == np.nanmax(arm) for arm in (p.a, p.b)) else []
    return found


def _all_languages(g: Gains) -> Report:
    test = headline(g)
    return _picked(test, "estimate", "se", "df", "interval") | {
        "n": len(g.pair.languages),
        "families": len(g.families),
    }


def _these_languages(g: Gains) -> Report | None:
    if len(g.noise) < 2:
        return None
    found = these_languages_test(g.noise, groups=g.pair.groups, seeds_a=g.seeds_a, seeds_b=g.seeds_b)
    return _picked(found, "estimate", "se", "df", "interval", "p")


def _families(g: Gains) -> list[Report]:
    """Return each family's gain, with an interval over its items and seeds: what it says of these languages alone."""
    units = [lang.unit(c) for c in g.pair.languages]
    clusters = [lang.cluster(c) for c in g.pair.languages]
    scores = [family_means(g.pair.scores(arm), units, clusters)[1] for arm in (g.pair.a, g.pair.b)]
    rows = []
    for i, name in enumerate(g.families):
        interval = None
        if len(g.noise) > 1:
            seeds = [arm[:, i] for arm in scores] if g.seeds_a is not None else [None, None]
            test = these_languages_test(g.noise[:, [i]], groups=g.pair.groups, seeds_a=seeds[0], seeds_b=seeds[1])
            interval = test.interval
        rows.append({"family": name, "units": int(g.n_units[i]), "gain": float(g.m[i]), "interval": interval})
    return rows


def _icc(g: Gains) -> Report:
    return _picked(family_icc(g.d, g.unit_families), "estimate", "interval", "p", "reason")


def _areas(g: Gains) -> Report:
    """Return gains by macro-area; a unit's area is that of its first code."""
    area = {lang.unit(code): lang.languages()[code]["macroarea"] for code in reversed(g.pair.languages)}
    of_families = family_areas([str(area[u]) for u in g.units], g.unit_families)
    found = area_test(g.m, of_families)
    return {"p": found.p, "table": [asdict(row) for row in found.table], "reason": found.reason}


def _leave_one_out(g: Gains) -> Report | None:
    found = leave_one_family_out(g.m, g.families)
    if found is None:
        return None
    largest = int(np.argmax(g.n_units))
    kept = np.arange(len(g.m)) != largest
    item_part = shared_item_variance(g.noise[:, kept], g.pair.groups) if len(g.noise) > 1 else (0.0, None)
    seeds: list[Any] = [None, None]
    if g.seeds_a is not None:
        units = [lang.unit(c) for c in g.pair.languages]
        clusters = [lang.cluster(c) for c in g.pair.languages]
        scores = [
            family_means(g.pair.scores(arm), units, clusters)[1][:, kept].mean(-1) for arm in (g.pair.a, g.pair.b)
        ]
        seeds = list(scores)
    test = family_test(g.m[kept], item_variance=item_part, seeds_a=seeds[0], seeds_b=seeds[1])
    without = {"family": g.families[largest], **_picked(test, "estimate", "interval", "p")}
    return {**asdict(found), "without_largest": without}


def _languages(found: Pair, unseen: set[str]) -> list[Report]:
    """Return the paired test of every language, with q by Benjamini–Hochberg over those unseen by both arms."""
    rows = []
    for i, code in enumerate(found.languages):
        have = ~np.isnan(found.a[0, :, i])
        named = [b if b is not None else item for b, item in zip(found.blocks, found.ids, strict=True)]
        groups = np.asarray(named)[have] if found.groups else None
        a, b = found.a[:, have, i], found.b[:, have, i]
        test = language_test(a, b, groups)
        rows.append(
            {
                "code": code,
                "n": int(have.sum()),
                "a": float(a.mean()),
                "b": float(b.mean()),
                "gain": test.estimate,
                **_picked(test, "interval", "p", "method"),
                "q": None,
                "unseen": code in unseen,
            }
        )
    tested = [row for row in rows if row["unseen"] and row["p"] is not None]
    adjusted: list[float] = benjamini_hochberg([row["p"] for row in tested]).tolist() if tested else []
    for row, q in zip(tested, adjusted, strict=True):
        row["q"] = q
    return rows


def _certified(languages: list[Report]) -> Report:
    """Return how many languages are truly better, and worse, with 97.5 % confidence each (Simes closed testing)."""
    tested = [row for row in languages if row["unseen"] and row["p"] is not None]
    out = {}
    for name, sign in (("at_least_better", 1.0), ("at_least_worse", -1.0)):
        one_sided = [row["p"] / 2 if row["gain"] * sign > 0 else 1 - row["p"] / 2 for row in tested]
        out[name] = true_discoveries(one_sided, ONE_SIDED_ALPHA) if tested else None
    return out


def _drop_reasons(found: Pair) -> list[str]:
    return (["language_missing_in_one_arm"] if found.dropped else []) + (["item_missing"] if found.missing else [])
