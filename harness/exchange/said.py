"""What every format is told of a suite: scores by language, the name of an arm's model, where a data set is from."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from harness.analysis.compare import Comparer
from harness.analysis.results import Measure, Results
from harness.data import cards
from harness.data.cards import Folder, Hub, Package, Url

Row = dict[str, Any]
Source = Package | Url | Hub | Folder

DEVELOPER = "stiltbench"
"""Whose models arms are, to formats that ask for one: no arm is the released model that it starts from."""

INTERVAL = (
    "hull of Student's t and Hall's transformation over language families, with the variance of families, items and "
    "seeds; docs/statistics.md 2.2"
)
"""How the interval of an arm's family-macro score is made (Hall 1992)."""

BY_LANGUAGE = """
    with each as (
        select arm, target, dataset, split, metric, direction, layer, "language", seed, n, value
        from scores where value is not null
    ), directions as (
        from each union all by name
        select * exclude (direction, n, value), min(n) as n, avg(value) as value
        from each where direction is not null group by all
    )
    select * exclude (seed, n, value), avg(value) as value, min(n) as n, list(seed order by seed) as seeds
    from directions group by all order by all
"""


def by_language(results: Results) -> dict[tuple[str, Measure], list[Row]]:
    """Return arm and measure → `language value n seeds`: means over seeds; where no direction is named, over both."""
    found: dict[tuple[str, Measure], list[Row]] = {}
    for row in results.con.sql(BY_LANGUAGE).to_arrow_table().to_pylist():
        place = {name: row.pop(name) for name in ("target", "dataset", "split", "metric", "direction", "layer")}
        found.setdefault((row.pop("arm"), Measure(**place)), []).append(row)
    return found


def measures(comparer: Comparer) -> list[Measure]:
    """Return all that was measured of all targets, each target's headline first."""
    return [m for target in comparer.results.suite.targets for m in comparer.results.measures(target)]


def model_name(results: Results, arm: str) -> str:
    """Return the name of an arm's model, which can be that of a folder and is no other arm's."""
    return quote(f"{results.suite.model.rstrip('/').rpartition('/')[2]}-{arm}", safe="")


def base_model(results: Results) -> dict[str, str]:
    """Return what the arms start from: `base_model`, and of a model with a card where it is from and its caveats."""
    name = results.suite.model
    if name not in cards.model_names():
        return {"base_model": name}
    card = cards.model_card(name)
    told = {"hub": card.hub, "derived_from": card.derived_from, "caveats": " ".join(card.caveats)}
    return {"base_model": name} | {key: text for key, text in told.items() if text}


def card_source(dataset: str) -> Source | None:
    """Return where a data set is released, the Hub before all else; None of one without a card here."""
    if dataset not in cards.dataset_names():
        return None
    sources = cards.dataset_card(dataset).sources
    return next((source for source in sources if isinstance(source, Hub)), sources[0])


def revision(source: Source | None) -> str | None:
    """Return the version of a data set that its card pins; None where it pins none."""
    if isinstance(source, Package):
        return source.version
    return source.revision if isinstance(source, Hub) and source.revision != "unpinned" else None
