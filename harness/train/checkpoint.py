"""A phase under way, in one safetensors file that is replaced whole."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from harness.train.encoder import Tensors
from harness.train.files import saving

MOMENTS = ("exp_avg", "exp_avg_sq", "step")
"""What AdamW keeps of each tensor."""


@dataclass
class Progress:
    """How far a phase is: its curve by step, seconds of model time, and what dev said after which step.

    ``parts`` is in how many a batch is cut for memory. ``best`` are the learning tensors when dev said most; empty
    where dev was not asked.
    """

    losses: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    seconds: float = 0.0
    parts: int = 1
    checked: list[tuple[int, float]] = field(default_factory=list)
    best: Tensors = field(default_factory=dict)


class Checkpoint:
    """Weights, optimizer and progress of a phase in its ``folder``."""

    def __init__(self, folder: Path, tensors: Tensors, optimizer: torch.optim.AdamW) -> None:
        self.path = folder / "phase.safetensors"
        self.tensors = tensors
        self.optimizer = optimizer
        self.step = 0

    def where(self) -> str:
        """Say which checkpoint stands, for a person."""
        return f"step {self.step} in {self.path}" if self.step else "none, the phase began less than a minute ago"

    def save(self, done: Progress) -> None:
        """Put the phase as it stands in place of its last checkpoint."""
        state = {f"weight/{name}": tensor.detach() for name, tensor in self.tensors.items()}
        state |= {f"best/{name}": tensor for name, tensor in done.best.items()}
        for name, tensor in self.tensors.items():
            held = self.optimizer.state.get(tensor, {})  # nothing of a head whose task had no step yet
            state |= {f"{moment}/{name}": held[moment] for moment in MOMENTS if held}
        told = {name: getattr(done, name) for name in ("losses", "rates", "seconds", "parts", "checked")}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.path.with_suffix(f".{os.getpid()}")
        copies = {n: t.to("cpu", copy=True).contiguous() for n, t in state.items()}  # a GPU has no room for them
        with saving():
            save_file(copies, fresh, {"progress": json.dumps(told)})
        fresh.replace(self.path)
        self.step = len(done.losses)

    def load(self) -> Progress:
        """Bring tensors and optimizer to where the last checkpoint left them; without one, to the start."""
        if not self.path.is_file():
            return Progress()
        state = load_file(self.path)
        with safe_open(self.path, framework="pt") as file:
            told = json.loads(file.metadata()["progress"])
        with torch.no_grad():
            for name, tensor in self.tensors.items():
                tensor.copy_(state[f"weight/{name}"])
                if f"step/{name}" in state:
                    self.optimizer.state[tensor] = {m: state[f"{m}/{name}"].to(tensor.device) for m in MOMENTS}
        best = {name: state[f"best/{name}"].to(t.device) for name, t in self.tensors.items() if f"best/{name}" in state}
        self.step = len(told["losses"])
        checked = [(step, score) for step, score in told["checked"]]
        return Progress(told["losses"], told["rates"], told["seconds"], told["parts"], checked, best)
