from __future__ import annotations

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
    assert any(line.startswith("| test | 2 | 2 | `") for line in lines)


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
