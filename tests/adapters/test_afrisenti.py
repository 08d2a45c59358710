"""AfriSenti: no quoting, a column ID in one language alone, codes that mean something else elsewhere."""

from __future__ import annotations

import pytest

from harness import languages
from harness.data import cards
from harness.errors import UserError

HEAD = "tweet\tlabel\n"

AWKWARD = '""Amakuru!"" @user\tnegative\n\u00a0Wow  😂, "x \tpositive\n\'e\u0301\tneutral\n'
"""Doubled quotation marks and a lone one, edges of white space, an emoji, a text that is not in NFC."""


def test_tweets_come_as_they_stand_and_columns_are_found_by_name(rows_of):
    files = {"data/kin/dev.tsv": HEAD + AWKWARD, "data/orm/dev.tsv": "ID\ttweet\tlabel\nor_1\tHar'a\tneutral\n"}
    assert [tuple(row.values())[1:] for row in rows_of("afrisenti", {k: v.encode() for k, v in files.items()})] == [
        ("gaz_Latn", "orm-0", "afrisenti:dev:orm-0", "Har'a", "neutral"),
        ("kin_Latn", "kin-0", "afrisenti:dev:kin-0", '""Amakuru!"" @user', "negative"),
        ("kin_Latn", "kin-1", "afrisenti:dev:kin-1", '\u00a0Wow  😂, "x ', "positive"),
        ("kin_Latn", "kin-2", "afrisenti:dev:kin-2", "'e\u0301", "neutral"),
    ]


def test_a_train_file_that_is_a_header_and_nothing_else_has_no_tweet(rows_of):
    empty = {f"data/{code}/train.tsv": HEAD.strip().encode() for code in ("orm", "tir")}
    dev = {"data/orm/dev.tsv": b"ID\ttweet\tlabel\nor_1\tHar'a\tneutral\n"}
    assert [row["id"] for row in rows_of("afrisenti", empty | dev)] == ["orm-0"]
    some = {"data/swa/train.tsv": (HEAD + "Sawa\tneutral\n").encode()}
    rows = rows_of("afrisenti", empty | dev | some)
    assert [(row["split"], row["source"]) for row in rows] == [
        ("dev", "afrisenti:dev:orm-0"),
        ("train", "afrisenti:train:swa-0"),
    ]


def test_a_tweet_without_its_label_is_refused_where_it_stands(rows_of, tmp_path):
    with pytest.raises(UserError) as stopped:
        rows_of("afrisenti", {"data/kin/dev.tsv": (HEAD + AWKWARD + "Oya\n").encode()})
    place = tmp_path / "afrisenti" / "data" / "kin" / "dev.tsv"
    assert str(stopped.value) == f"afrisenti: {place}, line 5: column label is empty"


def test_the_shared_tasks_files_are_refused_with_the_reason(rows_of):
    with pytest.raises(UserError, match=r"not SubtaskA/\*/\*.tsv: these are the same tweets as in data/"):
        rows_of("afrisenti", {"SubtaskA/dev/ma_dev.tsv": ("ID\t" + HEAD + "ma_1\ta\tneutral\n").encode()})


@pytest.mark.parametrize(
    ("code", "meant"),
    [
        *(("kr", "kin_Latn"), ("or", "gaz_Latn"), ("tg", "tir_Ethi"), ("ma", "ary_Arab"), ("dz", "arq_Arab")),
        *(("arq", "arq_Arab"), ("pcm", "pcm_Latn"), ("swa", "swh_Latn"), ("por", "por_Latn"), ("amh", "amh_Ethi")),
    ],
)
def test_codes_mean_what_the_makers_mean(code, meant):
    card = cards.dataset_card("afrisenti")
    assert (card.languages.choices.get(code) or languages.resolve(code, card.languages.kind)) == meant


RAW = {"afrisenti": {"data/kin/dev.tsv": (HEAD + AWKWARD).encode()}}


# -- the makers' files

SIZES = {"arq": 414, "ary": 494, "ibo": 1841, "kin": 827, "orm": 396, "swa": 453, "tir": 398, "tso": 203, "twi": 388}
SIZES |= {"yor": 2090}


def test_every_tweet_of_every_file_arrives_in_its_place(real, raw_folder):
    rows = real("afrisenti").rows("dev", columns=["id", "text", "label"]).to_pylist()
    got = {row["id"]: [row["text"], row["label"]] for row in rows}
    assert len(rows) == len(got) == 7504
    for code, size in SIZES.items():
        path = raw_folder("afrisenti") / "data" / code / "dev.tsv"
        wanted = [line.split("\t")[-2:] for line in path.read_text(encoding="utf-8").split("\n")[1:-1]]
        assert [got[f"{code}-{i}"] for i in range(size)] == wanted


def test_the_shared_tasks_ma_is_moroccan_arabic(real, raw_folder):
    path = raw_folder("afrisenti") / "SubtaskA" / "dev" / "ma_dev.tsv"
    tweets = [line.split("\t")[1] for line in path.read_text(encoding="utf-8").split("\n")[1:-1]]
    assert real("afrisenti").rows("dev", ["ary_Arab"], ["text"])["text"].to_pylist() == tweets


def test_the_cards_generated_block_is_what_the_files_give(card_is_up_to_date):
    assert card_is_up_to_date("afrisenti")
