"""How fast raw files become columns: our select, the whole way to a kept file, and a plain Python loop.

Every time is taken in a process of its own, imports left out. The ways take turns, and what they read is compared.
"""

from __future__ import annotations

import csv
import hashlib
import importlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROUNDS = 5

WAYS = ("select", "adapted", "loop")
"""Our select, from files to Arrow; contract, digests and Parquet as well; and the loop that both are compared with."""

COMPARED = ("split", "language", "id", "source", "text")


def measure(data: Path) -> list[dict[str, Any]]:
    """Return a row per data set and way: median seconds of :data:`ROUNDS` rounds, and the loop's time over them.

    ``data`` holds the folders of FLORES-200 and SIB-200. `loop_over` is the median of the ratios within a round, and
    `equal` says whether the way read what the loop reads.
    """
    with tempfile.TemporaryDirectory() as folder:
        _copy_devtest(data / "flores200", Path(folder) / "flores200")
        # Of devtest alone there is no data set: its card promises dev too.
        cases = [("flores200 devtest", Path(folder), way) for way in WAYS if way != "adapted"]
        cases += [(name, data, way) for name in ("flores200", "sib200") for way in WAYS]
        rounds = [{(name, way): _run(name, way, root) for name, root, way in cases} for _ in range(ROUNDS)]
    return [_row(name, way, rounds) for name, _, way in cases]


def _copy_devtest(source: Path, target: Path) -> None:
    inner = Path("flores200_dataset")
    shutil.copytree(source / inner / "devtest", target / inner / "devtest")
    shutil.copyfile(source / inner / "metadata_devtest.tsv", target / inner / "metadata_devtest.tsv")


def _run(name: str, way: str, root: Path) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as cache:
        code = f"from harness.bench import adapt; adapt.time_one({name.split()[0]!r}, {way!r}, {str(root)!r})"
        environment = os.environ | {"STILTBENCH_CACHE": cache}
        told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, env=environment)
    found: dict[str, Any] = json.loads(told.stdout)
    return found


def _row(name: str, way: str, rounds: list[dict[tuple[str, str], dict[str, Any]]]) -> dict[str, Any]:
    ratios = [found[name, "loop"]["seconds"] / found[name, way]["seconds"] for found in rounds]
    return {
        "data": name,
        "way": way,
        "rows": rounds[0][name, way]["rows"],
        "seconds": statistics.median(found[name, way]["seconds"] for found in rounds),
        "loop_over": statistics.median(ratios),
        "equal": all(found[name, way]["digest"] == found[name, "loop"]["digest"] for found in rounds),
    }


def time_one(name: str, way: str, data: str) -> None:
    """Read one data set in one way; print seconds, rows and a digest of the rows in any order, as JSON."""
    for module in ("duckdb", "pyarrow.parquet", "harness.data.contract"):
        importlib.import_module(module)

    began = time.perf_counter()
    made = _READ[way](name, Path(data))
    seconds = time.perf_counter() - began
    columns = made if isinstance(made, dict) else made.select(COMPARED).to_pydict()
    lines = sorted("\t".join(row) for row in zip(*(columns[column] for column in COMPARED), strict=True))
    mark = hashlib.sha256("\n".join(lines).encode())
    print(json.dumps({"seconds": seconds, "rows": len(lines), "digest": mark.hexdigest()}))


def _select(name: str, data: Path) -> Any:
    from harness.data import adapter, cards

    sql = cards.adapter_path(name)
    assert sql is not None
    return adapter.selected(cards.dataset_card(name), sql, None, data / name)


def _adapted(name: str, data: Path) -> Any:
    """Return the table only after the file stands, as a caller would have it."""
    import pyarrow.parquet as pq

    from harness.data import adapt

    return pq.read_table(adapt.adapted(name, data=data).path, columns=list(COMPARED))


def _loop(name: str, data: Path) -> dict[str, list[str]]:
    return (_loop_flores if name == "flores200" else _loop_sib)(data / name)


def _loop_flores(root: Path) -> dict[str, list[str]]:
    columns: dict[str, list[str]] = {column: [] for column in (*COMPARED, "block")}
    for metadata in sorted((root / "flores200_dataset").glob("metadata_*.tsv")):
        split = metadata.stem.removeprefix("metadata_")
        pages = [line.split("\t")[0] for line in metadata.read_text(encoding="utf-8").split("\n")[1:-1]]
        for path in sorted((root / "flores200_dataset" / split).iterdir()):
            for number, text in enumerate(path.read_text(encoding="utf-8").split("\n")[:-1]):
                row = (split, path.stem, str(number), f"flores200:{split}:{number}", text, pages[number])
                for column, value in zip(columns.values(), row, strict=True):
                    column.append(value)
    return columns


def _loop_sib(root: Path) -> dict[str, list[str]]:
    """Leaves out the block, which the select finds among the pages."""
    columns: dict[str, list[str]] = {column: [] for column in (*COMPARED, "label")}
    for path in sorted((root / "data" / "annotated").glob("*/*.tsv")):
        with path.open(encoding="utf-8", newline="") as file:
            for line in csv.DictReader(file, delimiter="\t"):
                number = int(line["index_id"])
                source = f"flores200:dev:{number}" if number < 997 else f"flores200:devtest:{number - 997}"
                row = (path.stem, path.parent.name, line["index_id"], source, line["text"], line["category"])
                for column, value in zip(columns.values(), row, strict=True):
                    column.append(value)
    return columns


_READ: dict[str, Callable[[str, Path], Any]] = {"select": _select, "adapted": _adapted, "loop": _loop}
