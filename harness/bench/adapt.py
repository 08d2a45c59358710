"""How fast raw files become columns: our select beside a Python loop, `datasets` with its map, and polars.

Every time is taken in a process of its own, imports left out. The ways take turns, and what they read is compared.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from harness.bench import adapt_files, adapt_ways
from harness.data import cards, raw
from harness.errors import UserError

ROUNDS = 5

ONCE = "datasets, map by row"
"""The way that is so slow that only the first round has it."""

IMPORTS = {
    "select": ["duckdb", "pyarrow", "harness.data.cards"],
    "adapted": ["duckdb", "pyarrow.parquet", "harness.data.adapter", "harness.data.contract"],
    "loop": ["pyarrow"],
    "polars": ["polars", "pyarrow"],
    "datasets, batched map": ["datasets"],
    "datasets, map by row": ["datasets"],
}
"""Way → what it imports before the clock runs."""

REAL = ("flores200", "sib200")
"""Data sets that are measured on their makers' files."""

Found = dict[str, Any]
Case = tuple[str, Path, str]
"""What is read, the folder of its data set's folder, and the way."""


def measure(data: Path | None) -> list[dict[str, Any]]:
    """Return a row per data set and way: medians of :data:`ROUNDS` rounds, beside our select.

    Pairs and questions are made up; ``data`` holds FLORES-200 and SIB-200, which are left out where it is None.
    `seconds` go from files to an Arrow table, for `adapted` by way of contract, digests and a file that is kept;
    `times` is how many times as long the way takes as the select, the median of the ratios within a round; `peak_mb`
    the most memory of the process, where the system tells; `equal` whether the rows are those of the select.
    """
    if missing := [name for name in ("datasets", "polars") if importlib.util.find_spec(name) is None]:
        raise UserError(f"bench adapt: {missing[0]} is not installed; pip install 'stiltbench[dev]'")
    for name in REAL if data else ():
        raw.find(cards.dataset_card(name), data)
    with tempfile.TemporaryDirectory() as folder:
        adapt_files.write(Path(folder))
        cases = [
            (name, Path(folder), way) for name in ("pairs", "xquad") for way in adapt_ways.WAYS if way != "adapted"
        ]
        if data is not None:
            _copy_devtest(data / "flores200", Path(folder) / "flores200")
            # Of devtest alone there is no data set: its card promises dev too.
            cases += [("flores200 devtest", Path(folder), way) for way in ("select", "loop")]
            cases += [(name, data, way) for name in REAL for way in ("select", "adapted", "loop")]
        rounds = [_round(cases, number) for number in range(ROUNDS)]
    return [_row(name, way, rounds) for name, _, way in cases]


def _copy_devtest(source: Path, target: Path) -> None:
    inner = Path("flores200_dataset")
    shutil.copytree(source / inner / "devtest", target / inner / "devtest")
    shutil.copyfile(source / inner / "metadata_devtest.tsv", target / inner / "metadata_devtest.tsv")


def _round(cases: list[Case], number: int) -> dict[tuple[str, str], Found]:
    return {(name, way): _run(name, way, root) for name, root, way in cases if number == 0 or way != ONCE}


def _run(name: str, way: str, root: Path) -> Found:
    with tempfile.TemporaryDirectory() as cache:
        code = f"from harness.bench import adapt; adapt.time_one({name.split()[0]!r}, {way!r}, {str(root)!r})"
        environment = os.environ | {"STILTBENCH_CACHE": cache, "HF_HOME": cache}
        told = subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.PIPE, env=environment)
    found: Found = json.loads(told.stdout)
    return found


def _row(name: str, way: str, rounds: list[dict[tuple[str, str], Found]]) -> dict[str, Any]:
    pairs = [(found[name, way], found[name, "select"]) for found in rounds if (name, way) in found]
    seconds = statistics.median(own["seconds"] for own, _ in pairs)
    return {
        "data": name,
        "way": way,
        "rows": pairs[0][0]["rows"],
        "seconds": seconds,
        "rows_a_second": pairs[0][0]["rows"] / seconds,
        "times": statistics.median(own["seconds"] / ours["seconds"] for own, ours in pairs),
        "peak_mb": max(own["peak_mb"] or 0 for own, _ in pairs) or None,
        "equal": all(own["digest"] == ours["digest"] for own, ours in pairs),
        "rounds": len(pairs),
    }


def time_one(name: str, way: str, data: str) -> None:
    """Read one data set in one way; print seconds, rows, peak memory and a digest of the rows in any order, as JSON."""
    for module in IMPORTS[way]:
        importlib.import_module(module)
    began = time.perf_counter()
    made = adapt_ways.WAYS[way](name, Path(data))
    seconds, peak = time.perf_counter() - began, _peak_mb()
    lines = adapt_ways.lines(name, made)
    mark = hashlib.sha256(b"\n".join(lines))
    print(json.dumps({"seconds": seconds, "rows": len(lines), "peak_mb": peak, "digest": mark.hexdigest()}))


def _peak_mb() -> float | None:
    # Not `ru_maxrss`, which a process takes over from the one that started it.
    status = Path("/proc/self/status")
    return int(status.read_text().split("VmHWM:")[1].split()[0]) / 1024 if status.exists() else None
