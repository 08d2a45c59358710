"""What a page says of a suite's jobs beside their scores: how many, on what, what was left out, what dev chose."""

from __future__ import annotations

import importlib.metadata
import json
from datetime import datetime
from typing import Any

import duckdb

from harness.plan import TRAINING
from harness.record import left_out
from harness.score.translation import METRICS
from harness.store import Store


def iso(time: datetime) -> str:
    """Return a time as pages and files say it, to the second."""
    return time.isoformat(timespec="seconds")


def facts(con: duckdb.DuckDBPyConnection, store: Store, suite: str) -> dict[str, Any]:
    """Return all that a page says of a suite's jobs; what few suites have stands there only where they have it."""
    return _jobs(con, suite) | {name: value for name, value in _more(con, store, suite).items() if value}


def _jobs(con: duckdb.DuckDBPyConnection, suite: str) -> dict[str, Any]:
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
    errata = con.sql("select * exclude (suite) from errata where suite = $suite order by all", params={"suite": suite})
    return {
        "masked": dict(masked.fetchall()),
        "errata": errata.to_arrow_table().to_pylist(),
        "compared_since": _compared_since(con, suite),
        "version": importlib.metadata.version("stiltbench"),
        "ended": iso(ended[0][0]) if ended[0][0] else "",
        "planned": planned[0][0],
        "phases": [
            dict(zip(("phase", "jobs", "seconds", "tokens", "tokens_per_second"), r, strict=True)) for r in sums
        ],
        "places": [{"device": d, "threads": t, "versions": json.loads(v)} for d, t, v in places],
    }


def _more(con: duckdb.DuckDBPyConnection, store: Store, suite: str) -> dict[str, Any]:
    """Return what a smoke left out, the models that dev chose, and the signatures of another program's metrics."""
    missing = [
        {"place": m.where, "data": m.data, "reason": "no data here" if m.reason.startswith(f"{m.data}: ") else m.reason}
        for m in left_out(store, suite)
    ]
    cells = con.execute(
        "select distinct target, phase, job from cells where suite = $suite and phase in $phases order by all",
        {"suite": suite, "phases": list(TRAINING)},
    ).fetchall()
    chosen = [_chosen(target, phase, store.job(job)) for target, phase, job in cells if store.done(job)]
    scored = con.execute(
        """select distinct versions from jobs join cells using (job)
           where suite = $suite and cells.phase = 'score' and versions is not null""",
        {"suite": suite},
    ).fetchall()
    signed = {name: said for (row,) in scored for name, said in json.loads(row).items() if name in METRICS}
    return {"missing": missing, "selected": [row for row in chosen if row], "signatures": signed}


def _chosen(target: str, phase: str, job: dict[str, Any]) -> dict[str, Any] | None:
    """Return how a training chose its model, of how many checks, its score on dev, and whether it was the last one."""
    scores = [score for _, score in job.get("checked", [])]
    there = [score for score in scores if score is not None]
    if not there:
        return None
    last = scores.index(max(there)) == len(scores) - 1
    place = {"target": target, "phase": phase, "how": job["spec"]["select"]["how"]}
    return place | {"checks": len(scores), "score": max(there), "last": last}


def _compared_since(con: duckdb.DuckDBPyConnection, suite: str) -> dict[str, str]:
    """Return for each contrast since when both its arms were being predicted with, in any of its targets.

    Scores can be made again, and later, from what was predicted then.
    """
    rows = con.execute(
        """with scored as (
               select c.arm, c.target, min(coalesce(p.started, j.started)) as since
               from cells c join jobs j on j.job = c.job left join jobs p on p.job = j.parent
               where c.suite = $suite and c.phase = 'score' group by all
           ), asked as (select contrast, a, b, unnest(targets) as target from contrasts where suite = $suite)
           select contrast, min(greatest(a.since, b.since)) from asked
           join scored a on a.arm = asked.a and a.target = asked.target
           join scored b on b.arm = asked.b and b.target = asked.target group by contrast order by contrast""",
        {"suite": suite},
    ).fetchall()
    return {contrast: iso(since) for contrast, since in rows}
