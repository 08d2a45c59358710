"""Every number of a report, from the paired gains of two arms; what does not exist is None with a reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from harness import languages as lang
from harness.analysis.gains import Gains, Pair, gains
from harness.analysis.levels import COLUMNS, breakdowns
from harness.analysis.significance import (
    FamilyTest,
    area_test,
    benjamini_hochberg,
    family_areas,
    family_icc,
    family_test,
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

Report = dict[str, Any]

ONE_SIDED_ALPHA = 0.025


def headline(g: Gains) -> FamilyTest:
    """Return the family test at the scope that the seeds allow (statistics §2.2)."""
    return g.told(family_test(g.m, item_variance=g.item_part, seeds_a=g.seeds_a, seeds_b=g.seeds_b))


def numbers(found: Pair, unseen: set[str], columns: Sequence[str] = COLUMNS, trained: Sequence[str] = ()) -> Report:
    """Return every number of a report: the headline on unseen languages, and what stands beside it.

    The gain is broken down by ``columns``; distances are to the nearest of the languages ``trained`` on.
    """
    everywhere = gains(found)
    narrowed = found.within(unseen)
    report: Report = {
        "all_languages": _all_languages(everywhere),
        "languages": _languages(found, unseen),
        "dropped": {"codes": found.dropped, "items": found.missing, "reasons": _drop_reasons(found)},
    }
    if narrowed is None:
        return nothing("no_unseen_languages") | report | {"n": _counts(everywhere), "scope": everywhere.scope}
    g = gains(narrowed)
    broken_down = {"breakdowns": breakdowns(g, columns, trained)}
    return _headline_numbers(g) | report | broken_down | _certified(report["languages"])


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
        "language_macro": _language_macro(g),
        "code_macro": float(g.pair.gain.mean()),
        "these_languages": _these_languages(g),
        "naive": asdict(naive_tests(g.pair.gain)),
    }


def nothing(reason: str) -> Report:
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
        "items": 0 if g.pair.whole else len(g.pair.ids),
        "groups": 0 if g.pair.whole else len(g.pair.ids) if groups is None else len(set(groups)),
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


def _language_macro(g: Gains) -> Report:
    names = ("estimate", "se", "df", "interval", "p", "p_flip")
    found = _picked(language_macro_test(g.d, g.unit_families), *names)
    return found | dict.fromkeys(("df", "p", "p_flip")) if g.pair.whole else found


def _these_languages(g: Gains) -> Report | None:
    if len(g.noise) < 2:
        return None
    found = these_languages_test(g.noise, groups=g.pair.groups, seeds_a=g.seeds_a, seeds_b=g.seeds_b)
    return _picked(found, "estimate", "se", "df", "interval", "p")


def _families(g: Gains) -> list[Report]:
    """Return each family's gain, with an interval over its items and seeds: what it says of these languages alone."""
    rows = []
    for i, name in enumerate(g.families):
        interval = None
        if len(g.noise) > 1:
            seeds = [arm[:, i] for arm in g.by_seed] if g.by_seed else [None, None]
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
    seeds = [arm[:, kept].mean(-1) for arm in g.by_seed] if g.by_seed else [None, None]
    test = g.told(family_test(g.m[kept], item_variance=item_part, seeds_a=seeds[0], seeds_b=seeds[1]))
    without = {"family": g.families[largest], **_picked(test, "estimate", "interval", "p")}
    return {**asdict(found), "without_largest": without}


def _languages(found: Pair, unseen: set[str]) -> list[Report]:
    """Return the paired test of every language, with q by Benjamini–Hochberg over those unseen by both arms."""
    rows = []
    for i, code in enumerate(found.languages):
        have = ~np.isnan(found.a[0, :, i])
        groups = None if found.groups is None else found.groups[have]
        a, b = found.a[:, have, i], found.b[:, have, i]
        test = language_test(a, b, groups)
        rows.append(
            {
                "code": code,
                "n": 0 if found.whole else int(have.sum()),
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


def rounded(value: Any) -> Any:
    """Return a value of JSON with floats to nine digits: what lies beyond differs between machines, and means nothing.

    What is to be read by others is written so, that the same results give the same bytes.
    """
    if isinstance(value, float):
        return float(f"{value:.9g}")
    if isinstance(value, Mapping):
        return {key: rounded(item) for key, item in value.items()}
    return [rounded(item) for item in value] if isinstance(value, list | tuple) else value
