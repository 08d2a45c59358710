"""A data set's card as the Hugging Face Hub reads one: its YAML front matter, then our prose and generated block.

The Hub reads files as they are listed here: one Parquet per split, `SPLIT.parquet`, beside the card.
"""

from __future__ import annotations

import re
from typing import Any

from harness import languages as lang
from harness.data import cards, describe
from harness.data.cards import DatasetCard
from harness.data.describe import Counts
from harness.errors import UserError

TASKS = {
    "classification": "text-classification",
    "tagging": "token-classification",
    "span": "question-answering",
    "choice": "multiple-choice",
    "retrieval": "text-retrieval",
    "translation": "translation",
    "mlm": "fill-mask",
}
"""Task kind → the Hub's task category."""

LICENCE = re.compile(
    r"apache-2\.0|mit|bsd-[23]-clause|cc0-1\.0|cc-by-(2\.[05]|[34]\.0)|cc-by-sa-[34]\.0|cc-by-nc-[234]\.0|cc-by-nd-4\.0|"
    r"cc-by-nc-nd-[34]\.0|cc-by-nc-sa-[234]\.0|cdla-sharing-1\.0|cdla-permissive-[12]\.0|[al]?gpl-3\.0|gpl-2\.0|gfdl|"
    r"odc-by|odbl|pddl|unlicense"
)
"""The Hub's names of licences that data have (https://huggingface.co/docs/hub/repositories-licenses)."""

SIZES = ("n<1K", "1K<n<10K", "10K<n<100K", "100K<n<1M", "1M<n<10M", "10M<n<100M", "100M<n<1B", "1B<n<10B")
"""The Hub's classes of a number of examples: the first is of up to 3 digits, each other of one more."""

RETIRED = {"kzj": "dtp"}
"""Codes that data sets still use and ISO 639-3 has merged into others."""


def hub_card(name: str) -> str:
    """Return the text of a data set's card for the Hub.

    Splits, languages and size are those of the generated block; of a card without one, those of its front matter.

    :raises UserError: where `huggingface_hub` is not installed
    """
    try:
        from huggingface_hub import DatasetCardData
    except ModuleNotFoundError:
        raise UserError("card: huggingface_hub is not installed; pip install 'stiltbench[hub]'") from None
    card = cards.dataset_card(name)
    prose = cards.read(cards.card_path(name))[1]
    facts = DatasetCardData(**_facts(card, describe.counts(prose)))
    return f"---\n{facts.to_yaml()}\n---\n\n# {card.title}\n\n{_terms(card)}\n\n{prose}\n"


def known(card: DatasetCard, found: Counts | None) -> tuple[list[str], dict[str, int | None]]:
    """Return a data set's languages, and its splits with their rows: those of the block, else of the front matter."""
    if found:
        return found.languages, {**found.rows}
    return list(card.languages.codes), {name: split.rows for name, split in card.splits.items() if not split.optional}


def _facts(card: DatasetCard, found: Counts | None) -> dict[str, Any]:
    codes, rows = known(card, found)
    files = [{"split": split, "path": f"{split}.parquet"} for split in rows]
    return {
        "pretty_name": card.title,
        "language": sorted({_iso(code) for code in codes}) or ["multilingual"],
        **licence(card.licence),
        "task_categories": [TASKS[card.kind]],
        "size_categories": _size(list(rows.values())),
        "source_datasets": [f"extended|{source}" for source in card.derived_from] or ["original"],
        "configs": [{"config_name": "default", "data_files": files}],
    }


def _iso(code: str) -> str:
    """Return the code of a language in ISO 639-3, or the collective one in ISO 639-2 that a data set has."""
    row = lang.languages().get(code)
    iso = str(row["iso639_3"]) if row else code[:3]
    return RETIRED.get(iso, iso)


def licence(text: str) -> dict[str, str]:
    """Return the Hub's name of a licence, or `other` with a name of its own; the card's words stand in the text."""
    if text.startswith(("none stated", "not stated")):
        return {"license": "unknown"}
    named = _slug(re.sub(r" \([^)]*\)$", "", text))
    return {"license": named} if LICENCE.fullmatch(named) else {"license": "other", "license_name": _slug(text)}


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9.]+", "-", text.lower()).strip("-")


def _size(rows: list[int | None]) -> str | None:
    """Return the Hub's class of a number of examples; None where a split's is not known."""
    known = [count for count in rows if count is not None]
    return SIZES[max(0, len(str(sum(known))) - 3)] if len(known) == len(rows) else None


def _terms(card: DatasetCard) -> str:
    """Return what the Hub's front matter has no field for."""
    lines = [f"Licence: {card.licence}", f"Citation: {card.citation}", f"Creation: {card.creation}"]
    return "\n".join(f"- {line}" for line in [*lines, *(f"Known defect: {defect}" for defect in card.defects)])
