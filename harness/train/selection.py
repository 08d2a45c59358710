"""How good a model under training is on dev: what a phase that keeps its best and not its last is asked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from torch import nn

from harness.data.cards import dataset_card
from harness.rows import tested
from harness.score import metrics
from harness.score.score import headline_metric, score, scorers
from harness.store import Spec
from harness.train.ground import Ground
from harness.train.kinds import predictions, table


def dev_score(ground: Ground, spec: Spec, heads: dict[str, nn.Module], data: Path | None) -> Callable[[], float]:
    """Return what asks a training job's model all its dev sets and gives the mean of their languages' scores."""
    parts = []
    for test in spec["select"]["tests"]:
        first = next(part for part in spec["tasks"] if part["head"] == test["head"])
        rows, head = tested({**test, "limit": spec["select"].get("limit")}, data), heads[test["head"]]
        parts.append((test, rows, table.TASKS[test["kind"]](ground, rows, first["labels"], head, **test["task"])))

    def check() -> float:
        scores: list[float] = []
        for test, rows, task in parts:
            card = dataset_card(test["data"]["dataset"])
            said = predictions.table("dev", rows, task.say())
            scored = score(said, rows, test["kind"], card.labels, "dev")
            scores += _by_language(scored, headline_metric(card.metric, set(scorers(test["kind"], card.labels))))
        return float(np.mean(scores))

    return check


def _by_language(scored: pa.Table, metric: str) -> list[float]:
    """Return the score of each language in a metric."""
    mine = scored.filter(pc.equal(scored["metric"], metric))
    spoken = np.asarray(mine["language"].to_pylist())
    if not mine["value"].null_count:
        values = mine["value"].to_numpy()
        return [float(values[spoken == code].mean()) for code in np.unique(spoken)]
    stats = np.asarray(mine["stats"].to_pylist())
    return [float(metrics.of_counts(metric, stats[spoken == code].sum(0))) for code in np.unique(spoken)]
