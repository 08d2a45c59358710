"""The tables of a page: arms, contrasts, levels and what was forgotten, in points with their intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from harness.analysis.arms import arm_scores, majority
from harness.analysis.compare import Comparer
from harness.analysis.ranking import rankings
from harness.analysis.results import Measure, Results
from harness.analysis.words import EDITIONS, SLOPE_OF_RUNS, interval, of_these_runs, p_value, points, rank_words, ranks
from harness.plan import INTERMEDIATE
from harness.publish.training import reads
from harness.suite import Target
from harness.suite_cards import kind_of

Report = dict[str, Any]

COLUMN_NAMES = {
    "joshi_class": "resource class (Joshi et al. 2020)",
    "nllb_resource": "resource level (NLLB)",
    "in_xlmr": "in XLM-R's pretraining (1) or not (0)",
    "script": "script",
    "word_order": "word order (WALS 81A)",
    "macroarea": "macro-area",
}


def table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Return a markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(c) for c in line) + " |" for line in lines)


def _scored(value: float | None, ends: Any, se: float | None) -> str:
    return "–" if value is None else f"{points(value, se)} [{interval(ends, se).replace(' to ', ', ')}]"


def arms(comparer: Comparer) -> list[str]:
    """Return a section per test set on its arms: rank set, family-macro and language-macro score, n and coverage."""
    measures = [m for name in comparer.targets(None) for m in comparer.results.headlines(name)]
    return [_arms(comparer, *pair) for pair in zip(measures, rankings(comparer), strict=True)] if measures else []


def _arms(comparer: Comparer, main: Measure, ranking: Report) -> str:
    results, rows = comparer.results, []
    for row in ranking["arms"]:
        what = results.suite.arms[row["arm"]]
        name = f"*{row['arm']} (control)*" if what.control else row["arm"]
        family = _scored(row["family_macro"], row["interval"], row["se"])
        language = _scored(row["language_macro"], row["language_macro_interval"], row["language_macro_se"])
        covered = f"{row['languages']}/{row['of']}"
        rows.append([ranks(row), name, reads(results.suite, row["arm"]), family, language, covered, row["seeds"]])
    head = ["rank", "arm", "intermediate training", "family-macro", "language-macro", "languages", "seeds"]
    below = [_under_arms(results, main), f"*{rank_words(ranking)}*", _extra(comparer, main)]
    return "\n\n".join(
        [
            f"### {main.target}: {_named(results.suite.targets[main.target], main)}",
            table(head, rows),
            *filter(None, below),
        ]
    )


def _named(target: Target, m: Measure) -> str:
    direction = ""
    if target.pivot:
        direction = "both directions, " if len(target.directions) > 1 else f"{target.directions[0]} {target.pivot}, "
    layer = f", layer {m.layer}" if m.layer is not None else ""
    return f"{m.metric} ({direction}{m.dataset} {m.split}{layer})"


def _under_arms(results: Results, main: Measure) -> str:
    items = results.con.execute(
        "select min(n), max(n) from (select count(distinct id) as n from results where target = ? and dataset = ? "
        "and split = ? group by language)",
        [main.target, main.dataset, main.split],
    ).fetchall()
    low, high = items[0]
    counted = f"{low} to {high} items" if low < high else f"{low} item{'s' if low > 1 else ''}"
    return (
        f"*Points over all languages scored, whether an arm trained on them or not; {counted} a language; "
        "95 % intervals: family-macro over families, items and seeds, language-macro over families alone. Arms "
        "share languages and items: whether two such intervals overlap does not tell whether the arms differ.*"
    )


def _extra(comparer: Comparer, main: Measure) -> str:
    extra = [m for m in comparer.results.measures(main.target) if m != main == replace(m, metric=main.metric)]
    if not extra:
        return ""
    columns = {m.metric: {r["arm"]: r for r in arm_scores(comparer, m)} for m in extra}
    rows = []
    for arm in comparer.results.suite.arms:
        cells = [(c[arm]["family_macro"], c[arm].get("interval"), c[arm].get("se")) for c in columns.values()]
        rows.append([arm, *(_scored(*cell) for cell in cells)])
    share = majority(comparer.results, main)
    base = (
        ""
        if share is None
        else f"\n\n*Always naming the commonest gold class would be right in {points(share, None)} %.*"
    )
    return table(["arm", *(f"{name}, family-macro" for name in columns)], rows) + base


def own_task(comparer: Comparer) -> str:
    """Tell how well each arm learned its own intermediate task, on items that it never saw: a table a test set."""
    rows = comparer.results.con.execute(
        "select distinct dataset, split, metric from results where target = ? order by all", [INTERMEDIATE]
    ).fetchall()
    tests = groupby((Measure(INTERMEDIATE, *row) for row in rows), lambda m: (m.dataset, m.split))
    parts = [_own_task(comparer, list(measures)) for _, measures in tests]
    return "\n\n".join(["### The intermediate task itself", *parts]) if parts else ""


def _own_task(comparer: Comparer, measures: list[Measure]) -> str:
    columns = {m.metric: {r["arm"]: r for r in arm_scores(comparer, m)} for m in measures}
    rows = []
    for arm in comparer.results.suite.arms:
        cells = [column[arm]["language_macro"] for column in columns.values()]
        if any(c is not None for c in cells):
            rows.append([arm, next(iter(columns.values()))[arm]["languages"], *(points(c, None) for c in cells)])
    share = majority(comparer.results, measures[0])
    base = "" if share is None else f" Always naming the commonest class: {points(share, None)}."
    shown = table(["arm", "languages", *columns], rows)
    return (
        f"{shown}\n\n*Mean over languages that the arm trained on (at most eight), on the split "
        f"`{measures[0].split}` of {measures[0].dataset}, whose items it never saw.{base}*"
    )


def contrasts(reports: list[Report]) -> str:
    """Return the table of declared contrasts, each in the words that its test allows, the naive test beside."""
    rows = []
    for r in reports:
        everywhere = r["all_languages"]
        beside = (
            f"{points(everywhere['estimate'], everywhere['se'])} ({interval(everywhere['interval'], everywhere['se'])})"
            if everywhere
            else "–"
        )
        naive = p_value(r["naive"]["t_p"]) if r["naive"] else "–"
        found = r["by"] or r["verdict"] in ("better", "worse")  # a slope has no smallest difference of its own
        smallest = "–" if found else points(r["mde80"], r["se"])
        rows.append([r["contrast"], r["target"], r["role"], r["statement"], smallest, r["n"]["codes"], beside, naive])
    head = ["contrast", "target", "role", "on languages unseen by both", "smallest findable", "languages"]
    said = (
        "*Smallest findable: the difference in points that this design would find in 4 of 5 repetitions. The naive "
        "t-test takes languages for independent and is shown to be distrusted: it ignores relatedness.*"
    )
    return f"{table([*head, 'over all languages', 'naive t'], rows)}\n\n{said}"


def editions(reports: list[Report], own: str) -> str:
    """Return the gains of contrasts whose data errata touch in both editions, the suite's ``own`` first."""
    rows = []
    for r in (r for r in reports if "other_edition" in r and not r["by"]):
        for edition, found in ((own, r), (r["other_edition"]["edition"], r["other_edition"])):
            gain = points(found["estimate"], found["se"]), interval(found["interval"], found["se"])
            counts = (found["n"][name] for name in ("families", "codes", "items"))
            rows.append([r["contrast"], r["target"], EDITIONS[edition], *gain, p_value(found["p"]), *counts])
    head = ["contrast", "target", "edition", "gain", "95 % interval", "p", "families", "languages", "items"]
    said = "*The same predictions in both editions; what errata mark stands under Doubts. All else on this page is "
    return f"{table(head, rows)}\n\n{said}{EDITIONS[own]}.*" if rows else ""


def areas(reports: list[Report]) -> str:
    """Return the gains by macro-area of every contrast: families of one area are not independent evidence."""
    shown = [r for r in reports if r["areas"] and len(r["areas"]["table"]) > 1 and not r["by"]]
    names = sorted({row["area"] for r in shown for row in r["areas"]["table"]})
    rows = []
    for r in shown:
        gain = {a["area"]: f"{points(a['gain'], r['se'])} ({a['families']})" for a in r["areas"]["table"]}
        p = p_value(r["areas"]["p"])
        rows.append([r["contrast"], r["target"], *(gain.get(name, "–") for name in names), p])
    said = (
        "*Mean gain of an area's families (how many). Families of one area are not independent evidence; a large p is "
        "no evidence that areas are alike.*"
    )
    return f"{table(['contrast', 'target', *names, 'areas differ'], rows)}\n\n{said}" if rows else ""


def where(report: Report) -> str:
    """Return the gains of a contrast at each level of each breakdown column."""
    if not report["breakdowns"]:
        return ""
    parts = [f"### {report['contrast']}, {report['target']}", _families(report)]
    for breakdown in (b for b in report["breakdowns"] if len(b["levels"]) > 1):
        rows = [
            [
                level["level"],
                points(level["estimate"], level["se"]),
                interval(level["interval"], level["se"]),
                level["languages"],
                level["families"],
                "too few families" if level["reason"] == "too_few_families" else points(level["mde80"], level["se"]),
            ]
            for level in breakdown["levels"]
        ]
        head = [COLUMN_NAMES[breakdown["by"]], "gain", "95 % interval", "languages", "families", "smallest findable"]
        parts.append(table(head, rows) + _slope(breakdown))
    return "\n\n".join(parts)


def _families(report: Report) -> str:
    rows = [
        [f["family"], points(f["gain"], report["se"]), interval(f["interval"], report["se"]), f["units"]]
        for f in sorted(report["families"], key=lambda f: (-f["gain"], f["family"]))
    ]
    head = ["family", "gain", "95 % interval over items and seeds", "languages (units)"]
    return table(head, rows)


def _slope(breakdown: Report) -> str:
    if breakdown["slope"] is None:
        return ""
    said = f"{points(breakdown['slope'], breakdown['seed_se'])} points a step within families"
    runs = SLOPE_OF_RUNS if of_these_runs(breakdown) else ""
    varies = f"{breakdown['families']} in which it varies"
    return f"\n\n*Slope, exploratory: {said} ({varies}; {p_value(breakdown['p'])}){runs}.*"


def forgot(comparer: Comparer) -> str:
    """Show retrieval by direction and layer before and after each arm; "" where a suite has none."""
    targets = comparer.results.suite.targets
    asked = [name for name, target in targets.items() if kind_of(target) == "retrieval"]
    shown = [_forgot(comparer, m) for name in asked for m in comparer.results.headlines(name)]
    return "\n\n".join(["## What it forgot", *shown]) if shown else ""


def _forgot(comparer: Comparer, main: Measure) -> str:
    """A layer at which all arms score the same stands once: it lies below what is trained."""
    suite, target = comparer.results.suite, comparer.results.suite.targets[main.target]
    measures = [m for m in comparer.results.measures(main.target) if m.dataset == main.dataset]
    asked = [m for m in measures if m.metric == main.metric and (m.direction or len(target.directions) == 1)]
    scores = {m: {r["arm"]: r for r in arm_scores(comparer, m)} for m in asked}
    named = {m: f"{m.direction or target.directions[0]} {target.pivot}, layer {m.layer}" for m in asked}
    same = [m for m, rows in scores.items() if len({row["family_macro"] for row in rows.values()}) == 1 < len(rows)]
    shown = [m for m in asked if m not in same]
    rows = [[arm, *(_macro(scores[m][arm]) for m in shown)] for arm in suite.arms]
    once = [f"{named[m]}: {_macro(next(iter(scores[m].values())))}" for m in same]
    check = [f"Every arm scores the same, as it must where nothing is trained: {'; '.join(once)}."] if once else []
    untrained = [arm for arm in suite.arms if not suite.trains(arm, main.target)][:1] if shown else []
    before = [
        f"`{arm}` is the model before any training; what an arm lies below it, training has cost." for arm in untrained
    ]
    told = [f"Retrieval {main.metric} ({main.target}), family-macro, over all languages.", *before, *check]
    shared = [table(["arm", *(named[m] for m in shown)], rows)] if shown else []
    return "\n\n".join([*shared, f"*{' '.join(told)}*"])


def _macro(row: Report) -> str:
    return _scored(row["family_macro"], row.get("interval"), row.get("se"))
