"""One training phase: AdamW over the layers that learn and a new head, resumable to the same bytes.

Batches are a pure function of (seed, epoch), and what chance a step has (dropout) is seeded by (seed, step); so a
phase that was cut off needs only weights and optimizer to go on as if nothing had happened.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import nn

from harness.store import Spec
from harness.train import device, heads
from harness.train.batches import Indices, padding, training_batches
from harness.train.encoder import Encoder, Tensors
from harness.train.files import saving
from harness.train.states import Inputs, Tick

CHECKPOINT_SECONDS = 60.0
"""Most work, in seconds, that a kill can cost inside a phase."""


class TrainingFailed(Exception):
    """A run that cannot go on, with what is known of it: the run fails, nobody's input is wrong."""


@dataclass
class Trainee:
    """What one phase trains: an encoder, a head on it, what they read and the gold."""

    encoder: Encoder
    head: nn.Linear
    inputs: Inputs
    gold: torch.Tensor
    """Classes [n], or tags [tokens] end to end."""
    pooling: str
    tagged: bool

    def loss(self, batch: Indices) -> torch.Tensor:
        """Return the mean loss of a batch of texts."""
        values, mask = self.inputs.batch(batch)
        states = self.encoder(values, mask)[-1]
        if not self.tagged:
            gold = self.gold[torch.from_numpy(batch)].to(states.device)
            return heads.loss(self.head(heads.pool(states, mask, self.pooling)), gold)
        starts = torch.from_numpy(self.inputs.encoded.starts[:-1][batch])[:, None]
        at = (starts + torch.arange(mask.shape[1])).clamp_(max=len(self.gold) - 1)
        gold = self.gold[at].to(states.device).masked_fill(~mask, heads.IGNORED)
        return heads.loss(self.head(states), gold)


@dataclass
class Trained:
    """What a phase did: the curve by step, real tokens, padding and seconds of model time."""

    losses: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    tokens: int = 0
    examples: int = 0
    padding: float = 0.0
    seconds: float = 0.0


def train(trainee: Trainee, learning: Tensors, spec: Spec, resume: Path, tick: Tick) -> Trained:
    """Train by the spec's recipe and seed; ``learning`` are the encoder's tensors that learn, by full name.

    ``resume`` is a folder for checkpoints of a phase under way; what stands in it is gone on from. A loss that is not
    finite raises :class:`TrainingFailed` with its step.
    """
    recipe, seed = spec["recipe"], spec["seed"]
    lengths = trainee.inputs.encoded.lengths
    epochs = [training_batches(lengths, recipe["batch_tokens"], seed, e) for e in range(recipe["epochs"])]
    batches = [batch for epoch in epochs for batch in epoch]
    tensors = learning | {f"head.{name}": tensor for name, tensor in trainee.head.named_parameters()}
    optimizer = torch.optim.AdamW(tensors.values(), weight_decay=recipe["weight_decay"], fused=True)
    done = _Checkpoint(resume, tensors, optimizer)
    out = done.load()
    trainee.encoder.train()
    saved = time.monotonic()
    for step in range(len(out.losses), len(batches)):
        began = time.monotonic()
        rate = learning_rate(step, len(batches), recipe["learning_rate"], recipe["warmup"])
        out.losses.append(_step(trainee, optimizer, batches[step], rate, spec, step))
        out.rates.append(rate)
        out.seconds += time.monotonic() - began
        tick(step + 1, len(batches))
        if time.monotonic() - saved > CHECKPOINT_SECONDS and step + 1 < len(batches):
            done.save(out)
            saved = time.monotonic()
    out.tokens = int(sum(lengths[b].sum() for b in batches))
    out.examples = sum(len(b) for b in batches)
    out.padding = padding(lengths, batches)
    return out


def learning_rate(step: int, steps: int, peak: float, warmup: float) -> float:
    """Return the rate of a 0-based step: linear up over the first ``warmup`` share, then linear down to zero."""
    rising = max(1, round(steps * warmup))
    if step < rising:
        return peak * (step + 1) / rising
    return peak * (steps - step) / max(1, steps - rising)


def _step(trainee: Trainee, optimizer: torch.optim.AdamW, batch: Indices, rate: float, spec: Spec, step: int) -> float:
    """Take one optimizer step and return the loss before it."""
    torch.manual_seed(spec["seed"] * 1_000_003 + step)
    for group in optimizer.param_groups:
        group["lr"] = rate
    with device.computing(spec["precision"]):
        loss = trainee.loss(batch)
    if not torch.isfinite(loss):
        raise TrainingFailed(
            f"loss is {loss.item()} at step {step + 1} (learning rate {rate:.2g}); lower learning_rate"
        )
    optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_([p for g in optimizer.param_groups for p in g["params"]], 1.0)
    optimizer.step()
    return float(loss.detach())


class _Checkpoint:
    """Weights, optimizer and curve of a phase under way, in one safetensors file that is replaced whole."""

    def __init__(self, folder: Path, tensors: Tensors, optimizer: torch.optim.AdamW) -> None:
        self.path = folder / "phase.safetensors"
        self.tensors = tensors
        self.optimizer = optimizer

    def save(self, out: Trained) -> None:
        state = {f"weight/{name}": tensor.detach() for name, tensor in self.tensors.items()}
        for name, tensor in self.tensors.items():
            for moment in ("exp_avg", "exp_avg_sq", "step"):
                state[f"{moment}/{name}"] = self.optimizer.state[tensor][moment]
        state["losses"] = torch.tensor(out.losses, dtype=torch.float64)
        state["rates"] = torch.tensor(out.rates, dtype=torch.float64)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.path.with_suffix(f".{os.getpid()}")
        with saving():
            save_file({n: t.contiguous().clone() for n, t in state.items()}, fresh, {"seconds": repr(out.seconds)})
        fresh.replace(self.path)

    def load(self) -> Trained:
        if not self.path.is_file():
            return Trained()
        state = load_file(self.path)
        with safe_open(self.path, framework="pt") as file:
            seconds = float(file.metadata()["seconds"])
        with torch.no_grad():
            for name, tensor in self.tensors.items():
                tensor.copy_(state[f"weight/{name}"])
                moments = ("exp_avg", "exp_avg_sq", "step")
                self.optimizer.state[tensor] = {m: state[f"{m}/{name}"].to(tensor.device) for m in moments}
        return Trained(state["losses"].tolist(), state["rates"].tolist(), seconds=seconds)
