"""What may be said of a comparison: a verdict and its sentence, chosen from a closed list (statistics §11.2).

Numbers are ratios inside and points in sentences, printed to two significant digits of their standard error.
"""

from __future__ import annotations

import math
from collections import Counter
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
    "equivalent": "Any difference is smaller than {margin} points ({interval}).",
    "languages_only": "On these languages the gain of {a} over {B} is {x} points ({interval}); not enough families "
    "({families}) to speak of others.",
    "no_unseen_languages": "No language is unseen by both arms; over all languages, trained on or not, the gain of {a} "
    "over {B} is {x} points ({interval}), and nothing is claimed of others.",
    "no_overlap": "{A} and {B} share no scored item; nothing can be compared.",
    "no_items": "The gain of {a} over {B} is {x} points on average over {families} families ({interval}). Nothing is "
    "tested: only scores of whole test sets are known, and the interval leaves out what other items{or_runs} would "
    "change.",
    "depends_on": "The gain of {a} over {B} {moves} by {size} points per {step} within families "
    "({slope_p}; {slope_families} families){checkpoints}.",
    "no_dependence": "No evidence that the gain of {a} over {B} depends on {x_name} ({slope} points per {step}; "
    "{slope_families} families, smallest p reachable {min_p}).",
    "undefined": "{A} over {B}: {x} points; nothing can be tested here ({reason}).",
}
"""Verdict → its sentence. `docs/statistics.md` says when each may stand."""

IN_SUM = {
    "better": "the first arm ahead",
    "worse": "the first arm behind",
    "depends_on": "a gain that depends on the column",
    "equivalent": "a difference smaller than the margin, if any",
    "no_evidence": "no evidence of a difference",
    "no_dependence": "no evidence that the gain depends on the column",
    "exploratory": "exploratory",
    "languages_only": "too few families to speak of other languages",
    "no_unseen_languages": "no language unseen by both arms",
    "no_overlap": "no scored item in common",
    "no_items": "nothing tested, only sums known",
    "undefined": "nothing that can be tested",
}
"""Verdict → what several of one kind are called in a sum."""

TOLD_EACH = ("better", "worse", "depends_on", "equivalent")
"""Verdicts that find something: a sum names each."""

ADDED = {
    "alone": " Alone its p is {p_alone}, but it is one of {over} claims: {p}.",
    "these_checkpoints": " These checkpoints differ by {x} points ({interval}; {p}); other seeds were not run.",
    "other_seeds": " Other seeds were not run: this is about these checkpoints.",
    "depends_on_one_family": " But not without {family}.",
    "areal_pattern": " The gain differs between macro-areas ({area_p}): {areas}; families of one area are not "
    "independent evidence.",
}
"""What is added to a verdict's sentence, and why."""

OF_CHECKPOINTS = ("no_evidence", "equivalent", "exploratory", "languages_only")
"""Verdicts that find nothing, and hold of the checkpoints alone where an arm has one seed."""

WHY_EXPLORATORY = {
    "undeclared": "they were not declared as a test",
    "few_seeds": "with two seeds in an arm they carry no test among several",
}
WHY_UNDEFINED = {
    "constant": "every family gained the same",
    "no_within_family_variation": "no family has languages at several places of {x_name}",
}
RANKS = {
    "all": "Rank: the places that an arm may take, given which pairs are told apart; all pairs were tested (Holm over "
    "{holm_over}), each on the languages that neither of its two arms has seen. Arms of equal rank are listed by "
    "name.",
    "untested": " Never told apart, since in each of their pairs no language is unseen by both arms: {untested}.",
    "none": "Rank: no pair of arms could be tested, since none has a language that is unseen by both.",
    "no_items": "Rank: no pair of arms could be tested, since only scores of whole test sets are known.",
    "models": " Other seeds were not run: this is about these checkpoints.",
}
ERRATA = {
    "drop": "left out in the errata edition",
    "same": "right in the errata edition where retrieved for the row that they repeat",
    "note": "marked, and no score depends on it",
}
"""Effect of a mark → what is said of the rows that have it."""

EDITIONS = {"as-released": "as released", "errata": "errata"}
"""Edition → what it is called."""

SLOPE_OF_RUNS = "; this may be of these training runs alone"


def verdict(report: dict[str, Any]) -> str:
    """Return the verdict that a report's numbers allow."""
    if report["reason"] in ("no_unseen_languages", "no_overlap", "no_items"):
        return str(report["reason"])
    if report["n"]["families"] < 6:
        return "languages_only"
    if report["p"] is None or report["interval"] is None:
        return "undefined"
    if report["role"] == "exploratory" or report["reason"] == "few_seeds":
        return "exploratory"
    if report["by"] and report["slope"]["slope"] is None:
        return "undefined"
    if report["by"]:
        found = report["p_holm"] is not None and report["p_holm"] <= ALPHA and report["slope"]["families"] >= 6
        return "depends_on" if found else "no_dependence"
    low, high = report["interval"]
    if report["p_holm"] is not None and report["p_holm"] <= ALPHA and (low > 0 or high < 0):
        return "better" if low > 0 else "worse"
    return "equivalent" if _within_margin(report) else "no_evidence"


def _within_margin(report: dict[str, Any]) -> bool:
    """Return whether a margin was declared and the interval lies inside it (Schuirmann 1987)."""
    margin = report["margin"]
    return margin is not None and max(map(abs, report["interval"])) < margin


def statement(report: dict[str, Any]) -> str:
    """Return the sentence of a report that has its verdict."""
    kind, found = report["verdict"], report["verdict"] in ("better", "worse")
    said = SENTENCES[kind]
    if kind == "no_evidence" and not report["interval"][0] <= 0 <= report["interval"][1]:
        said += ADDED["alone"]
    if found and _within_margin(report):
        said += " " + SENTENCES["equivalent"]
    if report["scope"] == "models" and (found or kind in OF_CHECKPOINTS):
        said += ADDED["these_checkpoints" if found else "other_seeds"]
    if found and _leans_on(report):
        said += ADDED["depends_on_one_family"]
    if found and _areal(report):
        said += ADDED["areal_pattern"]
    return said.format(**_numbers(report))


def _numbers(report: dict[str, Any]) -> dict[str, Any]:
    shown = report["all_languages"] if report["verdict"] == "no_unseen_languages" else report
    estimate, se, margin = shown["estimate"], shown["se"], report["margin"]
    size = abs(estimate) if report["verdict"] in ("better", "worse") and estimate is not None else estimate
    n = report["n"]
    return _slope_numbers(report) | {
        "a": report["a"],
        "A": _sentence_case(report["a"]),
        "B": report["b"],
        "x": points(size, se),
        "interval": interval(shown["interval"], se),
        "p": _corrected(report, report["p"]),
        "p_alone": "none" if report["p"] is None else _equals(report["p"]).removeprefix("= "),
        "over": report["holm_over"],
        "families": n["families"],
        "seeds": seeds(n),
        "or_runs": " or other runs" if report["scope"] == "models" else "",
        "mde": points(report["mde80"], se),
        "reason": _why_undefined(report),
        "margin": f"{margin * 100:g}" if margin else "–",
        "why": WHY_EXPLORATORY["few_seeds" if report["reason"] == "few_seeds" else "undeclared"],
        "family": _leans_on(report),
        "area_p": p_value(report["areas"]["p"]) if report["areas"] else "no p",
        "areas": area_table(report) if report["areas"] else "none",
    }


def _why_undefined(report: dict[str, Any]) -> str:
    reason = str(report["reason"] or (report["slope"] or {}).get("reason"))
    return WHY_UNDEFINED.get(reason, reason.replace("_", " ")).format(x_name=report["by"])


def _corrected(report: dict[str, Any], alone: float | None) -> str:
    """Print the p that decides: Holm's, where the claim is one of a declared set."""
    if report["p_holm"] is None:
        return p_value(alone)
    return f"{p_value(report['p_holm'])}, Holm over {report['holm_over']}"


def seeds(n: dict[str, int]) -> str:
    """Print how many trainings each arm has."""
    a, b = n["seeds_a"], n["seeds_b"]
    return f"{a} and {b} seeds" if a != b else many(a, "seed")


def many(count: int, one: str, more: str | None = None) -> str:
    """Print a number of things: 1 family, 3 families."""
    return f"{count} {one if count == 1 else more or one + 's'}"


def _slope_numbers(report: dict[str, Any]) -> dict[str, Any]:
    """Return what a declared slope's sentences need."""
    found = report["slope"]
    if not found or found["slope"] is None:
        empty = {"slope": "–", "size": "–", "slope_families": 0, "min_p": "none", "slope_p": "no p", "checkpoints": ""}
        return {**empty, "moves": "moves", "step": "step", "x_name": report["by"]}
    by, error = report["by"], found["seed_se"]
    named = f"{by.removeprefix('distance.')} distance to the nearest intermediate language"
    return {
        "slope": points(found["slope"], error),
        "size": points(abs(found["slope"]), error),
        "moves": "rises" if found["slope"] > 0 else "falls",
        "step": "unit of distance" if by.startswith("distance.") else f"step of {by}",
        "x_name": named if by.startswith("distance.") else by,
        "slope_families": found["families"],
        "min_p": "none" if found["min_p"] is None else _equals(found["min_p"]).removeprefix("= "),
        "slope_p": _corrected(report, found["p"]),
        "checkpoints": SLOPE_OF_RUNS if of_these_runs(found) else "",
    }


def of_these_runs(slope: dict[str, Any]) -> bool:
    """Return whether a slope may be one of these training runs alone: no p ≤ .05 with seeds varying, or one seed."""
    return slope["recipe_p"] is None or bool(slope["recipe_p"] > ALPHA)


def _sentence_case(arm: str) -> str:
    return arm[:1].upper() + arm[1:]


def _leans_on(report: dict[str, Any]) -> str:
    """Name the family that a finding depends on: the largest, if p > .05 without it. Empty where there is none.

    No finding's sign depends on one family: were it turned without, families would vary so much that t ≤ 1.
    """
    left = report["leave_one_out"]
    without = left and left["without_largest"]
    return str(without["family"]) if without and without["p"] is not None and without["p"] > ALPHA else ""


def _areal(report: dict[str, Any]) -> bool:
    """Return whether gains differ between macro-areas; where they are not found to, nothing is proved."""
    areas = report["areas"]
    return bool(areas) and areas["p"] is not None and areas["p"] <= ALPHA


def summed(reports: list[dict[str, Any]]) -> str:
    """Say how many reports have which verdict, and which have one that finds something."""
    said = []
    for kind, name in IN_SUM.items():
        mine = [r for r in reports if r["verdict"] == kind]
        each = "; ".join(f"{r['a']} against {r['b']} on {r['target']}" for r in mine) if kind in TOLD_EACH else ""
        if mine:
            said.append(f"{len(mine)} × {name}{f' ({each})' if each else ''}")
    return f"Of {len(reports)} comparisons: {', '.join(said)}."


def area_table(report: dict[str, Any]) -> str:
    """Return gains by macro-area in one line: Eurasia 2.1 (13 families), …"""
    rows = sorted(report["areas"]["table"], key=lambda r: -r["families"])
    return ", ".join(f"{r['area']} {points(r['gain'], report['se'])} ({r['families']})" for r in rows)


def told_apart(reports: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return reports or rankings with the test set beside the target, where a target is tested on several.

    A test set is named by its data set, and by the split as well where that has several.
    """
    tests = {(r["target"], r["dataset"], r["split"]) for r in reports}
    of_target = Counter(target for target, _, _ in tests)
    of_data = Counter((target, dataset) for target, dataset, _ in tests)

    def named(r: dict[str, Any]) -> dict[str, Any]:
        if of_target[r["target"]] == 1:
            return r
        test = f"{r['dataset']} {r['split']}" if of_data[r["target"], r["dataset"]] > 1 else r["dataset"]
        return r | {"target": f"{r['target']} ({test})"}

    return [named(r) for r in reports]


def ranks(arm: dict[str, Any]) -> str:
    """Print a rank set: the best to the worst place that an arm may take."""
    best, worst = arm["rank"]
    return str(best) if best == worst else f"{best}–{worst}"


def rank_words(ranking: dict[str, Any]) -> str:
    """Say what the rank sets of a ranking mean."""
    tested = {arm for p in ranking["pairs"] if p["reason"] != "no_unseen_languages" for arm in (p["a"], p["b"])}
    untested = [row["arm"] for row in ranking["arms"] if row["arm"] not in tested]
    if not tested or any(p["reason"] == "no_items" for p in ranking["pairs"]):
        return RANKS["no_items" if tested else "none"]
    said = RANKS["all"] + (RANKS["untested"] if untested else "")
    said += RANKS["models"] if ranking["scope"] == "models" else ""
    return said.format(holm_over=ranking["holm_over"], untested=", ".join(untested))


def errata_words(marked: list[dict[str, Any]]) -> list[str]:
    """Say how many rows of which language are marked, why, and what becomes of them: one text for each reason."""
    found: dict[tuple[str, str], list[str]] = {}
    for mark in marked:
        found.setdefault((mark["effect"], mark["evidence"]), []).append(f"{mark['language']} {mark['items']}")
    return [f"{', '.join(rows)} ({why}): {ERRATA[effect]}" for (effect, why), rows in found.items()]


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
