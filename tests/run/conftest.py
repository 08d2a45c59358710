"""A part of the small suite, a store to run it in, a cache that starts cold, and runners that wait less."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from harness import cache, lease
from harness.run import local
from harness.store import Store
from harness.suite import Suite
from harness.suite_file import load
from tests.small import PART, Declare


@pytest.fixture
def part(declare: Declare) -> Suite:
    return load(declare(*PART))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small_store: Store) -> Path:  # noqa: ARG001
    """A cache that holds examples and the model, and nothing yet that was computed from them."""
    for kind in ("examples", "models"):
        others = shutil.ignore_patterns(".*", "e5-small-*")  # what another worker writes just now, and half a gigabyte
        shutil.copytree(cache.root() / kind, tmp_path / "cache" / kind, ignore=others)
    monkeypatch.setenv("STILTBENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def fast_leases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "EXPIRY_SECONDS", 0.2)
    monkeypatch.setattr(local, "WAIT_SECONDS", 0.2)
