from __future__ import annotations

import re

import pytest

from harness.data import describe


def test_the_block_counts_rows_labels_and_lengths(toy):
    lines = describe.generated_block(toy.adapted()).splitlines()
    assert lines[0] == describe.OPEN
    assert lines[-1] == describe.CLOSE
    for line in (
        "| language | test | train |",
        "| deu_Latn | 1 | 2 |",
        "| swh_Latn | 0 | 2 |",
        "| good | 2 | 2 |",
        "| bad | 0 | 2 |",
        # lengths 12, 12, 14, 19 of the training texts; nearest rank
        "| text, code points | train | 12 | 12 | 12 | 14 | 19 | 19 |",
    ):
        assert line in lines
    assert any(line.startswith("| test | 2 | 2 | 2 | `") for line in lines)


def test_the_block_counts_what_was_left_out(toy):
    assert "left out" not in describe.generated_block(toy.adapted())
    toy.spoil("toy.sql", "text, label,", "text, label, if(label = 'bad', 'bad news', null) as skipped,")
    lines = describe.generated_block(toy.adapted()).splitlines()
    assert "| left out | split | rows |" in lines
    assert "| bad news | train | 2 |" in lines  # one in each of two languages


def test_the_block_replaces_the_old_one_and_leaves_the_rest():
    card = f"+++\nname\n+++\n\nProse.\n\n{describe.OPEN}\nold \\1\n{describe.CLOSE}\n\nAfter.\n"
    block = f"{describe.OPEN}\nnew \\1\n{describe.CLOSE}"
    assert describe.with_block(card, block) == card.replace("old", "new")
    assert describe.with_block("Prose.\n", block) == f"Prose.\n\n{block}\n"


@pytest.mark.parametrize("text", ["", "a"])
def test_writing_the_block_twice_changes_nothing(text):
    block = f"{describe.OPEN}\nx\n{describe.CLOSE}"
    once = describe.with_block(text, block)
    assert describe.with_block(once, block) == once


def test_what_a_block_says_is_read_from_it(toy):
    toy.spoil("toy.sql", "text, label,", "text, label, if(label = 'bad', 'bad news', null) as skipped,")
    found = describe.counts(f"Prose.\n\n{describe.generated_block(toy.adapted())}\n")
    assert (found.rows, found.languages, found.left_out) == (
        {"test": 2, "train": 2},
        ["deu_Latn", "pcm_Latn", "swh_Latn"],
        2,
    )
    assert re.fullmatch("[0-9a-f]{16}", found.recipe)


@pytest.mark.parametrize(
    ("old", "new"), [("| train | 4 |", "| train | four |"), ("Recipe: ", ""), (describe.CLOSE, "")]
)
def test_a_block_that_cannot_be_read_says_nothing(toy, old, new):
    block = describe.generated_block(toy.adapted())
    assert describe.counts(block).rows == {"test": 2, "train": 4}
    assert old in block
    assert describe.counts(block.replace(old, new)) is None


def test_another_select_reader_or_mapping_is_another_recipe(toy):
    def recipe():
        return describe.counts(describe.generated_block(toy.adapted())).recipe

    first = recipe()
    toy.spoil("toy.tsv", "good", "bad")
    toy.spoil("toy.md", "Six sentences", "Half a dozen sentences")
    assert recipe() == first
    toy.spoil("toy.md", 'naija = "pcm_Latn"', 'naija = "pcm_Latn", english = "eng_Latn"')
    second = recipe()
    toy.spoil("toy.sql", "select", "select  ")
    assert len({first, second, recipe()}) == 3
