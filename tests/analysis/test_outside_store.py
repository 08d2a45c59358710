"""Another store's suite through the same report: what it declares stands, and its name says where it is from."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from harness.analysis.compare import Comparer
from harness.analysis.outside import imported
from harness.analysis.results import from_store
from harness.errors import UserError
from harness.store import Store


def test_a_suite_of_another_store_is_compared_as_there_and_marked_as_imported(planted: Store) -> None:
    there = Comparer(from_store(planted, "planted")).between("diverse", "english", None)
    here = Comparer(imported(planted.path)).between("diverse", "english", None)
    assert [report["suite"] for report in here] == [f"planted of {planted.path} (imported)"] * len(there)
    assert [r | {"suite": "planted"} for r in here] == there
    assert (here[0]["role"], here[0]["declaration"]) == ("primary", there[0]["declaration"])


def test_of_several_suites_one_is_named(planted: Store, tmp_path: Path) -> None:
    shutil.copytree(planted.path, tmp_path / "store")
    shutil.copytree(tmp_path / "store" / "suites" / "planted", tmp_path / "store" / "suites" / "twin")
    with pytest.raises(UserError) as error:
        imported(tmp_path / "store")
    assert str(error.value) == f"{tmp_path}/store: holds 2 suites; name one with --suite (planted, twin)"
    found = imported(tmp_path / "store", suite="planted")
    assert found.suite.name == f"planted of {tmp_path}/store (imported)"
    with pytest.raises(UserError, match="unknown suite in the store 'plnted'; the nearest are planted"):
        imported(tmp_path / "store", suite="plnted")


def test_only_a_store_has_suites(tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("arm,language,id,value\na,deu_Latn,0,1\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"mine.csv: no store, so it has no suites; leave out --suite s"):
        imported(tmp_path / "mine.csv", suite="s")
