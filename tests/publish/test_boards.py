"""The index of a folder of leaderboards says what the boards' own files say, and is written when one is published."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from harness.errors import UserError
from harness.publish import boards, publish
from tests.publish.conftest import stored, values

SHIPPED = Path(__file__).resolve().parents[2] / "leaderboards"


def rows(text: str) -> list[dict[str, str]]:
    lines = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("|")]
    return [dict(zip(lines[0], cells, strict=True)) for cells in lines[2:]]


def changed(board: Path, old: str, new: str) -> None:
    """Replace ``old`` in what a board's results file declares."""
    path = board / "results.parquet"
    table = pq.read_table(path)
    meta = {key: value.replace(old.encode(), new.encode()) for key, value in table.schema.metadata.items()}
    assert meta != table.schema.metadata
    pq.write_table(table.replace_schema_metadata(meta), path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder of leaderboards with a copy of the quickstart's, whose results are left out but for a row."""
    board = tmp_path / "leaderboards" / "quickstart"
    board.mkdir(parents=True)
    shutil.copy(SHIPPED / "quickstart" / "statements.json", board)
    table = pq.read_table(SHIPPED / "quickstart" / "results.parquet").slice(0, 1)
    pq.write_table(table, board / "results.parquet")
    return board.parent


def test_the_index_that_ships_is_what_the_boards_beside_it_give() -> None:
    assert (SHIPPED / "README.md").read_text(encoding="utf-8") == boards.index(SHIPPED)


def test_a_row_says_what_the_page_that_it_links_to_says() -> None:
    for row in rows(boards.index(SHIPPED)):
        name, _, link = row["suite"].strip("[)").partition("](")
        page = (SHIPPED / link).read_text(encoding="utf-8")
        assert page.startswith(f"# {row['question']}\n\n*{row['model']};")
        byline = page.split("\n\n")[1]
        assert f"{row['families']} families, {row['languages']} languages unseen by both" in byline
        assert f"{row['seeds']} seeds. Suite `{name}`" in byline
        assert byline.endswith(f"{row['results of']}.*")
        said = row["what was found"].split("<br>")
        assert [f"**{text}**" in page for text in said] == [True] * page.count("\n\n**On ")


def test_boards_stand_by_name_and_what_is_no_board_does_not(folder: Path) -> None:
    shutil.copytree(folder / "quickstart", folder / "a-copy")
    (folder / "drafts").mkdir()
    (folder / "notes.md").write_text("no board", encoding="utf-8")
    assert [row["suite"] for row in rows(boards.index(folder))] == [
        "[quickstart](a-copy/index.md)",
        "[quickstart](quickstart/index.md)",
    ]


def test_a_first_look_is_never_listed(folder: Path) -> None:
    changed(folder / "quickstart", '"limit": null', '"limit": 8')
    assert rows(boards.index(folder)) == []


def test_an_untrained_model_is_told_before_what_was_found(folder: Path) -> None:
    changed(folder / "quickstart", '"model": "e5-small"', '"model": "tiny"')
    assert rows(boards.index(folder))[0]["what was found"].startswith("**Untrained floor: random weights.")


def test_only_primary_contrasts_are_told_and_none_is_no_error(folder: Path) -> None:
    path = folder / "quickstart" / "statements.json"
    reports = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps([r for r in reports if r["role"] != "primary"]), encoding="utf-8")
    (row,) = rows(boards.index(folder))
    assert (row["what was found"], row["languages"], row["families"]) == ("", "0", "0")


def test_publishing_below_leaderboards_writes_the_index_and_elsewhere_none(tmp_path: Path) -> None:
    target = {"test": [{"data": "cldr_kind", "split": "test"}]}
    declared = {"arms": {"none": {}}, "targets": {"kind": target}}
    store = stored(tmp_path / "store", declared, {("none", "kind", 0): values("deu_Latn", [1.0, 0.0])})
    for place in ("leaderboards", "elsewhere"):
        publish("s", tmp_path / place / "s", store)
    index = tmp_path / "leaderboards" / "README.md"
    assert [row["suite"] for row in rows(index.read_text(encoding="utf-8"))] == ["[s](s/index.md)"]
    assert not (tmp_path / "elsewhere" / "README.md").exists()


def test_a_board_whose_results_cannot_be_read_is_named(folder: Path) -> None:
    duckdb.sql(f"copy (select 1 as a) to '{folder}/quickstart/results.parquet'")
    with pytest.raises(UserError, match=r"quickstart/results.parquet: not a leaderboard's results.parquet"):
        boards.index(folder)


@pytest.mark.parametrize("content", ['[{"target": "qa", "dataset": "xquad", "role": "primary"}]', "[{"])
def test_a_board_whose_statements_are_of_another_version_is_named(folder: Path, content: str) -> None:
    (folder / "quickstart" / "statements.json").write_text(content)
    with pytest.raises(UserError, match=r"quickstart/statements\.json: not as this version writes it; publish the"):
        boards.index(folder)


def test_of_many_answers_the_sum_is_told(folder: Path) -> None:
    path = folder / "quickstart" / "statements.json"
    reports = json.loads(path.read_text())
    path.write_text(json.dumps([{**reports[0], "target": f"t{i}"} for i in range(7)]))
    assert rows(boards.index(folder))[0]["what was found"] == "Of 7 comparisons: 7 × no evidence of a difference."
