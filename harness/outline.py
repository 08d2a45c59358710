"""What a plan amounts to: jobs, rows and languages by arm and target, and what each arm reads by task and language."""

from __future__ import annotations

from collections import Counter
from typing import Any

from harness.plan import INTERMEDIATE, TRAINING, Plan
from harness.store import Spec


def outline(plan: Plan) -> list[dict[str, Any]]:
    """Return a row per arm and target: jobs, how many are done, what is read, how many languages stay unseen.

    ``shared`` are the jobs that fill another arm's cells too. Rows still to train on count every epoch; arms that share
    a job each count it, the last row counts it once. Cells that have no data here come after the others, and are
    counted.
    """
    arms: dict[str, set[str]] = {}
    for cell in plan.cells:
        arms.setdefault(cell.job, set()).add(cell.arm)
    rows = []
    for arm in plan.suite.arms:
        for target in dict.fromkeys(cell.target for cell in plan.cells if cell.arm == arm):
            own = {c.job for c in plan.cells if c.arm == arm and c.target == target}
            seen = {code: what for a, t, code, what in plan.seen if (a, t) == (arm, target)}
            rows.append(
                {
                    "arm": arm,
                    "target": target,
                    "jobs": len(own),
                    "shared": sum(len(arms[job]) > 1 for job in own),
                    "done": len(own & plan.done),
                    "rows to train on": _rows_of(plan, own, TRAINING),
                    "rows to predict": _rows_of(plan, own, ("predict",)),
                    **_intermediate(plan, arm),
                    "masked": sum(row[0] == target for row in plan.masked),
                    "unseen": sum(what is None for what in seen.values()) if seen else None,
                    **({"no data here": 0} if plan.absent else {}),
                }
            )
    rows += [{"arm": arm, "target": target, "jobs": 0, "no data here": 1} for arm, target in plan.absent]
    everything = set(plan.jobs)
    total = {
        "arm": "(all)",
        "target": "(all)",
        "jobs": len(plan.jobs),
        "shared": sum(len(named) > 1 for named in arms.values()),
        "done": len(plan.done),
        "rows to train on": _rows_of(plan, everything, TRAINING),
        "rows to predict": _rows_of(plan, everything, ("predict",)),
        **({"no data here": len(plan.absent)} if plan.absent else {}),
    }
    return [*rows, total]


def mixes(plan: Plan) -> list[dict[str, Any]]:
    """Return a row per arm, phase, task and language: how many rows the arm reads there, once each, in which head."""
    rows = []
    for arm in plan.suite.arms:
        for spec in _read(plan, arm):
            for task in spec["tasks"]:
                spoken = Counter(plan.draws[task["draw"]]["language"].to_pylist())
                place = {"arm": arm, "phase": spec["phase"], "task": task["kind"], "data": task["data"]["dataset"]}
                place |= {"head": task["head"], "steps": spec["recipe"]["steps"]}
                rows += [{**place, "language": code, "rows": n} for code, n in sorted(spoken.items())]
    return rows


def _read(plan: Plan, arm: str) -> list[Spec]:
    """Return what an arm trains on before its targets, in its first seed."""
    cells = (c for c in plan.cells if c[:3] == (arm, INTERMEDIATE, plan.suite.seeds[0]) and c.phase in TRAINING)
    return [plan.jobs[cell.job] for cell in cells]


def _intermediate(plan: Plan, arm: str) -> dict[str, int]:
    """Count what an arm reads before its targets: rows, tasks, languages and scripts."""
    tasks = [task for spec in _read(plan, arm) for task in spec["tasks"]]
    codes = {code for task in tasks for code in task["data"]["languages"]}
    return {
        "intermediate rows": sum(len(plan.draws[task["draw"]]) for task in tasks),
        "of tasks": len(tasks),
        "in languages": len(codes),
        "in scripts": len({code.partition("_")[2] for code in codes}),
    }


def _rows_of(plan: Plan, keys: set[str], phases: tuple[str, ...]) -> int:
    """Count the examples that the missing ones of some jobs will read, over all their epochs."""
    return sum(plan.rows[key] for key in keys - plan.done if plan.jobs[key]["phase"] in phases)
