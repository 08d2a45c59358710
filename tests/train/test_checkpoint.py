"""A checkpoint gives back what was put into it: tensors, optimizer, curve, and what was best on dev."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from harness.train.checkpoint import Checkpoint, Progress

Tensors = dict[str, nn.Parameter]


def learning() -> tuple[Tensors, torch.optim.AdamW]:
    """Return a tensor that learns and one of a head whose task had no step yet."""
    tensors = {"layer": nn.Parameter(torch.ones(3)), "head.b.weight": nn.Parameter(torch.zeros(2))}
    return tensors, torch.optim.AdamW(tensors.values(), lr=0.1)


def step(tensors: Tensors, optimizer: torch.optim.AdamW) -> None:
    optimizer.zero_grad(set_to_none=True)
    (tensors["layer"] * torch.tensor([1.0, 2.0, 3.0])).square().sum().backward()  # type: ignore[no-untyped-call]
    optimizer.step()


def test_what_was_saved_is_what_is_loaded_and_goes_on_alike(tmp_path: Path) -> None:
    tensors, optimizer = learning()
    step(tensors, optimizer)
    best = {name: tensor.detach().clone() for name, tensor in tensors.items()}
    step(tensors, optimizer)
    done = Progress([0.5, 0.25], [1e-3, 1e-4], 3.5, 4, [(1, 0.75), (2, 0.5)], best)
    kept = Checkpoint(tmp_path / "new" / "folder", tensors, optimizer)
    kept.save(done)

    again, fresh = learning()
    found = Checkpoint(tmp_path / "new" / "folder", again, fresh)
    told = found.load()
    assert (told.losses, told.rates, told.seconds) == ([0.5, 0.25], [1e-3, 1e-4], 3.5)
    assert (told.parts, told.checked) == (4, [(1, 0.75), (2, 0.5)])
    assert told.best.keys() == best.keys()
    assert all(torch.equal(told.best[name], best[name]) for name in best)
    assert set(fresh.state) == {again["layer"]}  # AdamW holds nothing of what had no step
    for _ in range(3):
        step(tensors, optimizer)
        step(again, fresh)
    assert all(torch.equal(again[name], tensors[name]) for name in tensors)
    assert not torch.equal(again["layer"], best["layer"])


def test_without_a_checkpoint_a_phase_is_at_its_start(tmp_path: Path) -> None:
    tensors, optimizer = learning()
    kept = Checkpoint(tmp_path, tensors, optimizer)
    assert kept.load() == Progress()
    assert tensors["layer"].tolist() == [1, 1, 1]
    assert kept.where() == "none, the phase began less than a minute ago"


def test_the_last_checkpoint_replaces_the_one_before(tmp_path: Path) -> None:
    tensors, optimizer = learning()
    kept = Checkpoint(tmp_path, tensors, optimizer)
    for losses in ([0.5], [0.5, 0.25]):
        step(tensors, optimizer)
        kept.save(Progress(losses, [1e-3] * len(losses)))
    assert [path.name for path in tmp_path.iterdir()] == ["phase.safetensors"]
    assert kept.load().losses == [0.5, 0.25]
    assert kept.where() == f"step 2 in {tmp_path / 'phase.safetensors'}"
