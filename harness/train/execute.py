"""One job, from its spec to the files of its folder: what it needs is declared, or lies in its parents' folders."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from safetensors.torch import load_file, save_file

from harness import cache, schema
from harness.data import adapt, draw
from harness.errors import UserError
from harness.models.find import Model, folder
from harness.store import Spec, Store
from harness.train import device, heads
from harness.train.encoder import Encoder, Tensors
from harness.train.files import saving
from harness.train.loop import Trained, Trainee, train
from harness.train.predict import ParallelRows, Reader, retrieve
from harness.train.states import Tick, read_inputs
from harness.train.tokens import encode


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
    """Run one job of phase intermediate, target or predict, and put its folder into the store."""
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
            "data": msgspec.json.encode(spec["data"]).decode(),
            "seed": spec.get("seed"),
            "started": started.replace(tzinfo=None).isoformat(),
            "seconds": time.monotonic() - began,
            "device": device.name(spec["precision"]),
            "threads": spec["threads"],
            **facts,
            "versions": json.dumps(device.versions(), sort_keys=True),
        }
        (made / "job.json").write_bytes(msgspec.json.encode({**row, "spec": spec}))


def _rows(bench: Bench, spec: Spec) -> pa.Table:
    """Read the examples of a job: those of its draw, or a test split in its languages (and the pivot)."""
    data = spec["data"]
    adapted = adapt.adapted(data["dataset"], data=bench.data)
    for code, wanted in data["languages"].items():
        if adapted.parts[data["split"], code].digest != wanted:
            raise UserError(
                f"{data['dataset']} {data['split']} {code}: changed since the suite was planned; plan again"
            )
    if "draw" in spec:
        return draw.rows_of(pq.read_table(bench.store.draw_path(spec["draw"])), adapted)
    pivot, elsewhere = spec["task"].get("pivot"), spec["task"].get("pivot_data")
    languages = sorted({*data["languages"], *([pivot] if pivot and not elsewhere else [])})
    rows = adapted.rows(data["split"], languages)
    if elsewhere:
        other = adapt.adapted(elsewhere, data=bench.data)
        rows = pa.concat_tables([rows, other.rows(data["split"], [pivot])])
    if not spec["limit"]:
        return rows
    ids = adapted.rows(data["split"], None, columns=["id"])["id"].to_pylist()
    kept = set(draw.item_order(ids)[: spec["limit"]])
    rows = rows.filter(pa.array([i in kept for i in rows["id"].to_pylist()]))
    if not len(rows):
        spoken = ", ".join(languages)
        raise UserError(f"{data['dataset']} {data['split']}: none of the first items stands in {spoken}; raise --limit")
    return rows


def _changes(bench: Bench, spec: Spec) -> list[Tensors]:
    """Return the tensors that each training phase behind a job changed, the oldest first."""
    found: list[Tensors] = []
    parent = spec["parent"]
    while parent:
        found.insert(0, load_file(bench.store.folder(parent) / "model.safetensors"))
        parent = bench.store.job(parent)["spec"]["parent"]
    return found


def _encoder(bench: Bench, spec: Spec) -> Encoder:
    """Return the encoder that a job starts from, cut where its spec says."""
    changed: Tensors = {}
    for tensors in _changes(bench, spec):
        changed |= {name: t for name, t in tensors.items() if not name.startswith("head.")}
    return Encoder(bench.folder, spec["cut"], changed).to(device.device())


def _train(bench: Bench, key: str, spec: Spec, made: Path, tick: Tick) -> Spec:
    rows = _rows(bench, spec)
    encoder = _encoder(bench, spec)
    top = spec["recipe"]["trainable_layers"]
    learning = encoder.train_top(None if top == "all" else top)
    encoded = encode(rows, bench.folder, bench.model.digest, bench.model.prefix)
    inputs = read_inputs(encoded, bench.folder, bench.model.digest, encoder.level, spec["precision"], tick)
    tagged = rows["tokens"].null_count == 0
    head = heads.new_head(encoder.hidden, spec["labels"], spec["seed"]).to(device.device())
    gold = (
        heads.tag_gold(encoded, rows["tags"].to_pylist(), spec["labels"])
        if tagged
        else heads.class_gold(spec["labels"], rows["label"].to_pylist())
    )
    if spec.get("control") == "shuffled-labels":
        gold = shuffled(gold, spec["seed"])
    trainee = Trainee(encoder, head, inputs, gold, bench.model.pooling, tagged)
    out = train(trainee, learning, spec, bench.store.resume_folder(key), tick)
    tensors = learning | {f"head.{name}": t for name, t in head.named_parameters()}
    with saving():
        save_file({n: t.detach().cpu().contiguous() for n, t in tensors.items()}, made / "model.safetensors")
    _write_curve(out, key, made)
    work = flops(encoder, encoded.lengths, 3) * spec["recipe"]["epochs"]
    return _facts(out.examples, out.tokens, out.seconds, out.padding, work)


def shuffled(gold: torch.Tensor, seed: int) -> torch.Tensor:
    """Return gold labels in random order among the places that carry one: the shuffled-labels control."""
    out = gold.clone()
    at = torch.nonzero(gold != heads.IGNORED).flatten()
    rng = np.random.default_rng(np.random.SeedSequence([seed, 1]))
    out[at] = gold[at[torch.from_numpy(rng.permutation(len(at)))]]
    return out


def _write_curve(out: Trained, key: str, made: Path) -> None:
    n = len(out.losses)
    columns = {"job": [key] * n, "step": range(1, n + 1), "loss": out.losses, "learning_rate": out.rates}
    table = pa.table([pa.array(c) for c in columns.values()], schema=schema.arrow("curves"))
    pq.write_table(table, made / "curves.parquet", compression="zstd")


def _facts(examples: int, tokens: int, seconds: float, padding: float, work: float) -> Spec:
    rate = tokens / seconds if seconds else None
    return {
        "examples": examples,
        "tokens": tokens,
        "tokens_per_second": rate,
        "padding": padding,
        "flops": work,
    }


def flops(encoder: Encoder, lengths: np.ndarray[Any, Any], passes: int) -> float:
    """Return the operations of the matrix products of ``passes`` forward passes (a backward counts as two)."""
    h, f, layers = encoder.hidden, encoder.feed_forward, encoder.layers - encoder.level
    per_token = 2 * (4 * h * h + 2 * h * f)
    return float(passes * layers * (per_token * lengths.sum() + 4 * h * (lengths.astype(float) ** 2).sum()))


def _predict(bench: Bench, key: str, spec: Spec, made: Path, tick: Tick) -> Spec:
    rows = _rows(bench, spec)
    encoder = _encoder(bench, spec).eval()
    encoded = encode(rows, bench.folder, bench.model.digest, bench.model.prefix)
    inputs = read_inputs(encoded, bench.folder, bench.model.digest, encoder.level, spec["precision"], tick)
    reader = Reader(encoder, inputs, bench.model.pooling, spec["precision"])
    began = time.monotonic()
    if spec["kind"] == "retrieval":
        table = _retrieved(key, reader, rows, spec)
    else:
        table = _prediction_rows(key, rows, _labelled(bench, reader, rows, spec), {})
    seconds = time.monotonic() - began
    pq.write_table(table, made / "predictions.parquet", compression="zstd")
    tick(1, 1)
    work = flops(encoder, encoded.lengths, 1)
    return _facts(len(rows), int(encoded.lengths.sum()), seconds, reader.padding, work)


def _retrieved(key: str, reader: Reader, rows: pa.Table, spec: Spec) -> pa.Table:
    """Return the predictions of every layer, direction and language."""
    task = spec["task"]
    places = ParallelRows(rows["language"].to_pylist(), rows["id"].to_pylist())
    tables = []
    for layer, vectors in reader.vectors(task["layers"]).items():
        for direction in task["directions"]:
            found = [retrieve(vectors, places, code, task["pivot"], direction) for code in spec["data"]["languages"]]
            at, said = (np.concatenate(parts) for parts in zip(*found, strict=True))
            fixed = {"other": task["pivot"], "direction": direction, "layer": layer}
            tables.append(_prediction_rows(key, rows.take(at), said.tolist(), fixed))
    return pa.concat_tables(tables)


def _labelled(bench: Bench, reader: Reader, rows: pa.Table, spec: Spec) -> list[str]:
    """Return what the parent's head says of each example."""
    parent = bench.store.job(spec["parent"])["spec"]
    labels = parent["labels"]
    head = heads.new_head(reader.encoder.hidden, labels, 0)
    tensors = load_file(bench.store.folder(spec["parent"]) / "model.safetensors")
    head.load_state_dict({n.removeprefix("head."): t for n, t in tensors.items() if n.startswith("head.")})
    head.to(device.device())
    if spec["kind"] == "classification":
        return [labels[i] for i in reader.classes(head)]
    encoded, tags = reader.inputs.encoded, reader.tags(head)
    spans = zip(encoded.starts[:-1], encoded.starts[1:], rows["tokens"].to_pylist(), strict=True)
    return [heads.say_tags(encoded.words[a:b], tags[a:b], labels, len(words)) for a, b, words in spans]


def _prediction_rows(key: str, rows: pa.Table, said: list[str], fixed: dict[str, Any]) -> pa.Table:
    wanted = schema.arrow("predictions")
    n = len(rows)
    columns = []
    for column in wanted:
        if column.name in rows.column_names:
            columns.append(rows[column.name].combine_chunks().cast(column.type))
        else:
            values = {"job": [key] * n, "prediction": said}.get(column.name, [fixed.get(column.name)] * n)
            columns.append(pa.array(values).cast(column.type) if n else pa.array([], column.type))
    return pa.table(columns, schema=wanted)
