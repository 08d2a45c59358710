"""A store whose predictions were made up with a known effect: the whole road behind the model, and no model."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import numpy as np
import pyarrow as pa
import pytest

from harness import languages as lang
from harness import schema
from harness.analysis.compare import Comparer
from harness.analysis.results import Results, from_store
from harness.data import adapt
from harness.plan import Plan, make_plan
from harness.record import record
from harness.run.job import score_job
from harness.store import Store
from harness.suite import Suite
from harness.suite_file import load

SUITE = """
name = "planted"
title = "A planted effect"
model = "tiny"
seeds = [0, 1, 2]
precision = "fp32"
[recipes.r]
epochs = 1
batch_tokens = 64
learning_rate = 1e-3
trainable_layers = 1
[intermediate]
match = "items"
examples = 300
recipe = "r"
[arms.english]
mix = [{ data = "cldr_phrases", languages = ["eng_Latn"] }]
[arms.diverse]
mix = [{ data = "cldr_phrases", languages = ["rus_Cyrl", "arb_Arab", "hin_Deva"] }]
[arms.twin]
mix = [{ data = "cldr_phrases", languages = ["deu_Latn"] }]
[arms.all]
mix = [{ data = "cldr_phrases", languages = "all" }]
[targets.kind]
train = { data = "cldr_kind", languages = ["eng_Latn"] }
test = [{ data = "cldr_kind", split = "test" }]
recipe = "r"
[[contrasts]]
name = "diverse over english"
a = "diverse"
b = "english"
targets = ["kind"]
role = "primary"
[[contrasts]]
name = "twin over english"
a = "twin"
b = "english"
targets = ["kind"]
role = "secondary"
[[contrasts]]
name = "all over english"
a = "all"
b = "english"
targets = ["kind"]
role = "secondary"
"""

GAINS = {"diverse": {"Afro-Asiatic": 0.30, "": 0.12}, "twin": {"": 0.0}, "english": {"": 0.0}, "all": {"": 0.1}}
"""Arm → family (or all others) → true gain in the probability of being right."""


def true_gain(arm: str, code: str) -> float:
    """Return what was planted for an arm in a language."""
    return GAINS[arm].get(lang.cluster(code), GAINS[arm][""])


@pytest.fixture(scope="session")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Return a store with the suite `planted`, its predictions drawn with the gains of :data:`GAINS`."""
    folder = tmp_path_factory.mktemp("planted")
    file = folder / "planted.toml"
    file.write_text(SUITE, encoding="utf-8")
    store = Store(folder / "store")
    plan = make_plan(load(file), store)
    record(plan, store)
    arms = {cell.job: cell.arm for cell in plan.cells}
    for key in plan.todo:
        spec = plan.jobs[key]
        if spec["phase"] == "score":
            score_job(store, None, key, spec)
        else:
            _make_up(store, plan, key, arms[key])
    return store


@pytest.fixture(scope="session")
def comparer(planted: Store) -> Comparer:
    """Return the comparisons of the suite `planted`, whose values are read once for all tests."""
    return Comparer(from_store(planted, "planted"))


def _make_up(store: Store, plan: Plan, key: str, arm: str) -> None:
    spec = plan.jobs[key]
    with store.finishing(key) as made:
        if spec["phase"] == "predict":
            _write_predictions(made, spec, key, arm)
        row = dict.fromkeys(c.name for c in schema.columns("jobs")) | {
            "job": key, "phase": spec["phase"], "parent": spec["parent"], "model": "made up", "data": "{}",
            "seed": spec.get("seed"), "started": datetime.now(UTC).replace(tzinfo=None).isoformat(), "seconds": 1.0,
            "device": "none", "threads": 1, "examples": 0, "tokens": 0, "versions": "{}", "spec": spec,
        }  # fmt: skip
        (made / "job.json").write_bytes(msgspec.json.encode(row))


@cache
def _asked(codes: tuple[str, ...]) -> pa.Table:
    """Return the test's examples, the same for every arm and seed."""
    return adapt.adapted("cldr_kind").rows("test", codes)


def _write_predictions(made: Path, spec: dict[str, Any], key: str, arm: str) -> None:
    import pyarrow.parquet as pq

    rows = _asked(tuple(sorted(spec["data"]["languages"])))
    rng = np.random.default_rng(int(key, 16))
    labels = np.asarray(rows["label"].to_pylist())
    codes = rows["language"].to_pylist()
    base = {code: 0.4 + 0.2 * (sum(lang.cluster(code).encode()) % 7) / 7 for code in set(codes)}
    chance = {code: base[code] + true_gain(arm, code) for code in base}
    right = rng.random(len(codes)) < [chance[code] for code in codes]
    said = np.where(right, labels, np.where(labels == "place", "money", "place"))
    n = len(codes)
    columns = dict.fromkeys(schema.arrow("predictions").names, [None] * n)
    columns |= {name: rows[name].to_pylist() for name in columns if name in rows.column_names}
    columns |= {"job": [key] * n, "prediction": said.tolist()}
    fields = [(f, f.type.value_type if pa.types.is_dictionary(f.type) else f.type) for f in schema.arrow("predictions")]
    arrays = [pa.array(columns[f.name], plain).cast(f.type) for f, plain in fields]
    pq.write_table(pa.table(arrays, schema=schema.arrow("predictions")), made / "predictions.parquet")


Rows = list[tuple[str, int, str, str, float | None]]
"""(arm, seed, language, id, value)."""


@pytest.fixture
def results_of() -> Callable[..., Results]:
    """Return a maker of results from bare rows, for cases that no real run gives."""

    def make(rows: Rows, *, role: str = "primary", seen: dict[str, dict[str, str]] | None = None) -> Results:
        con = duckdb.connect()
        con.execute(
            "create table results (arm varchar, target varchar, seed bigint, dataset varchar, edition varchar, split "
            "varchar, language varchar, other varchar, direction varchar, layer integer, id varchar, block varchar, "
            "metric varchar, value double, stats double[])"
        )
        full = [
            (a, "t", s, "cldr_kind", "as-released", "test", c, None, None, None, i, None, "accuracy", v, None)
            for a, s, c, i, v in rows
        ]
        con.register("given", pa.table([pa.array(c) for c in zip(*full, strict=True)], [str(i) for i in range(15)]))
        con.execute("insert into results select * from given")
        arms = sorted({"a", "b"} | {r[0] for r in rows})
        target = {"test": [{"data": "cldr_kind", "split": "test"}], "recipe": "r"}
        raw = {
            "name": "bare", "title": "Bare", "model": "tiny", "seeds": sorted({r[1] for r in rows}),
            "arms": {arm: {} for arm in arms}, "targets": {"t": target},
            "contrasts": [{"name": "a over b", "a": "a", "b": "b", "targets": ["t"], "role": role}],
        }  # fmt: skip
        codes = {r[2] for r in rows}
        met = {(arm, "t"): {c: (seen or {}).get(arm, {}).get(c) for c in codes} for arm in arms}
        facts: dict[str, Any] = {"masked": {}, "compared_since": {}, "places": [], "phases": []}
        facts |= {"planned": 0, "version": "0", "ended": ""}
        return Results(con, msgspec.convert(raw, Suite), "0" * 12, met, {}, facts)

    return make
