"""The tables of a page: arms, contrasts, levels and what was forgotten, in points with their intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.analysis.arms import arm_scores, majority
from harness.analysis.results import Measure, Results
from harness.analysis.words import interval, p_value, points
from harness.plan import INTERMEDIATE

Report = dict[str, Any]

COLUMN_NAMES = {
    "joshi_class": "resource class (Joshi et al. 2020)",
    "nllb_resource": "resource level (NLLB)",
    "in_xlmr": "in XLM-R's pretraining (1) or not (0)",
    "script": "script",
    "word_order": "word order (WALS 81A)",
    "macroarea": "macro-area",
}


def _table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(c) for c in line) + " |" for line in lines)


def _scored(value: float | None, ends: Any, se: float | None) -> str:
    return "–" if value is None else f"{points(value, se)} [{interval(ends, se).replace(' to ', ', ')}]"


def arms(results: Results, target: str) -> str:
    """Return the section of a target's arms: family-macro and language-macro score, interval, n and coverage."""
    measures = results.measures(target)
    if not measures:
        return f"### {target}\n\nNo scores."
    main = measures[0]
    rows = []
    for row in arm_scores(results, main):
        what = results.suite.arms[row["arm"]]
        name = f"*{row['arm']} (control)*" if what.control else row["arm"]
        family = _scored(row["family_macro"], row.get("interval"), row.get("se"))
        language = _scored(row["language_macro"], row.get("language_macro_interval"), row.get("language_macro_se"))
        rows.append(
            [name, _saw(results, row["arm"]), family, language, f"{row['languages']}/{row['of']}", row["seeds"]]
        )
    head = ["arm", "intermediate training", "family-macro", "language-macro", "languages", "seeds"]
    return f"### {target}: {_named(main)}\n\n{_table(head, rows)}\n\n{_under_arms(results, target, main)}"


def _named(m: Measure) -> str:
    direction = "both directions, " if m.direction is None and m.layer is not None else ""
    layer = f", layer {m.layer}" if m.layer is not None else ""
    return f"{m.metric} ({direction}{m.dataset} {m.split}{layer})"


def _saw(results: Results, arm: str) -> str:
    mix = results.suite.arms[arm].mix
    if not mix:
        return "none"
    languages = mix[0].languages
    said = "all languages" if languages == "all" else ", ".join(languages)
    return f"{said}, labels shuffled" if results.suite.arms[arm].control == "shuffled-labels" else said


def _under_arms(results: Results, target: str, main: Measure) -> str:
    items = results.con.execute(
        "select min(n), max(n) from (select count(distinct id) as n from results where target = ? and dataset = ? "
        "group by language)",
        [target, main.dataset],
    ).fetchall()
    low, high = items[0]
    said = (
        f"*Points over all languages scored, whether an arm trained on them or not; {low} to {high} items a language; "
        "95 % intervals: family-macro over families, items and seeds, language-macro over families alone. Arms are in "
        "the suite's order; which of them differ is said under Contrasts, not by the order of the scores.*"
    )
    extra = [m for m in results.measures(target) if m.direction is None and m.layer == main.layer and m != main]
    if not extra:
        return said
    return f"{said}\n\n{_extra(results, target, extra)}"


def _extra(results: Results, target: str, measures: list[Measure]) -> str:
    columns = {m.metric: {r["arm"]: r for r in arm_scores(results, m)} for m in measures}
    rows = []
    for arm in results.suite.arms:
        cells = [(c[arm]["family_macro"], c[arm].get("interval"), c[arm].get("se")) for c in columns.values()]
        rows.append([arm, *(_scored(*cell) for cell in cells)])
    share = majority(results, target)
    base = (
        ""
        if share is None
        else f"\n\n*Always naming the commonest gold class would be right in {points(share, None)} %.*"
    )
    return _table(["arm", *(f"{name}, family-macro" for name in columns)], rows) + base


def own_task(results: Results) -> str:
    """Tell how well each arm learned its own intermediate task, on items that it never saw."""
    measures = results.con.execute(
        "select distinct dataset, split, metric from results where target = ? order by all", [INTERMEDIATE]
    ).fetchall()
    if not measures:
        return ""
    columns = {
        metric: {r["arm"]: r for r in arm_scores(results, Measure(INTERMEDIATE, dataset, split, metric))}
        for dataset, split, metric in measures
    }
    rows = []
    for arm in results.suite.arms:
        cells = [column[arm]["language_macro"] for column in columns.values()]
        if any(c is not None for c in cells):
            rows.append([arm, next(iter(columns.values()))[arm]["languages"], *(points(c, None) for c in cells)])
    share = majority(results, INTERMEDIATE)
    base = "" if share is None else f" Always naming the commonest class: {points(share, None)}."
    table = _table(["arm", "languages", *columns], rows)
    return (
        f"### The intermediate task itself\n\n{table}\n\n*Mean over languages that the arm trained on (at most eight), "
        f"on the split `{measures[0][1]}` of {measures[0][0]}, whose items it never saw.{base}*"
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
        rows.append([r["contrast"], r["target"], r["role"], r["statement"], r["n"]["codes"], beside, naive])
    head = ["contrast", "target", "role", "on languages unseen by both", "languages", "over all languages", "naive t"]
    return (
        f"{_table(head, rows)}\n\n*The naive t-test takes languages for independent and is shown to be "
        "distrusted: it ignores relatedness.*"
    )


def where(report: Report) -> str:
    """Return the gains of a contrast at each level of each breakdown column."""
    if not report["breakdowns"]:
        return ""
    parts = [f"### {report['contrast']}, {report['target']}", _families(report)]
    for breakdown in report["breakdowns"]:
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
        parts.append(_table(head, rows) + _slope(breakdown))
    return "\n\n".join(parts)


def _families(report: Report) -> str:
    rows = [
        [f["family"], points(f["gain"], report["se"]), interval(f["interval"], report["se"]), f["units"]]
        for f in sorted(report["families"], key=lambda f: (-f["gain"], f["family"]))
    ]
    head = ["family", "gain", "95 % interval over items and seeds", "languages (units)"]
    return _table(head, rows)


def _slope(breakdown: Report) -> str:
    if breakdown["slope"] is None:
        return ""
    said = f"{points(breakdown['slope'], None)} points a step within families"
    return f"\n\n*Slope, exploratory: {said} ({breakdown['families']} in which it varies; {p_value(breakdown['p'])}).*"


def forgot(results: Results) -> str:
    """Show retrieval by direction and layer, before (arm `none`) and after each arm."""
    rows, head = [], []
    for name, target in results.suite.targets.items():
        if not target.pivot:
            continue
        measures = [m for m in results.measures(name) if m.direction is not None] or results.measures(name)
        head = [f"{m.direction or 'both'} {target.pivot}, layer {m.layer}" for m in measures]
        columns = [{r["arm"]: r for r in arm_scores(results, m)} for m in measures]
        for arm in results.suite.arms:
            cells = [(c[arm]["family_macro"], c[arm].get("interval"), c[arm].get("se")) for c in columns]
            rows.append([arm, *(_scored(*cell) for cell in cells)])
    if not rows:
        return "No retrieval target in this suite."
    return (
        f"{_table(['arm', *head], rows)}\n\n*Retrieval accuracy, family-macro, over all languages. `none` is the model "
        "before any training; what an arm lies below it, training has cost.*"
    )
