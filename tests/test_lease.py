"""One runner holds a job's lease at a time, in a folder and in object storage; one who stopped touching it loses it."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest

from harness import lease
from harness.errors import UserError
from harness.lease import held, leased
from harness.objects import Bucket
from harness.store import Store
from tests.objects import Machine
from tests.test_objects import race


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


# -- in object storage: the clock is the server's, which counts seconds ------------------------------------------------


def test_in_object_storage_a_lease_is_seen_by_another_machine(machine: Machine) -> None:
    here, there = machine(), machine("there")
    with leased(here, "k") as ours:
        assert ours
        assert held(there) == ["k"]
        with leased(there, "k") as theirs:
            assert not theirs
        with leased(there, "other") as free:
            assert free
    assert held(there) == []
    with leased(there, "k") as theirs:
        assert theirs
    assert not any(name.endswith(".lease") for name in here.bucket.list("work"))


def test_in_object_storage_a_holder_who_is_silent_loses_it(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "EXPIRY_SECONDS", 1)
    monkeypatch.setattr(lease, "BEAT_SECONDS", 1000)
    here, there = machine(), machine("there")
    silent = leased(here, "k")
    assert silent.__enter__()
    time.sleep(3)
    assert held(there) == []
    monkeypatch.setattr(lease, "EXPIRY_SECONDS", 1000)
    assert held(there) == ["k"]
    monkeypatch.setattr(lease, "EXPIRY_SECONDS", 1)
    with leased(there, "k") as theirs:
        assert theirs
        monkeypatch.setattr(lease, "EXPIRY_SECONDS", 1000)
        silent.__exit__(None, None, None)  # what he gives back is not his
        assert held(here) == ["k"]
    assert held(here) == []


def test_in_object_storage_of_many_that_take_over_only_one_gets_it(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = machine()
    here.bucket.create("work/k.lease", b"somebody who was killed")
    dead = here.bucket.head("work/k.lease")
    monkeypatch.setattr(lease, "_age", lambda found, _: 1000 if found == dead else 0)
    done, got = threading.Barrier(16), []

    def take(_: int) -> None:
        with leased(here, "k") as ours:
            got.append(ours)
            done.wait()

    race(take)
    assert sorted(got) == [False] * 15 + [True]
    assert held(here) == []


def test_in_object_storage_a_holder_at_work_keeps_it(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "EXPIRY_SECONDS", 3)
    monkeypatch.setattr(lease, "BEAT_SECONDS", 0.2)
    here, there = machine(), machine("there")
    with leased(here, "k"):
        time.sleep(5)
        assert held(there) == ["k"]
        with leased(there, "k") as theirs:
            assert not theirs


@pytest.mark.parametrize("written", [True, False], ids=["the answer", "the beat"])
def test_in_object_storage_a_lost_beat_loses_no_lease(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, written: bool
) -> None:
    replace, lost = Bucket.replace, []

    def unheard(bucket: Bucket, name: str, content: bytes, version: str) -> str | None:
        if lost:
            return replace(bucket, name, content, version)
        lost.append(name)
        if written:  # and tried again by the client, which is refused then
            replace(bucket, name, content, version)
            return replace(bucket, name, content, version)
        raise UserError("no answer")

    monkeypatch.setattr(lease, "BEAT_SECONDS", 0.1)
    monkeypatch.setattr(Bucket, "replace", unheard)
    here = machine()
    with leased(here, "k"):
        versions = set()
        deadline = time.monotonic() + 30
        while len(versions) < 4 and time.monotonic() < deadline:  # it is touched again and again after the first
            found = here.bucket.head("work/k.lease")
            assert found is not None
            versions.add(found.version)
        assert lost
        assert len(versions) == 4
    assert held(here) == []
