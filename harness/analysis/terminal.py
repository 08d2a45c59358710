"""A comparison on one screen: the sentence first, then what it rests on, then the gain of every family."""

from __future__ import annotations

import json
from typing import Any

from harness.analysis.words import interval, p_value, points

WIDTH = 36
"""Columns of the forest plot."""

Report = dict[str, Any]


def print_report(reports: list[Report], form: str) -> None:
    """Print reports as JSON, or the headline of each target for a person."""
    if form == "json":
        print(json.dumps(reports, ensure_ascii=False, indent=1, allow_nan=False))
        return
    shown: set[str] = set()
    for report in reports:
        if report["target"] not in shown:
            shown.add(report["target"])
            print("\n".join(lines(report)), end="\n\n")


def lines(report: Report) -> list[str]:
    """Return a report as text, a line each."""
    n = report["n"]
    named = f"{report['a']} over {report['b']} · {report['target']} · {report['metric']}"
    counted = f"{n['codes']} languages unseen by both, {n['families']} families, {n['items']} items"
    head = f"{named} · {counted}, {n['seeds_a']} and {n['seeds_b']} seeds · {report['role']}"
    if report["estimate"] is None:
        return [head, report["statement"]]
    return [head, report["statement"], "", *_beside(report), "", *_forest(report), *_counts(report)]


def _beside(report: Report) -> list[str]:
    se, left, icc = report["se"], report["leave_one_out"], report["icc"]
    shares = report["variance"] or {}
    spread = "   ".join(f"{name} {share:.0%}" for name, share in shares.items())
    naive = report["naive"]["t_p"]
    rows = [f"  spread   {spread}        naive over languages: {p_value(naive)} (ignores relatedness)"]
    if left:
        without = left["without_largest"]
        rows.append(
            f"  without {without['family']} {points(without['estimate'], se)}   "
            f"leave one out {points(left['min'], se)} … {points(left['max'], se)}   "
            f"a new family: {interval(report['prediction_interval'], se)}"
        )
    about = f"about {icc['estimate']:.1f}" if icc["estimate"] is not None else "none to be had"
    everywhere = report["all_languages"]
    rows.append(
        f"  family ICC {about}   over all {everywhere['n']} languages, seen or not: "
        f"{points(everywhere['estimate'], se)} ({interval(everywhere['interval'], se)})"
    )
    areas = ", ".join(f"{r['area']} {points(r['gain'], se)} ({r['families']})" for r in report["areas"]["table"])
    rows.append(f"  by area: {areas}; families of one area are not independent ({p_value(report['areas']['p'])})")
    return [*rows, *(f"  warning: {w}" for w in report["warnings"])]


def _forest(report: Report) -> list[str]:
    """Draw the gain of every family (●) with its interval over items and seeds (·), largest first; | is zero."""
    families = sorted(report["families"], key=lambda f: -f["gain"])
    ends = [end for f in families for end in (f["gain"], *(f["interval"] or ()))] + [0.0]
    low, high = min(ends), max(ends)

    def place(value: float) -> int:
        return int((value - low) / ((high - low) or 1.0) * (WIDTH - 1) + 0.5)

    rows = []
    for family in families:
        line = [" "] * WIDTH
        if family["interval"]:
            first, last = (place(end) for end in family["interval"])
            line[first : last + 1] = "·" * (last + 1 - first)
        line[place(0.0)] = "|"
        line[place(family["gain"])] = "●"
        shown = points(family["gain"], report["se"])
        rows.append(f"  {family['family']:<18} {family['units']:>3}  {''.join(line)}  {shown:>6}")
    return rows


def _counts(report: Report) -> list[str]:
    better = sum(1 for r in report["languages"] if r["q"] is not None and r["q"] <= 0.05 and r["gain"] > 0)
    worse = sum(1 for r in report["languages"] if r["q"] is not None and r["q"] <= 0.05 and r["gain"] < 0)
    certain = f"at least {report['at_least_better']} truly better, {report['at_least_worse']} truly worse"
    return [f"  languages better / worse after Benjamini–Hochberg: {better} / {worse}        {certain}"]
