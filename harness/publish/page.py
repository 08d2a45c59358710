"""A suite's page in markdown: the answer first, then the picture, the tables, the doubts, and how to check it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from harness.analysis.arms import arm_scores, majority
from harness.analysis.compare import Comparer
from harness.analysis.results import Measure, Results
from harness.analysis.words import area_table, interval, p_value, points
from harness.data.cards import dataset_card, model_card, model_names
from harness.plan import INTERMEDIATE
from harness.publish.svg import Panel, Row, forest

Report = dict[str, Any]

COLUMN_NAMES = {
    "joshi_class": "resource class (Joshi et al. 2020)",
    "nllb_resource": "resource level (NLLB)",
    "in_xlmr": "in XLM-R's pretraining (1) or not (0)",
    "script": "script",
    "word_order": "word order (WALS 81A)",
    "macroarea": "macro-area",
}


def render(results: Results) -> tuple[dict[str, str], list[Report]]:
    """Return the files of a leaderboard by name, and the reports of all declared contrasts."""
    reports = Comparer(results).declared()
    main = [r for r in reports if r["role"] == "primary"] or reports
    files = {
        "index.md": "\n\n".join(filter(None, _sections(results, reports, main))) + "\n",
        "gain_by_family.svg": _family_figure(main),
        "gain_by_resource.svg": _level_figure(main, "joshi_class"),
    }
    return files, reports


def _sections(results: Results, reports: list[Report], main: list[Report]) -> list[str]:
    return [
        f"# {results.suite.title}",
        _byline(results, main),
        _floor(results),
        *(_answer(r) for r in main),
        "![Gain by family, with intervals](gain_by_family.svg)",
        "## Arms",
        *(_arms(results, target) for target in results.suite.targets),
        _own_task(results),
        "## Contrasts",
        _contrasts(reports),
        "## Where",
        "Gains at each level of a column; a level of fewer than six families has no verdict, and levels are not "
        "compared by theirs. Whether the gain depends on a column is tested within families, and is exploratory here.",
        "![Gain by resource class](gain_by_resource.svg)",
        *(_where(r) for r in main),
        "## What it forgot",
        _forgot(results),
        "## Doubts",
        _doubts(results, main),
        "## Check it",
        _check(results, main),
    ]


def _byline(results: Results, main: list[Report]) -> str:
    n = main[0]["n"] if main else {}
    model = results.suite.model
    title = model_card(model).title if model in model_names() else model
    mixes = sorted({dataset_card(m.data).title for arm in results.suite.arms.values() for m in arm.mix})
    return (
        f"*{title}; intermediate task: {', '.join(mixes)}; {n.get('families', 0)} families, {n.get('codes', 0)} languages "
        f"unseen by both arms of the main contrast, {len(results.suite.seeds)} seeds. "
        f"Suite `{results.suite.name}` `{results.hash}`, {results.facts['ended'][:10]}.*"
    )


def _floor(results: Results) -> str:
    card = model_card(results.suite.model) if results.suite.model in model_names() else None
    return (
        "**Untrained floor: random weights. Nothing on this page supports a claim.**" if card and card.untrained else ""
    )


def _answer(report: Report) -> str:
    said = f"**On {report['target']} ({report['a']} against {report['b']}): {report['statement']}**"
    if not report["areas"]:
        return said
    areas = report["areas"]
    return (
        f"{said} Families of one area are not independent evidence: {area_table(report)} ({p_value(areas['p'])} for a "
        f"difference between areas)."
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(c) for c in line) + " |" for line in lines)


def _scored(value: float | None, ends: Any, se: float | None) -> str:
    return "–" if value is None else f"{points(value, se)} [{interval(ends, se).replace(' to ', ', ')}]"


def _arms(results: Results, target: str) -> str:
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
    ).fetchone()
    low, high = items or (0, 0)
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


def _own_task(results: Results) -> str:
    """Tell how well each arm learned its own intermediate task, on items that it never saw."""
    measures = [
        m
        for m in results.con.execute(
            "select distinct dataset, split, metric from results where target = ? order by all", [INTERMEDIATE]
        ).fetchall()
    ]
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
        f"### The intermediate task itself\n\n{table}\n\n*Mean over the languages that the arm trained on, on the split "
        f"`{measures[0][1]}` of {measures[0][0]}, whose items it never saw.{base}*"
    )


def _contrasts(reports: list[Report]) -> str:
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
        f"{_table(head, rows)}\n\n*The naive t-test takes languages for independent and is shown to be distrusted: it ignores "
        "relatedness.*"
    )


def _where(report: Report) -> str:
    if not report["breakdowns"]:
        return ""
    parts = [f"### {report['contrast']}, {report['target']}"]
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


def _slope(breakdown: Report) -> str:
    if breakdown["slope"] is None:
        return ""
    said = f"{points(breakdown['slope'], None)} points a step within families ({breakdown['families']} families in which it varies"
    return f"\n\n*Slope, exploratory: {said}, {p_value(breakdown['p'])}).*"


def _forgot(results: Results) -> str:
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


def _doubts(results: Results, main: list[Report]) -> str:
    suite = results.suite
    names = {t.data for target in suite.targets.values() for t in target.test}
    names |= {m.data for arm in suite.arms.values() for m in arm.mix}
    points_of = [_doubt_seen(r) for r in main] + [_doubt_dropped(r) for r in main]
    points_of += [f"{d.title}: {defect}" for d in map(dataset_card, sorted(names)) for defect in d.defects]
    if suite.model in model_names():
        points_of += [f"{model_card(suite.model).title}: {caveat}" for caveat in model_card(suite.model).caveats]
    points_of += [_doubt_naive(r) for r in main] + [
        "Nothing here speaks of other base models, other intermediate data of the same kind, or other domains."
    ]
    return "\n".join(f"- {text}" for text in filter(None, points_of))


def _doubt_seen(r: Report) -> str:
    seen = sorted({*r["seen"]["a"], *r["seen"]["b"]})
    return (
        f"{r['contrast']}, {r['target']}: left out as seen by an arm's training (with all scripts and standards of the "
        f"language): {', '.join(seen) or 'none'}."
    )


def _doubt_dropped(r: Report) -> str:
    dropped = r["dropped"]
    if not dropped["items"] and not dropped["codes"]:
        return ""
    return (
        f"{r['contrast']}, {r['target']}: {dropped['items']} scores had no partner and were left out; languages dropped: "
        f"{', '.join(dropped['codes']) or 'none'}."
    )


def _doubt_naive(r: Report) -> str:
    if not r["naive"]:
        return ""
    return (
        f"{r['contrast']}, {r['target']}: a test over languages as if they were independent would have said "
        f"{p_value(r['naive']['t_p'])}; the family test says {p_value(r['p'])}."
    )


def _check(results: Results, main: list[Report]) -> str:
    name, facts = results.suite.name, results.facts
    version = facts["version"]
    hours = sum(p["seconds"] for p in facts["phases"]) / 3600
    metrics = sorted({r["metric"] for r in main})
    signature = (
        f"stiltbench|suite:{results.hash}|metric:{'+'.join(metrics)}|stat:family-t+hall|"
        f"seeds:{len(results.suite.seeds)}|v:{version}"
    )
    places = "; ".join(
        f"{p['device']}, {p['threads']} threads, " + ", ".join(f"{k} {v}" for k, v in sorted(p["versions"].items()))
        for p in facts["places"]
    )
    jobs = ", ".join(f"{p['jobs']} {p['phase']}" for p in facts["phases"])
    return "\n".join(
        [
            f"- `stiltbench publish {name} --from leaderboards/{name}/results.parquet` renders this page again.",
            f"- `stiltbench run {name}` makes its results anew ({hours:.2f} job-hours: {jobs}); `stiltbench query` asks them.",
            f"- Signature: `{signature}`",
            f"- Declared before the first score: {json.dumps(results.declared, ensure_ascii=False)}",
            f"- Made on: {places}",
        ]
    )


def _family_figure(main: list[Report]) -> str:
    panels = []
    order = [f["family"] for f in sorted(main[0]["families"], key=lambda f: -f["gain"])] if main else []
    for r in main:
        by_name = {f["family"]: f for f in r["families"]}
        panels.append(Panel(f"{r['target']} ({r['metric']})", [_family_row(by_name[f]) for f in order if f in by_name]))
    title = f"Gain of {main[0]['a']} over {main[0]['b']} by language family" if main else "No contrast"
    return forest(title, panels, "points, with 95 % interval over items and seeds")


def _family_row(family: Report) -> Row:
    low, high = (end * 100 for end in family["interval"]) if family["interval"] else (None, None)
    count = f"{family['units']} language{'s' if family['units'] != 1 else ''}"
    return Row(f"{family['family']} ({family['units']})", count, family["gain"] * 100, low, high)


def _level_figure(main: list[Report], column: str) -> str:
    panels = []
    for r in main:
        levels = next((b["levels"] for b in r["breakdowns"] if b["by"] == column), [])
        panels.append(Panel(f"{r['target']} ({r['metric']})", [_level_row(level) for level in levels]))
    title = f"Gain of {main[0]['a']} over {main[0]['b']} by {COLUMN_NAMES[column]}" if main else "No contrast"
    return forest(title, panels, "points, with 95 % interval over families, items and seeds")


def _level_row(level: Report) -> Row:
    low, high = (end * 100 for end in level["interval"]) if level["interval"] else (None, None)
    return Row(f"class {level['level']}", f"{level['families']} families", level["estimate"] * 100, low, high)
