"""A suite's page in markdown: the answer first, then the picture, the tables, the doubts, and how to check it."""

from __future__ import annotations

from typing import Any

from harness.analysis.compare import Comparer
from harness.analysis.results import Results
from harness.analysis.words import area_table, p_value
from harness.data.cards import dataset_card, model_card, model_names
from harness.publish import figures, tables

Report = dict[str, Any]


def render(results: Results) -> tuple[dict[str, str], list[Report]]:
    """Return the files of a leaderboard by name, and the reports of all declared contrasts."""
    reports = Comparer(results).declared()
    main = [r for r in reports if r["role"] == "primary"] or reports
    files = {
        "index.md": "\n\n".join(filter(None, _sections(results, reports, main))) + "\n",
        "gain_by_family.svg": figures.family_figure(main),
        "gain_by_resource.svg": figures.level_figure(main, "joshi_class"),
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
        *(tables.arms(results, target) for target in results.suite.targets),
        tables.own_task(results),
        "## Contrasts",
        tables.contrasts(reports),
        "## Where",
        "Gains at each level of a column; a level of fewer than six families has no verdict, and levels are not "
        "compared by theirs. Whether the gain depends on a column is tested within families, and is exploratory here.",
        "![Gain by resource class](gain_by_resource.svg)",
        *(tables.where(r) for r in main),
        "## What it forgot",
        tables.forgot(results),
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
        f"*{title}; intermediate task: {', '.join(mixes)}; {n.get('families', 0)} families, "
        f"{n.get('codes', 0)} languages unseen by both arms of the main contrast, {len(results.suite.seeds)} seeds. "
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


def _doubts(results: Results, main: list[Report]) -> str:
    suite = results.suite
    names = {t.data for target in suite.targets.values() for t in target.test}
    names |= {m.data for arm in suite.arms.values() for m in arm.mix}
    points_of = [f"All {results.facts['planned']} jobs of the suite are done: no cell is missing."]
    points_of += _doubt_masked(results) + [_doubt_seen(r) for r in main] + [_doubt_dropped(r) for r in main]
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
        f"{r['contrast']}, {r['target']}: {dropped['items']} scores had no partner and were left out; "
        f"languages dropped: {', '.join(dropped['codes']) or 'none'}."
    )


def _doubt_masked(results: Results) -> list[str]:
    """Say how many items were masked because some arm's training has met them."""
    rows = []
    for target, masked in results.facts["masked"].items():
        found = results.con.execute("select count(distinct id) from results where target = ?", [target]).fetchall()
        rows.append(
            f"{target}: {masked} of {masked + found[0][0]} items were met in some arm's training, in some language, "
            f"and every arm is scored on the other {found[0][0]} alone."
        )
    return rows


def _doubt_naive(r: Report) -> str:
    if not r["naive"]:
        return ""
    return (
        f"{r['contrast']}, {r['target']}: a test over languages as if they were independent would have said "
        f"{p_value(r['naive']['t_p'])}; the family test says {p_value(r['p'])}."
    )


def _declared(results: Results) -> list[str]:
    """Say when each contrast was declared, and whether its arms could be compared before."""
    since = results.facts["compared_since"]
    rows = []
    for c in results.suite.contrasts:
        late = results.role(c) != c.role
        said = "so it can only be exploratory" if late else "after the declaration"
        told = f"its arms could be compared since {since[c.name]}, {said}" if c.name in since else "not scored yet"
        rows.append(f"- Contrast *{c.name}*: declared {results.declared.get(c.name, 'nowhere')} UTC; {told}.")
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
            f"- `stiltbench run {name}` makes its results anew ({hours:.2f} job-hours: {jobs}).",
            f"- Signature: `{signature}`",
            *_declared(results),
            f"- Made on: {places}",
        ]
    )
