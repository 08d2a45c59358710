"""Runs a plan's jobs one after the other in this process. What is done is what the store holds, nothing else."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from harness.data import adapt
from harness.errors import UserError
from harness.plan import Plan, make_plan
from harness.record import record
from harness.run.progress import reporting
from harness.score.score import score
from harness.store import Spec, Store
from harness.suite import Suite


@dataclass
class Ran:
    """What a run did: jobs done now, jobs found done, and those that failed, each with its reason."""

    did: list[str] = field(default_factory=list)
    found: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0


def run(suite: Suite, store: Store, data: Path | None = None, *, only: str | None = None, quiet: bool = False) -> Ran:
    """Bring a store to where it holds every job of a suite (or of its arm ``only``); a second call does nothing.

    A job that fails is named in ``failed``; what does not need it goes on.
    """
    began = time.monotonic()
    plan = make_plan(suite, store, data)
    record(plan, store)
    todo = plan.todo if only is None else plan.todo_of(only)
    out = Ran(found=len(plan.jobs) - len(plan.todo))
    with reporting(len(todo), quiet or not todo) as progress:
        for key in todo:
            spec = plan.jobs[key]
            progress.start(f"{spec['phase']} {key}")
            reason = _run_one(plan, store, data, key, progress.tick, out)
            if reason:
                out.failed[key] = reason
            else:
                out.did.append(key)
            progress.finish()
    if not (out.failed or only or suite.keep_weights):
        _drop_weights(plan, store)
    out.seconds = time.monotonic() - began
    return out


def _run_one(plan: Plan, store: Store, data: Path | None, key: str, tick: object, out: Ran) -> str | None:
    """Run one job; return why it failed, or None. Mistakes that a person can mend stop the whole run."""
    spec = plan.jobs[key]
    if spec["parent"] in out.failed:
        return f"its parent {spec['parent']} failed"
    if spec["phase"] == "score":
        score_job(store, data, key, spec)
        return None
    try:
        from harness.train.execute import Bench, execute
        from harness.train.loop import TrainingFailed
    except ModuleNotFoundError as e:
        raise UserError(f"{spec['phase']}: {e.name} is not installed; pip install 'stiltbench[train]'") from None
    try:
        execute(Bench(store, plan.model, data), key, spec, tick)  # type: ignore[arg-type]
    except TrainingFailed as e:
        return str(e)
    return None


def score_job(store: Store, data: Path | None, key: str, spec: Spec) -> None:
    """Score the predictions of a job's parent. Needs no model and no torch."""
    started, began = datetime.now(UTC), time.monotonic()
    part = spec["data"]
    predictions = pq.read_table(store.folder(spec["parent"]) / "predictions.parquet")
    adapted = adapt.adapted(part["dataset"], data=data, edition=part["edition"])
    examples = adapted.rows(part["split"], sorted(part["languages"]))
    with store.finishing(key) as made:
        table = score(predictions, examples, adapted.card, key)
        pq.write_table(table, made / "example_scores.parquet", compression="zstd")
        row = {
            **dict.fromkeys(("seed", "tokens_per_second", "padding", "flops")),
            "job": key,
            "phase": "score",
            "parent": spec["parent"],
            "model": store.job(spec["parent"])["model"],
            "data": msgspec.json.encode(part).decode(),
            "started": started.replace(tzinfo=None).isoformat(),
            "seconds": time.monotonic() - began,
            "device": "cpu",
            "threads": 1,
            "examples": len(predictions),
            "tokens": 0,
            "versions": json.dumps({"pyarrow": pa.__version__}),
        }
        (made / "job.json").write_bytes(msgspec.json.encode({**row, "spec": spec}))


def _drop_weights(plan: Plan, store: Store) -> None:
    """Remove the weights of targets whose predictions stand: a target's weights serve nothing else."""
    for key, spec in plan.jobs.items():
        if spec["phase"] == "target":
            (store.folder(key) / "model.safetensors").unlink(missing_ok=True)
