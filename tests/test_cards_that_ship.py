"""Every card that ships: its generated block is up to date, and the Hub can read it."""

from __future__ import annotations

import importlib.resources
import json
import re
from pathlib import PurePosixPath

import pytest

from harness.data import cards, hub_card, upkeep

NAMES = cards.dataset_names()

HUB_LICENCES = re.findall(
    r"\S+",
    """
    apache-2.0 mit openrail bigscience-openrail-m creativeml-openrail-m bigscience-bloom-rail-1.0
    bigcode-openrail-m afl-3.0 artistic-2.0 bsl-1.0 bsd bsd-2-clause bsd-3-clause bsd-3-clause-clear c-uda cc
    cc0-1.0 cc-by-2.0 cc-by-2.5 cc-by-3.0 cc-by-4.0 cc-by-sa-3.0 cc-by-sa-4.0 cc-by-nc-2.0 cc-by-nc-3.0
    cc-by-nc-4.0 cc-by-nd-4.0 cc-by-nc-nd-3.0 cc-by-nc-nd-4.0 cc-by-nc-sa-2.0 cc-by-nc-sa-3.0 cc-by-nc-sa-4.0
    cdla-sharing-1.0 cdla-permissive-1.0 cdla-permissive-2.0 wtfpl ecl-2.0 epl-1.0 epl-2.0 etalab-2.0 eupl-1.1
    eupl-1.2 agpl-3.0 gfdl gpl gpl-2.0 gpl-3.0 lgpl lgpl-2.1 lgpl-3.0 isc lppl-1.3c ms-pl mpl-2.0 odc-by odbl
    openrail++ osl-3.0 postgresql ofl-1.1 ncsa unlicense zlib pddl lgpl-lr unknown other
    """,
)
"""What the Hub's check of a card lets pass (the list in its error message, huggingface_hub issue 4218)."""


@pytest.mark.parametrize("name", NAMES)
def test_its_generated_block_is_of_its_adapter_and_front_matter(name):
    assert upkeep.stale(name) == ""


@pytest.mark.parametrize("name", NAMES)
def test_its_export_is_valid_on_the_hub(name, hub_languages):
    hub = pytest.importorskip("huggingface_hub")
    text = hub_card.hub_card(name)
    card = hub.DatasetCard(text)
    facts = card.data.to_dict()
    assert hub.DatasetCard(str(card)).data.to_dict() == facts
    assert f"---\n{hub.DatasetCardData(**facts).to_yaml()}\n---\n{card.text}" == text
    assert facts["license"] in HUB_LICENCES
    assert ("license_name" in facts) == (facts["license"] == "other")
    assert re.fullmatch("[a-z0-9][a-z0-9.-]*", facts.get("license_name", "none"))
    assert [code for code in facts["language"] if code not in hub_languages and code != "multilingual"] == []
    assert facts["language"]
    for file in facts["configs"][0]["data_files"]:
        path = PurePosixPath(file["path"])
        assert not path.is_absolute()
        assert path.name == f"{file['split']}.parquet"
        assert ".." not in path.parts
        assert file["split"] in cards.dataset_card(name).splits
    assert cards.read(cards.card_path(name))[1] in card.text


@pytest.fixture(scope="module")
def hub_languages():
    """Return codes of three letters that the Hub's own list has, as they are or by their code of two letters."""
    pytest.importorskip("datasets")
    from babel.core import get_global

    listed = json.loads((importlib.resources.files("datasets") / "utils/resources/languages.json").read_text())
    shorter = get_global("language_aliases") | {"tgl": "tl"}  # CLDR prefers fil
    return {*listed, *(long for long, short in shorter.items() if short in listed and len(short) == 2)}
