"""A suite's page in markdown: the answer first, then the picture, the tables, the doubts, and how to check it."""

from __future__ import annotations

from typing import Any

from harness.analysis.compare import Comparer
from harness.analysis.results import Results
from harness.analysis.words import area_table, many, p_value, summed, told_apart
from harness.data.cards import dataset_card, model_card, model_names
from harness.publish import figures, tables
from harness.publish.doubts import doubts
from harness.publish.published import published
from harness.publish.training import differ, differences
from harness.suite import Suite

Report = dict[str, Any]

MOST = 3
"""Most intermediate data sets that the line below the title names."""

MOST_ANSWERS = 6
"""Most statements that a page opens with one by one."""

WHERE = (
    "## Where",
    "Gains at each level of a column; a level of fewer than six families has no verdict, and levels are not compared "
    "by theirs. Whether the gain depends on a column is tested within families, and is exploratory here.",
    "![Gain by resource class](gain_by_resource.svg)",
)


def render(results: Results) -> tuple[dict[str, str], list[Report]]:
    """Return the files of a leaderboard by name, and the reports of all declared contrasts."""
    comparer = Comparer(results)
    reports = comparer.declared()
    shown = told_apart(reports)
    primary = {r["contrast"] for r in reports if r["role"] == "primary"}
    main = [r for r in shown if r["contrast"] in primary] or shown
    drawn = {
        "gain_by_family.svg": figures.family_figure(_drawn(main)),
        "gain_by_resource.svg": figures.level_figure(_drawn(main), "joshi_class"),
    }
    page = "\n\n".join(filter(None, _sections(comparer, shown, main))) + "\n"
    return {"index.md": page} | (drawn if _drawn(main) else {}), reports


def _drawn(main: list[Report]) -> list[Report]:
    """Return the reports that have families to show."""
    return [r for r in main if r["families"]]


def _sections(comparer: Comparer, reports: list[Report], main: list[Report]) -> list[str]:
    results = comparer.results
    return [
        f"# {results.suite.title}",
        _byline(results, main),
        floor(results.suite),
        _first_look(results),
        *_answers(results.suite, main),
        "![Gain by family, with intervals](gain_by_family.svg)" if _drawn(main) else "",
        "## Arms",
        *tables.arms(comparer),
        tables.own_task(comparer),
        "## Contrasts",
        tables.contrasts(reports),
        differences(results.suite),
        tables.editions(reports, results.suite.edition),
        tables.areas(reports),
        *(WHERE if _drawn(main) else []),
        *(tables.where(r) for r in main),
        tables.forgot(comparer),
        published(results.suite),
        "## Doubts",
        doubts(results, main),
        "## Check it",
        _check(results, main),
    ]


def _byline(results: Results, main: list[Report]) -> str:
    model = results.suite.model
    told = [model_card(model).title if model in model_names() else model]
    mixes = sorted({dataset_card(m.data).title for arm in results.suite.arms.values() for m in arm.mix})
    if mixes:
        told.append(
            f"intermediate task: {', '.join(mixes)}" if len(mixes) <= MOST else f"{len(mixes)} intermediate tasks"
        )
    counts = many(len(results.suite.seeds), "seed")
    if main:
        n = {} if main[0]["reason"] == "no_unseen_languages" else main[0]["n"]
        families, codes = many(n.get("families", 0), "family", "families"), many(n.get("codes", 0), "language")
        counts = f"{families}, {codes} unseen by both arms of the main contrast, {counts}"
    return (
        f"*{'; '.join([*told, counts])}. Suite `{results.suite.name}` `{results.hash}`, {results.facts['ended'][:10]}.*"
    )


def floor(suite: Suite) -> str:
    """Return what must be said of results of a model that was never trained; "" of any other."""
    card = model_card(suite.model) if suite.model in model_names() else None
    return (
        "**Untrained floor: random weights. Nothing on this page supports a claim.**" if card and card.untrained else ""
    )


def _first_look(results: Results) -> str:
    """Say of a page of limited results that it is none, and what of the suite had no data: a line a data set."""
    if not first_look(results.suite):
        return ""
    most = f": at most {results.suite.limit} items of each split and language" if results.suite.limit else ""
    said = f"**A first look at the machinery{most}. Nothing on this page supports a claim.**"
    missing = results.facts.get("missing", [])
    places: dict[tuple[str, str], list[str]] = {}
    for m in missing:
        places.setdefault((m["data"], m["reason"]), []).append(m["place"])
    listed = [f"- {data}: {reason} ({', '.join(dict.fromkeys(at))})" for (data, reason), at in places.items()]
    n = len(missing)
    lines = [said, "", f"Left out of the suite, {n} place{'s' if n > 1 else ''}:", "", *listed]
    return "\n".join(lines) if listed else said


def first_look(suite: Suite) -> bool:
    """Return whether a suite is a look at the machinery alone, which no leaderboard shows."""
    return suite.limit is not None or suite.scale == "smoke"


def _answers(suite: Suite, main: list[Report]) -> list[str]:
    """Return what a page opens with: its main statements, or the sum of them where they would fill a screen."""
    if len(main) > MOST_ANSWERS:
        return [f"**{summed(main)}** Each in its own words stands under Contrasts."]
    return [_answer(suite, r) for r in main]


def _answer(suite: Suite, report: Report) -> str:
    said = f"**On {report['target']} ({report['a']} against {report['b']}): {report['statement']}**"
    contrast = next(c for c in suite.contrasts if c.name == report["contrast"])
    if len(found := differ(suite, contrast)) > 1:
        said += f" The two arms differ in more than one thing: {', '.join(found)}."
    if not report["areas"] or len(report["areas"]["table"]) < 2 or area_table(report) in said:
        return said
    areas = report["areas"]
    return (
        f"{said} Families of one area are not independent evidence: {area_table(report)} ({p_value(areas['p'])} for a "
        f"difference between areas)."
    )


def _declared(results: Results) -> list[str]:
    """Say when each contrast was declared, and whether its arms could be compared before."""
    since = results.facts["compared_since"]
    rows = []
    for c in results.suite.contrasts:
        late = results.role(c) != c.role
        said = "so it can only be exploratory" if late else "after the declaration"
        told = f"its arms could be compared since {since[c.name]}, {said}" if c.name in since else "not scored yet"
        at = results.declared.get(c.name, "nowhere")
        rows.append(f"- Contrast *{c.name}* (`{c.hash}`): declared {at} UTC; {told}.")
    return rows


def _check(results: Results, main: list[Report]) -> str:
    name, facts = results.suite.name, results.facts
    version, how = facts["version"], name
    again = [f"- `stiltbench publish {name} --from leaderboards/{name}/results.parquet` renders this page again."]
    if first_look(results.suite):
        scale = "--scale smoke" if results.suite.scale == "smoke" else f"--limit {results.suite.limit}"
        how, again = f"{name.partition('@')[0]} {scale} --out PAGE", []
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
            *again,
            "- [Questions](queries.md): gain by family, resource, script, word order and distance; coverage; collapse.",
            f"- `stiltbench run {how}` makes its results anew ({hours:.2f} job-hours: {jobs}).",
            f"- Signature: `{signature}`",
            *(f"- {metric}, by sacrebleu: `{said}`" for metric, said in sorted(facts.get("signatures", {}).items())),
            *_declared(results),
            f"- Made on: {places}",
        ]
    )
