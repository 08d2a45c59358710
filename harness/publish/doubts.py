"""What a reader of a page must know before believing it: what was left out, and what is wrong with data and model."""

from __future__ import annotations

from typing import Any

from harness.analysis.named import named_query
from harness.analysis.query import ask
from harness.analysis.results import Results
from harness.analysis.words import errata_words, many, p_value, points
from harness.data.cards import dataset_card, model_card, model_names
from harness.publish.queries import MEASURE
from harness.publish.training import selections
from harness.suite import Suite

Report = dict[str, Any]

ADVISED_SEEDS = 5
"""Seeds that statistics §3 advises."""

MOST = 12
"""Most collapsed cells that are listed."""


def doubts(results: Results, main: list[Report]) -> str:
    """Return the list of doubts: what was left out, what data and model are known for, what must not be concluded."""
    suite = results.suite
    names = {t.data for target in suite.targets.values() for t in target.test}
    names |= {m.data for arm in suite.arms.values() for m in arm.mix}
    kept = "what has no data here stands above" if results.facts.get("missing") else "no cell is missing"
    points_of = [f"All {results.facts['planned']} jobs of the suite are done: {kept}."]
    points_of += [_collapsed(results), *_left_out(results), *selections(results.facts)]
    points_of += _translated(suite) + _masked(results) + _errata(results)
    points_of += _seen(main) + [_dropped(r) for r in main]
    points_of += [f"{d.title}: {defect}" for d in map(dataset_card, sorted(names)) for defect in d.defects]
    if suite.model in model_names():
        points_of += [f"{model_card(suite.model).title}: {caveat}" for caveat in model_card(suite.model).caveats]
    points_of += [_naive(r) for r in main] + [
        "Nothing here speaks of other base models, other intermediate data of the same kind, or other domains."
    ]
    return "\n".join(f"- {text}" for text in filter(None, points_of))


def _seen(main: list[Report]) -> list[str]:
    """Say which languages a contrast leaves out, once for all targets of which they are the same."""
    found: dict[tuple[str, str], list[str]] = {}
    for r in main:
        codes = ", ".join(sorted({*r["seen"]["a"], *r["seen"]["b"]})) or "none"
        found.setdefault((r["contrast"], codes), []).append(r["target"])
    return [
        f"{contrast}, {', '.join(targets)}: left out, as seen by an arm's training or since their dev set selected the "
        f"model (with all scripts and standards of the language): {codes}."
        for (contrast, codes), targets in found.items()
    ]


def _dropped(r: Report) -> str:
    dropped = r["dropped"]
    if not dropped["items"] and not dropped["codes"]:
        return ""
    return (
        f"{r['contrast']}, {r['target']}: {dropped['items']} scores had no partner and were left out; "
        f"languages dropped: {', '.join(dropped['codes']) or 'none'}."
    )


def _masked(results: Results) -> list[str]:
    """Say how many items were masked because some arm's training has met them."""
    rows = []
    for target, masked in results.facts["masked"].items():
        found = results.con.execute("select count(distinct id) from results where target = ?", [target]).fetchall()
        rows.append(
            f"{target}: {masked} of {masked + found[0][0]} items were met in some arm's training, in some language, "
            f"and every arm is scored on the other {found[0][0]} alone."
        )
    return rows


def _errata(results: Results) -> list[str]:
    """Say what errata mark of every test set."""
    places = sorted({(m["target"], m["dataset"], m["split"]) for m in results.facts.get("errata", [])})
    return [
        f"{target}: of {data} {split}, {text}."
        for target, data, split in places
        for text in errata_words(results.marked(target, data, split))
    ]


def _collapsed(results: Results) -> str:
    """Name the cells whose training collapsed, by the named query, on headlines: they count in every mean."""
    found = ask(results.con, named_query("collapsed_seeds").sql)
    rows = [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]
    tests = {name: results.headlines(name) for name in results.suite.targets}
    mine = [r for r in rows if any(all(getattr(m, c) == r[c] for c in MEASURE) for m in tests.get(r["target"], []))]
    if not mine:
        return ""
    several = {name for name, measures in tests.items() if len(measures) > 1}
    cells = [_cell(r, f"{r['target']} ({r['dataset']})" if r["target"] in several else r["target"]) for r in mine]
    shown = "; ".join(cells[:MOST]) + (f"; and {len(cells) - MOST} more" if len(cells) > MOST else "")
    return f"{many(len(mine), 'cell')} collapsed, kept in every mean: {shown}. [Which, and the rule](queries.md)."


def _cell(row: Report, target: str) -> str:
    beside = "" if row["siblings"] is None else f"; median of its other seeds {points(row['siblings'], None)}"
    score, floor = points(row["score"], None), points(row["floor"], None)
    return f"{row['arm']}, {target}, seed {row['seed']}: {score} ({floor} without reading{beside})"


def _naive(r: Report) -> str:
    if not r["naive"] or p_value(r["naive"]["t_p"]) == p_value(r["p"]):
        return ""
    return (
        f"{r['contrast']}, {r['target']}: a test over languages as if they were independent would have said "
        f"{p_value(r['naive']['t_p'])}; the family test says {p_value(r['p'])}."
    )


def _left_out(results: Results) -> list[str]:
    """Say what the suite does not do to stay affordable: languages, seeds, layers."""
    suite, rows = results.suite, []
    if suite.languages.per_family:
        for name, target in suite.targets.items():
            scored = {code for (_, t), met in results.seen.items() if t == name for code in met}
            have = {code for test in target.test for code in dataset_card(test.data).languages.codes}
            rows.append(
                f"Left out for time: {name} is scored in {len(scored)} of the {len(have)} languages that its data "
                f"have, at most {suite.languages.per_family} of a family, drawn by seed."
            )
    if len(suite.seeds) < ADVISED_SEEDS:
        rows.append(
            f"Left out for time: {many(len(suite.seeds), 'seed')} in each arm, where {ADVISED_SEEDS} are advised."
        )
    tops = sorted({str(r.trainable_layers) for r in suite.recipes.values() if r.trainable_layers != "all"})
    if tops:
        only = "the top layer is" if tops == ["1"] else f"the top {' or '.join(tops)} layers are"
        rows.append(f"Left out for time: only {only} trained; those below are frozen.")
    if ranks := sorted({r.lora.rank for r in suite.recipes.values() if r.lora}):
        of = " or ".join(map(str, ranks))
        rows.append(f"Left out for time: the weights are frozen, and adapters of rank {of} beside them learn (LoRA).")
    if suite.intermediate and not suite.intermediate.check:
        rows.append("How well an arm learned its intermediate task is not measured: the suite names no split to check.")
    return rows


def _translated(suite: Suite) -> list[str]:
    """Say of intermediate data that were not written in their languages that they were not."""
    cards = [dataset_card(name) for name in sorted({m.data for arm in suite.arms.values() for m in arm.mix})]
    return [
        f"{card.title}: {card.creation}, not native: what an arm learns of a language here is the language of "
        "translations."
        for card in cards
        if card.creation.startswith("translated")
    ]
