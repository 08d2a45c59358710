"""One training phase: AdamW over the layers that learn and the heads, resumable to the same bytes.

Steps are a pure function of (seed, epoch), and what chance a step has (dropout) is seeded by (seed, step); so a
phase that was cut off needs only weights and optimizer to go on as if nothing had happened.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import nn

from harness.store import Spec
from harness.train import device
from harness.train.batches import Indices, Step, padding, schedule
from harness.train.checkpoint import Checkpoint, Progress
from harness.train.encoder import Encoder, Tensors
from harness.train.kinds.task import Task
from harness.train.states import Tick

CHECKPOINT_SECONDS = 60.0
"""Most work, in seconds, that a kill can cost inside a phase."""


class TrainingFailed(Exception):
    """A run that cannot go on, with what is known of it: the run fails, nobody's input is wrong."""


@dataclass
class Phase:
    """What one phase trains: an encoder, the tasks on it, and every tensor that learns, by the name it is saved under.

    ``check`` scores the model on dev, where a phase keeps the best of what it was and not the last. ``rows`` is how
    many examples all tasks have, where these are not their units.
    """

    encoder: Encoder
    tasks: Sequence[Task]
    learning: Tensors
    check: Callable[[], float] | None = None
    rows: int = 0


@dataclass
class Trained:
    """What a phase did: its progress, units read, real tokens and padding."""

    progress: Progress
    steps: list[Step] = field(default_factory=list)
    tokens: int = 0
    padding: float = 0.0


def train(phase: Phase, spec: Spec, resume: Path, tick: Tick) -> Trained:
    """Train by the spec's recipe and seed; the learning tensors are left as they end, or as they were best on dev.

    ``resume`` is a folder for checkpoints of a phase under way; what stands in it is gone on from. A loss that is not
    finite raises :class:`TrainingFailed` with its step.
    """
    recipe, seed = spec["recipe"], spec["seed"]
    packed = phase.encoder.packs
    lengths = [task.tokens if packed else task.costs for task in phase.tasks]
    steps = schedule(lengths, recipe, seed, spec.get("more"), phase.rows, packed)
    optimizer = torch.optim.AdamW(phase.learning.values(), weight_decay=recipe["weight_decay"], fused=True)
    kept = Checkpoint(resume, phase.learning, optimizer)
    done = kept.load()
    out = Trained(done, steps)
    checks = _checks(len(steps), spec)
    phase.encoder.train()
    saved = time.monotonic()
    for step in range(len(done.losses), len(steps)):
        began = time.monotonic()
        rate = learning_rate(step, len(steps), recipe["learning_rate"], recipe["warmup"])
        done.losses.append(_step(phase, optimizer, out, rate, spec, kept))
        done.rates.append(rate)
        done.seconds += time.monotonic() - began
        if step + 1 in checks:
            _check(phase, done)
        tick(step + 1, len(steps))
        if time.monotonic() - saved > CHECKPOINT_SECONDS and step + 1 < len(steps):
            kept.save(done)
            saved = time.monotonic()
    _restore(phase.learning, done.best)
    out.tokens = sum(int(phase.tasks[t].tokens[units].sum()) for t, units in steps)
    out.padding = 0.0 if packed else padding([phase.tasks[t].costs[units] for t, units in steps], out.tokens)
    return out


def learning_rate(step: int, steps: int, peak: float, warmup: float) -> float:
    """Return the rate of a 0-based step: linear up over the first ``warmup`` share, then linear down to zero."""
    rising = max(1, round(steps * warmup))
    if step < rising:
        return peak * (step + 1) / rising
    return peak * (steps - step) / max(1, steps - rising)


def _step(phase: Phase, optimizer: torch.optim.AdamW, out: Trained, rate: float, spec: Spec, kept: Checkpoint) -> float:
    """Take one optimizer step and return the loss before it."""
    done, step = out.progress, len(out.progress.losses)
    for group in optimizer.param_groups:
        group["lr"] = rate
    which, units = out.steps[step]
    task = phase.tasks[which]
    while True:
        torch.manual_seed(spec["seed"] * 1_000_003 + step)
        optimizer.zero_grad(set_to_none=True)
        try:
            loss = sum(
                _backward(task, part, share, spec["precision"]) for part, share in _parts(task, units, done.parts)
            )
            break
        except torch.OutOfMemoryError:
            if done.parts >= len(units):
                raise
            done.parts *= 2  # no later step tries to do with fewer
    if not np.isfinite(loss):
        raise TrainingFailed(
            f"loss is {loss} at step {step + 1} (learning rate {rate:.2g}; last good checkpoint: {kept.where()}); "
            "lower learning_rate"
        )
    nn.utils.clip_grad_norm_([p for g in optimizer.param_groups for p in g["params"]], 1.0)
    optimizer.step()
    return float(loss)


def _parts(task: Task, units: Indices, count: int) -> list[tuple[Indices, float]]:
    """Cut a batch into parts, each with its share of the places that the mean of the loss is over."""
    if count == 1:
        return [(units, 1.0)]
    weights = task.weights[units]
    places = np.array_split(np.arange(len(units)), min(count, len(units)))
    # A part without gold is left out: its own mean is over nothing.
    return [(units[at], float(weights[at].sum() / weights.sum())) for at in places if weights[at].any()]


def _backward(task: Task, units: Indices, share: float, precision: str) -> float:
    """Add the gradients of a part of a batch; return its share of the loss."""
    with device.computing(precision):
        loss = task.loss(units) * share
    loss.backward()  # type: ignore[no-untyped-call]
    return float(loss.detach())


def _checks(steps: int, spec: Spec) -> set[int]:
    """Return after how many steps dev is scored: evenly often, and at the end."""
    times = spec["select"]["checks"] if "select" in spec else 0
    return {round(steps * (i + 1) / times) for i in range(times)}


def _check(phase: Phase, done: Progress) -> None:
    """Score the model on dev, and keep it if it is better than it ever was."""
    assert phase.check is not None
    phase.encoder.eval()
    score = phase.check()
    phase.encoder.train()
    if score > np.nanmax([-np.inf, *(old for _, old in done.checked)]):
        done.best = {name: tensor.detach().clone() for name, tensor in phase.learning.items()}
    done.checked.append((len(done.losses), score))


def _restore(learning: Tensors, best: Tensors) -> None:
    with torch.no_grad():
        for name, tensor in best.items():
            learning[name].copy_(tensor)
