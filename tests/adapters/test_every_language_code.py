"""Each code that the makers' files use, as their files spell it, has one meaning: by the card, else by its kind."""

from __future__ import annotations

import json
import re

import pytest

from harness import languages
from harness.data import cards
from harness.data.cards import DatasetCard
from harness.errors import UserError
from tests.adapters.conftest import ARCHIVES

LISTED = ARCHIVES / "languages_by_dataset.json"
SPELLED: dict[str, list[str]] = json.loads(LISTED.read_text(encoding="utf-8")) if LISTED.is_file() else {}
"""Archive → the codes in it; none where the makers' files are not at hand."""

READ_AS = {"sib200_llm": "sib200", "english_samples": "snli"}
"""Archives of no data set's own → a data set of theirs."""


def meant(card: DatasetCard, code: str) -> str | None:
    """Return what a code means in a data set: of one in one language the select itself may write the FLORES code."""
    own = card.languages
    try:
        found = own.choices.get(code) or languages.resolve(code, own.kind)
    except UserError:
        found = own.codes[0] if len(own.codes) == 1 and own.codes[0] in languages.candidates(code) else ""
    return found if found in (own.codes or [found]) and found else None


def meanings(archive: str, code: str) -> set[str]:
    """Return what a code means in the data sets of an archive that have it."""
    read_as = (archive, READ_AS.get(archive))
    found = [cards.dataset_card(name) for name in cards.dataset_names()]
    return {one for card in found if {card.name, card.folder} & {*read_as} and (one := meant(card, code))}


@pytest.mark.parametrize("archive", sorted(SPELLED.keys() - {"udhr"}))
def test_every_code_of_a_data_set_has_one_meaning(archive):
    # Tatoeba's codes of two letters are those of files that its card refuses.
    codes = [code for code in SPELLED[archive] if archive != "tatoeba" or len(code) == 3]
    found = {code: meanings(archive, code) for code in codes}
    assert {code: len(means) for code, means in found.items()} == dict.fromkeys(codes, 1)
    assert len(set.union(*found.values())) == len({*codes} - {"ma"})  # AfriSenti's second name of ary


def test_every_text_of_udhr_has_a_language_by_its_iso_codes_and_not_by_its_key(raw_folder):
    folder, iso = raw_folder("udhr") / "udhr", set()
    for key in SPELLED["udhr"]:
        head = (folder / f"udhr_{key}.xml").read_text(encoding="utf-8")[:2000]
        iso.add("_".join(re.search(rf"{name}=[\"'](\w+)[\"']", head)[1] for name in ("iso639-3", "iso15924")))
    assert {code: len(meanings("udhr", code)) for code in iso} == dict.fromkeys(iso, 1)
    assert {"ckb_Latn", "cri_Latn", "gug_Latn", "cmn_Hant"} < iso
