"""A suite's results as arrays: from a store, or from the one file that a published page is rendered from.

Both are the same view `results` in DuckDB: example scores with the cell that each fills. What is published is
rendered from the file alone, so that anybody can render it again without the store.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from harness.analysis import query
from harness.analysis.facts import facts, iso
from harness.analysis.significance import item_values
from harness.data import cards
from harness.data.errata import SAME
from harness.errors import UserError
from harness.record import recorded
from harness.schema import FORMAT
from harness.score import metrics
from harness.score.score import headline_metric
from harness.store import Store
from harness.suite import Contrast, Suite

COLUMNS = (
    "arm, target, seed, dataset, edition, split, language, other, direction, layer, id, block, metric, value, stats"
)

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Measure:
    """What is compared for a target: a metric on a test set, in one direction (None: the mean of all) and layer."""

    target: str
    dataset: str
    split: str
    metric: str
    direction: str | None = None
    layer: int | None = None


@dataclass(frozen=True)
class Cube:
    """Example values of one arm: ``values`` [seeds, items, languages], NaN where a language lacks an item.

    Item values of statistics §1.3 where the metric is of a whole corpus; their mean is then the corpus score.
    """

    values: Floats
    seeds: list[int]
    ids: list[str]
    blocks: list[str | None]
    languages: list[str]


@dataclass(frozen=True)
class _Rows:
    """Values [seeds, items, languages, directions] of one arm, the names along the axes, and items' blocks."""

    values: Floats
    names: list[list[Any]]
    blocks: dict[str, str]

    def cube(self, direction: str | None) -> Cube:
        """Return what is there in one direction, or (None) the mean over all."""
        every = self.names[3]
        values = _mean(self.values) if direction is None else self.values[..., every.index(direction)]
        there = ~np.isnan(values)
        kept = [np.flatnonzero(there.any(axes)) for axes in ((1, 2), (0, 2), (0, 1))]
        seeds, ids, languages = ([names[i] for i in at] for names, at in zip(self.names, kept, strict=False))
        return Cube(values[np.ix_(*kept)], seeds, ids, [self.blocks.get(i) for i in ids], languages)


def _mean(values: Floats) -> Floats:
    """Return the mean over the last axis of what is there, NaN where nothing is."""
    if values.shape[-1] == 1:
        return values[..., 0]
    n = (~np.isnan(values)).sum(-1)
    return np.asarray(np.divide(np.nansum(values, -1), n, out=np.full(n.shape, np.nan), where=n > 0))


@dataclass(frozen=True)
class Results:
    """A suite, its example scores (view `results` of ``con``), what its arms saw, and the facts of its jobs."""

    con: duckdb.DuckDBPyConnection
    suite: Suite
    hash: str
    seen: dict[tuple[str, str], dict[str, str | None]]
    declared: dict[str, str]
    facts: dict[str, Any]

    def role(self, contrast: Contrast) -> str:
        """Return a contrast's role: the declared one, or exploratory where it was declared after it could be seen."""
        since, declared = self.facts["compared_since"].get(contrast.name), self.declared.get(contrast.name)
        return "exploratory" if since and declared and declared > since else contrast.role

    def measures(self, target: str) -> list[Measure]:
        """Return what was measured of a target, the headline first: its metric, both directions, first layer."""
        found = self._measured.get(target, [])
        layers = self.suite.targets[target].layers or sorted({m.layer for m in found if m.layer is not None})
        both = {replace(m, direction=None) for m in found}
        ordered = both | (set(found) if len({m.direction for m in found}) > 1 else set())
        tests = {(t.data, t.split): set[str]() for t in self.suite.targets[target].test}
        for m in found:
            tests[m.dataset, m.split].add(m.metric)
        main = {test: headline_metric(_carded(test[0]), measured) for test, measured in tests.items() if measured}
        return sorted(ordered, key=lambda m: _rank(m, main, layers))

    def headlines(self, target: str) -> list[Measure]:
        """Return the headline of each test set of a target, in the order in which the suite names them."""
        first: dict[tuple[str, str], Measure] = {}
        for measure in self.measures(target):
            first.setdefault((measure.dataset, measure.split), measure)
        return list(first.values())

    @cached_property
    def _measured(self) -> dict[str, list[Measure]]:
        """Return what was measured of every target, each direction by itself; all rows are read for it."""
        rows = self.con.execute("select distinct target, dataset, split, metric, direction, layer from results")
        found: dict[str, list[Measure]] = {}
        for row in rows.fetchall():
            found.setdefault(row[0], []).append(Measure(*row))
        return found

    def marked(self, target: str, dataset: str, split: str) -> list[dict[str, Any]]:
        """Return how many `items` errata mark of a test set, by `effect evidence language`; of repeats all but one."""
        counts: Counter[tuple[str, str, str]] = Counter()
        for mark in self.facts.get("errata", []):
            if (mark["target"], mark["dataset"], mark["split"]) == (target, dataset, split):
                place = mark["effect"], mark["evidence"], mark["language"]
                counts[place] += len(mark["ids"]) - (mark["effect"] == SAME)
        named = ("effect", "evidence", "language")
        return [dict(zip(named, place, strict=True)) | {"items": n} for place, n in sorted(counts.items())]

    def beside(self) -> Results:
        """Return the results of the suite's other edition."""
        con = self.con.cursor()
        con.execute("create temp view results as select * exclude (suite) from beside")
        return replace(self, con=con)

    def cube(self, arm: str, measure: Measure) -> Cube:
        """Return the values of one arm as an array; two scores of one example are a :class:`UserError`.

        All directions are read at once and kept, since whoever asks for one asks for the others.
        """
        every = replace(measure, direction=None)
        if (arm, every) not in self._kept:
            self._kept[arm, every] = self._read(arm, every)
        return self._kept[arm, every].cube(measure.direction)

    @cached_property
    def _kept(self) -> dict[tuple[str, Measure], _Rows]:
        return {}

    def _read(self, arm: str, m: Measure) -> _Rows:
        params = {"arm": arm, **{f: getattr(m, f) for f in ("target", "dataset", "split", "metric", "layer")}}
        rows = self.con.sql(
            f"select seed, id, language, direction, value, stats {_CUBE}", params=params
        ).to_arrow_table()
        blocks = self.con.sql(f"select id, min(block) {_CUBE} and block is not null group by id", params=params)
        coded = [_codes(rows[name]) for name in ("seed", "id", "language", "direction")]
        place = [at for at, _ in coded]
        wrong = {"was scored twice": _twice(place)}
        mean = rows["stats"].null_count == len(rows)
        if mean:
            value = rows["value"].to_numpy()
            wrong[f"has a {m.metric} outside 0 to 1"] = np.flatnonzero((value < 0) | (value > 1))
        for what, where in wrong.items():
            if len(where):
                row = rows.slice(where[0], 1).to_pylist()[0]
                place_name = f"{row['language']} {row['id']}"
                raise UserError(f"{self.suite.name}: {arm}, {m.target}: {place_name} {what}; score it again")
        values = _values(rows["value" if mean else "stats"], place, m.metric)
        return _Rows(values, [names for _, names in coded], dict(blocks.fetchall()))


_CUBE = """from results where arm = $arm and target = $target and dataset = $dataset and split = $split
    and metric = $metric and layer is not distinct from $layer"""

Places = list[NDArray[np.int64]]


def _carded(dataset: str) -> str | None:
    return cards.dataset_card(dataset).metric if dataset in cards.dataset_names() else None


def _rank(m: Measure, main: dict[tuple[str, str], str], layers: list[int]) -> tuple[Any, ...]:
    layer, test = layers.index(m.layer) if m.layer is not None else 0, (m.dataset, m.split)
    return (list(main).index(test), m.metric != main[test], layer, m.direction or "", m.metric)


def _codes(column: pa.ChunkedArray) -> tuple[NDArray[np.int64], list[Any]]:
    """Return each value's place among the sorted distinct ones, and these; a missing value is the first of them."""
    coded = column.combine_chunks().dictionary_encode(null_encoding="encode")
    names = coded.dictionary.to_pylist()
    order = sorted(range(len(names)), key=lambda i: (names[i] is not None, names[i]))
    place = np.empty(len(names), np.int64)
    place[order] = np.arange(len(names))
    return place[coded.indices.to_numpy()], [names[i] for i in order]


def _twice(place: Places) -> NDArray[np.int64]:
    """Return the rows that stand where another row stands."""
    if not len(place[0]):
        return place[0]
    at = np.ravel_multi_index(place, [int(axis.max()) + 1 for axis in place])
    return np.flatnonzero(np.bincount(at)[at] > 1)


def _values(column: pa.ChunkedArray, place: Places, metric: str) -> Floats:
    """Return values [seeds, items, languages, directions] of what stands at ``place``."""
    shape = [int(axis.max()) + 1 if len(axis) else 0 for axis in place]
    values = np.full(shape, np.nan)
    if pa.types.is_floating(column.type):
        values[*place] = column.to_numpy()
    elif len(column):
        flat = np.asarray(column.combine_chunks().flatten())
        stats = np.full((*shape, len(flat) // len(column)), np.nan)
        stats[*place] = flat.reshape(len(column), -1)
        for direction in range(shape[-1]):
            _fill_item_values(values[..., direction], stats[..., direction, :], metric)
    return values


def _fill_item_values(values: Floats, stats: Floats, metric: str) -> None:
    """Fill in item values, language by language over the items that it has (statistics §1.3)."""
    for k in range(values.shape[2]):
        have = ~np.isnan(stats[:, :, k, 0]).any(0)
        values[:, have, k] = item_values(stats[:, have, k], lambda counts: metrics.of_counts(metric, counts))


def from_store(store: Store, suite: str) -> Results:
    """Return the results that a store holds of a suite."""
    declared = recorded(store, suite)
    con = query.connect(store, suite)
    con.execute("create temp view results as select * exclude (suite) from counted")
    seen = con.execute("select arm, target, language, seen from seen").fetchall()
    times = con.execute("select contrast, declared from contrasts").fetchall()
    told = {name: iso(t) for name, t in times}
    return Results(con, declared, declared.hash, _nested(seen), told, facts(con, store, suite))


def _nested(rows: list[tuple[str, str, str, str | None]]) -> dict[tuple[str, str], dict[str, str | None]]:
    found: dict[tuple[str, str], dict[str, str | None]] = {}
    for arm, target, language, what in rows:
        found.setdefault((arm, target), {})[language] = what
    return found


def write(results: Results, store: Store, path: Path) -> None:
    """Write the one file that a page is rendered from: example values without any text, and what is declared."""
    meta = {
        "format": FORMAT,
        "suite": msgspec.to_builtins(results.suite),
        "hash": results.hash,
        "seen": [[arm, target, code, what] for (arm, target), m in results.seen.items() for code, what in m.items()],
        "declared": results.declared,
        "facts": results.facts,
    }
    query.write(store, results.suite.name, COLUMNS, json.dumps(meta), path)


def from_file(path: Path) -> Results:
    """Return the results that a published file holds."""
    meta, con = query.metadata(path), query.connect(path)
    con.execute("create temp view results as select * exclude (suite) from counted")
    suite = msgspec.convert(meta["suite"], Suite)
    seen = _nested([tuple(row) for row in meta["seen"]])
    return Results(con, suite, meta["hash"], seen, meta["declared"], meta["facts"])
