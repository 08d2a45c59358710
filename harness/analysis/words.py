"""What may be said of a comparison: a verdict and its sentence, chosen from a closed list (statistics §11.2).

Numbers are ratios inside and points in sentences, printed to two significant digits of their standard error.
"""

from __future__ import annotations

import math
from typing import Any

ALPHA = 0.05

SENTENCES = {
    "better": "{A} scores {x} points above {B} on average over families "
    "(95 % interval {interval}; {p}; {families} families, {seeds}).",
    "worse": "{A} scores {x} points below {B} on average over families "
    "(95 % interval {interval}; {p}; {families} families, {seeds}).",
    "no_evidence": "No evidence of a difference ({x} points, {interval}). The smallest difference this design would "
    "find in 4 of 5 repetitions is {mde} points.",
    "exploratory": "Exploratory: the numbers suggest {x} points for {A} over {B} ({interval}; {p}); {why}.",
    "languages_only": "On these languages {A} scores {x} points over {B} ({interval}); not enough families "
    "({families}) to speak of others.",
    "no_unseen_languages": "Both arms leave no language unseen together; over all languages, trained on or not, "
    "{A} scores {x} points over {B} ({interval}), and nothing is claimed of others.",
    "depends_on": "The gain of {a} over {B} {moves} by {size} points per {step} within families "
    "({slope_p}; {slope_families} families){checkpoints}.",
    "no_dependence": "No evidence that the gain of {a} over {B} depends on {x_name} ({slope} points per {step}; "
    "{slope_families} families, smallest p reachable {min_p}).",
    "undefined": "{A} over {B}: {x} points; nothing can be tested here ({reason}).",
}
"""Verdict → its sentence. `docs/statistics.md` says when each may stand."""

FEW_SEEDS = "with two seeds in an arm they carry no test among several"
CHECKPOINTS = "These two checkpoints differ by {x} points ({interval}; {p}); other seeds were not run."
DEPENDS_ON_ONE = " But not without {family}."
AREAS = " The gain differs between macro-areas (p {p}): {table}; families of one area are not independent evidence."


def verdict(report: dict[str, Any]) -> str:
    """Return the verdict that a report's numbers allow."""
    if report["reason"] in ("no_unseen_languages", "no_overlap"):
        return str(report["reason"])
    if report["n"]["families"] < 6:
        return "languages_only"
    if report["p"] is None or report["interval"] is None:
        return "undefined"
    if report["role"] == "exploratory" or report["reason"] == "few_seeds":
        return "exploratory"
    if report["by"]:
        found = report["p_holm"] is not None and report["p_holm"] <= ALPHA and report["slope"]["families"] >= 6
        return "depends_on" if found else "no_dependence"
    low, high = report["interval"]
    if report["p_holm"] is not None and report["p_holm"] <= ALPHA and (low > 0 or high < 0):
        return "better" if low > 0 else "worse"
    return "no_evidence"


def statement(report: dict[str, Any]) -> str:
    """Return the sentence of a report that has its verdict."""
    numbers = _numbers(report)
    kind = report["verdict"]
    if kind == "no_overlap":
        return f"{numbers['A']} and {report['b']} share no scored item; nothing can be compared."
    said = SENTENCES[kind].format(**numbers)
    if report["scope"] == "models" and kind in ("better", "worse", "no_evidence"):
        said += " " + CHECKPOINTS.format(**numbers)
    if kind in ("better", "worse"):
        said += _leans_on(report) + _by_area(report)
    return said


def _numbers(report: dict[str, Any]) -> dict[str, Any]:
    shown = report["all_languages"] if report["verdict"] == "no_unseen_languages" else report
    estimate, se = shown["estimate"], shown["se"]
    size = abs(estimate) if report["verdict"] in ("better", "worse") and estimate is not None else estimate
    n = report["n"]
    many = n["seeds_a"] == n["seeds_b"]
    return _slope_numbers(report) | {
        "a": report["a"],
        "A": _sentence_case(report["a"]),
        "B": report["b"],
        "x": points(size, se),
        "interval": interval(shown["interval"], se),
        "p": p_value(report["p"]) + (f", Holm over {report['holm_over']}" if report["p_holm"] is not None else ""),
        "families": n["families"],
        "seeds": f"{n['seeds_a']} seeds" if many else f"{n['seeds_a']} and {n['seeds_b']} seeds",
        "mde": points(report["mde80"], se),
        "reason": report["reason"],
        "why": FEW_SEEDS if report["reason"] == "few_seeds" else "they were not declared as a test",
    }


def _slope_numbers(report: dict[str, Any]) -> dict[str, Any]:
    """Return what a declared slope's sentences need; a slope below two of its seeds' errors is of these runs alone."""
    found = report["slope"]
    if not found or found["slope"] is None:
        empty = {"slope": "–", "size": "–", "slope_families": 0, "min_p": "none", "slope_p": "no p", "checkpoints": ""}
        return {**empty, "moves": "moves", "step": "step", "x_name": report["by"]}
    by, error = report["by"], found["seed_se"]
    named = f"{by.removeprefix('distance.')} distance to the nearest intermediate language"
    weak = error is not None and abs(found["slope"]) < 2 * error
    return {
        "slope": points(found["slope"], error),
        "size": points(abs(found["slope"]), error),
        "moves": "rises" if found["slope"] > 0 else "falls",
        "step": "unit of distance" if by.startswith("distance.") else f"step of {by}",
        "x_name": named if by.startswith("distance.") else by,
        "slope_families": found["families"],
        "min_p": "none" if found["min_p"] is None else _equals(found["min_p"]).removeprefix("= "),
        "slope_p": p_value(found["p"]) + (f", Holm over {report['holm_over']}" if report["p_holm"] is not None else ""),
        "checkpoints": "; this may be of these training runs alone" if weak else "",
    }


def _sentence_case(arm: str) -> str:
    return arm[:1].upper() + arm[1:]


def _leans_on(report: dict[str, Any]) -> str:
    """Say which family a finding depends on: one whose absence turns its sign, or the largest if p > .05 without."""
    left = report["leave_one_out"]
    if left is None:
        return ""
    sign = math.copysign(1, report["estimate"])
    turned = [left[f"{end}_family"] for end in ("min", "max") if left[end] * sign < 0]
    without = left["without_largest"]
    if not turned and without and without["p"] is not None and without["p"] > ALPHA:
        turned = [without["family"]]
    return DEPENDS_ON_ONE.format(family=turned[0]) if turned else ""


def _by_area(report: dict[str, Any]) -> str:
    areas = report["areas"]
    if not areas or areas["p"] is None or areas["p"] > ALPHA:
        return ""
    return AREAS.format(p=_equals(areas["p"]), table=area_table(report))


def area_table(report: dict[str, Any]) -> str:
    """Return gains by macro-area in one line: Eurasia 2.1 (13 families), …"""
    rows = sorted(report["areas"]["table"], key=lambda r: -r["families"])
    return ", ".join(f"{r['area']} {points(r['gain'], report['se'])} ({r['families']})" for r in rows)


def points(value: float | None, se: float | None) -> str:
    """Print a ratio in points, to two significant digits of its standard error."""
    if value is None:
        return "–"
    digits = 1 if not se else min(3, max(0, 1 - math.floor(math.log10(se * 100))))
    text = f"{value * 100:.{digits}f}"
    return f"{0:.{digits}f}" if float(text) == 0 else text.replace("-", "−")


def interval(ends: Any, se: float | None) -> str:
    """Print an interval in points: `l to u`, or that there is none."""
    return f"{points(ends[0], se)} to {points(ends[1], se)}" if ends else "no interval"


def p_value(p: float | None) -> str:
    """Print a p-value: two significant digits, never as zero."""
    return "no p" if p is None else f"p {_equals(p)}"


def _equals(p: float) -> str:
    if p < 0.0001:
        return "< .0001"
    if p >= 0.9995:
        return "= 1"
    return "= " + (f"{p:.2g}" if p < 0.001 else f"{p:.3f}").removeprefix("0")
