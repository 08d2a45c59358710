"""Small sound files of every data set, gathered from the test modules, which have them as `RAW`."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path

Files = Mapping[str, bytes]
"""Path below the data set's folder → content."""

READERS = {"test_fuzz", "test_bad_input"}
"""Test modules that read this one."""


def _found() -> dict[str, Files]:
    names = sorted({path.stem for path in Path(__file__).parent.glob("test_*.py")} - READERS)
    modules = [importlib.import_module(f"tests.adapters.{name}") for name in names]
    return {name: files for module in modules for name, files in getattr(module, "RAW", {}).items()}


RAW = _found()
"""Data set → its files."""
