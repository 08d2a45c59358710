"""How long questions about ten million example scores take: a query, a comparison and a whole page.

The store is made here, seeded and without a model: what it holds means nothing, only its size and shape do. A FLORES
retrieval in both directions and SIB topics, four arms, five seeds.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from harness import languages as lang
from harness import schema
from harness.analysis.compare import compare
from harness.analysis.named import named_queries
from harness.analysis.query import query
from harness.data.cards import dataset_card
from harness.models.find import find
from harness.plan import Cell, Plan
from harness.publish import publish
from harness.record import record
from harness.score import metrics
from harness.store import Store
from harness.suite_file import load

ROUNDS = 5
ITEMS = {"retrieval": 1012, "topic": 204}
GAINS = {"none": 0.0, "english": 0.02, "diverse": 0.05, "shuffled": 0.0}
"""Arm → what its probability of being right lies above the first arm's."""

SUITE = """
name = "size"
title = "Made up, for its size alone"
model = "tiny"
seeds = [0, 1, 2, 3, 4]
[recipes.r]
epochs = 1
batch_tokens = 64
learning_rate = 1e-3
trainable_layers = 1
[intermediate]
match = "items"
examples = 1000
recipe = "r"
[arms.none]
[arms.english]
mix = [{ data = "xnli", split = "dev", languages = ["eng_Latn"] }]
[arms.diverse]
mix = [{ data = "xnli", split = "dev", languages = ["swh_Latn", "rus_Cyrl", "hin_Deva"] }]
[arms.shuffled]
control = "shuffled-labels"
mix = [{ data = "xnli", split = "dev", languages = ["eng_Latn"] }]
[targets.retrieval]
test = [{ data = "flores200", split = "devtest" }]
pivot = "eng_Latn"
layers = [1]
[targets.topic]
train = { data = "sib200", languages = ["eng_Latn"] }
test = [{ data = "sib200", split = "test" }]
recipe = "r"
[[contrasts]]
name = "diverse over english"
a = "diverse"
b = "english"
targets = ["retrieval", "topic"]
role = "primary"
[[contrasts]]
name = "english over shuffled"
a = "english"
b = "shuffled"
targets = ["retrieval", "topic"]
role = "secondary"
"""


def measure(items: dict[str, int] = ITEMS, rounds: int = ROUNDS) -> list[dict[str, Any]]:
    """Return a row per question: example scores in the store, and the median seconds of ``rounds`` after a warm-up.

    ``items`` are the items of each target.
    """
    with tempfile.TemporaryDirectory() as folder:
        store = make_store(Path(folder), items)
        page = Path(folder) / "page"
        results = page / "results.parquet"
        by_family = named_queries()["gain_by_family"].sql
        questions: dict[str, Callable[[], object]] = {
            "query --named gain_by_family": lambda: query(by_family, store),
            "compare diverse english --target retrieval": lambda: _compare(store),
            "publish": lambda: publish("size", page, store),
            "publish --from": lambda: publish("size", Path(folder) / "again", None, results),
            "query --named gain_by_family --from": lambda: query(by_family, results),
        }
        rows = query("select count(*) from example_scores", store).fetchall()[0][0]
        return [
            {"question": name, "example_scores": rows, "seconds": _median(ask, rounds)}
            for name, ask in questions.items()
        ]


def _compare(store: Store) -> object:
    return compare(store, "size", "diverse", "english", target="retrieval")


def _median(ask: Callable[[], object], rounds: int) -> float:
    times = []
    for _ in range(rounds + 1):
        began = time.perf_counter()
        ask()
        times.append(time.perf_counter() - began)
    return statistics.median(times[1:])


def make_store(folder: Path, items: dict[str, int]) -> Store:
    """Return a store whose suite `size` has made-up scores of ``items`` items a target in all languages."""
    file = folder / "size.toml"
    file.write_text(SUITE, encoding="utf-8")
    suite, store = load(file), Store(folder / "store")
    plan = Plan(suite, find(suite.model, where=suite.name), list(lang.languages()))
    for target, declared in suite.targets.items():
        for arm in suite.arms:
            met = {*(m for mix in suite.arms[arm].mix for m in mix.languages), "eng_Latn"}
            codes = [code for code in plan.languages if code != declared.pivot]
            plan.seen += [(arm, target, c, "intermediate" if c in met else None) for c in codes]
            for seed in suite.seeds:
                test = declared.test[0]
                spec = {"phase": "score", "parent": None, "data": test.data, "arm": arm, "seed": seed}
                plan.cells.append(Cell(arm, target, seed, "score", plan.add(spec)))
    record(plan, store)
    for cell in plan.cells:
        _write_job(store, cell, items[cell.target])
    return store


def _write_job(store: Store, cell: Cell, n: int) -> None:
    rng = np.random.default_rng(int(cell.job, 16))
    made = _retrieved(rng, cell, n) if cell.target == "retrieval" else _classified(rng, cell, n)
    with store.finishing(cell.job) as folder:
        pq.write_table(made, folder / "example_scores.parquet", compression="zstd")
        row = dict.fromkeys(c.name for c in schema.columns("jobs")) | {
            "job": cell.job, "phase": "score", "model": "made up", "data": "{}", "started": "2026-01-02T03:04:05",
            "seconds": 1.0, "device": "none", "threads": 1, "examples": len(made), "tokens": 0, "versions": "{}",
            "spec": {},
        }  # fmt: skip
        (folder / "job.json").write_bytes(json.dumps(row).encode())


def _retrieved(rng: np.random.Generator, cell: Cell, n: int) -> pa.Table:
    """Return accuracies of every language but the pivot, item and direction."""
    codes = [code for code in lang.languages() if code != "eng_Latn"]
    chance = np.repeat(_chances(codes, cell.arm), 2 * n)
    right = rng.random(len(chance)) < chance
    place = {
        "dataset": "flores200",
        "split": "devtest",
        "language": (np.repeat(np.arange(len(codes)), 2 * n), codes),
        "other": "eng_Latn",
        "direction": (np.tile(np.repeat([0, 1], n), len(codes)), ["to", "from"]),
        "layer": pa.array([1] * len(chance), pa.int32()),
        "id": pa.array(np.tile(np.arange(n), 2 * len(codes))).cast(pa.string()),
    }
    return _table(cell.job, "accuracy", place, {"value": pa.array(right.astype(np.float64))})


def _classified(rng: np.random.Generator, cell: Cell, n: int) -> pa.Table:
    """Return accuracies and class counts of every language and item."""
    codes, labels = list(lang.languages()), dataset_card("sib200").labels
    gold = np.tile(np.random.default_rng(0).integers(0, len(labels), n), len(codes))
    right = rng.random(len(gold)) < np.repeat(_chances(codes, cell.arm), n)
    said = np.where(right, gold, (gold + 1) % len(labels))
    names = np.asarray(labels, object)
    counts = metrics.class_counts(names[gold].tolist(), names[said].tolist(), labels)
    offsets = np.arange(0, counts.size + 1, counts.shape[1], dtype=np.int32)
    stats = {"stats": pa.ListArray.from_arrays(offsets, counts.ravel())}
    place = {
        "dataset": "sib200",
        "split": "test",
        "language": (np.repeat(np.arange(len(codes)), n), codes),
        "id": pa.array(np.tile(np.arange(n), len(codes))).cast(pa.string()),
    }
    return pa.concat_tables(
        [
            _table(cell.job, "accuracy", place, {"value": pa.array(right.astype(np.float64))}),
            _table(cell.job, "macro_f1", place, stats),
            _table(cell.job, "balanced_accuracy", place, stats),
        ]
    )


def _chances(codes: list[str], arm: str) -> metrics.Floats:
    """Return each language's probability of being right: another for every family, and an arm's gain above."""
    base = [0.3 + 0.05 * (sum(lang.cluster(code).encode()) % 7) for code in codes]
    return np.asarray(base) + GAINS[arm]


def _table(job: str, metric: str, place: dict[str, Any], scored: dict[str, Any]) -> pa.Table:
    """Return example scores; a column is an array, a text that all rows share, or places among names."""
    given = {"job": job, "edition": "as-released", "metric": metric, **place, **scored}
    n = len(place["id"])
    wanted = schema.arrow("example_scores")
    return pa.table([_column(given.get(field.name), field.type, n) for field in wanted], schema=wanted)


def _column(given: Any, kind: pa.DataType, n: int) -> pa.Array:
    if given is None:
        return pa.nulls(n, kind)
    if isinstance(given, str):
        given = (np.zeros(n), [given])
    if isinstance(given, tuple):
        return pa.DictionaryArray.from_arrays(given[0].astype(np.int32), pa.array(given[1]))
    return given
