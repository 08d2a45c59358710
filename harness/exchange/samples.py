"""Every item that a store's suite was scored on, one by one: what was asked, what the model said, and its score.

In the words of Every Eval Ever's instance schema. What was asked is not in the store: it is read anew from the raw
files, by the ids of the predictions.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.analysis.results import Measure, Results
from harness.rows import tested
from harness.store import Store

ITEMS = """
    select m.dataset, m.split, m.metric, m.direction, m.layer, m.language, m.seed, m.id, m.value, p.prediction,
        concat_ws(chr(10), e.text, e.text_pair) as raw, e.choices,
        case when e.answers is not null then [a.text for a in e.answers] when e.label is not null then [e.label]
            else [m.id] end as reference
    from counted m
    join cells c on c.arm = m.arm and c.target = m.target and c.seed = m.seed and c.job = $job
    join predictions p on p.job = $job and p.dataset = m.dataset and p.split = m.split and p.language = m.language
        and p.id = m.id and p.direction is not distinct from m.direction and p.layer is not distinct from m.layer
    join asked e on e.language = if(m.direction = 'from', m.other, m.language) and e.id = m.id
    where m.arm = $arm and m.target = $target and m.value is not null
    order by m.seed, m.language, m.id, m.metric, m.direction, m.layer
"""
"""Retrieval asks in the language under test, or (direction `from`) in the pivot, for the sentence of the same id."""


def samples(
    results: Results, store: Store, arm: str, target: str, data: Path | None
) -> Iterator[tuple[Measure, str, dict[str, Any]]]:
    """Yield the measure, the language and the row of every item score of an arm on a target, in a fixed order.

    Metrics of a whole corpus have no score of an item, and no rows.

    :raises UserError: where the raw files are not at hand, or changed since the suite was planned
    """
    jobs = results.con.execute(
        "select job from cells where arm = ? and target = ? and phase = 'predict' group by job order by min(seed), job",
        [arm, target],
    ).fetchall()
    for (job,) in jobs:
        con = results.con.cursor()
        con.register("asked", tested(store.job(job)["spec"], data))
        found = con.sql(ITEMS, params={"job": job, "arm": arm, "target": target})
        for batch in found.to_arrow_reader():
            for row in batch.to_pylist():
                measure = Measure(target, *(row[name] for name in ("dataset", "split", "metric", "direction", "layer")))
                yield measure, row["language"], _row(row)


def _row(row: dict[str, Any]) -> dict[str, Any]:
    asked = {"raw": row["raw"], "reference": row["reference"]}
    canonical = json.dumps(asked, sort_keys=True, separators=(",", ":"))
    return {
        "sample_id": "/".join((row["language"], row["id"], *filter(None, [row["direction"]]))),
        "sample_hash": hashlib.sha256(canonical.encode()).hexdigest(),
        "interaction_type": "single_turn",
        "input": asked | {"choices": row["choices"]},
        "output": {"raw": [row["prediction"]]},
        "answer_attribution": [],
        "evaluation": {"score": row["value"], "is_correct": row["value"] == 1},
        "metadata": {"language": row["language"], "seed": str(row["seed"])},
    }
