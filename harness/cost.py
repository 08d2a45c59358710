"""What is left of a plan costs: tokens, hours at a stated throughput, disk and memory, by phase. An estimate."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.data import adapt
from harness.data.cards import model_card
from harness.models.find import Model
from harness.models.lengths import at_hand, lengths
from harness.plan import TRAINING, Plan
from harness.store import Spec

SAMPLE = 200
"""Rows of a split that are measured, in up to eight of its languages."""

WEIGHT = 4
"""Bytes of a weight; one that learns has a gradient and AdamW's two moments beside it."""

FORWARD = 1 / 3
"""What a token costs that is only read, of one that is trained on: one forward of what counts as three."""


def cost(plan: Plan, data: Path | None, tokens_per_second: float) -> list[dict[str, Any]]:
    """Return a row per phase, and one for all, of the jobs that are left: tokens, hours, GB of disk and of memory.

    ``tokens_per_second`` is the throughput of training. Tokens are rows by their mean length; where a phase counts
    steps, they are what its batches hold. Disk is that of the weights while the suite runs.
    """
    todo = {key: plan.jobs[key] for key in plan.todo}
    measure = _Measure(plan, data)
    rows: list[dict[str, Any]] = []
    for phase in (*TRAINING, "predict"):
        mine = {key: spec for key, spec in todo.items() if spec["phase"] == phase}
        tokens = sum(measure.tokens(key, spec) for key, spec in mine.items())
        recipes = [spec["recipe"] for spec in mine.values() if phase in TRAINING]
        learning = [_learning(plan.model, recipe["trainable_layers"]) for recipe in recipes]
        rows.append(
            {
                "phase": phase,
                "jobs": len(mine),
                "tokens": round(tokens),
                "hours": tokens * (FORWARD if phase == "predict" else 1) / tokens_per_second / 3600,
                "disk GB": sum(learning) * WEIGHT / 1e9,
                "memory GB": (_parameters(plan.model) + 3 * max(learning, default=0)) * WEIGHT / 1e9,
            }
        )
    rows = [row for row in rows if row["jobs"]]
    summed = {name: sum(row[name] for row in rows) for name in ("jobs", "tokens", "hours", "disk GB")}
    return [*rows, {"phase": "(all)", **summed, "memory GB": max((row["memory GB"] for row in rows), default=0.0)}]


class _Measure:
    """Counts the tokens of a plan's jobs, each split's lengths measured once."""

    def __init__(self, plan: Plan, data: Path | None) -> None:
        self.plan, self.data = plan, data
        self._lengths: dict[tuple[str, str], NDArray[np.int64]] = {}

    def tokens(self, key: str, spec: Spec) -> float:
        """Return the tokens that a job puts through the model."""
        if spec["phase"] == "predict":
            return self.plan.rows[key] * self._mean(spec, None)
        recipe = spec["recipe"]
        read = [(len(self.plan.draws[t["draw"]]), self._mean(t, recipe["max_length"])) for t in spec["tasks"]]
        more = spec.get("more", {})
        steps = (recipe["steps"] or 0) + more.get("steps", 0)
        epochs = sum(n * mean for n, mean in read) * (recipe["epochs"] or 0)
        return float(steps * recipe["batch_tokens"] + epochs + more.get("examples", 0) * read[0][1])

    def _mean(self, part: Spec, longest: int | None) -> float:
        """Return the mean length of a split's rows; what is read in windows or by choices is not cut."""
        place = part["data"]["dataset"], part["data"]["split"]
        if place not in self._lengths:
            self._lengths[place] = _lengths(self.plan.model, self.data, *place)
        if longest is None or part["kind"] in ("span", "choice"):
            return float(self._lengths[place].mean())
        return float(np.minimum(self._lengths[place], longest).mean())


def _lengths(model: Model, data: Path | None, name: str, split: str) -> NDArray[np.int64]:
    """Return the tokens of some rows of a split; without the model's tokenizer, four bytes of text are one."""
    found = adapt.adapted(name, data=data)
    spoken = sorted(language for s, language in found.parts if s == split)
    rows = found.rows(split, spoken[:: -(-len(spoken) // 8)])
    rows = rows.take(np.unique(np.linspace(0, len(rows) - 1, SAMPLE).astype(int)))
    if at_hand(model):
        return lengths(model, rows)
    texts = (row["text"] or " ".join(row["tokens"]) for row in rows.to_pylist())
    others = (" ".join([row["text_pair"] or "", *(row["choices"] or [])]) for row in rows.to_pylist())
    return np.asarray([2 + len(f"{a} {b}".encode()) // 4 for a, b in zip(texts, others, strict=True)], np.int64)


def _learning(model: Model, layers: int | str) -> int:
    """Return how many parameters learn: of the top layers, or all."""
    return _parameters(model) if layers == "all" else int(layers) * _layer(model)


def _layer(model: Model) -> int:
    """Return the parameters of a BERT-like layer whose feed-forward is four times as wide as its states."""
    return 12 * model.hidden**2 + 13 * model.hidden


def _parameters(model: Model) -> int:
    """Return a model's parameters: its layers and the embeddings of its vocabulary."""
    return model.layers * _layer(model) + _pieces(model) * model.hidden


def _pieces(model: Model) -> int:
    if model.path is not None:
        return int(json.loads((model.path / "config.json").read_text(encoding="utf-8"))["vocab_size"])
    found = re.search(r"([\d,]+) pieces", model_card(model.name).tokenizer)
    return int(found[1].replace(",", "")) if found else 0
