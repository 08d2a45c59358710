"""The calls of `import harness`: one for every command, and what a command lists comes as an Arrow table."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

import harness
from harness.calls import table
from harness.cli import main
from harness.store import Store
from tests.test_cli import commands

CALLS = {
    "adapt": ["adapt"],
    "audit": ["audit", "audit_all", "repeats"],
    "bench": ["measure"],
    "card": ["write_card"],
    "compare": ["compare", "rank_arms", "Comparer", "import_results"],
    "datasets": ["list_datasets"],
    "export": ["export_suite"],
    "fetch": ["fetch_dataset"],
    "gc": ["unnamed", "collect"],
    "job": ["run_job"],
    "languages": ["list_languages"],
    "model": ["list_models", "find_model"],
    "plan": ["make_plan", "plan_outline", "plan_mixes", "plan_cost", "planned_designs"],
    "power": ["assumed_designs", "forecast"],
    "publish": ["publish_suite"],
    "query": ["query", "named_query"],
    "run": ["run_suite", "run_on_ray", "submit_suite", "load_site"],
    "schema": ["table_columns"],
    "score": ["score_predictions", "score_submission"],
    "status": ["status"],
    "suites": ["list_suites", "new_suite"],
}
"""Command → the calls that do what it does; `completion` prints a shell's script and has none."""


def test_every_command_has_its_calls() -> None:
    assert set(CALLS) == set(commands()) - {"completion"}
    assert {call for calls in CALLS.values() for call in calls} <= set(harness.__all__) <= set(dir(harness))


def test_a_call_says_what_it_is() -> None:
    assert (harness.status.__name__, harness.status.__module__) == ("status", "harness.inventory")
    assert harness.status.__doc__.startswith("Return a row per suite and phase")
    with pytest.raises(AttributeError, match="no attribute 'nosuch'"):
        _ = harness.nosuch


SMALL = ("small", "diverse", "english")
LISTED: dict[str, Callable[[Store, Path], pa.Table]] = {
    "languages": lambda *_: harness.list_languages(),
    "languages Finnish": lambda *_: harness.list_languages("Finnish"),
    "schema": lambda *_: harness.table_columns(),
    "schema cells": lambda *_: harness.table_columns("cells"),
    "datasets": lambda *_: harness.list_datasets(),
    "suites": lambda *_: harness.list_suites(),
    "model list": lambda *_: harness.list_models(),
    "audit cldr_kind": lambda *_: harness.repeats(harness.adapt("cldr_kind")),
    "plan FILE --store STORE": lambda s, f: harness.plan_outline(harness.make_plan(harness.load_suite(f), s)),
    "plan FILE --store STORE --mix": lambda s, f: harness.plan_mixes(harness.make_plan(harness.load_suite(f), s)),
    "plan FILE --tokens-per-second 9": lambda _, f: harness.plan_cost(
        harness.make_plan(harness.load_suite(f), None), None, 9
    ),
    "power --families 9 --seeds 3 5": lambda *_: harness.forecast(
        harness.assumed_designs([9], harness.Assumption()), [3, 5]
    ),
    "status --store STORE": lambda s, _: harness.status(s),
    "query from(cells) --store STORE": lambda s, _: harness.query("from(cells)", s),
    "compare --all --suite small --store STORE": lambda s, _: harness.rank_arms(
        harness.Comparer(harness.store_results(s, "small"))
    ),
    "compare diverse english --suite small --store STORE": lambda s, _: harness.compare(s, *SMALL),
}
"""Command line → the call that returns what it lists."""


@pytest.mark.parametrize("words", LISTED)
def test_a_call_returns_what_its_command_lists(
    words: str, small_store: Store, small_file: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    places = {"STORE": str(small_store.path), "FILE": str(small_file)}
    given = [places.get(word, word) for word in words.split()]
    if words.startswith("plan") and "STORE" not in words:
        given += ["--store", str(tmp_path / "none")]
    assert main([*given, "--format", "json"]) == 0
    shown: list[dict[str, Any]] = json.loads(capfd.readouterr().out)
    rows = LISTED[words](small_store, small_file).to_pylist()
    assert len(rows) == len(shown) > 0
    assert [_of(row, like) for row, like in zip(rows, shown, strict=True)] == shown


def _of(found: Any, like: Any) -> Any:
    """Return of a value of Arrow what JSON shows: a listing may leave columns out, and Arrow fills in null."""
    if isinstance(like, dict):
        return {name: _of(found[name], value) for name, value in like.items()}
    if isinstance(like, list):
        return [_of(one, other) for one, other in zip(found, like, strict=True)]
    return found


def test_what_no_suite_names_is_listed_and_collected(copied: Store) -> None:
    jobs = len(copied.finished())
    shutil.rmtree(copied.path / "suites")
    found = harness.unnamed(copied)
    assert found["what"].to_pylist().count("job") == jobs > 0
    assert harness.collect(copied, found.to_pylist()) == sum(found["bytes"].to_pylist())
    assert harness.unnamed(copied).num_rows == len(list(copied.finished())) == 0


def test_rows_that_lack_a_column_are_null_there_and_its_place_is_where_it_first_stood() -> None:
    made = table([{"a": 1}, {"b": "x", "a": 2.5}])
    assert made.schema == pa.schema({"a": pa.float64(), "b": pa.string()})
    assert made.to_pylist() == [{"a": 1.0, "b": None}, {"a": 2.5, "b": "x"}]


def test_one_row_a_relation_and_no_row_are_tables_too() -> None:
    assert table({"a": [1, 2]}).to_pylist() == [{"a": [1, 2]}]
    assert table(duckdb.sql("select 7 as a")).to_pylist() == [{"a": 7}]
    assert (table([]).num_rows, table([]).num_columns) == (0, 0)


def test_sql_reads_a_report_by_the_name_of_its_variable(small_store: Store) -> None:
    found = harness.compare(small_store, *SMALL)
    gains = duckdb.sql("select f.family, f.units from (select unnest(families) as f from found limit 100)").fetchall()
    assert found.num_rows > 1
    # deu, eng and nno are Indo-European, as hin is; fin is Uralic
    assert set(gains) <= {("Indo-European", n) for n in range(5)} | {("Uralic", 1)}
    assert ("Uralic", 1) in gains
