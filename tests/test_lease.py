"""One runner holds a job's lease at a time; a holder that stopped touching it loses it."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest

from harness import lease
from harness.lease import held, leased
from harness.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def _age(store: Store, seconds: float) -> None:
    """Make every lease look as if it had last been touched so long ago."""
    for path in (store.path / "work").glob("*.lease.*"):
        then = time.time() - seconds
        os.utime(path, (then, then))


def test_a_held_lease_is_refused_and_a_returned_one_is_given(store: Store) -> None:
    with leased(store, "k") as ours:
        assert ours
        assert held(store) == ["k"]
        with leased(store, "k") as again:
            assert not again
        with leased(store, "other") as free:
            assert free
    assert held(store) == []
    with leased(store, "k") as ours:
        assert ours


def test_a_lease_that_nobody_touches_is_taken_over(store: Store) -> None:
    dead = leased(store, "k")
    dead.__enter__()
    _age(store, lease.EXPIRY_SECONDS + 1)
    assert held(store) == []
    with leased(store, "k") as ours:
        assert ours
    dead.__exit__(None, None, None)


def test_of_many_that_take_over_only_one_gets_it(store: Store) -> None:
    (store.path / "work" / "k.lease.0").touch()
    _age(store, lease.EXPIRY_SECONDS + 1)
    ready, got, done = threading.Barrier(16), [], threading.Barrier(16)

    def race() -> None:
        ready.wait()
        with leased(store, "k") as ours:
            got.append(ours)
            done.wait()

    runners = [threading.Thread(target=race) for _ in range(16)]
    for runner in runners:
        runner.start()
    for runner in runners:
        runner.join()
    assert sorted(got) == [False] * 15 + [True]
    assert held(store) == []


def test_a_holder_at_work_keeps_its_lease_fresh(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "BEAT_SECONDS", 0.02)
    with leased(store, "k"):
        _age(store, lease.EXPIRY_SECONDS + 1)
        deadline = time.monotonic() + 5
        while not held(store) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert held(store) == ["k"]


def test_a_lease_of_a_dead_process_of_this_machine_is_taken_at_once(store: Store) -> None:
    gone = subprocess.run(["sh", "-c", "echo $$"], capture_output=True, text=True, check=True).stdout.strip()
    (store.work() / "k.lease.0").write_text(f"{socket.gethostname()} {gone}")
    (store.work() / "far.lease.0").write_text(f"another-machine {gone}")
    assert held(store) == ["far"]
    with leased(store, "k") as ours:
        assert ours
    with leased(store, "far") as theirs:
        assert not theirs
