"""Side-by-side measurements behind `stiltbench bench`: ratios and differences taken in one run."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from harness.errors import UserError

BENCHES = ("adapt", "calibration", "encode", "gpu", "query", "schedule", "significance", "startup", "train")

ON_REAL_FILES = {"encode": "flores200", "train": "sib200"}
"""Bench → the data sets whose raw files it needs; `adapt` reads flores200 and sib200 where they are at hand."""


def measure(name: str, data: Path | None, sets: int) -> list[dict[str, Any]]:
    """Return the rows of one bench; ``sets`` are the simulated data sets of each setting of `calibration`."""
    bench = importlib.import_module(f"harness.bench.{name}")
    if name in ON_REAL_FILES and data is None:
        raise UserError(f"bench {name}: reads real files; give --data DIR with {ON_REAL_FILES[name]} in it")
    given = (data,) if name in {"adapt", "encode", "gpu", "train"} else (sets,) if name == "calibration" else ()
    rows: list[dict[str, Any]] = bench.measure(*given)
    return rows
