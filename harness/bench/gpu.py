"""What holds on a GPU: suites run, a job gives the same bytes twice and when it was killed, and a CPU says the same.

Every run is a process with a store and a cache of its own; the page is made of what the stores hold.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq

from harness.errors import UserError
from harness.publish.tables import table
from harness.run.worker import cuda_devices
from harness.store import Store

SMOKES: tuple[tuple[str, ...], ...] = (("quickstart", "--limit", "24"),)
"""Suites that are run, each as `stiltbench run` is told."""

CASE = ("quickstart", "--limit", "24", "--set", "seeds=[0]", "--only", "english")
"""The run that is repeated, killed and asked on the CPU."""

AGREEING = 0.99
"""Least share of predictions that CPU and GPU must have in common: sums in another order move what is nearly equal."""

COMPARED = ("model.safetensors", "predictions.parquet", "example_scores.parquet")

CLI = ("-m", "harness.cli")
OFTEN = ("-c", "import harness.train.loop as l, harness.cli as c, sys; l.CHECKPOINT_SECONDS = 0; sys.exit(c.main())")
"""The command line, and the same with a checkpoint after every step."""

Row = dict[str, Any]
Seen = tuple[str, bool | None]
"""What a check saw, and whether that is what it should see; None where nothing is asked."""


class Failed(Exception):
    """A run that did not end well, with the last line that it said."""


def measure(data: Path | None) -> list[Row]:
    """Return a row per check: what was seen, whether it passed, and the seconds that it took.

    :raises UserError: where there is no GPU
    """
    if not cuda_devices():
        raise UserError("bench gpu: there is no GPU here; run it on a machine that has one")
    with tempfile.TemporaryDirectory() as folder:
        return [_row(check, ask) for check, ask in _checks(Path(folder), data)]


def _checks(folder: Path, data: Path | None) -> Iterator[tuple[str, Callable[[], Seen]]]:
    for number, suite in enumerate(SMOKES):
        yield f"run {' '.join(suite)}", partial(_smoke, folder / f"smoke{number}", suite, data)
    yield "the same run twice gives the same bytes", partial(_twice, folder)
    yield "killed and run again, too", partial(_resumed, folder)
    yield "the CPU says the same (fp32)", partial(_agrees, folder)
    yield "bench train", partial(_trained, data)
    yield "machine", partial(_machine, Store(folder / "first" / "store"))


def _row(check: str, ask: Callable[[], Seen]) -> Row:
    began = time.monotonic()
    try:
        seen, passed = ask()
    except (Failed, UserError) as e:
        seen, passed = str(e), False
    return {"check": check, "seen": seen, "passed": passed, "seconds": time.monotonic() - began}


def _command(place: Path, suite: tuple[str, ...], cli: tuple[str, ...], devices: str | None) -> dict[str, Any]:
    """Return how `subprocess` runs a suite in a store and a cache below a folder, on some devices (None: all)."""
    seen = {} if devices is None else {"CUDA_VISIBLE_DEVICES": devices}
    return {
        "args": [sys.executable, *cli, "run", *suite, "--store", str(place / "store"), "--quiet"],
        "env": {**os.environ, "STILTBENCH_CACHE": str(place / "cache"), **seen},
        "stderr": subprocess.PIPE,
        "text": True,
    }


def _run(place: Path, suite: tuple[str, ...], devices: str | None) -> str:
    ran: subprocess.CompletedProcess[str] = subprocess.run(**_command(place, suite, CLI, devices))
    last = (ran.stderr.strip().splitlines() or ["nothing said"])[-1]
    if ran.returncode:
        raise Failed(last)
    return last


def _smoke(place: Path, suite: tuple[str, ...], data: Path | None) -> Seen:
    given = () if data is None else ("--data", str(data))
    return _run(place, (*suite, *given), None), True


def _twice(folder: Path) -> Seen:
    for name in ("first", "second"):
        _run(folder / name, CASE, cuda_devices()[0])
    return compared(Store(folder / "first" / "store"), Store(folder / "second" / "store"))


def _resumed(folder: Path) -> Seen:
    place, device = folder / "resumed", cuda_devices()[0]
    with subprocess.Popen(**_command(place, CASE, OFTEN, device)) as process:
        while process.poll() is None and not list(place.glob("store/work/*.resume/phase.safetensors")):
            time.sleep(0.005)
        process.kill()
    if process.returncode != -signal.SIGKILL:
        raise Failed("it ended before it could be killed")
    _run(place, CASE, device)
    return compared(Store(folder / "first" / "store"), Store(place / "store"))


def compared(one: Store, other: Store) -> Seen:
    """Say whether two stores hold the same jobs with the same bytes."""
    keys = sorted({*one.finished(), *other.finished()})
    unlike = [key for key in keys if _files(one, key) != _files(other, key)]
    if unlike:
        return f"{len(unlike)} of {len(keys)} jobs differ, as {unlike[0]}", False
    return f"{len(keys)} jobs", bool(keys)


def _files(store: Store, key: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in store.folder(key).glob("*") if path.name in COMPARED}


def _agrees(folder: Path) -> Seen:
    """Ask the CPU what the GPU was asked, with the weights that the GPU trained."""
    case = (*CASE, "--set", 'precision="fp32"')
    _run(folder / "gpu", case, cuda_devices()[0])
    ours = Store(folder / "gpu" / "store")
    shutil.copytree(ours.path, folder / "cpu" / "store")
    theirs = Store(folder / "cpu" / "store")
    asked = [key for key in ours.finished() if ours.job(key)["phase"] in ("predict", "score")]
    for key in asked:
        theirs.remove(key)
    _run(folder / "cpu", case, "")
    return agreeing(ours, theirs, [key for key in asked if ours.job(key)["phase"] == "predict"])


def agreeing(one: Store, other: Store, keys: list[str]) -> Seen:
    """Say how many predictions of some jobs two stores have in common."""
    same = both = 0
    for key in keys:
        said = [pq.read_table(s.folder(key) / "predictions.parquet")["prediction"] for s in (one, other)]
        same += pc.sum(pc.equal(*said)).as_py() or 0
        both += len(said[0])
    return f"{same} of {both} predictions", same >= AGREEING * both > 0


def _trained(data: Path | None) -> Seen:
    if data is None:
        return "not measured: give --data DIR with sib200 in it", None
    from harness.bench import train

    rows = [row for row in train.measure(data) if row["who"] == train.OURS]
    return "; ".join(filter(None, map(_rates, rows))), None


def _rates(row: Row) -> str:
    """Say a row of `bench train`: a step of few tokens stands beside Trainer's, one of many beside the peak alone."""
    if row["peak"] is None:  # a suite's
        return ""
    beside = f", {row['times_best']:.2f} of Trainer's best" if row["times_best"] else ""
    place = f"{row['learns']}, {row['precision']}, {row['tokens_a_step']:.0f} tokens a step"
    return f"{place}: {row['tokens_per_second']:.0f} tokens/s{beside}, {row['peak']:.0%} of the peak"


def _machine(store: Store) -> Seen:
    ran = [store.job(key) for key in store.finished()]
    job = next((job for job in ran if job["phase"] == "predict"), None)
    if job is None:
        return "unknown: no run ended well", False
    versions = ", ".join(f"{name} {version}" for name, version in json.loads(job["versions"]).items())
    return f"{job['device']}; {versions}", not job["device"].startswith("cpu")


def page(rows: list[Row]) -> str:
    """Return the rows of :func:`measure` as a page of markdown."""
    words = {True: "yes", False: "**no**", None: "–"}
    lines = [[row["check"], row["seen"], f"{row['seconds']:.0f}", words[row["passed"]]] for row in rows]
    failed = [row["check"] for row in rows if row["passed"] is False]
    parts = [
        "# On a GPU",
        f"Generated by `make gpu-check` (stiltbench {importlib.metadata.version('stiltbench')}); written by the "
        "program, not by hand.",
        f"Did not hold: {'; '.join(failed) or 'nothing'}. {sum(row['seconds'] for row in rows):.0f} s in all.",
        table(["check", "seen", "seconds", "held"], lines),
    ]
    return "\n\n".join(parts) + "\n"
