"""What there is to adapt: one row per data set, from its card, the card's generated block, and the files at hand."""

from __future__ import annotations

from pathlib import Path

from harness.data import cards, describe, upkeep


def catalogue(data: Path | None = None) -> list[dict[str, str]]:
    """Return one row per data set for a person to choose from.

    Examples are those that the card was checked with, else those that its makers state; empty where neither says.
    ``here`` says whether the raw files are below ``data`` (yes where none are needed), ``left out`` how many rows
    of the raw files the adapter skips.
    """
    return [_row(name, data) for name in cards.dataset_names()]


def _row(name: str, data: Path | None) -> dict[str, str]:
    card = cards.dataset_card(name)
    found = describe.counts(cards.card_path(name).read_text(encoding="utf-8"))
    stated = [split.rows for split in card.splits.values()]
    examples = sum(found.rows.values()) if found else sum(rows or 0 for rows in stated)
    return {
        "dataset": card.name,
        "title": card.title,
        "kind": card.kind,
        "languages": str(len(card.languages.codes or (found.languages if found else ())) or ""),
        "examples": str(examples or ""),
        "left out": str(found.left_out or "") if found else "",
        "licence": card.licence,
        "creation": card.creation,
        "derived from": ", ".join(card.derived_from),
        "checked on real files": "yes" if card.checked_on_real_files else "no",
        "here": "yes" if upkeep.at_hand(card, data) else "no",
    }
