"""How fast a model is trained: our loop beside Hugging Face `Trainer`, and beside the machine's matrix products.

All ways take turns in one process. They train the same model on the same texts in many languages, with the same
dropout, rate, number of steps and, on average, real tokens a step; a round is a seed, and what each way has learned is
asked on texts that it never saw.
"""

from __future__ import annotations

import importlib.util
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import torch

from harness import cache
from harness.bench.train_rival import Rival
from harness.data import adapt
from harness.data.draw import item_order
from harness.errors import UserError
from harness.models.find import Model, find, folder
from harness.plan import best_precision
from harness.run.local import run
from harness.store import Store
from harness.suite_file import load
from harness.train import device
from harness.train.batches import Indices, reading_batches, training_batches
from harness.train.encoder import Encoder
from harness.train.execute import flops, learning
from harness.train.ground import Ground
from harness.train.kinds.classification import Classification, new_head
from harness.train.loop import Phase, train
from harness.train.states import READING_TOKENS

MODEL, DATA = "e5-small", "sib200"
TEXTS, HELD_OUT = 2000, 200
STEPS, ROUNDS = 50, 3
"""`Trainer` sorts texts within 50 batches, the longest first: fewer steps would be none of its average ones."""
PROBE = 7
"""Steps of ours between which the machine's own rate is taken: seven times a phase."""
BATCH = 8
"""`Trainer`'s default; our batches hold as many real tokens on average."""
FULL, FULL_STEPS = 40, 22
"""About 2,000 tokens a step, as in the recipes of the suites that ship; too few steps to ask what was learned."""
RATE = 2e-4
TOP = 4

SUITE = "quickstart"

OURS, DEFAULTS, BEST = "stiltbench", "Trainer, defaults", "Trainer, at its best"


@dataclass(frozen=True)
class Way:
    """Who trains, at which precision, how many layers from the top learn (None: everything), and on how many texts."""

    who: str
    precision: str
    top: int | None
    texts: int = BATCH

    @property
    def steps(self) -> int:
        """Number of steps of a round."""
        return STEPS if self.texts == BATCH else FULL_STEPS


@dataclass
class Timed:
    """One phase; its first step warms up and counts for nothing. Shares as in :func:`measure`."""

    loss: float | None
    tokens: int
    seconds: float
    padding: float
    peak: float | None = None
    outside: float | None = None


@dataclass
class Clock:
    """When each step ended, and the seconds that batches took to make; what ``probe`` takes and finds is kept apart."""

    probe: Callable[[], float]
    ends: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    probing: float = 0.0
    batches: float = 0.0

    def tick(self, *_: int) -> None:
        """A step has ended."""
        now = time.perf_counter()
        self.ends.append(now - self.probing)
        if len(self.ends) % PROBE == 0:
            self.rates.append(self.probe())
            self.probing += time.perf_counter() - now

    def watch(self, batch: Callable[[Indices], Any]) -> Callable[[Indices], Any]:
        """Return the same maker of batches, timed."""

        def timed(units: Indices) -> Any:
            began = time.perf_counter()
            made = batch(units)
            self.batches += time.perf_counter() - began
            return made

        return timed


@dataclass(frozen=True)
class Sample:
    """What is learned from and what is asked: rows in as many languages as the data set has."""

    model: Model
    where: Path
    rows: pa.Table
    held_out: pa.Table
    labels: list[str]


def measure(data: Path) -> list[dict[str, Any]]:
    """Return a row per way: medians of :data:`ROUNDS` interleaved rounds, each from another seed.

    `times_defaults` and `times_best` are real tokens a second over those of `Trainer`, the median of the ratios
    within a round, where both take steps of as many tokens; `loss` is the mean on held-out texts and `loss_sd` its
    deviation over seeds. `peak` is the share of the machine's rate of matrix products in the same shapes, `outside`
    that of the phase's time that is neither forward, backward nor optimizer. The last row is a suite's: its wall time
    over its jobs' model time.
    """
    if importlib.util.find_spec("accelerate") is None:
        raise UserError("bench train: accelerate is not installed; pip install 'stiltbench[dev]'")
    given = sample(data)
    rounds = [{way: _time(way, given, seed) for way in ways(best_precision())} for seed in range(ROUNDS)]
    rows = [_row(way, rounds) for way in rounds[0]]
    return [*rows, {**dict.fromkeys(rows[0]), "learns": SUITE, "who": OURS, "over_model_time": over_model_time()}]


def over_model_time() -> float:
    """Return a suite's wall time, in a fresh store, over the seconds in which its jobs asked or trained the model.

    It is run twice, and the second time counts: the cache then holds all that it keeps.
    """
    suite = load(SUITE, changes=["seeds=[0]"])
    for _ in range(2):
        with tempfile.TemporaryDirectory() as where:
            store = Store(Path(where) / "store")
            ran = run(suite, store, quiet=True)
            jobs = [store.job(key) for key in ran.did]
    return float(ran.seconds / sum(j["tokens"] / j["tokens_per_second"] for j in jobs if j["tokens_per_second"]))


def ways(best: str) -> Iterator[Way]:
    """Yield whom a round asks, where ``best`` is the machine's best precision."""
    for top in (None, TOP):
        yield Way(DEFAULTS, "fp32", top)
        yield Way(BEST, best, top)
        for precision in sorted({"fp32", best}):
            yield Way(OURS, precision, top)
    for precision in sorted({"fp32", best}):
        yield Way(OURS, precision, None, FULL)


def sample(data: Path) -> Sample:
    """Return the same texts of SIB-200 each time; those that are held out are of other items."""
    rows = adapt.adapted(DATA, data=data).rows("train", None)
    order = {item: at for at, item in enumerate(item_order(sorted(set(rows["id"].to_pylist()))))}
    held = np.array([order[item] < len(order) // 5 for item in rows["id"].to_pylist()])
    mixed = np.random.default_rng(0).permutation(len(rows))
    train, test = mixed[~held[mixed]][:TEXTS], mixed[held[mixed]][:HELD_OUT]
    model = find(MODEL)
    labels = sorted(set(rows["label"].to_pylist()))
    return Sample(model, folder(model, cache.root()), rows.take(train), rows.take(test), labels)


def _time(way: Way, given: Sample, seed: int) -> Timed:
    device.pin(torch.get_num_threads(), seed)
    cut = 0 if way.top is None or way.who != OURS else given.model.layers - way.top
    encoder = Encoder(given.where, cut, {})
    ground = Ground(encoder, given.model, given.where, way.precision if way.who == OURS else "fp32")
    head = new_head(ground, given.labels, seed).to(device.device())
    encoder.to(device.device())
    task, held = (Classification(ground, rows, given.labels, head) for rows in (given.rows, given.held_out))
    if way.who == OURS:
        return _ours(way, ground, task, held, seed)
    torch.use_deterministic_algorithms(False)  # it promises nothing of the kind
    encoder.train_top(way.top)
    rival = Rival(task, way.who == BEST, way.precision == "bf16")
    rival.train(STEPS, RATE, BATCH, seed)
    return Timed(_loss(ground, held), *rival.counted())


def _ours(way: Way, ground: Ground, task: Classification, held: Classification, seed: int) -> Timed:
    tokens = way.texts * round(float(task.costs.mean()))
    recipe = {
        "steps": way.steps,
        "batch_tokens": batch_tokens(task.costs, tokens),
        "learning_rate": RATE,
        "trainable_layers": way.top or "all",
        "warmup": 0.0,
        "weight_decay": 0.0,
    }
    tensors = learning(ground, recipe, {"classification"}, {"": task.head})
    clock = Clock(lambda: matmul_rate(ground.encoder, way.precision, tokens))
    task.inputs.batch = clock.watch(task.inputs.batch)  # type: ignore[assignment, method-assign]
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as resume:
        spec = {"recipe": recipe, "seed": seed, "precision": way.precision}
        out = train(Phase(ground.encoder, [task], tensors), spec, Path(resume), clock.tick)
    wall = time.perf_counter() - began - clock.probing
    seconds, lengths = clock.ends[-1] - clock.ends[0], np.concatenate([task.costs[units] for _, units in out.steps[1:]])
    rate = flops(ground.encoder, lengths, 3) / seconds
    return Timed(
        loss=_loss(ground, held) if way.texts == BATCH else None,
        tokens=int(lengths.sum()),
        seconds=seconds,
        padding=out.padding,
        peak=rate / statistics.median(clock.rates),
        outside=1 - (out.progress.seconds - clock.batches) / wall,
    )


def batch_tokens(lengths: Indices, wanted: float) -> int:
    """Return the size of batches that hold on average nearest to so many real tokens."""
    sizes = np.unique(np.linspace(wanted, 1.3 * wanted, 61).astype(int))
    means = [lengths.sum() / len(training_batches(lengths, int(size), 0, 0, packed=True)) for size in sizes]
    return int(sizes[np.argmin(np.abs(np.array(means) - wanted))])


@torch.inference_mode()
def _loss(ground: Ground, held: Classification) -> float:
    ground.encoder.eval()
    batches = reading_batches(held.costs, READING_TOKENS)
    return sum(float(held.loss(batch)) * len(batch) for batch in batches) / len(held.costs)


@torch.inference_mode()
def matmul_rate(encoder: Encoder, precision: str, tokens: int) -> float:
    """Return operations a second of the matrix products of training steps on so many tokens, and of nothing else.

    Of each layer's weights three: forward, the gradient of what went in, and that of the weights.
    """
    wide, narrow = encoder.feed_forward, encoder.hidden
    at, dtype = device.device(), device.storage(precision)
    shapes = [(narrow, narrow)] * 4 + [(wide, narrow), (narrow, wide)]
    weights = [torch.randn(*shape, device=at, dtype=dtype) for shape in shapes * (encoder.layers - encoder.level)]
    states = {size: torch.randn(tokens, size, device=at, dtype=dtype) for size in (narrow, wide)}
    began = time.perf_counter()
    for weight in weights:
        given, gradient = states[weight.shape[1]], states[weight.shape[0]]
        torch.nn.functional.linear(given, weight)
        gradient @ weight
        gradient.T @ given
    if at.type == "cuda":
        torch.cuda.synchronize()
    return 6 * tokens * sum(weight.numel() for weight in weights) / (time.perf_counter() - began)


def _row(way: Way, rounds: list[dict[Way, Timed]]) -> dict[str, Any]:
    mine = [found[way] for found in rounds]
    losses = [timed.loss for timed in mine if timed.loss is not None]
    beside = way.texts == BATCH
    return {
        "learns": "everything" if way.top is None else f"top {way.top}",
        "who": way.who,
        "precision": way.precision,
        "tokens_a_step": statistics.median(t.tokens for t in mine) / (way.steps - 1),
        "tokens_per_second": statistics.median(t.tokens / t.seconds for t in mine),
        "times_defaults": _times(way, DEFAULTS, rounds) if beside else None,
        "times_best": _times(way, BEST, rounds) if beside else None,
        "peak": _median([t.peak for t in mine]),
        "outside": _median([t.outside for t in mine]),
        "padding": statistics.median(t.padding for t in mine),
        "loss": statistics.mean(losses) if losses else None,
        "loss_sd": statistics.stdev(losses) if len(losses) > 1 else None,
        "over_model_time": None,
    }


def _times(way: Way, other: str, rounds: list[dict[Way, Timed]]) -> float:
    """Return how many times as many real tokens a second a way reads as `Trainer` with the same layers learning."""
    ratios = []
    for found in rounds:
        rival = next(timed for w, timed in found.items() if (w.who, w.top) == (other, way.top))
        ratios.append(found[way].tokens / found[way].seconds * rival.seconds / rival.tokens)
    return statistics.median(ratios)


def _median(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None
