"""One job by its key, while others are at it, and where its weights are needed again."""

from __future__ import annotations

import shutil
import threading

import pytest

from harness.lease import leased
from harness.plan import make_plan
from harness.run import job as jobs
from harness.run.job import job
from harness.store import Store
from harness.suite import Suite
from tests.run.test_local import results


@pytest.fixture
def lost(small: Suite, copied: Store) -> str:
    """The key of a score that is to be made again."""
    key = next(c.job for c in make_plan(small, copied).cells if c.phase == "score")
    copied.remove(key)
    return key


def test_a_job_that_another_runner_is_at_is_waited_for(
    lost: str, copied: Store, small_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "WAIT_SECONDS", 0.05)
    ended: list[str | None] = []
    with leased(copied, lost) as ours:
        assert ours
        waits = threading.Thread(target=lambda: ended.append(job(copied, lost)))
        waits.start()
        waits.join(0.3)
        assert ended == []
        assert not copied.done(lost)
    waits.join()
    assert ended == [None]
    assert results(copied, lost) == results(small_store, lost)


def test_a_job_that_another_runner_finishes_is_not_run(
    lost: str, copied: Store, small_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def finished_elsewhere(_: float) -> None:
        shutil.copytree(small_store.folder(lost), copied.folder(lost))

    monkeypatch.setattr(jobs.time, "sleep", finished_elsewhere)
    monkeypatch.setattr(jobs, "attempt", lambda *_: pytest.fail("run twice"))
    with leased(copied, lost):
        assert job(copied, lost) is None


def test_dropped_weights_are_made_again_only_for_what_starts_from_them(
    small: Suite, copied: Store, small_store: Store
) -> None:
    plan = make_plan(small, copied)
    lost = next(c.job for c in plan.cells if (c.target, c.phase) == ("phrases", "predict"))
    parent = plan.jobs[lost]["parent"]
    copied.weights(parent).unlink()
    assert job(copied, parent) is None
    assert not copied.weights(parent).exists()
    copied.remove(lost)
    assert job(copied, parent) is None
    assert results(copied, parent) == results(small_store, parent)
