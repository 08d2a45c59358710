"""What all exports share: what is refused, in one sentence, and folders that are there whole or not at all."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from harness.analysis.query import query
from harness.errors import UserError
from harness.exchange import FORMATS, export
from harness.exchange.files import write_csv, write_folder
from harness.plan import make_plan
from harness.publish import publish
from harness.record import record
from harness.store import Store
from harness.suite_file import load
from tests.small import Declare

QUICKSTART = Path(__file__).parents[2] / "leaderboards" / "quickstart" / "results.parquet"


def contents(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize("to", ["excel", "store", "store:", "csv:there"])
def test_an_unknown_format_is_told_the_known_ones(to: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"expected store:DIR, eee, eval-results, mteb, csv$"):
        export("quickstart", to, tmp_path / "out", source=QUICKSTART)


@pytest.fixture(scope="module")
def published(small_store: Store, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return publish("small", tmp_path_factory.mktemp("page") / "small", small_store).with_name("results.parquet")


@pytest.mark.parametrize("to", FORMATS)
def test_a_published_file_gives_the_bytes_of_its_store_in_the_same_place(
    to: str, small_store: Store, published: Path, tmp_path: Path
) -> None:
    rows = export("small", to, tmp_path / "out", small_store)
    first = contents(tmp_path / "out")
    assert {row["file"]: row["bytes"] for row in rows} == {
        str(tmp_path / "out" / name): len(content) for name, content in first.items()
    }
    export("small", to, tmp_path / "out", source=published)
    assert contents(tmp_path / "out") == first != {}
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_folder_with_other_files_is_left_as_it_is(small_store: Store, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("all of it", encoding="utf-8")
    with pytest.raises(UserError, match=r"holds thesis\.tex, which is not of this export"):
        export("small", "mteb", tmp_path, small_store)
    assert contents(tmp_path) == {"thesis.tex": b"all of it"}


def test_a_file_in_place_of_the_folder_is_refused(small_store: Store, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine", encoding="utf-8")
    with pytest.raises(UserError, match="out: a file, where a folder was expected"):
        export("small", "mteb", tmp_path / "out", small_store)


def test_an_export_that_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    def fill(made: Path) -> None:
        (made / "half").write_text("written", encoding="utf-8")
        raise UserError("no more")

    with pytest.raises(UserError, match="no more"):
        write_folder(tmp_path / "out", fill)
    assert list(tmp_path.iterdir()) == []


def test_a_suite_that_is_not_there_is_named(small_store: Store, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="unknown suite in the store 'smal'; the nearest are small"):
        export("smal", "csv", tmp_path / "out", small_store)
    with pytest.raises(UserError, match=r"results\.parquet: holds the results of quickstart, not of small"):
        export("small", "csv", tmp_path / "out", source=QUICKSTART)


@pytest.mark.parametrize(
    ("to", "instances", "wanted"), [("eee", True, "--instances"), ("store:x", False, "--to store")]
)
def test_a_published_file_has_no_items_and_no_jobs(to: str, instances: bool, wanted: str) -> None:
    with pytest.raises(UserError, match=f"holds scores alone.*for {wanted}.* name the --store"):
        export("quickstart", to, source=QUICKSTART, instances=instances)


def test_a_store_takes_no_other_folder(small_store: Store, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="writes to that store alone; leave out --out"):
        export("small", f"store:{tmp_path / 'other'}", tmp_path / "out", small_store)


def test_single_items_are_of_one_format_alone(small_store: Store, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="csv: has no rows of single items"):
        export("small", "csv", tmp_path / "out", small_store, instances=True)


def test_only_csv_takes_what_is_not_finished(copied: Store, tmp_path: Path) -> None:
    copied.remove(next(key for key in copied.finished() if copied.job(key)["phase"] == "score"))
    for to in set(FORMATS) - {"csv"}:
        with pytest.raises(UserError, match=r"small: \d+ of \d+ jobs are done"):
            export("small", to, tmp_path / to, copied)
    export("small", "csv", tmp_path / "part", copied)
    lines = (tmp_path / "part" / "scores.csv").read_text(encoding="utf-8").splitlines()
    assert [(len(lines) - 1,)] == query("select count(*) from scores", copied).fetchall()


def test_a_first_look_goes_to_no_public_format(declare: Declare, tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    suite = load(declare(), limit=2)
    record(make_plan(suite, store), store)
    with pytest.raises(UserError, match="a first look is never published"):
        export(suite.name, "mteb", tmp_path / "out", store)


def test_a_cell_with_commas_quotes_and_lines_is_read_back(tmp_path: Path) -> None:
    row = ["a, b", 'say "gain"', "two\nlines", "ⵜⴰⵎⴰⵣⵉⵖⵜ", "=1+1"]
    write_csv(tmp_path / "a.csv", list("abcde"), [row, [None, 0.1 + 0.2, 3, True, ""]])
    raw = (tmp_path / "a.csv").read_bytes()
    assert raw.startswith(b'a,b,c,d,e\r\n"a, b","say ""gain""","two\nlines",')
    with (tmp_path / "a.csv").open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file))[1:] == [row, ["", "0.3", "3", "True", ""]]
