"""Keeps the generated blocks of cards true: writes one from the raw files, and says whether it is stale.

Without the files a block is held against the recipe that it names and the totals that the front matter states; with
them it is compared whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from harness.data import adapt, cards, describe, raw
from harness.data.cards import DatasetCard
from harness.data.describe import Counts
from harness.errors import UserError


def at_hand(card: DatasetCard, data: Path | None) -> bool:
    """Return whether a data set can be adapted: its raw files are below ``data``, or it needs none."""
    return not card.files or (data is not None and any(not place.missing() for place in raw.layouts(card, data)))


def write_block(name: str, data: Path | None = None) -> Path:
    """Write the generated block into the card of a data set, from its raw files; return the card's path.

    :raises UserError: where the adapter never met a file of the makers, and for totals unlike the front matter's
    """
    card, path = cards.dataset_card(name), cards.card_path(name)
    if not card.checked_on_real_files:
        raise UserError(
            f"{path}: checked_on_real_files is false, and a block tells of the makers' files; if these are theirs and "
            "their rows are right, take that line out first"
        )
    block = describe.generated_block(adapt.adapted(name, data=data))
    found = describe.counts(block)
    assert found is not None
    for fault in _contradictions(card, found):
        raise UserError(f"{path}: {fault}; correct the front matter")
    text = describe.with_block(path.read_text(encoding="utf-8"), block)
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"{path}: cannot write ({error.strerror}); take adapter and card to your own folder") from None
    return path


def write_blocks(data: Path | None = None) -> list[Path]:
    """Write the block of every card whose adapter met its makers' files, where these are below ``data``."""
    found = map(cards.dataset_card, cards.dataset_names())
    return [write_block(card.name, data) for card in found if card.checked_on_real_files and at_hand(card, data)]


def stale(name: str, data: Path | None = None) -> str:
    """Say in one sentence how the generated block of a card is out of date; empty where it is not.

    Where ``data`` is given and holds the raw files, the block is compared with what they give.
    """
    card, path = cards.dataset_card(name), cards.card_path(name)
    fault = next(_faults(card, path.read_text(encoding="utf-8"), data), "")
    given = " --data DIR" if card.files else ""
    return f"{path}: {fault}; see what `stiltbench card {name}{given}` makes of it" if fault else ""


def _faults(card: DatasetCard, text: str, data: Path | None) -> Iterator[str]:
    """Yield what is wrong with the generated block in the text of a card, what is found soonest first."""
    found = describe.counts(text)
    if not card.checked_on_real_files:
        if describe.OPEN in text:
            yield "it has a generated block, though checked_on_real_files is false"
        return
    if found is None:
        yield "it has no generated block that can be read"
        return
    if found.recipe != adapt.recipe(card)[: describe.MARK]:
        yield "its select, reader, kind, columns, labels, splits or languages are not those of the generated block"
    yield from _contradictions(card, found)
    if data is not None and at_hand(card, data):
        block = describe.generated_block(adapt.adapted(card.name, data=data))
        if block not in text:
            yield f"the generated block is not what the files below {data} give"


def _contradictions(card: DatasetCard, found: Counts) -> Iterator[str]:
    """Yield where a block and the front matter above it disagree; a block of a part of the files has fewer rows."""
    stated = {split: card.splits[split].rows for split in found.rows if split in card.splits}
    for split, rows in stated.items():
        if rows != found.stated[split]:
            yield f"split {split} was stated to have {found.stated[split]} rows when its block was made, now {rows}"
        if rows is not None and found.rows[split] > rows:
            yield f"split {split} has {found.rows[split]} rows in the generated block, more than the {rows} stated"
    odd = set(card.languages.codes) ^ set(found.languages)
    if card.languages.codes and stated == found.rows and odd:
        yield f"language {min(odd)} stands in the generated block or in languages.codes, but not in both"
