"""Killed at any moment and run again, a suite ends with the bytes of a run that nothing disturbed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from harness.run.local import run
from harness.store import Store
from harness.suite_file import load
from tests.run.test_local import PART_JOBS, assert_sound, results
from tests.small import DIVERSE, PART, Change, Declare

KILLED = """
import os, signal, sys
import harness.lease, harness.train.loop
from harness.cli import main
harness.train.loop.CHECKPOINT_SECONDS = 0
harness.lease.EXPIRY_SECONDS = 0.2
suite, store, left = sys.argv[1], sys.argv[2], int(sys.argv[3])
places = (store, os.environ["STILTBENCH_CACHE"])
def count(event, arguments):
    global left
    if event in ("os.rename", "os.mkdir", "os.remove", "shutil.rmtree", "open"):
        left -= str(arguments[0]).startswith(places)
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(count)
sys.exit(main(["run", suite, "--store", store, "--quiet"]))
"""
"""A run whose process kills itself at the n-th time that it touches a file of its store or its cache.

A checkpoint follows every step, so that most of these moments are in the middle of a phase.
"""

MIXED = """[arms.mixed]
mix = [{ data = "cldr_kind", languages = ["nob_Latn"] }, { data = "cldr_phrases", languages = ["rus_Cyrl"] }]
sampling = { scheme = "uniform" }
mlm = [{ data = "cldr_terms", languages = ["nob_Latn"] }]
mlm_ratio = 0.25

[arms.pretrained]
pretrain = { data = "cldr_terms", languages = ["nob_Latn"], examples = 24, recipe = "short" }
mix = [{ data = "cldr_kind", languages = ["eng_Latn"] }]
"""

CHOSEN = """[recipes.chosen]
epochs = 1
batch_tokens = 128
learning_rate = 1e-3
trainable_layers = "all"
checks = 2
select = "english-dev"

[intermediate]"""

EVERY_PHASE: tuple[Change, ...] = (
    ("seeds = [0, 1]", "seeds = [0]"),
    (DIVERSE, MIXED),
    ('a = "diverse"', 'a = "none"'),
    ('match = "items"', 'match = "rows"'),
    ("[intermediate]", CHOSEN),
    ('split = "test" }]\nrecipe = "short"', 'split = "test" }]\nrecipe = "chosen"'),
)
"""Pretraining on text, a mixture of three kinds, targets that keep what was best on dev, predictions and scores."""


def run_killed(path: Path, store: Store, kills: int, touches: tuple[int, int]) -> list[int]:
    """Begin a run again and again, and kill each after a random number of touches; return what was done after each."""
    done = []
    for left in np.random.default_rng(kills).integers(*touches, kills):
        command = [sys.executable, "-c", KILLED, str(path), str(store.path), str(left)]
        ran = subprocess.run(command, capture_output=True, text=True, env=os.environ)
        assert (ran.returncode, ran.stderr) == (-signal.SIGKILL, "")
        assert_sound(store)
        done.append(len(store.finished()))
    return done


def assert_same_jobs(store: Store, undisturbed: Store, count: int) -> None:
    assert len(store.finished()) == count
    for key in store.finished():
        assert results(store, key) == results(undisturbed, key) != {}


@pytest.mark.usefixtures("own_cache", "fast_leases")
def test_two_kills_change_no_byte(declare: Declare, store: Store, small_store: Store) -> None:
    path = declare(*PART)
    done = run_killed(path, store, kills=2, touches=(100, 300))
    assert 0 < done[0] < done[1] < PART_JOBS
    run(load(path), store, quiet=True)
    assert_same_jobs(store, small_store, PART_JOBS)


@pytest.mark.slow
@pytest.mark.usefixtures("own_cache", "fast_leases")
def test_twenty_kills_change_no_byte_of_any_phase(declare: Declare, store: Store, tmp_path: Path) -> None:
    path = declare(*EVERY_PHASE)
    done = run_killed(path, store, kills=20, touches=(40, 140))
    suite, undisturbed = load(path), Store(tmp_path / "undisturbed")
    run(suite, store, quiet=True)
    run(suite, undisturbed, quiet=True)
    assert 0 < done[-1] < len(undisturbed.finished())
    assert_same_jobs(store, undisturbed, 32)
