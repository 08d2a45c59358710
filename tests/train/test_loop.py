"""A phase is plain AdamW on its schedule, goes on after a cut with the same bytes, and stops at a loss that is none."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from harness.train import device, loop
from harness.train.batches import schedule, training_batches
from harness.train.kinds.classification import Classification
from harness.train.kinds.tagging import Tagging
from harness.train.kinds.task import IGNORED, linear
from harness.train.loop import Phase, TrainingFailed, learning_rate, train

RECIPE = {
    "epochs": 3,
    "steps": None,
    "batch_tokens": 40,
    "learning_rate": 1e-2,
    "warmup": 0.25,
    "weight_decay": 0.1,
}
SPEC = {"recipe": RECIPE, "seed": 3, "precision": "fp32"}
TEXTS = [f"{i} Kilometer {'und mehr ' * (i % 4)}" for i in range(12)]
LABELS = list("abc")

KINDS = {"classes": (False,), "tags": (True,), "both": (False, True), "shared": (False, False)}
"""Phases by whether each of their tasks is tagged; the tasks of `shared` stand on one head."""


@pytest.fixture(autouse=True)
def pinned() -> None:
    device.pin(1, 0)


@dataclass
class Trainee:
    """A phase with its ground, and the tasks' heads by the names under which they are saved."""

    phase: Phase
    ground: Any
    heads: dict[str, nn.Linear]


Make = Callable[..., Trainee]


@pytest.fixture
def make(stand: Any, rows: Any) -> Make:
    """Return a maker of phases on the tiny model's upper layer."""

    def made(kinds: str = "classes", level: int = 1, *, dropout: bool = True) -> Trainee:
        ground = stand(level)
        for module in ground.encoder.modules():
            if isinstance(module, nn.Dropout) and not dropout:
                module.p = 0.0
        tagged = KINDS[kinds]
        heads = {name: linear(64, 3, 3 + i) for i, name in enumerate("xy"[: 1 if kinds == "shared" else len(tagged)])}
        tasks = [_task(ground, rows, t, list(heads.values())[min(i, len(heads) - 1)]) for i, t in enumerate(tagged)]
        learning = ground.encoder.train_top(1)
        learning |= {f"head.{name}.{n}": t for name, head in heads.items() for n, t in head.named_parameters()}
        return Trainee(Phase(ground.encoder, tasks, learning), ground, heads)

    return made


def _task(ground: Any, rows: Any, tagged: bool, head: nn.Linear) -> Any:
    if not tagged:
        return Classification(ground, rows(text=TEXTS, label=[LABELS[i % 3] for i in range(12)]), LABELS, head)
    words = [text.split() for text in TEXTS]
    tags = [[LABELS[i % 3] for i in range(len(sentence))] for sentence in words]
    return Tagging(ground, rows(tokens=words, tags=tags), LABELS, head)


def tensors(trainee: Trainee) -> dict[str, torch.Tensor]:
    return {name: tensor.detach().clone() for name, tensor in trainee.phase.learning.items()}


def run(trainee: Trainee, resume: Path, spec: dict[str, Any] = SPEC, tick: Any = None) -> tuple[Any, bytes]:
    out = train(trainee.phase, spec, resume, tick or (lambda *_: None))
    save_file(tensors(trainee), resume.with_suffix(".safetensors"))
    return out, resume.with_suffix(".safetensors").read_bytes()


def assert_near(found: dict[str, torch.Tensor], expected: dict[str, torch.Tensor]) -> None:
    assert found.keys() == expected.keys()
    for name, tensor in found.items():
        if not name.endswith("key.bias"):  # softmax does not feel it: its gradient is rounding, which Adam blows up
            assert torch.allclose(tensor, expected[name], atol=1e-5), name


def test_the_rate_rises_to_its_peak_and_falls_to_zero() -> None:
    rates = [learning_rate(step, 10, 1.0, 0.2) for step in range(10)]
    assert rates == pytest.approx([1 / 2, 1, 1, 7 / 8, 6 / 8, 5 / 8, 4 / 8, 3 / 8, 2 / 8, 1 / 8])
    assert [learning_rate(step, 4, 8.0, 0.0) for step in range(4)] == pytest.approx([8, 8, 16 / 3, 8 / 3])
    assert [learning_rate(step, 3, 3.0, 1.0) for step in range(3)] == pytest.approx([1, 2, 3])
    assert learning_rate(0, 1, 0.5, 0.1) == 0.5


@pytest.mark.parametrize("kind", ["classes", "tags"])
@pytest.mark.parametrize("level", [0, 1])
def test_a_phase_is_adamw_written_out(make: Make, tmp_path: Path, level: int, kind: str) -> None:
    trainee, tagged = make(kind, level, dropout=False), kind == "tags"
    wide = {**SPEC, "recipe": {**RECIPE, "batch_tokens": 120}}
    out, _ = run(trainee, tmp_path / "resume", wide)
    assert out.padding > 0.1  # what stands beyond a text's end is the next one, and must count for nothing

    plain = make(kind, level=0)
    task: Any = plain.phase.tasks[0]
    body, head, encoded = plain.ground.encoder.body.eval(), plain.heads["x"], task.inputs.encoded
    learning = list(plain.phase.learning.values())
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
            gold.append(task.gold[start:end] if tagged else task.gold[text][None])
        flat = torch.cat(gold)
        loss = nn.functional.cross_entropy(torch.cat(logits)[flat != IGNORED], flat[flat != IGNORED])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(learning, 1.0)
        optimizer.step()
        losses.append(loss.item())
    assert len(batches) > 4
    assert out.progress.losses == pytest.approx(losses, abs=1e-5)
    assert_near(tensors(trainee), tensors(plain))


def test_a_phase_reports_what_it_did(make: Make, tmp_path: Path) -> None:
    trainee = make()
    ticks: list[tuple[int, int]] = []
    out, _ = run(trainee, tmp_path / "resume", tick=lambda *t: ticks.append(t))
    steps = len(out.progress.losses)
    assert ticks == [(i + 1, steps) for i in range(steps)]
    assert out.progress.rates == pytest.approx([learning_rate(i, steps, 1e-2, 0.25) for i in range(steps)])
    lengths = trainee.phase.tasks[0].tokens
    assert (sum(len(units) for _, units in out.steps), out.tokens) == (36, 3 * int(lengths.sum()))
    assert (out.progress.parts, out.progress.checked) == (1, [])
    assert out.progress.losses[0] == pytest.approx(math.log(3), abs=0.1)  # a new head knows nothing of three classes


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(make: Make, tmp_path: Path) -> None:
    first, again = (run(make(), tmp_path / name)[1] for name in "ab")
    other = run(make(), tmp_path / "c", {**SPEC, "seed": 4})[1]
    assert first == again
    assert first != other


def test_a_step_moves_the_encoder_and_the_head_of_its_own_task(make: Make, tmp_path: Path) -> None:
    trainee = make("both")
    before = tensors(trainee)
    out, _ = run(trainee, tmp_path / "resume", {**SPEC, "recipe": {**RECIPE, "epochs": None, "steps": 1}})
    read = "xy"[out.steps[0][0]]
    moved = {name for name, tensor in tensors(trainee).items() if not torch.equal(tensor, before[name])}
    assert {name for name in moved if name.startswith("head.")} == {f"head.{read}.weight", f"head.{read}.bias"}
    assert len(moved) > 2


def test_tasks_of_one_head_are_one_task_read_in_their_steps(make: Make, tmp_path: Path) -> None:
    """Two tasks over the same rows and head: what is learned is what one task learns of the same batches."""
    shared, single = make("shared", dropout=False), make(dropout=False)
    out, _ = run(shared, tmp_path / "shared")
    assert {task for task, _ in out.steps} == {0, 1}
    optimizer = torch.optim.AdamW(single.phase.learning.values(), weight_decay=0.1)
    for step, (_, units) in enumerate(out.steps):
        optimizer.param_groups[0]["lr"] = learning_rate(step, len(out.steps), 1e-2, 0.25)
        optimizer.zero_grad()
        single.phase.tasks[0].loss(units).backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(single.phase.learning.values(), 1.0)
        optimizer.step()
    assert_near(tensors(shared), tensors(single))


def test_more_examples_are_read_after_the_epochs(make: Make, tmp_path: Path) -> None:
    out, _ = run(make(), tmp_path / "resume", {**SPEC, "more": {"examples": 5}})
    read = [len(units) for _, units in out.steps]
    assert sum(read[:-1]) < 36 + 5 <= sum(read)
    assert len(out.progress.losses) == len(read)


class Cut(Exception):
    pass


def farther(trainee: Trainee) -> Callable[[], float]:
    """A score on dev that falls with every step away from where the phase began: its first check is its best."""
    began = tensors(trainee)
    return lambda: -sum(float((t - began[n]).square().sum()) for n, t in tensors(trainee).items())


SELECTED = {**SPEC, "select": {"how": "english-dev", "checks": 3, "tests": []}}


@pytest.mark.parametrize("kind", ["classes", "tags", "both", "selected"])
def test_a_phase_that_was_cut_off_goes_on_to_the_same_bytes(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    spec = SELECTED if kind == "selected" else SPEC

    def fresh() -> Trainee:
        trainee = make("classes" if kind == "selected" else kind)
        trainee.phase.check = farther(trainee)
        return trainee

    whole, expected = run(fresh(), tmp_path / "whole", spec)
    assert fresh().ground.encoder.body.config.hidden_dropout_prob == 0.1  # chance plays a part in every step
    monkeypatch.setattr(loop, "CHECKPOINT_SECONDS", 0.0)
    asked: list[int] = []
    cuts = [6, 5, 2]

    def cut(done: int, _: int) -> None:
        asked.append(done)
        if cuts and done == cuts[-1]:
            cuts.pop()
            raise Cut

    while cuts:
        trainee = fresh()
        with pytest.raises(Cut):
            run(trainee, tmp_path / "cut", spec, cut)
    torch.manual_seed(999)  # the state of the process is no part of it
    resumed, found = run(fresh(), tmp_path / "cut", spec, lambda done, _: asked.append(done))
    # a cut comes before its step's checkpoint, so that step is taken again and none before it
    assert asked == [1, 2, 2, 3, 4, 5, 5, 6, *range(6, len(whole.progress.losses) + 1)]
    assert found == expected
    for name in ("losses", "rates", "checked"):
        assert getattr(resumed.progress, name) == getattr(whole.progress, name)
    assert resumed.tokens == whole.tokens
    assert len(whole.progress.checked) == (3 if kind == "selected" else 0)


def test_no_checkpoint_is_written_before_its_time(make: Make, tmp_path: Path) -> None:
    run(make(), tmp_path / "resume")
    assert not (tmp_path / "resume").exists()


@pytest.mark.parametrize(("scores", "best"), [([1, 3, 3, 2], 1), ([1, 2, 3, 4], 3), ([math.nan, 0, -1, -2], 1)])
def test_what_is_kept_is_what_was_best_on_dev(make: Make, tmp_path: Path, scores: list[float], best: int) -> None:
    trainee, said, stood = make(), iter(scores), []

    def check() -> float:
        assert not trainee.ground.encoder.training
        stood.append(tensors(trainee))
        return next(said)

    trainee.phase.check = check
    spec = {**SPEC, "select": {"how": "target-dev", "checks": 4, "tests": []}}
    out, _ = run(trainee, tmp_path / "resume", spec)
    steps = len(out.steps)
    assert [step for step, _ in out.progress.checked] == [round(steps * part / 4) for part in (1, 2, 3, 4)]
    assert [str(score) for _, score in out.progress.checked] == [str(score) for score in scores]
    assert all(torch.equal(tensor, stood[best][name]) for name, tensor in tensors(trainee).items())


def test_to_be_asked_for_dev_changes_nothing_of_what_is_learned(make: Make, tmp_path: Path) -> None:
    plain, asked = make(), make()
    count = iter(range(100))
    asked.phase.check = lambda: float(next(count))  # the last is the best
    assert run(asked, tmp_path / "asked", SELECTED)[1] == run(plain, tmp_path / "plain")[1]


class Small:
    """A task on a machine whose memory holds so many units of it."""

    def __init__(self, task: Any, room: int) -> None:
        self.task, self.room, self.tried = task, room, []
        self.head, self.costs, self.tokens, self.weights = task.head, task.costs, task.tokens, task.weights

    def loss(self, batch: Any) -> torch.Tensor:
        self.tried.append(len(batch))
        if len(batch) > self.room:
            raise torch.OutOfMemoryError("CUDA out of memory")
        loss: torch.Tensor = self.task.loss(batch)
        return loss

    def say(self) -> list[str]:
        raise NotImplementedError


WIDE = {**SPEC, "recipe": {**RECIPE, "batch_tokens": 120}}


@pytest.mark.parametrize("kind", ["classes", "tags"])
def test_a_batch_too_large_for_memory_is_read_in_parts_with_the_same_result(
    make: Make, tmp_path: Path, kind: str
) -> None:
    plain, small = make(kind, dropout=False), make(kind, dropout=False)
    expected, _ = run(plain, tmp_path / "plain", WIDE)
    task = Small(small.phase.tasks[0], room=2)
    small.phase.tasks = [task]
    out, _ = run(small, tmp_path / "small", WIDE)
    assert (expected.progress.parts, out.progress.parts) == (1, 4)
    assert max(len(units) for _, units in out.steps) in range(5, 9)  # which do not fit in two parts, but in four
    assert sum(tried > 2 for tried in task.tried) <= 3  # no later step tries what has failed
    assert out.progress.losses == pytest.approx(expected.progress.losses, abs=1e-5)
    assert_near(tensors(small), tensors(plain))


def test_parts_outlive_a_cut(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def small(room: int) -> Trainee:
        trainee = make()
        trainee.phase.tasks = [Small(trainee.phase.tasks[0], room)]
        return trainee

    whole, expected = run(small(room=2), tmp_path / "whole", WIDE)
    monkeypatch.setattr(loop, "CHECKPOINT_SECONDS", 0.0)

    def cut(done: int, _: int) -> None:
        if done == len(whole.steps) - 1:
            raise Cut

    with pytest.raises(Cut):
        run(small(room=2), tmp_path / "cut", WIDE, cut)
    resumed, found = run(small(room=99), tmp_path / "cut", WIDE)  # in what memory allowed before, though it allows more
    assert found == expected
    assert resumed.progress.parts == whole.progress.parts == 4


def test_memory_that_holds_not_one_unit_ends_the_phase(make: Make, tmp_path: Path) -> None:
    trainee = make()
    trainee.phase.tasks = [Small(trainee.phase.tasks[0], room=0)]
    with pytest.raises(torch.OutOfMemoryError):
        run(trainee, tmp_path / "resume")


def test_a_part_without_gold_counts_for_nothing(make: Make, tmp_path: Path) -> None:
    """A sentence whose words were all cut off has no loss of its own: a mean over nothing."""
    trainee = make("tags", dropout=False)
    task: Any = trainee.phase.tasks[0]
    starts = task.encoded.starts
    task.gold[starts[4] : starts[5]] = IGNORED
    small = Small(task, room=1)
    small.weights = np.where(np.arange(12) == 4, 0.0, task.weights)
    trainee.phase.tasks = [small]
    out, _ = run(trainee, tmp_path / "resume", WIDE)
    assert np.isfinite(out.progress.losses).all()


@pytest.mark.parametrize(
    ("seconds", "kept"),
    [(60.0, "none, the phase began less than a minute ago"), (0.0, r"step 4 in .*resume/phase\.safetensors")],
)
def test_a_loss_that_is_no_number_stops_the_phase_with_its_step(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: float, kept: str
) -> None:
    monkeypatch.setattr(loop, "CHECKPOINT_SECONDS", seconds)
    trainee = make()
    steps = len(schedule([trainee.phase.tasks[0].costs], RECIPE, 3))
    rate = f"{learning_rate(4, steps, 1e-2, 0.25):.2g}"

    def poison(done: int, _: int) -> None:
        if done == 4:
            with torch.no_grad():
                trainee.heads["x"].bias.fill_(float("nan"))

    said = rf"loss is nan at step 5 \(learning rate {rate}; last good checkpoint: {kept}\); lower learning_rate"
    with pytest.raises(TrainingFailed, match=said):
        run(trainee, tmp_path / "resume", tick=poison)
