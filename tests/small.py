"""A suite small enough for tests (`tiny`, five languages, two seeds), a store in which it was run, and its commands."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.run.local import run
from harness.store import Store
from harness.suite import Suite
from harness.suite_file import load

SUITE = """
name = "small"
title = "English against Russian and Norwegian, in small"
model = "tiny"
seeds = [0, 1]
precision = "fp32"
threads = 1
keep_weights = true

[languages]
include = ["deu_Latn", "eng_Latn", "fin_Latn", "hin_Deva", "nno_Latn"]

[recipes.short]
epochs = 1
batch_tokens = 128
learning_rate = 1e-3
trainable_layers = 1

[intermediate]
match = "items"
examples = 24
recipe = "short"
check = "dev"

[arms.none]

[arms.english]
mix = [{ data = "cldr_kind", languages = ["eng_Latn"] }]

[arms.diverse]
mix = [{ data = "cldr_kind", languages = ["rus_Cyrl", "nob_Latn"] }]

[targets.retrieval]
test = [{ data = "cldr_terms", split = "test" }]
pivot = "eng_Latn"
layers = [1, 2]

[targets.phrases]
train = { data = "cldr_phrases", languages = ["eng_Latn"] }
test = [{ data = "cldr_phrases", split = "test" }]
recipe = "short"

[[contrasts]]
name = "diverse over english"
a = "diverse"
b = "english"
targets = ["retrieval", "phrases"]
role = "primary"
"""

Change = tuple[str, str]
"""Text of the suite's file, and what stands there instead."""

Declare = Callable[..., Path]

DIVERSE = '[arms.diverse]\nmix = [{ data = "cldr_kind", languages = ["rus_Cyrl", "nob_Latn"] }]\n'

PART = (("seeds = [0, 1]", "seeds = [0]"), (DIVERSE, ""), ('a = "diverse"', 'a = "none"'))
"""Changes that leave one seed and the arms `none` and `english`: a part of the whole suite's jobs."""


@pytest.fixture
def declare(tmp_path: Path) -> Declare:
    """Return a writer of the suite's file with some of its text changed."""

    def write(*changes: Change) -> Path:
        text = SUITE
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new)
        path = tmp_path / "small.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture(scope="session")
def small_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("suite") / "small.toml"
    path.write_text(SUITE, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def small(small_file: Path) -> Suite:
    return load(small_file)


@pytest.fixture(scope="session")
def small_store(small: Suite, tmp_path_factory: pytest.TempPathFactory) -> Store:
    """The store in which the suite was run once; no test writes into it."""
    store = Store(tmp_path_factory.mktemp("small") / "store")
    ran = run(small, store, quiet=True)
    assert not ran.failed
    return store


@pytest.fixture
def copied(small_store: Store, tmp_path: Path) -> Store:
    """A copy of that store, which a test may spoil."""
    shutil.copytree(small_store.path, tmp_path / "store")
    return Store(tmp_path / "store")


def stiltbench(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command as a process of its own."""
    command = [sys.executable, "-m", "harness.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment})
