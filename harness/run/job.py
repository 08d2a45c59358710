"""One job, by its key: the unit that a runner, a cluster's task and a person at a prompt all run the same way."""

from __future__ import annotations

import json
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from harness.data import adapt, cards, errata
from harness.errors import UserError, unknown
from harness.lease import leased
from harness.models.find import Model, find
from harness.plan import TRAINING
from harness.score import gold
from harness.score.score import score
from harness.score.translation import signatures
from harness.store import Spec, Store

Tick = Callable[[int, int], None]

WAIT_SECONDS = 1.0
"""How often somebody who waits for another runner looks whether it is done."""


def job(store: Store, key: str, data: Path | None = None) -> str | None:
    """Run one planned job of a store, unless it is done; its parents must be. Return why it failed, or None.

    Where another runner is at it, wait what comes of that.

    :raises UserError: for a key that no suite planned here, and for parents that are not done
    """
    while not _stands(store, key):
        planned = store.planned(key)
        if planned is None:
            raise unknown("planned job", key, store.planned_keys(), store.place)
        spec = planned["spec"]
        if spec["parent"] and not store.done(spec["parent"]):
            raise UserError(
                f"{store.place}: job {key} starts from {spec['parent']}, which is not done; run that one first"
            )
        with leased(store, key) as ours:
            if ours and not _stands(store, key):
                return attempt(store, find(planned["model"]), data, key, spec, lambda *_: None)
        time.sleep(WAIT_SECONDS)
    return None


def _stands(store: Store, key: str) -> bool:
    """Tell whether a job is done, with its weights where they were dropped and a planned job is to start from them."""
    if not store.done(key):
        return False
    if store.job(key)["phase"] not in TRAINING or store.has_weights(key):
        return True
    planned = ((child, store.planned(child)) for child in store.planned_keys())
    return all(store.done(child) for child, found in planned if found and found["spec"]["parent"] == key)


def attempt(store: Store, model: Model, data: Path | None, key: str, spec: Spec, tick: Tick) -> str | None:
    """Run one job; return why it failed, or None. What a person can mend is raised.

    A failure leaves its log in the store's work folder; a later success takes it away.
    """
    log = store.failure_log(key)
    try:
        if spec["phase"] == "score":
            score_job(store, data, key, spec)
        else:
            _execute(store, model, data, key, spec, tick)
    except UserError:
        raise
    except Exception as e:
        store.write({log: traceback.format_exc().encode()})
        return f"{type(e).__name__}: {str(e).splitlines()[0] if str(e) else 'no message'} (log: {log})"
    store.discard(log)
    return None


def _execute(store: Store, model: Model, data: Path | None, key: str, spec: Spec, tick: Tick) -> None:
    try:
        from harness.train.execute import Bench, execute
    except ModuleNotFoundError as e:
        raise UserError(f"{spec['phase']}: {e.name} is not installed; pip install 'stiltbench[train]'") from None
    execute(Bench(store, model, data), key, spec, tick)


def score_job(store: Store, data: Path | None, key: str, spec: Spec) -> None:
    """Score the predictions of a job's parent. Needs no model and no torch."""
    started, began = datetime.now(UTC), time.monotonic()
    part = spec["data"]
    asked = [("language", "in", list(part["languages"]))]
    predictions = pq.read_table(store.folder(spec["parent"]) / "predictions.parquet", filters=asked)
    if "errata" in spec:
        predictions = errata.applied([errata.Mark(*mark) for mark in spec["errata"]], predictions)
    parent = store.job(spec["parent"])
    predicted = parent["spec"]
    kind = "mined" if "tune" in predicted["task"] else predicted["kind"]
    labels = cards.dataset_card(part["dataset"]).labels
    examples = _with_gold(kind, part, predicted["task"], data)
    with store.finishing(key) as made:
        table = score(predictions, examples, kind, labels, key)
        pq.write_table(table, made / "example_scores.parquet", compression="zstd")
        row = {
            **dict.fromkeys(("seed", "tokens_per_second", "padding", "flops")),
            "job": key,
            "phase": "score",
            "parent": spec["parent"],
            "model": parent["model"],
            "data": msgspec.json.encode(part).decode(),
            "started": started.replace(tzinfo=None).isoformat(),
            "seconds": time.monotonic() - began,
            "device": "cpu",
            "threads": 1,
            "examples": len(predictions),
            "tokens": 0,
            "versions": json.dumps({"pyarrow": pa.__version__} | (signatures() if kind == "translation" else {})),
        }
        (made / "job.json").write_bytes(msgspec.json.encode({**row, "spec": spec}))


def _with_gold(kind: str, part: Spec, task: Spec, data: Path | None) -> pa.Table:
    """Read what the gold of a kind is taken from: the tested languages, and the pivot where it is read as well."""
    asked = {part["dataset"]: set(part["languages"])}
    if kind in gold.PIVOTED:
        asked.setdefault(task.get("pivot_data", part["dataset"]), set()).add(task["pivot"])
    columns = ["language", "id", *filter(None, [gold.COLUMNS.get(kind)])]
    tables = [adapt.adapted(name, data=data).rows(part["split"], codes, columns) for name, codes in asked.items()]
    return pa.concat_tables(tables)
