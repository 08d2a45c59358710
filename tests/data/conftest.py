"""A small data set of one's own: adapter, card and raw file, copied so that a test may spoil them."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness import resources
from harness.data import adapt
from harness.data.adapt import Adapted

FILES = Path(__file__).with_name("files")


@dataclass(frozen=True)
class Toy:
    """The folder of adapters, and the folder that holds one folder of raw files per data set."""

    adapters: Path
    data: Path

    @property
    def raw(self) -> Path:
        return self.data / "toy" / "toy.tsv"

    def adapted(self) -> Adapted:
        return adapt.adapted("toy", data=self.data)

    def spoil(self, name: str, old: str, new: str) -> None:
        """Replace ``old`` in the adapter, card or raw file called ``name``."""
        path = self.raw if name == "toy.tsv" else self.adapters / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Toy:
    monkeypatch.setenv("STILTBENCH_CACHE", str(tmp_path / "cache"))
    made = Toy(tmp_path / "adapters", tmp_path / "data")
    monkeypatch.setenv(resources.ADAPTERS, str(made.adapters))
    made.adapters.mkdir()
    made.raw.parent.mkdir(parents=True)
    for name in ("toy.md", "toy.sql"):
        shutil.copy(FILES / "toy" / name, made.adapters / name)
    shutil.copy(FILES / "toy" / "toy.tsv", made.raw)
    return made
