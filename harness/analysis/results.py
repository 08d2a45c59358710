"""A suite's results as arrays: from a store, or from the one file that a published page is rendered from.

Both are the same view `results` in DuckDB: example scores with the cell that each fills. What is published is
rendered from the file alone, so that anybody can render it again without the store.
"""

from __future__ import annotations

import importlib.metadata
import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from harness.analysis.query import connect
from harness.analysis.significance import item_values
from harness.data import cards
from harness.errors import UserError
from harness.record import recorded
from harness.schema import FORMAT
from harness.score import metrics
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
        """Return what was measured of a target, the headline first: the card's metric, both directions, first layer."""
        rows = self.con.execute(
            "select distinct dataset, split, metric, direction, layer from results where target = ? order by all",
            [target],
        ).fetchall()
        if not rows:
            return []
        layers = self.suite.targets[target].layers or sorted({r[4] for r in rows if r[4] is not None})
        found = [Measure(target, *row) for row in rows]
        both = {Measure(target, m.dataset, m.split, m.metric, None, m.layer) for m in found}
        ordered = both | (set(found) if len({m.direction for m in found}) > 1 else set())
        tests = [t.data for t in self.suite.targets[target].test]
        return sorted(ordered, key=lambda m: _rank(m, tests, layers))

    def cube(self, arm: str, measure: Measure) -> Cube:
        """Return the values of one arm as an array; two scores of one example are a :class:`UserError`."""
        m = measure
        rows = self.con.sql(
            """select seed, language, id, any_value(block) as block, avg(value) as value, any_value(stats) as stats,
                    count(*) as n, count(distinct direction) as directions
               from results where arm = $arm and target = $target and dataset = $dataset and split = $split
                and metric = $metric and ($direction is null or direction = $direction)
                and layer is not distinct from $layer
               group by seed, language, id order by seed, language, id""",
            params={
                "arm": arm,
                **{f: getattr(m, f) for f in ("target", "dataset", "split", "metric")},
                "direction": m.direction,
                "layer": m.layer,
            },
        ).to_arrow_table()
        doubled = rows.filter(pc.greater(rows["n"], pc.max_element_wise(rows["directions"], 1)))
        outside = rows.filter(pc.or_(pc.less(rows["value"], 0), pc.greater(rows["value"], 1)))
        for wrong, what in ((doubled, "was scored twice"), (outside, f"has a {m.metric} outside 0 to 1")):
            if len(wrong):
                place = f"{wrong['language'][0].as_py()} {wrong['id'][0].as_py()}"
                raise UserError(f"{self.suite.name}: {arm}, {m.target}: {place} {what}; score it again")
        return _cube(rows, m)


def _rank(m: Measure, tests: list[str], layers: list[int]) -> tuple[Any, ...]:
    main = cards.dataset_card(m.dataset).metric
    layer = layers.index(m.layer) if m.layer is not None else 0
    return (tests.index(m.dataset), m.metric != main, layer, m.direction or "", m.metric)


def _codes(column: pa.ChunkedArray) -> tuple[NDArray[np.int64], list[Any]]:
    """Return each value's place among the sorted distinct ones, and these."""
    coded = column.combine_chunks().dictionary_encode()
    names = coded.dictionary.to_pylist()
    order = sorted(range(len(names)), key=lambda i: names[i])
    place = np.empty(len(names), np.int64)
    place[order] = np.arange(len(names))
    return place[coded.indices.to_numpy()], [names[i] for i in order]


def _cube(rows: pa.Table, measure: Measure) -> Cube:
    s, seeds = _codes(rows["seed"])
    k, languages = _codes(rows["language"])
    i, ids = _codes(rows["id"])
    blocks: list[str | None] = [None] * len(ids)
    for place, block in zip(i.tolist(), rows["block"].to_pylist(), strict=True):
        blocks[place] = block
    shape = (len(seeds), len(ids), len(languages))
    values = np.full(shape, np.nan)
    if not len(rows):
        return Cube(values, seeds, ids, blocks, languages)
    if measure.metric in metrics.MEANS:
        values[s, i, k] = rows["value"].to_numpy()
    else:
        flat = np.asarray(rows["stats"].combine_chunks().flatten())
        stats = np.full((*shape, len(flat) // len(rows)), np.nan)
        stats[s, i, k] = flat.reshape(len(rows), -1)
        _fill_item_values(values, stats, measure.metric)
    return Cube(values, seeds, ids, blocks, languages)


def _fill_item_values(values: Floats, stats: Floats, metric: str) -> None:
    """Fill in item values, language by language over the items that it has (statistics §1.3)."""
    for k in range(values.shape[2]):
        have = ~np.isnan(stats[:, :, k, 0]).any(0)
        values[:, have, k] = item_values(stats[:, have, k], lambda counts: metrics.of_counts(metric, counts))


def from_store(store: Store, suite: str) -> Results:
    """Return the results that a store holds of a suite."""
    declared = recorded(store, suite)
    con = connect(store)
    con.execute("set variable suite = ?", [suite])
    con.execute(
        """create temp view results as
           select c.arm, c.target, c.seed, e.* exclude (suite, target, job) from counted e
           join cells c on c.job = e.job and c.suite = e.suite and c.target = e.target and c.phase = 'score'
           where e.suite = getvariable('suite')"""
    )
    seen = con.execute("select arm, target, language, seen from seen where suite = ?", [suite]).fetchall()
    times = con.execute("select contrast, declared from contrasts where suite = ?", [suite]).fetchall()
    return Results(
        con, declared, declared.hash, _nested(seen), {name: _iso(t) for name, t in times}, _facts(con, suite)
    )


def _iso(time: datetime) -> str:
    return time.isoformat(timespec="seconds")


def _nested(rows: list[tuple[str, str, str, str | None]]) -> dict[tuple[str, str], dict[str, str | None]]:
    found: dict[tuple[str, str], dict[str, str | None]] = {}
    for arm, target, language, what in rows:
        found.setdefault((arm, target), {})[language] = what
    return found


def _facts(con: duckdb.DuckDBPyConnection, suite: str) -> dict[str, Any]:
    """Sum up the suite's jobs: how many, how long, how fast, on what, and with which libraries."""
    mine = "select distinct job from cells where suite = $suite"
    sums = con.execute(
        f"""select phase, count(*), sum(seconds), sum(tokens), sum(tokens) / nullif(sum(tokens / tokens_per_second), 0)
            from jobs where job in ({mine}) group by phase order by phase""",
        {"suite": suite},
    ).fetchall()
    planned = con.execute(f"select count(*) from ({mine})", {"suite": suite}).fetchall()
    places = con.execute(
        f"select distinct device, threads, versions from jobs where phase <> 'score' and job in ({mine}) order by all",
        {"suite": suite},
    ).fetchall()
    ended = con.execute(f"select max(started) from jobs where job in ({mine})", {"suite": suite}).fetchall()
    masked = con.execute("select target, count(*) from masked where suite = ? group by all order by all", [suite])
    return {
        "masked": dict(masked.fetchall()),
        "compared_since": _compared_since(con, suite),
        "version": importlib.metadata.version("stiltbench"),
        "ended": _iso(ended[0][0]) if ended[0][0] else "",
        "planned": planned[0][0],
        "phases": [
            dict(zip(("phase", "jobs", "seconds", "tokens", "tokens_per_second"), r, strict=True)) for r in sums
        ],
        "places": [{"device": d, "threads": t, "versions": json.loads(v)} for d, t, v in places],
    }


def _compared_since(con: duckdb.DuckDBPyConnection, suite: str) -> dict[str, str]:
    """Return for each contrast since when scores of both its arms stood side by side, in any of its targets."""
    rows = con.execute(
        """with scored as (
               select c.arm, c.target, min(j.started) as since from cells c join jobs j on j.job = c.job
               where c.suite = $suite and c.phase = 'score' group by all
           ), asked as (select contrast, a, b, unnest(targets) as target from contrasts where suite = $suite)
           select contrast, min(greatest(a.since, b.since)) from asked
           join scored a on a.arm = asked.a and a.target = asked.target
           join scored b on b.arm = asked.b and b.target = asked.target group by contrast order by contrast""",
        {"suite": suite},
    ).fetchall()
    return {contrast: _iso(since) for contrast, since in rows}


def write(results: Results, path: Path) -> None:
    """Write the one file that a page is rendered from: example values without any text, and what is declared."""
    rows = results.con.sql(
        f"select {COLUMNS} from results order by target, metric, direction, layer, arm, seed, language, id"
    ).to_arrow_table()
    meta = {
        "format": FORMAT,
        "suite": msgspec.to_builtins(results.suite),
        "hash": results.hash,
        "seen": [[arm, target, code, what] for (arm, target), m in results.seen.items() for code, what in m.items()],
        "declared": results.declared,
        "facts": results.facts,
    }
    kept = rows.replace_schema_metadata({b"stiltbench": json.dumps(meta).encode()})
    plain = {c for c in kept.column_names if kept.schema.field(c).type in (pa.string(), pa.int64(), pa.int32())}
    pq.write_table(kept, path, compression="zstd", compression_level=19, use_dictionary=sorted({*plain, "value"}))


def from_file(path: Path) -> Results:
    """Return the results that a published file holds."""
    if not path.is_file():
        raise UserError(f"{path}: no such file; name a leaderboard's results.parquet")
    try:
        meta = json.loads((pq.read_schema(path).metadata or {})[b"stiltbench"])
    except (KeyError, pa.ArrowInvalid):
        raise UserError(f"{path}: not a leaderboard's results.parquet") from None
    if meta["format"] > FORMAT:
        raise UserError(f"{path}: written by a newer stiltbench (format {meta['format']}); upgrade stiltbench")
    con = duckdb.connect()
    quoted = str(path).replace("'", "''")
    con.execute(f"create view results as select * from read_parquet('{quoted}')")
    suite = msgspec.convert(meta["suite"], Suite)
    seen = _nested([tuple(row) for row in meta["seen"]])
    return Results(con, suite, meta["hash"], seen, meta["declared"], meta["facts"])
