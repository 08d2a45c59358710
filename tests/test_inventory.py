"""How far a suite is, and what no suite names: counted by hand, removed only when asked for."""

from __future__ import annotations

import shutil
from pathlib import Path

from harness.inventory import collect, named, status, unnamed
from harness.plan import make_plan
from harness.record import record
from harness.store import Store
from harness.suite import Suite
from harness.suite_file import load
from tests.small import PART, Declare

JOBS = {
    "intermediate": 4,  # english and diverse, two seeds
    "target": 6,  # phrases: three arms, two seeds
    "predict": 15,  # check 4, retrieval 1 + 4 (`none` has no seeds), phrases 6
    "score": 15,
}


def by_phase(store: Store, column: str) -> dict[str, int]:
    return {row["phase"]: row[column] for row in status(store)}


def test_every_phase_is_counted(small_store: Store) -> None:
    assert by_phase(small_store, "jobs") == JOBS
    assert by_phase(small_store, "done") == JOBS
    assert {row["left"] for row in status(small_store)} == {0}
    assert {row["suite"] for row in status(small_store)} == {"small"}


def test_a_missing_job_counts_as_left(copied: Store) -> None:
    job = next(job for job, phase in named(copied, "small").items() if phase == "predict")
    copied.remove(job)
    assert by_phase(copied, "done") == {**JOBS, "predict": 14}
    assert by_phase(copied, "left") == {"intermediate": 0, "target": 0, "predict": 1, "score": 0}


def test_a_planned_suite_has_everything_left(tmp_path: Path, small: Suite) -> None:
    store = Store(tmp_path / "store")
    assert status(store) == []
    record(make_plan(small, store), store)
    assert by_phase(store, "left") == JOBS
    assert by_phase(store, "done") == dict.fromkeys(JOBS, 0)


def test_nothing_is_unnamed_while_its_suite_stands(small_store: Store) -> None:
    assert unnamed(small_store) == []


def test_what_no_suite_names_is_listed_with_its_size_and_nothing_is_removed(copied: Store) -> None:
    shutil.rmtree(copied.path / "suites" / "small")
    rows = unnamed(copied)
    assert sorted(row["name"] for row in rows if row["what"] == "job") == copied.finished()
    assert len([row for row in rows if row["what"] == "draw"]) == 3
    files = [p for kind in ("jobs", "draws", "planned") for p in (copied.path / kind).rglob("*") if p.is_file()]
    sizes = [p.stat().st_size for p in files]
    assert sum(row["bytes"] for row in rows) == sum(sizes)
    assert len(copied.finished()) == 40


def test_the_rows_of_jobs_that_are_still_to_do_are_named_too(tmp_path: Path, small: Suite) -> None:
    store = Store(tmp_path / "store")
    record(make_plan(small, store), store)
    assert len(list((store.path / "draws").iterdir())) == 3
    assert unnamed(store) == []


def test_what_is_collected_is_what_was_listed(copied: Store, declare: Declare) -> None:
    part = load(declare(*PART, ('name = "small"', 'name = "part"')))
    kept = set(make_plan(part, copied).jobs)
    record(make_plan(part, copied), copied)
    shutil.rmtree(copied.path / "suites" / "small")
    rows = unnamed(copied)
    assert collect(copied, rows) == sum(row["bytes"] for row in rows)
    assert set(copied.finished()) == kept
    assert len(list((copied.path / "draws").iterdir())) == 2  # English items, English phrases
    assert unnamed(copied) == []
    assert make_plan(part, copied).todo == []


def test_what_a_kill_left_under_way_is_collected(copied: Store) -> None:
    half = copied.work() / "abc.x1y2"
    half.mkdir()
    (half / "model.safetensors").write_bytes(b"12345")
    assert unnamed(copied) == [{"what": "leftover", "name": "abc.x1y2", "bytes": 5}]
    assert collect(copied, unnamed(copied)) == 5
    assert not half.exists()
