"""What a plan amounts to: jobs, rows and languages by arm and target."""

from __future__ import annotations

from typing import Any

from harness.plan import INTERMEDIATE, Plan


def outline(plan: Plan) -> list[dict[str, Any]]:
    """Return a row per arm and target: jobs, how many are done, what is read, how many languages stay unseen.

    Rows still to train on count every epoch; arms that share a job each count it, the last row counts it once.
    """
    rows = []
    for arm in plan.suite.arms:
        for target in dict.fromkeys(cell.target for cell in plan.cells if cell.arm == arm):
            jobs = {c.job for c in plan.cells if c.arm == arm and c.target in (target, INTERMEDIATE)}
            own = {c.job for c in plan.cells if c.arm == arm and c.target == target}
            seen = {code: what for a, t, code, what in plan.seen if (a, t) == (arm, target)}
            drawn = [plan.jobs[j]["draw"] for j in jobs if plan.jobs[j]["phase"] == "intermediate"]
            rows.append(
                {
                    "arm": arm,
                    "target": target,
                    "jobs": len(own),
                    "done": len(own & plan.done),
                    "rows to train on": _rows_of(plan, own, ("intermediate", "target")),
                    "rows to predict": _rows_of(plan, own, ("predict",)),
                    "intermediate rows": len(plan.draws[drawn[0]]) if drawn else 0,
                    "in languages": len(set(plan.draws[drawn[0]]["language"].to_pylist())) if drawn else 0,
                    "masked": sum(row[0] == target for row in plan.masked),
                    "unseen": sum(what is None for what in seen.values()) if seen else None,
                }
            )
    everything = set(plan.jobs)
    total = {
        "arm": "(all)",
        "target": "(all)",
        "jobs": len(plan.jobs),
        "done": len(plan.done),
        "rows to train on": _rows_of(plan, everything, ("intermediate", "target")),
        "rows to predict": _rows_of(plan, everything, ("predict",)),
    }
    return [*rows, total]


def _rows_of(plan: Plan, keys: set[str], phases: tuple[str, ...]) -> int:
    """Count the examples that the missing ones of some jobs will read, over all their epochs."""
    return sum(plan.rows[key] for key in keys - plan.done if plan.jobs[key]["phase"] in phases)
