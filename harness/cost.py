"""What is left of a plan costs: tokens, hours at a stated throughput, disk and memory, and how soon it is done."""

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
from harness.schedule import longest_path, wall_time
from harness.store import Spec

SAMPLE = 200
"""Rows of a split that are measured, in up to eight of its languages."""

WEIGHT = 4
"""Bytes of a weight; one that learns has a gradient and AdamW's two moments beside it."""

FORWARD = 1 / 3
"""What a token costs that is only read, of one that is trained on: one forward of what counts as three."""

DEVICES = (1, 8, 64)
"""On how many devices it is simulated how long all takes."""


def cost(plan: Plan, data: Path | None, tokens_per_second: float) -> list[dict[str, Any]]:
    """Return a row per phase, and one for all, of the jobs that are left: tokens, hours, GB of disk and of memory.

    ``tokens_per_second`` is the throughput of training, and hours are those of devices. Tokens are rows by their mean
    length; where a phase counts steps, they are what its batches hold. Disk is that of the weights while the suite
    runs. The last rows are hours that pass: on the longest path, and on so many devices; scoring takes none.
    """
    todo = {key: plan.jobs[key] for key in plan.todo}
    measure = _Measure(plan, data)
    tokens = {key: measure.tokens(key, spec) for key, spec in todo.items() if spec["phase"] != "score"}
    hours = {
        key: n * (FORWARD if todo[key]["phase"] == "predict" else 1) / tokens_per_second / 3600
        for key, n in tokens.items()
    }
    rows: list[dict[str, Any]] = []
    for phase in (*TRAINING, "predict"):
        mine = {key: spec for key, spec in todo.items() if spec["phase"] == phase}
        recipes = [spec["recipe"] for spec in mine.values() if phase in TRAINING]
        learning = [_learning(plan.model, recipe) for recipe in recipes]
        rows.append(
            {
                "phase": phase,
                "jobs": len(mine),
                "tokens": round(sum(tokens[key] for key in mine)),
                "hours": sum(hours[key] for key in mine),
                "disk GB": sum(learning) * WEIGHT / 1e9,
                "memory GB": (_parameters(plan.model) + 3 * max(learning, default=0)) * WEIGHT / 1e9,
            }
        )
    rows = [row for row in rows if row["jobs"]]
    summed = {name: sum(row[name] for row in rows) for name in ("jobs", "tokens", "hours", "disk GB")}
    rows.append({"phase": "(all)", **summed, "memory GB": max((row["memory GB"] for row in rows), default=0.0)})
    return [*rows, *_passing({key: todo[key]["parent"] for key in hours}, hours)]


def _passing(parents: dict[str, str | None], hours: dict[str, float]) -> list[dict[str, Any]]:
    """Return a row for each way in which hours pass; none where there is nothing to do."""
    if not hours:
        return []
    passing = {"(longest path)": longest_path(parents, hours)}
    passing |= {f"(on {n} device{'s' * (n > 1)})": wall_time(parents, hours, n) for n in DEVICES}
    blank = dict.fromkeys(("jobs", "tokens", "disk GB", "memory GB"))
    return [{"phase": name, **blank, "hours": found} for name, found in passing.items()]


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
    rows = found.rows(split, spoken[:: -(-len(spoken) // 8)], ["text", "text_pair", "tokens", "choices"])
    rows = rows.take(np.unique(np.linspace(0, len(rows) - 1, SAMPLE).astype(int)))
    if at_hand(model):
        return lengths(model, rows)
    texts = (row["text"] or " ".join(row["tokens"]) for row in rows.to_pylist())
    others = (" ".join([row["text_pair"] or "", *(row["choices"] or [])]) for row in rows.to_pylist())
    return np.asarray([2 + len(f"{a} {b}".encode()) // 4 for a, b in zip(texts, others, strict=True)], np.int64)


def _learning(model: Model, recipe: Spec) -> int:
    """Return how many parameters learn: of the top layers, or all; or of adapters, as they are in a BERT-like layer."""
    top = recipe["trainable_layers"]
    if "lora" not in recipe:
        return _parameters(model) if top == "all" else int(top) * _layer(model)
    targets = recipe["lora"]["targets"] or ["query", "value"]
    ends = 18 if targets == "all-linear" else 2 * len(targets)
    return (model.layers if top == "all" else int(top)) * ends * model.hidden * int(recipe["lora"]["rank"])


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
