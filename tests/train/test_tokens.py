"""Token ids as the model's own tokenizer gives them, and words found again by their first sub-token."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.train import tokens
from harness.train.tokens import encode

TEXTS = ["Finnland", "Vereinigte Staaten", "日本", "Süd­afrika und mehr"]
WORDS = [["drei", "Quadratkilometer"], ["5.", "März"], ["日本語", ",", "и", "год"]]


def cut(encoded: Any, values: Any) -> list[list[int]]:
    """Cut what is laid end to end into texts."""
    return [part.tolist() for part in np.split(values, encoded.starts[1:-1])]


@pytest.mark.parametrize("prefix", ["", "query: "])
def test_texts_are_encoded_as_the_models_tokenizer_does(rows: Any, tiny: Path, tokenizer: Any, prefix: str) -> None:
    found = encode(rows(TEXTS), tiny, "m", prefix)
    expected = tokenizer([prefix + text for text in TEXTS])["input_ids"]
    assert cut(found, found.ids) == expected
    assert found.lengths.tolist() == [len(ids) for ids in expected]
    assert len(found) == 4
    assert set(found.words.tolist()) == {-1}


def test_pairs_are_encoded_in_the_models_frame(rows: Any, tiny: Path, tokenizer: Any) -> None:
    found = encode(rows(TEXTS, pairs=TEXTS[::-1]), tiny, "m", "query: ")
    expected = tokenizer([f"query: {t}" for t in TEXTS], TEXTS[::-1])["input_ids"]
    assert cut(found, found.ids) == expected


@pytest.mark.parametrize(("prefix", "lead"), [("", []), ("query: ", ["query:"]), ("tag these: ", ["tag", "these:"])])
def test_a_word_is_marked_on_its_first_sub_token_and_the_prefix_on_none(
    rows: Any, tiny: Path, tokenizer: Any, prefix: str, lead: list[str]
) -> None:
    found = encode(rows(words=WORDS), tiny, "m", prefix)
    told = tokenizer([lead + words for words in WORDS], is_split_into_words=True)
    assert cut(found, found.ids) == told["input_ids"]
    for i, marks in enumerate(cut(found, found.words)):
        owners = told.word_ids(i)
        first = [owners.index(len(lead) + word) for word in range(len(WORDS[i]))]
        assert [at for at, mark in enumerate(marks) if mark >= 0] == first
        assert [mark for mark in marks if mark >= 0] == list(range(len(WORDS[i])))
    assert any(length > len(lead) + len(words) + 2 for length, words in zip(found.lengths, WORDS, strict=True))


def test_a_long_text_is_cut_to_what_the_encoder_reads(rows: Any, tiny: Path) -> None:
    found = encode(rows(["km " * 600, "km"]), tiny, "m", "")
    assert found.lengths[0] == tokens.MAX_LENGTH == 512
    assert found.ids[511] == found.ids[-1]  # the cut text ends with the closing token too


def test_what_was_encoded_once_is_read_from_the_cache(rows: Any, tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = encode(rows(words=WORDS), tiny, "cached", "")
    monkeypatch.setattr(tokens, "_encode", lambda *_: pytest.fail("encoded twice"))
    again = encode(rows(words=WORDS), tiny, "cached", "")
    for name in ("ids", "starts", "words"):
        assert np.array_equal(getattr(again, name), getattr(first, name))
        assert getattr(again, name).dtype == getattr(first, name).dtype
    assert again.digest == first.digest


def test_the_digest_tells_model_prefix_and_texts_apart(rows: Any, tiny: Path) -> None:
    digests = {
        encode(rows(TEXTS), tiny, "m", "").digest,
        encode(rows(TEXTS), tiny, "other", "").digest,
        encode(rows(TEXTS), tiny, "m", "query: ").digest,
        encode(rows(TEXTS[::-1]), tiny, "m", "").digest,
        encode(rows(["ab", "c"]), tiny, "m", "").digest,
        encode(rows(["a", "bc"]), tiny, "m", "").digest,
        encode(rows(words=[["ab"], ["c"]]), tiny, "m", "").digest,
    }
    assert len(digests) == 7
