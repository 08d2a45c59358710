"""How fast texts become vectors: our reader beside sentence-transformers, and beside the machine's matrix products.

All ways take turns in one process, tokenizing included, and the vectors that they make are compared.
"""

from __future__ import annotations

import contextlib
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch
from numpy.typing import NDArray
from torch.nn import functional

from harness import cache
from harness.data import adapt, draw
from harness.models.find import Model, find, folder
from harness.plan import best_precision
from harness.train import device
from harness.train.batches import reading_padding
from harness.train.encoder import Encoder
from harness.train.execute import flops
from harness.train.ground import Ground
from harness.train.kinds.retrieval import vectors
from harness.train.states import READING_TOKENS
from harness.train.tokens import Encoded

MODEL = "e5-small"
SENTENCES = 20
ROUNDS = 7

Vectors = NDArray[np.float32]
Way = tuple[str, str]
"""Who encodes, and at which precision."""


def measure(data: Path) -> list[dict[str, Any]]:
    """Return a row per way: median seconds of :data:`ROUNDS` interleaved rounds over one sample of FLORES-200.

    `times` is how many times as long sentence-transformers takes at its defaults (fp32, 32 sentences a batch), the
    median of the ratios within a round; `cosine` is the least cosine with its vectors at the same precision; `peak`
    is the share of the machine's rate of matrix products in the model's own shapes; `padding` the share of positions.
    """
    model = find(MODEL)
    rows = sample(data)
    best = best_precision()
    precisions = ["fp32", *([best] if best != "fp32" else [])]
    with _own_tokens(folder(model, cache.root())) as where:
        ways = {("stiltbench", p): _ours(rows, model, where, p) for p in precisions}
        ways |= {("sentence-transformers", p): _theirs(rows, model, where, p) for p in precisions}
        ground = Ground(Encoder(where, 0, {}), model, where, "fp32")
        encoded = ground.encode(_texts(rows, model))
        rounds = [_round(ways, ground.encoder, precisions) for _ in range(ROUNDS)]
    work = flops(ground.encoder, encoded.lengths, 1)
    padding = reading_padding(encoded.lengths, len(encoded.ids), READING_TOKENS)
    return [_row(way, rounds, encoded, work, padding) for way in ways]


def sample(data: Path) -> pa.Table:
    """Return the same :data:`SENTENCES` devtest sentences in every language of FLORES-200."""
    found = adapt.adapted("flores200", data=data).rows("devtest", None)
    kept = draw.item_order(found["id"].to_pylist())[:SENTENCES]
    return found.filter(pc.is_in(found["id"], pa.array(kept)))


@contextlib.contextmanager
def _own_tokens(model_folder: Path) -> Iterator[Path]:
    """Give a cache of its own, so that a round can start without the tokens of the last one."""
    before = os.environ.get("STILTBENCH_CACHE")
    with tempfile.TemporaryDirectory() as own:
        os.environ["STILTBENCH_CACHE"] = own
        try:
            yield model_folder
        finally:
            os.environ.pop("STILTBENCH_CACHE")
            if before is not None:
                os.environ["STILTBENCH_CACHE"] = before


def _ours(rows: pa.Table, model: Model, where: Path, precision: str) -> Callable[[], Vectors]:
    ground = Ground(Encoder(where, 0, {}).eval().to(device.device()), model, where, precision)
    top = ground.encoder.layers

    def encoded() -> Vectors:
        cache.prune(0)
        inputs = ground.inputs(ground.encode(_texts(rows, model)))
        return vectors(ground, inputs, [top], model.pooling)[top]

    return encoded


def _texts(rows: pa.Table, model: Model) -> list[str]:
    return [model.prefix + text for text in rows["text"].to_pylist()]


def _theirs(rows: pa.Table, model: Model, where: Path, precision: str) -> Callable[[], Vectors]:
    from sentence_transformers import SentenceTransformer

    encoder = SentenceTransformer(str(where))
    texts = _texts(rows, model)

    def encoded() -> Vectors:
        with device.computing(precision):
            found = encoder.encode(texts, normalize_embeddings=True, show_progress_bar=False, convert_to_tensor=True)
        return np.asarray(found.float().cpu())

    return encoded


def _round(ways: dict[Way, Callable[[], Vectors]], encoder: Encoder, precisions: list[str]) -> dict[str, Any]:
    seconds, made = {}, {}
    for way, encoded in ways.items():
        began = time.perf_counter()
        made[way] = encoded()
        seconds[way] = time.perf_counter() - began
    cosines = {p: float((made["stiltbench", p] * made["sentence-transformers", p]).sum(1).min()) for p in precisions}
    return {"seconds": seconds, "cosines": cosines, "rates": {p: matmul_rate(encoder, p) for p in precisions}}


@torch.inference_mode()
def matmul_rate(encoder: Encoder, precision: str, repeats: int = 8) -> float:
    """Return operations a second of the matrix products of a whole forward pass, and of nothing else."""
    wide, narrow = encoder.feed_forward, encoder.hidden
    at, dtype = device.device(), device.storage(precision)
    shapes = [(narrow, narrow)] * 4 + [(wide, narrow), (narrow, wide)]
    weights = [torch.randn(*shape, device=at, dtype=dtype) for shape in shapes * encoder.layers]
    inputs = {size: torch.randn(READING_TOKENS, size, device=at, dtype=dtype) for size in (narrow, wide)}
    began = time.perf_counter()
    for _ in range(repeats):
        for weight in weights:
            functional.linear(inputs[weight.shape[1]], weight)
    if device.device().type == "cuda":
        torch.cuda.synchronize()
    operations = 2 * READING_TOKENS * sum(weight.numel() for weight in weights)
    return repeats * operations / (time.perf_counter() - began)


def _row(way: Way, rounds: list[dict[str, Any]], encoded: Encoded, work: float, padding: float) -> dict[str, Any]:
    who, precision = way
    ours = who == "stiltbench"
    seconds = statistics.median(r["seconds"][way] for r in rounds)
    return {
        "encoder": who,
        "precision": precision,
        "sentences": len(encoded),
        "seconds": seconds,
        "tokens_per_second": len(encoded.ids) / seconds,
        "times": statistics.median(r["seconds"]["sentence-transformers", "fp32"] / r["seconds"][way] for r in rounds),
        "cosine": min(r["cosines"][precision] for r in rounds) if ours else None,
        "peak": statistics.median(work / r["seconds"][way] / r["rates"][precision] for r in rounds),
        "padding": padding if ours else None,
    }
