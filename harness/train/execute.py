"""One job, from its spec to the files of its folder: what it needs is declared, or lies in its parents' folders."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Set
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from safetensors.torch import load_file, save_file
from torch import nn

from harness import cache, schema
from harness.errors import UserError
from harness.models.find import Model, folder
from harness.rows import drawn, tested
from harness.store import Spec, Store
from harness.train import device, lora, vocabulary
from harness.train.batches import reading_padding
from harness.train.encoder import Encoder, Tensors
from harness.train.files import saving
from harness.train.ground import MAX_LENGTH, Ground
from harness.train.kinds import mining, predictions, retrieval, table
from harness.train.kinds.task import Task, shuffled
from harness.train.loop import Phase, Trained, train
from harness.train.selection import dev_score
from harness.train.states import READING_TOKENS, Tick


@dataclass(frozen=True)
class Bench:
    """Where jobs work: the store, the model's whole body, and the folder of data sets."""

    store: Store
    model: Model
    data: Path | None

    @property
    def folder(self) -> Path:
        """The model's folder; imported or made first if need be."""
        return folder(self.model, cache.root())


def execute(bench: Bench, key: str, spec: Spec, tick: Tick) -> None:
    """Run one job of any phase but `score`, and put its folder into the store."""
    device.pin(spec["threads"], spec.get("seed") or 0)
    started, began = datetime.now(UTC), time.monotonic()
    with bench.store.finishing(key) as made:
        work = _predict if spec["phase"] == "predict" else _train
        facts = work(bench, key, spec, made, tick)
        row = {
            "job": key,
            "phase": spec["phase"],
            "parent": spec["parent"],
            "model": bench.model.name,
            "data": msgspec.json.encode(_read(spec)).decode(),
            "seed": spec.get("seed"),
            "started": started.replace(tzinfo=None).isoformat(),
            "seconds": time.monotonic() - began,
            "device": device.name(spec["precision"]),
            "threads": spec["threads"],
            **facts,
            "versions": json.dumps(device.versions(), sort_keys=True),
        }
        (made / "job.json").write_bytes(msgspec.json.encode({**row, "spec": spec}))


def _read(spec: Spec) -> Any:
    """Return what a job reads: one data set's part, or one for each of its tasks."""
    return spec["data"] if spec["phase"] == "predict" else [part["data"] for part in spec["tasks"]]


def _changes(bench: Bench, spec: Spec) -> Iterator[Tensors]:
    """Yield what each training phase behind a job left of the encoder, the first one first: no head crosses a phase."""
    if parent := spec["parent"]:
        yield from _changes(bench, bench.store.job(parent)["spec"])
        found = load_file(bench.store.weights(parent))
        yield {name: tensor for name, tensor in found.items() if not name.startswith("head.")}


def _ground(bench: Bench, spec: Spec, recipe: Spec, tick: Tick) -> Ground:
    """Return the encoder that a job starts from, cut where its spec says, and how it reads."""
    encoder = Encoder(bench.folder, spec["cut"], {})
    for changed in _changes(bench, spec):
        encoder.put(changed)
    device.placed(encoder)
    length = recipe.get("max_length", min(MAX_LENGTH, bench.model.positions or MAX_LENGTH))
    scripts = tuple(spec.get("transliterate", ()))
    return Ground(encoder, bench.model, bench.folder, spec["precision"], length, scripts, tick)


def _train(bench: Bench, key: str, spec: Spec, made: Path, tick: Tick) -> Spec:
    recipe = spec["recipe"]
    ground = _ground(bench, spec, recipe, tick)
    heads = _new_heads(ground, spec)
    rows = [drawn(part, bench.store, bench.data) for part in spec["tasks"]]
    tasks = [_task(ground, part, r, heads, spec) for part, r in zip(spec["tasks"], rows, strict=True)]
    check = dev_score(ground, spec, heads, bench.data) if "select" in spec else None
    tensors = learning(ground, recipe, {part["kind"] for part in spec["tasks"]}, heads, spec["seed"])
    out = train(
        Phase(ground.encoder, tasks, tensors, check, sum(map(len, rows))), spec, bench.store.resume_folder(key), tick
    )
    with saving():
        saved = vocabulary.to_save(ground.encoder.body, tensors)
        save_file(lora.to_save(saved, recipe["lora"]) if "lora" in recipe else saved, made / "model.safetensors")
    _write_curve(out, key, made)
    return _trained_facts(out, ground, tasks, [len(r) for r in rows])


def learning(ground: Ground, recipe: Spec, kinds: Set[str], heads: dict[str, nn.Module], seed: int = 0) -> Tensors:
    """Make a body ready to learn fast; return every tensor that a phase changes, by the name it is saved under.

    All tasks must have read their rows: where word embeddings learn, the body keeps those that it will meet. Adapters
    are drawn from ``seed``.
    """
    ground.encoder.pack()
    top = None if recipe["trainable_layers"] == "all" else recipe["trainable_layers"]
    if "lora" in recipe:
        found = lora.adapt(ground.encoder, recipe["lora"], top, seed)
    else:
        if top is None and not recipe["weight_decay"] and vocabulary.WHOLE.isdisjoint(kinds):
            vocabulary.keep_met(ground.encoder.body, ground.met)
        found = ground.encoder.train_top(top)
    return found | {f"head.{name}.{n}": t for name, head in heads.items() for n, t in head.named_parameters()}


def _new_heads(ground: Ground, spec: Spec) -> dict[str, nn.Module]:
    """Return a fresh head for each name that the tasks share one under."""
    heads: dict[str, nn.Module] = {}
    for part in spec["tasks"]:
        if part["head"] not in heads:
            seed = spec["seed"] + 1_000_003 * len(heads)
            heads[part["head"]] = table.HEADS[part["kind"]](ground, part["labels"], seed).to(device.device())
    return heads


def _task(ground: Ground, part: Spec, rows: pa.Table, heads: dict[str, nn.Module], spec: Spec) -> Task:
    first = next(other for other in spec["tasks"] if other["head"] == part["head"])  # its order of labels is the head's
    task = table.TASKS[part["kind"]](ground, rows, first["labels"], heads[part["head"]])
    if spec.get("control") == "shuffled-labels":
        if not hasattr(task, "gold"):
            raise UserError(f"{part['data']['dataset']}: {part['kind']} has no labels that could be shuffled")
        task.gold = shuffled(task.gold, spec["seed"])
    return task


def _write_curve(out: Trained, key: str, made: Path) -> None:
    done, n = out.progress, len(out.steps)
    columns = {"job": [key] * n, "step": range(1, n + 1), "loss": done.losses, "learning_rate": done.rates}
    curve = pa.table([pa.array(c) for c in columns.values()], schema=schema.arrow("curves"))
    pq.write_table(curve, made / "curves.parquet", compression="zstd")


def _trained_facts(out: Trained, ground: Ground, tasks: list[Task], rows: list[int]) -> Spec:
    """Return what a training job reports; examples count those that were begun, over all epochs."""
    units, lengths = np.zeros(len(tasks)), [np.empty(0, np.int64)]
    for task, batch in out.steps:
        units[task] += len(batch)
        lengths.append(tasks[task].tokens[batch])
    examples = sum(round(u * n / len(t.costs)) for u, n, t in zip(units, rows, tasks, strict=True))
    work = flops(ground.encoder, np.concatenate(lengths), 3)
    done = out.progress
    found = _facts(examples, out.tokens, done.seconds, out.padding, work)
    found |= {"parts": done.parts} if done.parts > 1 else {}
    return found | ({"checked": done.checked} if done.checked else {})


def _facts(examples: int, tokens: int, seconds: float, padding: float, work: float) -> Spec:
    rate = tokens / seconds if seconds else None
    return {"examples": examples, "tokens": tokens, "tokens_per_second": rate, "padding": padding, "flops": work}


def flops(encoder: Encoder, lengths: np.ndarray[Any, Any], passes: int) -> float:
    """Return the operations of the matrix products of ``passes`` forward passes (a backward counts as two)."""
    weights = sum(m.weight.numel() for m in encoder.body.modules() if isinstance(m, nn.Linear))
    seen = (encoder.layers - encoder.level) * 2 * encoder.hidden * (lengths.astype(float) ** 2).sum()
    return float(passes * 2 * (weights * lengths.sum() + seen))


def _predict(bench: Bench, key: str, spec: Spec, made: Path, tick: Tick) -> Spec:
    rows = tested(spec, bench.data)
    parent = bench.store.job(spec["parent"])["spec"] if spec["parent"] else {}
    ground = _ground(bench, spec, parent.get("recipe", {}), tick)
    ground.encoder.eval()
    began = time.monotonic()
    if "tune" in spec["task"]:
        said, lengths, padding = mining.predict(ground, rows, spec, key, bench.data)
    elif spec["kind"] == "retrieval":
        said, lengths, padding = retrieval.predict(ground, rows, spec, key)
    elif spec["kind"] in table.PREDICT:
        _, head = _speaking_head(bench, ground, spec)
        said, lengths, padding = table.PREDICT[spec["kind"]](ground, rows, spec, key, head)
    else:
        task = table.TASKS[spec["kind"]](ground, rows, *_speaking_head(bench, ground, spec), **spec["task"])
        said = predictions.table(key, rows, task.say())
        lengths, padding = task.tokens, reading_padding(task.costs, int(task.tokens.sum()), READING_TOKENS)
    seconds = time.monotonic() - began
    pq.write_table(said, made / "predictions.parquet", compression="zstd")
    tick(1, 1)
    return _facts(len(rows), int(lengths.sum()), seconds, padding, flops(ground.encoder, lengths, 1))


def _speaking_head(bench: Bench, ground: Ground, spec: Spec) -> tuple[list[str], nn.Module]:
    """Return the labels and the head that speaks: of the nearest phase behind that trained it, else the model's own.

    Only between a head that a model may bring and what it says do phases stand that did not train it.
    """
    key = spec["parent"]
    while key:
        behind = bench.store.job(key)["spec"]
        part = next((part for part in behind["tasks"] if _speaks(part, spec)), None)
        if part:
            head = table.HEADS[part["kind"]](ground, part["labels"], 0)
            tensors, mine = load_file(bench.store.weights(key)), f"head.{part['head']}."
            own = {n.removeprefix(mine): t for n, t in tensors.items() if n.startswith(mine)}
            vocabulary.put(dict(head.named_parameters()), own)
            return part["labels"], head.to(device.device())
        key = behind["parent"]
    return [], table.OWN[spec["kind"]](ground).to(device.device())


def _speaks(part: Spec, spec: Spec) -> bool:
    return bool(part["head"] == spec["head"] if "head" in spec else part["kind"] == spec["kind"])
