"""A suite's jobs in another store: which answers alike, is never overwritten, and never half a job."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from harness.analysis.query import query
from harness.errors import UserError
from harness.exchange import export
from harness.plan import make_plan
from harness.publish import publish
from harness.record import record
from harness.run.local import run
from harness.store import Store
from harness.suite import Suite
from harness.suite_file import load
from tests.small import PART, Declare

Rows = list[dict[str, object]]


def copied_of(rows: Rows) -> dict[object, tuple[object, object]]:
    return {row["what"]: (row["copied"], row["there"]) for row in rows}


@pytest.fixture
def other(small_store: Store, tmp_path: Path) -> Store:
    export("small", f"store:{tmp_path / 'other'}", store=small_store)
    return Store(tmp_path / "other", create=False)


def test_every_file_of_the_suite_arrives(small_store: Store, other: Store) -> None:
    for folder in ("jobs", "draws", "planned", "suites"):
        here, there = (
            {p.relative_to(s.path): p.read_bytes() for p in (s.path / folder).rglob("*") if p.is_file()}
            for s in (small_store, other)
        )
        assert there == here
    assert list(other.work().iterdir()) == []


def test_the_other_store_answers_alike(small: Suite, small_store: Store, other: Store, tmp_path: Path) -> None:
    sql = "select arm, target, seed, language, metric, layer, round(value, 9) from scores order by all"
    assert query(sql, other).fetchall() == query(sql, small_store).fetchall() != []
    pages = [publish("small", tmp_path / name, s) for name, s in (("a", small_store), ("b", other))]
    assert pages[0].read_text() == pages[1].read_text()
    assert make_plan(small, other).todo == []


def test_a_second_export_copies_nothing_and_touches_nothing(small_store: Store, other: Store) -> None:
    before = {path: path.stat().st_mtime_ns for path in other.path.rglob("*") if path.is_file()}
    again = export("small", f"store:{other.path}", store=small_store)
    assert {path: path.stat().st_mtime_ns for path in before} == before
    jobs = len(small_store.finished())
    assert copied_of(again)["job"] == (0, jobs)
    assert {copied for copied, _ in copied_of(again).values()} == {0}


def test_what_stands_there_stays(small_store: Store, other: Store) -> None:
    key = small_store.finished()[0]
    (other.folder(key) / "note.txt").write_text("made there", encoding="utf-8")
    export("small", f"store:{other.path}", store=small_store)
    assert (other.folder(key) / "note.txt").read_text(encoding="utf-8") == "made there"


def test_an_export_that_is_cut_short_goes_on(
    small_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, files = shutil.copyfile, []

    def cut(source: Path, to: Path) -> None:
        files.append(to)
        if len(files) == 20:
            raise KeyboardInterrupt
        whole(source, to)

    place = f"store:{tmp_path / 'other'}"
    monkeypatch.setattr(shutil, "copyfile", cut)
    with pytest.raises(KeyboardInterrupt):
        export("small", place, store=small_store)
    monkeypatch.undo()
    other = Store(tmp_path / "other")
    stood = other.finished()
    for key in stood:
        assert {p.name for p in other.folder(key).iterdir()} == {p.name for p in small_store.folder(key).iterdir()}
    assert 0 < len(stood) < len(small_store.finished())
    assert copied_of(export("small", place, store=small_store))["job"] == (
        len(small_store.finished()) - len(stood),
        len(stood),
    )


def test_unfinished_jobs_stay_here_and_can_be_run_there(copied: Store, small: Suite, tmp_path: Path) -> None:
    gone = next(key for key in copied.finished() if copied.job(key)["phase"] == "score")
    copied.remove(gone)
    rows = export("small", f"store:{tmp_path / 'other'}", store=copied)
    assert rows[-1] == {"what": "job", "copied": len(copied.finished()), "there": 0, "unfinished": 1}
    other = Store(tmp_path / "other")
    assert run(small, other, quiet=True).did == [gone]


def test_another_suite_of_that_name_is_not_replaced(small_store: Store, declare: Declare, tmp_path: Path) -> None:
    other = Store(tmp_path / "other")
    record(make_plan(load(declare(*PART)), other), other)
    before = {p: p.read_bytes() for p in other.path.rglob("*") if p.is_file()}
    with pytest.raises(UserError, match=r"cells\.parquet of small is not the one of .*planned otherwise there"):
        export("small", f"store:{other.path}", store=small_store)
    assert {p: p.read_bytes() for p in other.path.rglob("*") if p.is_file()} == before


def test_two_machines_work_comes_together(small_store: Store, small: Suite, tmp_path: Path) -> None:
    other = Store(tmp_path / "other")
    record(make_plan(small, other), other)  # declared there at another time
    declared = (other.suite_folder("small") / "contrasts.parquet").read_bytes()
    export("small", f"store:{other.path}", store=small_store)
    assert (other.suite_folder("small") / "contrasts.parquet").read_bytes() == declared
    assert make_plan(small, other).todo == []


def test_nothing_is_made_for_a_suite_that_is_not_there(small_store: Store, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="unknown suite in the store 'large'"):
        export("large", f"store:{tmp_path / 'other'}", store=small_store)
    assert not (tmp_path / "other").exists()


def test_a_folder_that_is_no_store_is_refused(small_store: Store, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("all of it", encoding="utf-8")
    with pytest.raises(UserError, match="a folder with other files, not a store"):
        export("small", f"store:{tmp_path}", store=small_store)
