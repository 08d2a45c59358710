"""Stores filled by hand: scores and declarations of a small suite, for pages that no run here would give."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from harness.publish import publish
from harness.store import Store
from harness.suite import Suite
from tests.analysis.test_query import write

Rows = list[dict[str, Any]]
Scores = dict[tuple[str, str, int], Rows]
"""(arm, target, seed) → rows of example scores."""

Page = Callable[..., str]


def counts(language: str, stats: list[list[float]], metric: str = "f1", **more: Any) -> Rows:
    """Return scores of items in one language, by their statistics."""
    return [{"language": language, "id": str(i), "metric": metric, "stats": s, **more} for i, s in enumerate(stats)]


def values(language: str, said: list[float], metric: str = "accuracy", **more: Any) -> Rows:
    """Return scores of items in one language, by their values."""
    return [{"language": language, "id": str(i), "metric": metric, "value": v, **more} for i, v in enumerate(said)]


@pytest.fixture
def page(tmp_path: Path) -> Page:
    """Return a maker of a page from a suite's arms, targets and contrasts, scores, and what was seen."""

    def make(suite: dict[str, Any], scores: Scores, **more: Any) -> str:
        return publish("s", tmp_path / "page", stored(tmp_path / "store", suite, scores, **more)).read_text("utf-8")

    return make


def stored(
    path: Path,
    suite: dict[str, Any],
    scores: Scores,
    *,
    seen: dict[tuple[str, str, str], str] | None = None,
    checked: list[list[float]] | None = None,
    signed: dict[str, str] | None = None,
    missing: Sequence[tuple[str, str, str]] = (),
) -> Store:
    """Return a store with a suite `s`, a score job for each cell, and a target job where models were checked."""
    store = Store(path)
    seeds = sorted({seed for _, _, seed in scores})
    raw = {"name": "s", "title": "S", "model": "tiny", "seeds": seeds, **suite}
    declared = msgspec.convert(raw, Suite)
    cells = []
    for arm, target, seed in scores:
        test = raw["targets"][target]["test"][0]
        key = f"{arm}-{target}-{seed}"
        fixed = {"job": key, "edition": "as-released", "dataset": test["data"], "split": test["split"]}
        rows = [fixed | row for row in scores[arm, target, seed]]
        write(store.folder(key) / "example_scores.parquet", "example_scores", rows)
        _job(store, key, "score", signed or {})
        cells.append({"arm": arm, "target": target, "seed": seed, "phase": "score", "job": key})
    if checked:
        _job(store, "t", "target", {}, checked=checked, spec={"select": {"how": "target-dev"}})
        cells.append({"arm": "a", "target": "t", "seed": 0, "phase": "target", "job": "t"})
    place = store.path / "suites" / "s"
    write(place / "cells.parquet", "cells", [{"suite": "s", **cell} for cell in cells])
    places = sorted({(a, t, row["language"]) for (a, t, _), rows in scores.items() for row in rows})
    told = [{"suite": "s", "arm": p[0], "target": p[1], "language": p[2], "seen": (seen or {}).get(p)} for p in places]
    write(place / "seen.parquet", "seen", told)
    whole = {"hash": declared.hash, "suite": declared, "missing": missing}
    (place / "suite.json").write_bytes(msgspec.json.encode(whole))
    return store


def _job(store: Store, key: str, phase: str, versions: dict[str, str], **more: Any) -> None:
    row = {"job": key, "phase": phase, "started": "2026-01-02T03:04:05", "seconds": 1.0, "tokens": 1, "device": "cpu",
           "threads": 1, "versions": json.dumps(versions), "spec": {}, **more}  # fmt: skip
    store.folder(key).mkdir(parents=True, exist_ok=True)
    (store.folder(key) / "job.json").write_text(json.dumps(row), encoding="utf-8")
