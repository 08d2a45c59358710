"""What a suite is to a store: its tables, and when each contrast was first declared."""

from __future__ import annotations

import errno
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from harness import schema
from harness.data import draw
from harness.errors import UserError
from harness.plan import make_plan
from harness.record import record, recorded
from harness.store import Store
from harness.suite import Suite
from harness.suite_file import load
from tests.small import Declare

CONTRAST = """
[[contrasts]]
name = "english over none"
a = "english"
b = "none"
targets = ["retrieval"]
role = "secondary"
"""
ROLE = 'role = "primary"\n'


def rows(store: Store, table: str, suite: str = "small") -> list[dict[str, Any]]:
    return pq.read_table(store.path / "suites" / suite / f"{table}.parquet").to_pylist()


def put(store: Store, path: Path) -> dict[str, datetime]:
    """Record a suite and return contrast → when it was declared."""
    record(make_plan(load(path), None), store)
    return {row["contrast"]: row["declared"] for row in rows(store, "contrasts")}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def test_the_tables_are_those_of_the_schema(small_store: Store) -> None:
    for table in ("cells", "seen", "contrasts"):
        found = pq.read_schema(small_store.path / "suites" / "small" / f"{table}.parquet")
        assert found.equals(schema.arrow(table))
        assert all(row["suite"] == "small" for row in rows(small_store, table))


def test_every_cell_names_a_finished_job_of_its_phase(small_store: Store) -> None:
    cells = rows(small_store, "cells")
    assert {cell["job"] for cell in cells} == set(small_store.finished())
    assert all(small_store.job(cell["job"])["phase"] == cell["phase"] for cell in cells)


def test_a_suite_is_recorded_as_it_was_declared(small_store: Store, small: Suite) -> None:
    assert recorded(small_store, "small") == small
    raw = json.loads((small_store.path / "suites" / "small" / "suite.json").read_text())
    assert raw["hash"] == small.hash


def test_draws_are_kept_under_their_digest(small_store: Store) -> None:
    paths = sorted((small_store.path / "draws").iterdir())
    # Two arms draw 24 items each, and the target trains on all English phrases.
    assert sorted(len(pq.read_table(p)) for p in paths)[:2] == [24, 24]
    assert [draw.digest(pq.read_table(p)) for p in paths] == [p.stem for p in paths]
    assert len(paths) == 3


def test_a_contrast_is_older_than_the_first_score(small_store: Store) -> None:
    first = min(small_store.job(job)["started"] for job in small_store.finished())
    assert rows(small_store, "contrasts")[0]["declared"] <= datetime.fromisoformat(first)


def test_a_declaration_keeps_its_time_and_a_changed_one_gets_a_new_one(store: Store, declare: Declare) -> None:
    name, added = "diverse over english", "english over none"
    first = put(store, declare())
    assert abs(first[name] - datetime.now(UTC).replace(tzinfo=None)) < timedelta(minutes=1)
    again = put(store, declare(("epochs = 1", "epochs = 2")))
    assert again == first
    more = put(store, declare((ROLE, ROLE + CONTRAST)))
    assert more[name] == first[name]
    assert more[added] > first[name]
    changed = put(store, declare((ROLE, 'role = "secondary"\n' + CONTRAST)))
    assert changed[name] > more[added]
    assert changed[added] == more[added]


def test_the_hash_of_a_declaration_stands_beside_its_time(store: Store, declare: Declare) -> None:
    put(store, declare())
    row = rows(store, "contrasts")[0]
    assert row["hash"] == recorded(store, "small").contrasts[0].hash
    assert row["margin"] is None
    first = row["declared"]
    assert put(store, declare((ROLE, ROLE + "margin = 1.0\n")))["diverse over english"] > first
    margined = rows(store, "contrasts")[0]
    assert (margined["margin"], margined["hash"] != row["hash"]) == (1.0, True)


def test_what_arms_may_differ_in_is_part_of_a_declaration_and_keeps_its_time(store: Store, declare: Declare) -> None:
    first = put(store, declare())
    named = declare((ROLE, ROLE + 'differ = ["languages", "data"]\n'))
    second = put(store, named)
    assert second["diverse over english"] > first["diverse over english"]
    assert put(store, named) == second


def test_a_declaration_from_before_it_was_hashed_keeps_its_time(store: Store, declare: Declare) -> None:
    first = put(store, declare())
    file = store.path / "suites" / "small" / "contrasts.parquet"
    pq.write_table(pq.read_table(file).drop_columns(["hash", "margin"]), file)
    assert put(store, declare()) == first


def test_a_contrast_that_changed_places_keeps_its_time(store: Store, declare: Declare) -> None:
    path = declare((ROLE, ROLE + CONTRAST))
    first = put(store, path)
    head, one, two = path.read_text().split("[[contrasts]]")
    path.write_text("[[contrasts]]".join([head, two, one]))
    assert put(store, path) == first
    assert list(put(store, path)) == list(first)[::-1]


def test_a_record_that_fails_leaves_the_older_one(
    store: Store, declare: Declare, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = put(store, declare())

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr("harness.store.write_whole", full)
        with pytest.raises(UserError, match=r"store: cannot write \(No space left on device\)"):
            put(store, declare(("epochs = 1", "epochs = 2")))
    assert recorded(store, "small").recipes["short"].epochs == 1
    assert {row["contrast"]: row["declared"] for row in rows(store, "contrasts")} == first
    assert not list(store.work().iterdir())


def test_a_draw_that_cannot_be_written_leaves_nothing(
    store: Store, declare: Declare, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(pq.ParquetWriter, "write_table", full)
    with pytest.raises(UserError, match="cannot write"):
        put(store, declare())
    assert not list((store.path / "draws").iterdir())
    assert store.suites() == []


def test_the_folder_of_what_is_being_made_may_be_removed(store: Store, declare: Declare) -> None:
    store.work().rmdir()
    put(store, declare())
    assert store.suites() == ["small"]


def test_a_suite_that_is_not_there_is_refused_with_the_nearest(store: Store, small_store: Store) -> None:
    with pytest.raises(UserError, match="no suite was run in this store; `stiltbench run SUITE` runs one"):
        recorded(store, "small")
    with pytest.raises(UserError, match="unknown suite in the store 'smal'; the nearest are small"):
        recorded(small_store, "smal")


@pytest.mark.parametrize("content", ["{", '{"hash": "x"}', '{"hash": "x", "suite": {"name": "small"}}'])
def test_a_damaged_record_is_named(copied: Store, content: str) -> None:
    (copied.path / "suites" / "small" / "suite.json").write_text(content)
    with pytest.raises(UserError, match=r"suites/small/suite\.json: damaged .*; remove its folder and run the suite"):
        recorded(copied, "small")


def test_a_suite_without_contrasts_is_recorded(store: Store, declare: Declare) -> None:
    path = declare()
    path.write_text(path.read_text().split("[[contrasts]]")[0])
    assert put(store, path) == {}
    assert pq.read_schema(store.path / "suites/small/contrasts.parquet").field("declared").type == pa.timestamp("us")
