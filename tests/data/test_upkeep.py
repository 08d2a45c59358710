from __future__ import annotations

import re

import pytest

from harness.data import cards, describe, upkeep
from harness.errors import UserError


@pytest.fixture
def written(toy):
    assert upkeep.write_block("toy", toy.data) == toy.adapters / "toy.md"
    return toy


def test_a_users_own_card_gets_its_block_and_keeps_the_rest(toy):
    before = (toy.adapters / "toy.md").read_text(encoding="utf-8")
    assert "no generated block" in upkeep.stale("toy")
    upkeep.write_block("toy", toy.data)
    after = (toy.adapters / "toy.md").read_text(encoding="utf-8")
    assert after == f"{before.rstrip()}\n\n{describe.generated_block(toy.adapted())}\n"
    upkeep.write_block("toy", toy.data)
    assert (toy.adapters / "toy.md").read_text(encoding="utf-8") == after


@pytest.mark.parametrize("with_files", [True, False])
def test_a_fresh_block_is_not_stale(written, with_files):
    assert upkeep.stale("toy", written.data if with_files else None) == ""


@pytest.mark.parametrize(
    ("file", "old", "new", "fault"),
    [
        (
            "toy.sql",
            "select",
            "select ",
            "its select, reader, kind, columns, labels, splits or languages are not those",
        ),
        ("toy.md", '["good", "bad"]', '["good", "bad", "so so"]', "its select, reader, kind, columns, labels, splits"),
        ("toy.md", "rows = 4\n", "", "split train was stated to have 4 rows when its block was made, now None"),
        ("toy.md", "rows = 4", "rows = 5", "split train was stated to have 4 rows when its block was made, now 5"),
        (
            "toy.md",
            "| train | 4 |",
            "| train | 3 |",
            "it has no generated block that can be read",
        ),
        ("toy.md", "Recipe: ", "Recipe ", "it has no generated block that can be read"),
        ("toy.md", 'creation = "written"', 'creation = "written"\nchecked_on_real_files = false', "it has a generated"),
    ],
)
def test_without_files_a_stale_block_is_told_by_recipe_and_totals(written, file, old, new, fault):
    written.spoil(file, old, new)
    said = upkeep.stale("toy")
    assert said.startswith(f"{written.adapters / 'toy.md'}: {fault}")
    assert "\n" not in said


def test_where_all_rows_are_stated_the_block_has_all_languages(written):
    codes = 'kind = "iso639_1"\ncodes = ["deu_Latn", "fra_Latn", "pcm_Latn", "swh_Latn"]'
    written.spoil("toy.md", 'kind = "iso639_1"', codes)
    with pytest.raises(UserError, match="language fra_Latn stands in the generated block or in"):
        upkeep.write_block("toy", written.data)
    written.spoil("toy.md", "rows = 4\n", "")
    upkeep.write_block("toy", written.data)
    assert upkeep.stale("toy", written.data) == ""


def test_with_files_the_block_is_compared_with_what_they_give(written):
    written.spoil("toy.tsv", "\tgood", "\tbad")
    assert upkeep.stale("toy") == ""
    assert f"is not what the files below {written.data} give; see what `stiltbench card toy --data" in upkeep.stale(
        "toy", written.data
    )
    upkeep.write_block("toy", written.data)
    assert upkeep.stale("toy", written.data) == ""


def test_a_block_of_more_rows_than_there_are_is_not_written(toy):
    toy.spoil("toy.md", "rows = 2", "rows = 1")
    before = (toy.adapters / "toy.md").read_bytes()
    with pytest.raises(
        UserError, match="split test has 2 rows in the generated block, more than the 1 stated; correct"
    ):
        upkeep.write_block("toy", toy.data)
    assert (toy.adapters / "toy.md").read_bytes() == before


def test_a_block_of_a_part_of_the_files_says_of_how_many(toy):
    toy.spoil("toy.md", "rows = 2", "rows = 2000")
    path = upkeep.write_block("toy", toy.data)
    assert "| test | 2 | 2000 | 2 | `" in path.read_text(encoding="utf-8")
    assert upkeep.stale("toy", toy.data) == ""


def test_a_card_whose_adapter_met_no_real_file_gets_no_block(toy):
    toy.spoil("toy.md", 'creation = "written"', 'creation = "written"\nchecked_on_real_files = false')
    with pytest.raises(UserError, match=re.escape("toy.md: checked_on_real_files is false, and a block tells of")):
        upkeep.write_block("toy", toy.data)
    assert upkeep.stale("toy") == ""


def test_files_are_at_hand_where_each_pattern_has_one(toy, tmp_path):
    card = cards.dataset_card("toy")
    assert upkeep.at_hand(card, toy.data)
    assert not upkeep.at_hand(card, tmp_path)
    assert not upkeep.at_hand(card, None)
    assert upkeep.at_hand(cards.dataset_card("cldr_terms"), None)


def test_all_blocks_are_written_where_the_files_are_the_makers_and_at_hand(toy, tmp_path, monkeypatch):
    monkeypatch.setattr(cards, "folder", lambda _: tmp_path / "none that ships")
    for name in ("guessed", "elsewhere"):
        for suffix in ("sql", "md"):
            text = (toy.adapters / f"toy.{suffix}").read_text(encoding="utf-8")
            (toy.adapters / f"{name}.{suffix}").write_text(text.replace('name = "toy"', f'name = "{name}"'))
    toy.spoil("guessed.md", "files =", 'folder = "toy"\nchecked_on_real_files = false\nfiles =')
    assert upkeep.write_blocks(toy.data) == [toy.adapters / "toy.md"]
