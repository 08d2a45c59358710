from __future__ import annotations

import re

import pytest

from harness import resources
from harness.data import cards
from harness.errors import UserError


def test_shipped_data_sets_are_those_with_an_adapter_and_each_has_its_card():
    names = cards.dataset_names()
    assert {"cldr_terms", "cldr_kind", "cldr_phrases"} <= set(names)
    assert all(cards.dataset_card(name).name == name for name in names)


def test_models_are_the_cards_with_an_importer():
    assert {"e5-small", "tiny"} <= set(cards.model_names())
    assert "languages" not in cards.model_names()
    assert all(cards.model_card(name).name == name for name in cards.model_names())


def test_models_of_the_hub_are_pinned_and_say_how_many_pieces_their_tokenizer_has():
    cards_of = [cards.model_card(name) for name in cards.model_names()]
    assert all(card.hub for card in cards_of if card.importer == "hub")
    assert {card.pooling for card in cards_of if card.body == "decoder"} == {"last"}
    assert all(re.search(r"[\d,]+ pieces", card.tokenizer) for card in cards_of)


@pytest.mark.parametrize(("pooling", "body"), [("cls", "decoder"), ("last", "decoder"), ("cls", "bert")])
def test_the_first_token_of_a_decoder_is_no_vector(tmp_path, monkeypatch, pooling, body):
    text = (cards.folder("datacards") / "tiny.md").read_text(encoding="utf-8")
    changed = text.replace('pooling = "mean"', f'pooling = "{pooling}"\nbody = "{body}"')
    (tmp_path / "tiny.md").write_text(changed, encoding="utf-8")
    monkeypatch.setattr(cards, "folder", lambda _: tmp_path)
    if (pooling, body) == ("cls", "decoder"):
        with pytest.raises(UserError, match=r"tiny\.md: pooling: the first token of a decoder .*; write 'last' or"):
            cards.model_card("tiny")
    else:
        assert (cards.model_card("tiny").pooling, cards.model_card("tiny").body) == (pooling, body)


@pytest.mark.usefixtures("toy")
def test_a_users_folder_adds_data_sets(monkeypatch):
    card = cards.dataset_card("toy")
    assert (card.kind, card.labels, card.languages.choices) == (
        "classification",
        ("good", "bad"),
        {"naija": "pcm_Latn"},
    )
    assert card.splits["test"].rows == 2
    monkeypatch.delenv(resources.ADAPTERS)
    assert "toy" not in cards.dataset_names()


def test_an_unknown_data_set_is_refused_with_the_nearest():
    with pytest.raises(UserError, match="suite: unknown data set 'cldr_term'; the nearest are cldr_terms"):
        cards.dataset_card("cldr_term", where="suite")
    with pytest.raises(UserError, match="unknown model 'e5-smal'; the nearest are e5-small"):
        cards.model_card("e5-smal")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("title =", "titel =", "front matter: unknown field 'titel'; the nearest are title"),
        ('title = "Six sentences"', "title = 6", "title: expected `str`, got `int`"),
        ('title = "Six sentences"\n', "", "front matter: object missing required field `title`"),
        ('use = "train"', 'use = "training"', "splits[...].use: invalid enum value 'training'"),
        ('kind = "folder"', 'kind = "fodler"', "sources[0].kind: invalid value 'fodler'"),
        ('name = "toy"', 'name = "toys"', "name: 'toys' is not the file's name 'toy'"),
        ('kind = "classification"', 'kind = "classify"', "kind: unknown task kind 'classify'; the nearest are classif"),
        ('"text", "label"]', '"text", "labels"]', "columns: unknown column 'labels'; the nearest are label"),
        ('"text", "label"]', '"label"]', "columns: classification needs text as well"),
        ('labels = ["good", "bad"]\n', "", "labels: expected the labels"),
        ('files = ["*.tsv"]\n', "", "files: expected the patterns"),
        ('kind = "iso639_1"', 'kind = "iso"', "languages.kind: unknown kind of language code 'iso'"),
        ("pcm_Latn", "pidgin", "languages.choices: unknown language 'pidgin'"),
        ("+++\nname", "name", "no front matter"),
        ("title =", "title", "front matter: not TOML"),
    ],
)
def test_a_mistake_in_a_card_names_file_and_field(toy, old, new, message):
    toy.spoil("toy.md", old, new)
    with pytest.raises(UserError, match=re.escape(f"{toy.adapters / 'toy.md'}: {message}")):
        cards.dataset_card("toy")


def test_a_changed_card_is_read_again(toy):
    assert cards.dataset_card("toy").title == "Six sentences"
    toy.spoil("toy.md", "Six sentences", "Half a dozen sentences")
    assert cards.dataset_card("toy").title == "Half a dozen sentences"


def test_missing_card_and_folder_are_said(toy, monkeypatch):
    (toy.adapters / "toy.md").unlink()
    with pytest.raises(UserError, match=r"toy\.md: no such card; an adapter NAME\.sql needs its card NAME\.md"):
        cards.dataset_card("toy")
    monkeypatch.setenv(resources.ADAPTERS, str(toy.adapters / "nowhere"))
    with pytest.raises(UserError, match=r"--adapters .*nowhere: no such folder"):
        cards.dataset_names()
