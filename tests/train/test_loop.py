"""A phase is plain AdamW on its schedule, goes on after a cut with the same bytes, and stops at a loss that is none."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from harness.train import device, heads, loop
from harness.train.batches import training_batches
from harness.train.encoder import Encoder
from harness.train.heads import IGNORED
from harness.train.loop import Trainee, TrainingFailed, learning_rate, train
from harness.train.states import read_inputs
from harness.train.tokens import encode

RECIPE = {"epochs": 3, "batch_tokens": 40, "learning_rate": 1e-2, "warmup": 0.25, "weight_decay": 0.1}
SPEC = {"recipe": RECIPE, "seed": 3, "precision": "fp32"}
TEXTS = [f"{i} Kilometer {'und mehr ' * (i % 4)}" for i in range(12)]
LABELS = list("abc")


@pytest.fixture(autouse=True)
def pinned() -> None:
    device.pin(1, 0)


def trainee_of(tiny: Path, rows: Any, *, level: int = 1, tagged: bool = False) -> Trainee:
    words = [text.split() for text in TEXTS] if tagged else None
    encoded = encode(rows(TEXTS, words=words), tiny, "m", "")
    inputs = read_inputs(encoded, tiny, "m", level, "fp32")
    if words:
        gold = heads.tag_gold(encoded, [[LABELS[i % 3] for i in range(len(s))] for s in words], LABELS)
    else:
        gold = heads.class_gold(LABELS, [LABELS[i % 3] for i in range(12)])
    return Trainee(Encoder(tiny, level, {}), heads.new_head(64, LABELS, 3), inputs, gold, "mean", tagged)


def run(trainee: Trainee, resume: Path, spec: dict[str, Any] = SPEC, tick: Any = None) -> tuple[Any, bytes]:
    learning = trainee.encoder.train_top(1)
    out = train(trainee, learning, spec, resume, tick or (lambda *_: None))
    tensors = learning | dict(trainee.head.named_parameters())
    save_file({n: t.detach().contiguous() for n, t in tensors.items()}, resume.with_suffix(".safetensors"))
    return out, resume.with_suffix(".safetensors").read_bytes()


def test_the_rate_rises_to_its_peak_and_falls_to_zero() -> None:
    rates = [learning_rate(step, 10, 1.0, 0.2) for step in range(10)]
    assert rates == pytest.approx([1 / 2, 1, 1, 7 / 8, 6 / 8, 5 / 8, 4 / 8, 3 / 8, 2 / 8, 1 / 8])
    assert [learning_rate(step, 4, 8.0, 0.0) for step in range(4)] == pytest.approx([8, 8, 16 / 3, 8 / 3])
    assert [learning_rate(step, 3, 3.0, 1.0) for step in range(3)] == pytest.approx([1, 2, 3])
    assert learning_rate(0, 1, 0.5, 0.1) == 0.5


@pytest.mark.parametrize("tagged", [False, True])
@pytest.mark.parametrize("level", [0, 1])
def test_a_phase_is_adamw_written_out(rows: Any, tiny: Path, tmp_path: Path, level: int, tagged: bool) -> None:
    trainee = trainee_of(tiny, rows, level=level, tagged=tagged)
    for module in trainee.encoder.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    wide = {**SPEC, "recipe": {**RECIPE, "batch_tokens": 120}}
    out, _ = run(trainee, tmp_path / "resume", wide)
    assert out.padding > 0.1  # what stands beyond a text's end is the next one, and must count for nothing

    plain = trainee_of(tiny, rows, level=0, tagged=tagged)
    body, head, encoded = plain.encoder.body.eval(), plain.head, plain.inputs.encoded
    learning = [*plain.encoder.train_top(1).values(), *head.parameters()]
    optimizer = torch.optim.AdamW(learning, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.1)
    batches = [b for e in range(3) for b in training_batches(encoded.lengths, 120, 3, e)]
    losses = []
    for step, batch in enumerate(batches):
        optimizer.param_groups[0]["lr"] = learning_rate(step, len(batches), 1e-2, 0.25)
        logits, gold = [], []
        for text in batch:  # one text at a time, so that nothing is padded
            start, end = encoded.starts[text], encoded.starts[text + 1]
            states = body(input_ids=torch.from_numpy(encoded.ids[start:end])[None].long()).last_hidden_state[0]
            logits.append(head(states) if tagged else head(states.mean(0, keepdim=True)))
            gold.append(plain.gold[start:end] if tagged else plain.gold[text][None])
        flat = torch.cat(gold)
        loss = nn.functional.cross_entropy(torch.cat(logits)[flat != IGNORED], flat[flat != IGNORED])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(learning, 1.0)
        optimizer.step()
        losses.append(loss.item())
    assert len(batches) > 4
    assert out.losses == pytest.approx(losses, abs=1e-5)
    learned = trainee.encoder.train_top(1) | dict(trainee.head.named_parameters())
    for (name, mine), theirs in zip(learned.items(), learning, strict=True):
        if not name.endswith("key.bias"):  # softmax does not feel it: its gradient is rounding, which Adam blows up
            assert torch.allclose(mine, theirs, atol=1e-5), name


def test_a_phase_reports_what_it_did(rows: Any, tiny: Path, tmp_path: Path) -> None:
    trainee = trainee_of(tiny, rows)
    ticks: list[tuple[int, int]] = []
    out, _ = run(trainee, tmp_path / "resume", tick=lambda *t: ticks.append(t))
    steps = len(out.losses)
    assert ticks == [(i + 1, steps) for i in range(steps)]
    assert out.rates == pytest.approx([learning_rate(i, steps, 1e-2, 0.25) for i in range(steps)])
    assert (out.examples, out.tokens) == (36, 3 * int(trainee.inputs.encoded.lengths.sum()))
    assert out.losses[0] == pytest.approx(math.log(3), abs=0.1)  # a new head knows nothing of three classes


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(rows: Any, tiny: Path, tmp_path: Path) -> None:
    first, again = (run(trainee_of(tiny, rows), tmp_path / name)[1] for name in "ab")
    other = run(trainee_of(tiny, rows), tmp_path / "c", {**SPEC, "seed": 4})[1]
    assert first == again
    assert first != other


class Cut(Exception):
    pass


@pytest.mark.parametrize("tagged", [False, True])
def test_a_phase_that_was_cut_off_goes_on_to_the_same_bytes(
    rows: Any, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tagged: bool
) -> None:
    whole, expected = run(trainee_of(tiny, rows, tagged=tagged), tmp_path / "whole")
    assert trainee_of(tiny, rows).encoder.body.config.hidden_dropout_prob == 0.1  # chance plays a part in every step
    monkeypatch.setattr(loop, "CHECKPOINT_SECONDS", 0.0)
    asked: list[int] = []
    cuts = [6, 5, 2]

    def cut(done: int, _: int) -> None:
        asked.append(done)
        if cuts and done == cuts[-1]:
            cuts.pop()
            raise Cut

    while cuts:
        with pytest.raises(Cut):
            run(trainee_of(tiny, rows, tagged=tagged), tmp_path / "cut", tick=cut)
    torch.manual_seed(999)  # the state of the process is no part of it
    resumed, found = run(
        trainee_of(tiny, rows, tagged=tagged), tmp_path / "cut", tick=lambda done, _: asked.append(done)
    )
    # a cut comes before its step's checkpoint, so that step is taken again and none before it
    assert asked == [1, 2, 2, 3, 4, 5, 5, 6, *range(6, len(whole.losses) + 1)]
    assert found == expected
    assert (resumed.losses, resumed.rates, resumed.tokens) == (whole.losses, whole.rates, whole.tokens)


def test_no_checkpoint_is_written_before_its_time(rows: Any, tiny: Path, tmp_path: Path) -> None:
    run(trainee_of(tiny, rows), tmp_path / "resume")
    assert not (tmp_path / "resume").exists()


def test_a_loss_that_is_no_number_stops_the_phase_with_its_step(rows: Any, tiny: Path, tmp_path: Path) -> None:
    trainee = trainee_of(tiny, rows)

    def poison(done: int, _: int) -> None:
        if done == 4:
            with torch.no_grad():
                trainee.head.bias.fill_(float("nan"))

    with pytest.raises(TrainingFailed, match=r"loss is nan at step 5 \(learning rate .*\); lower learning_rate"):
        run(trainee, tmp_path / "resume", tick=poison)
