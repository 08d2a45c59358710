"""A suite's page in markdown: the answer first, then the picture, the tables, the doubts, and how to check it."""

from __future__ import annotations

from typing import Any

from harness.analysis.compare import Comparer
from harness.analysis.results import Results
from harness.analysis.words import area_table, p_value
from harness.data.cards import dataset_card, model_card, model_names
from harness.publish import figures, tables
from harness.publish.doubts import doubts
from harness.publish.published import published

Report = dict[str, Any]


def render(results: Results) -> tuple[dict[str, str], list[Report]]:
    """Return the files of a leaderboard by name, and the reports of all declared contrasts."""
    comparer = Comparer(results)
    reports = comparer.declared()
    main = [r for r in reports if r["role"] == "primary"] or reports
    files = {
        "index.md": "\n\n".join(filter(None, _sections(comparer, reports, main))) + "\n",
        "gain_by_family.svg": figures.family_figure(main),
        "gain_by_resource.svg": figures.level_figure(main, "joshi_class"),
    }
    return files, reports


def _sections(comparer: Comparer, reports: list[Report], main: list[Report]) -> list[str]:
    results = comparer.results
    return [
        f"# {results.suite.title}",
        _byline(results, main),
        _floor(results),
        _first_look(results),
        *(_answer(r) for r in main),
        "![Gain by family, with intervals](gain_by_family.svg)",
        "## Arms",
        *tables.arms(comparer),
        tables.own_task(comparer),
        "## Contrasts",
        tables.contrasts(reports),
        tables.editions(reports, results.suite.edition),
        tables.areas(reports),
        "## Where",
        "Gains at each level of a column; a level of fewer than six families has no verdict, and levels are not "
        "compared by theirs. Whether the gain depends on a column is tested within families, and is exploratory here.",
        "![Gain by resource class](gain_by_resource.svg)",
        *(tables.where(r) for r in main),
        "## What it forgot",
        tables.forgot(comparer),
        published(results.suite),
        "## Doubts",
        doubts(results, main),
        "## Check it",
        _check(results, main),
    ]


def _byline(results: Results, main: list[Report]) -> str:
    n = main[0]["n"] if main else {}
    model = results.suite.model
    title = model_card(model).title if model in model_names() else model
    mixes = sorted({dataset_card(m.data).title for arm in results.suite.arms.values() for m in arm.mix})
    return (
        f"*{title}; intermediate task: {', '.join(mixes)}; {n.get('families', 0)} families, "
        f"{n.get('codes', 0)} languages unseen by both arms of the main contrast, {len(results.suite.seeds)} seeds. "
        f"Suite `{results.suite.name}` `{results.hash}`, {results.facts['ended'][:10]}.*"
    )


def _floor(results: Results) -> str:
    card = model_card(results.suite.model) if results.suite.model in model_names() else None
    return (
        "**Untrained floor: random weights. Nothing on this page supports a claim.**" if card and card.untrained else ""
    )


def _first_look(results: Results) -> str:
    """Say of a page of limited results that it is none."""
    if results.suite.limit is None:
        return ""
    said = (
        f"**A first look at the machinery: at most {results.suite.limit} items of each split and language. Nothing on "
        "this page supports a claim.**"
    )
    missing = [f"- {m['place']}: {m['reason']}" for m in results.facts.get("missing", [])]
    lines = [said, "", f"No data here for {len(missing)} places of the suite:", "", *missing]
    return "\n".join(lines) if missing else said


def _answer(report: Report) -> str:
    said = f"**On {report['target']} ({report['a']} against {report['b']}): {report['statement']}**"
    if not report["areas"] or area_table(report) in said:
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
            "- [Questions](queries.md): gain by family, resource, script, word order and distance; coverage; collapse.",
            f"- `stiltbench run {name}` makes its results anew ({hours:.2f} job-hours: {jobs}).",
            f"- Signature: `{signature}`",
            *_declared(results),
            f"- Made on: {places}",
        ]
    )
