"""Token ids as the model's own tokenizer gives them, and words found again by their first sub-token."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.errors import UserError
from harness.train import tokens
from harness.train.tokens import encode

TEXTS = ["Finnland", "Vereinigte Staaten", "日本", "Süd­afrika und mehr"]
WORDS = [["drei", "Quadratkilometer"], ["5.", "März"], ["日本語", ",", "и", "год"]]


def cut(encoded: Any, values: Any) -> list[list[int]]:
    """Cut what is laid end to end into texts."""
    return [part.tolist() for part in np.split(values, encoded.starts[1:-1])]


def test_texts_are_encoded_as_the_models_tokenizer_does(tiny: Path, tokenizer: Any) -> None:
    found = encode(TEXTS, tiny, "m", 512)
    expected = tokenizer(TEXTS)["input_ids"]
    assert cut(found, found.ids) == expected
    assert found.lengths.tolist() == [len(ids) for ids in expected]
    assert len(found) == 4
    assert set(found.words.tolist()) == {-1}


def test_pairs_are_encoded_in_the_models_frame(tiny: Path, tokenizer: Any) -> None:
    found = encode(list(zip(TEXTS, TEXTS[::-1], strict=True)), tiny, "m", 512)
    assert cut(found, found.ids) == tokenizer(TEXTS, TEXTS[::-1])["input_ids"]


@pytest.mark.parametrize("lead", [[], ["query:"], ["tag", "these:"]])
def test_a_word_is_marked_on_its_first_sub_token_and_the_prefix_on_none(
    tiny: Path, tokenizer: Any, lead: list[str]
) -> None:
    sentences = [lead + words for words in WORDS]
    found = encode(sentences, tiny, "m", 512, lead=len(lead))
    told = tokenizer(sentences, is_split_into_words=True)
    assert cut(found, found.ids) == told["input_ids"]
    for i, marks in enumerate(cut(found, found.words)):
        owners = told.word_ids(i)
        first = [owners.index(len(lead) + word) for word in range(len(WORDS[i]))]
        assert [at for at, mark in enumerate(marks) if mark >= 0] == first
        assert [mark for mark in marks if mark >= 0] == list(range(len(WORDS[i])))
    assert any(length > len(words) + 2 for length, words in zip(found.lengths, sentences, strict=True))


@pytest.mark.parametrize("length", [512, 7])
def test_a_long_text_is_cut_to_what_is_read(tiny: Path, length: int) -> None:
    found = encode(["km " * 600, "km"], tiny, "m", length)
    assert found.lengths[0] == length
    assert found.ids[length - 1] == found.ids[-1]  # the cut text ends with the closing token too


def test_what_was_encoded_once_is_read_from_the_cache(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = encode(WORDS, tiny, "cached", 512, lead=0)
    monkeypatch.setattr(tokens, "_encode", lambda *_: pytest.fail("encoded twice"))
    again = encode(WORDS, tiny, "cached", 512, lead=0)
    for name in ("ids", "starts", "words"):
        assert np.array_equal(getattr(again, name), getattr(first, name))
        assert getattr(again, name).dtype == getattr(first, name).dtype
    assert again.digest == first.digest


def test_the_digest_tells_model_length_prefix_and_texts_apart(tiny: Path) -> None:
    digests = {
        encode(TEXTS, tiny, "m", 512).digest,
        encode(TEXTS, tiny, "other", 512).digest,
        encode(TEXTS, tiny, "m", 256).digest,
        encode(TEXTS[::-1], tiny, "m", 512).digest,
        encode(["ab", "c"], tiny, "m", 512).digest,
        encode(["a", "bc"], tiny, "m", 512).digest,
        encode([("ab", "c")], tiny, "m", 512).digest,
        encode([("a", "bc")], tiny, "m", 512).digest,
        encode([["ab"], ["c"]], tiny, "m", 512, lead=0).digest,
        encode([["ab"], ["c"]], tiny, "m", 512, lead=1).digest,
    }
    assert len(digests) == 10


def test_a_tokenizer_that_takes_another_package_to_read_says_which(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sentencepiece.bpe.model").write_bytes(b"")
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(UserError, match=r"is a SentencePiece model; pip install sentencepiece protobuf, or"):
        encode(TEXTS, tmp_path, "another", 512)
