"""A comparison on one screen: the sentence first, then what it rests on, then the gain of every family."""

from __future__ import annotations

import json
import textwrap
from typing import Any

from harness.analysis.words import (
    ALPHA,
    EDITIONS,
    area_table,
    errata_words,
    interval,
    many,
    of_these_runs,
    p_value,
    points,
    rank_words,
    ranks,
    seeds,
    told_apart,
)

COLUMNS = 100
"""Columns of the screen."""

WIDTH = 60
"""Columns of the forest plot."""

LABEL = 18
"""Columns of the small table's first column."""

Report = dict[str, Any]


def print_report(reports: list[Report], form: str, by: str | None = None) -> None:
    """Print reports as JSON, or the headline of each test set for a person; ``by``: the column to show levels of."""
    if form == "json":
        print(json.dumps(reports, ensure_ascii=False, indent=1, allow_nan=False))
        return
    reports = told_apart(reports)
    for target in dict.fromkeys(report["target"] for report in reports):
        main, *others = (report for report in reports if report["target"] == target)
        slopes = [report for report in others if report["by"]]
        print("\n".join(lines(main, slopes, by)), end="\n\n")
    print("More: --format json (other measures, languages, columns); --by COLUMN; --all (ranks all arms)")


def print_ranking(rankings: list[Report], form: str) -> None:
    """Print rankings as JSON, or as two small tables for a person: arms, then pairs."""
    if form == "json":
        print(json.dumps(rankings, ensure_ascii=False, indent=1, allow_nan=False))
        return
    for ranking in told_apart(rankings):
        print("\n".join(_ranking(ranking)), end="\n\n")


def lines(report: Report, slopes: list[Report] | None = None, by: str | None = None) -> list[str]:
    """Return a report as text, a line each, with the statements of the slopes that were declared for the same arms."""
    n = report["n"]
    layer = f", layer {report['layer']}" if report["layer"] is not None else ""
    of = f"{report['target']} · {report['metric']}{layer} · {report['role']} · {report['suite']}"
    named = f"{report['a']} over {report['b']} · {of}"
    unseen = " unseen by both" if report["seen"]["a"] or report["seen"]["b"] else ""
    statements = dict.fromkeys(r["statement"] for r in [report, *(slopes or [])])
    said = [row for statement in statements for row in _wrapped(statement)]
    if report["estimate"] is None:
        return [named, *said]
    languages, families = many(n["codes"], "language"), many(n["families"], "family", "families")
    scored = f"{many(n['items'], 'item')}, {seeds(n)}" if n["items"] else "scores of whole test sets"
    counted = f"{languages}{unseen}, {families}, {scored}"
    picture = _levels(report, by) if by else [*_forest(report), *_counts(report)]
    return [named, *said, "", *_row("tested on", counted), *_beside(report), "", *picture]


def _row(label: str, text: str) -> list[str]:
    """Return a row of the small table; what is too long goes on below itself."""
    return [f"  {'' if i else label:<{LABEL}}{part}" for i, part in enumerate(_wrapped(text, COLUMNS - LABEL - 2))]


def _wrapped(text: str, columns: int = COLUMNS) -> list[str]:
    """Break a text into lines, but never inside a p-value."""
    whole = text.replace("p = ", "p\u00a0=\u00a0").replace("p < ", "p\u00a0<\u00a0")
    return [line.replace("\u00a0", " ") for line in textwrap.wrap(whole, columns)]


def _beside(report: Report) -> list[str]:
    se, left, everywhere = report["se"], report["leave_one_out"], report["all_languages"]
    rows: list[str] = []
    if report["variance"]:
        rows += _row("uncertain by", ", ".join(f"{name} {share:.0%}" for name, share in report["variance"].items()))
    if left:
        without = left["without_largest"]
        alone = f"{points(without['estimate'], se)} without {without['family']}"
        others = f"{points(left['min'], se)} to {points(left['max'], se)} without any one family"
        rows += _row("leaving out", f"{alone}; {others}")
    if report["prediction_interval"]:
        rows += _row("one more family", f"{interval(report['prediction_interval'], se)} would be no surprise")
    icc = report["icc"]["estimate"]
    if icc is not None:
        rows += _row("families share", f"about {icc:.0%} of what varies between languages")
    gain = f"{points(everywhere['estimate'], se)} ({interval(everywhere['interval'], se)})"
    rows += _row("all languages", f"{gain} over {everywhere['n']}, trained on or not")
    areas = area_table(report)
    if areas not in report["statement"]:
        rows += _row("by area", f"{areas}; {p_value(report['areas']['p'])} for a difference between areas")
    rows += _row("naive test", f"{p_value(report['naive']['t_p'])}: ignores relatedness, not to be trusted")
    if other := report.get("other_edition"):
        gain = f"{points(other['estimate'], other['se'])} ({interval(other['interval'], other['se'])}"
        rows += _row(EDITIONS[other["edition"]], f"{gain}; {p_value(other['p'])}; {other['n']['codes']} languages)")
        rows += [row for text in errata_words(other["marked"]) for row in _row("marked", text)]
    return rows + (_row("warnings", ", ".join(report["warnings"])) if report["warnings"] else [])


def _forest(report: Report) -> list[str]:
    """Draw the gain of every family (●) with its interval over items and seeds (·), largest first; | is zero."""
    families = sorted(report["families"], key=lambda f: (-f["gain"], f["family"]))
    ends = [end for f in families for end in (f["gain"], *(f["interval"] or ()))] + [0.0]
    low, high = min(ends), max(ends)

    def place(value: float) -> int:
        return int((value - low) / ((high - low) or 1.0) * (WIDTH - 1) + 0.5)

    left, right = points(low, report["se"]), points(high, report["se"])
    rows = [f"  {'family, languages':<22} {left}{right:>{WIDTH - len(left)}}  points"]
    for family in families:
        line = [" "] * WIDTH
        if family["interval"]:
            first, last = (place(end) for end in family["interval"])
            line[first : last + 1] = "·" * (last + 1 - first)
        line[place(0.0)] = "|"
        line[place(family["gain"])] = "●"
        shown = points(family["gain"], report["se"])
        rows.append(f"  {family['family']:<18} {family['units']:>3} {''.join(line)}  {shown:>6}")
    return rows


def _counts(report: Report) -> list[str]:
    if not report["n"]["items"]:
        return _row("single languages", "not tested, as nothing is known of their items")
    found = [r for r in report["languages"] if r["q"] is not None and r["q"] <= ALPHA]
    better = sum(r["gain"] > 0 for r in found)
    said = f"{better} better, {len(found) - better} worse (Benjamini–Hochberg)"
    if report["at_least_better"] is not None:
        said += f"; at least {report['at_least_better']} and {report['at_least_worse']} truly are"
    return _row("single languages", said)


def _levels(report: Report, by: str) -> list[str]:
    """Show the gain at each level of a column; levels are not compared by their verdicts."""
    broken = next(b for b in report["breakdowns"] if b["by"] == by)
    rows = [["level", "points", "95 % interval", "languages", "families", "smallest findable"]]
    for level in broken["levels"]:
        se, few = level["se"], level["reason"] == "too_few_families"
        gain, counts = points(level["estimate"], se), (str(level["languages"]), str(level["families"]))
        smallest = "too few families" if few else points(level["mde80"], se)
        rows.append([level["level"][:30], gain, interval(level["interval"], se), *counts, smallest])
    return [*_columns(rows), "", *_slope(broken)]


def _slope(broken: Report) -> list[str]:
    if broken["slope"] is None:
        return _row("slope", "none: " + broken["reason"].replace("_", " "))
    runs = "; maybe of these training runs alone" if of_these_runs(broken) else ""
    gain = f"{points(broken['slope'], broken['seed_se'])} points a step within families"
    return _row("slope", f"exploratory: {gain} ({broken['families']} families, {p_value(broken['p'])}){runs}")


def _columns(rows: list[list[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  " + "  ".join(f"{c:<{w}}" for c, w in zip(row, widths, strict=True)).rstrip() for row in rows]


def _ranking(ranking: Report) -> list[str]:
    layer = f", layer {ranking['layer']}" if ranking["layer"] is not None else ""
    arms = [["rank", "arm", "letters", "family-macro", "95 % interval", "seeds", "languages"]]
    for row in ranking["arms"]:
        score = points(row["family_macro"], row["se"]), interval(row["interval"], row["se"])
        covered = f"{row['languages']}/{row['of']}"
        arms.append([ranks(row), row["arm"], row["letters"], *score, str(row["seeds"]), covered])
    pairs = [["pair", "points", "95 % interval", "p", "Holm", "families", "smallest findable"]]
    for pair in ranking["pairs"]:
        se, missing = pair["se"], (pair["reason"] or "").replace("_", " ")
        gain = points(pair["estimate"], se), interval(pair["interval"], se)
        p = ["–" if pair[name] is None else p_value(pair[name])[2:].removeprefix("= ") for name in ("p", "p_holm")]
        smallest = missing or ("" if pair["separated"] else points(pair["mde80"], se))
        pairs.append([f"{pair['a']} over {pair['b']}", *gain, *p, str(pair["families"]), smallest])
    said = f"{rank_words(ranking)} Arms that share a letter are not told apart. Scores are over all languages."
    head = f"{ranking['suite']} · {ranking['target']} · {ranking['metric']}{layer}"
    return [head, *_wrapped(said), "", *_columns(arms), "", *_columns(pairs)]
