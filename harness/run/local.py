"""Runs a plan's jobs in this process. What is done is what the store holds, nothing else.

Several runners may work on one store: each takes the lease of a job before it runs it, passes over jobs that another
holds, and waits for those at the end.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

from harness.inventory import named
from harness.lease import held, leased
from harness.plan import Plan, make_plan
from harness.record import record, recorded
from harness.run.job import attempt
from harness.run.progress import Progress, reporting, step
from harness.store import Spec, Store
from harness.suite import Suite

WAIT_SECONDS = 1.0
"""How often a runner that has nothing left looks whether the others are done."""

GIVE_UP_ROUNDS = 5
"""Rounds without work here and without a runner elsewhere after which what is left is given up."""


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
    with step(f"planning {suite.name}", quiet):
        plan = make_plan(suite, store, data)
        record(plan, store)
    todo = plan.todo if only is None else plan.todo_of(only)
    out = Ran(found=len(plan.jobs) - len(plan.todo))
    with reporting(len(todo), quiet or not todo) as progress:
        idle = 0
        while todo:
            left = [key for key in todo if not _settle(plan, store, data, key, out, progress)]
            idle = idle + 1 if left == todo and not held(store) else 0
            if idle == GIVE_UP_ROUNDS:
                out.failed |= dict.fromkeys(left, "waits for a job that nobody works on; run again")
                break
            if left == todo:
                time.sleep(WAIT_SECONDS)
            todo = left
    if not (out.failed or only or suite.keep_weights):
        _drop_weights(plan, store)
    out.seconds = time.monotonic() - began
    return out


def _settle(plan: Plan, store: Store, data: Path | None, key: str, out: Ran, progress: Progress) -> bool:
    """Run a job if nothing stands in its way; tell whether it is behind us: done, here or elsewhere, or failed."""
    spec = plan.jobs[key]
    if spec["parent"] in out.failed:
        out.failed[key] = f"its parent {spec['parent']} failed"
        progress.finish()
        return True
    if not (_stands(plan, store, key) or _parent_ready(store, spec)):
        return False  # another runner is at it
    with leased(store, key) as ours:
        if not ours:
            return False
        if _stands(plan, store, key):
            out.found += 1
        else:
            progress.start(f"{spec['phase']} {key}")
            reason = attempt(store, plan.model, data, key, spec, progress.tick)
            if reason:
                out.failed[key] = reason
            else:
                out.did.append(key)
        progress.finish()
        return True


def _stands(plan: Plan, store: Store, key: str) -> bool:
    return store.done(key) and (key not in plan.reopened or store.weights(key).is_file())


def _parent_ready(store: Store, spec: Spec) -> bool:
    parent = spec["parent"]
    return parent is None or (store.done(parent) and (spec["phase"] == "score" or store.weights(parent).is_file()))


def _drop_weights(plan: Plan, store: Store) -> None:
    """Remove the weights of targets whose predictions stand, unless some suite of the store keeps them."""
    keepers = [name for name in store.suites() if recorded(store, name).keep_weights]
    kept = {key for name in keepers for key in named(store, name)}
    for key, spec in plan.jobs.items():
        if spec["phase"] == "target" and key not in kept:
            store.weights(key).unlink(missing_ok=True)
