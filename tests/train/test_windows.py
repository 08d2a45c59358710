"""Windows as the library's own tokenizer cuts them, and the places of their tokens in contexts of several scripts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.errors import UserError
from harness.train import windows as module
from harness.train.romanise import romanised
from harness.train.windows import Windows, in_own_script, windows

CONTEXTS = [
    "日本国は東アジアに位置する島国である。首都は東京。",
    "القاهرة هي عاصمة مصر وأكبر مدنها",
    "I 😀👍🏽 love it: e\u0301 and 🇫🇮.\n\n Finland is a country in the north of Europe.",
    "km",
]
QUESTIONS = ["首都？", "ما هي؟", "where is Finland?", "?"]


def parts(found: Windows, values: Any) -> list[list[int]]:
    return [part.tolist() for part in np.split(values, found.encoded.starts[1:-1])]


def test_windows_are_those_of_the_models_tokenizer(tiny: Path, tokenizer: Any) -> None:
    found = windows(QUESTIONS, CONTEXTS, tiny, "m", 36)
    room = 36 - 4  # a question gets half of it at most, and two windows share half of what is left
    told = tokenizer(
        QUESTIONS, CONTEXTS, max_length=36, stride=room // 4, truncation="only_second",
        return_overflowing_tokens=True, return_offsets_mapping=True,
    )  # fmt: skip
    assert parts(found, found.encoded.ids) == told["input_ids"]
    assert found.rows.tolist() == told["overflow_to_sample_mapping"]
    assert len(found.rows) > 6
    places = parts(found, np.stack([found.begins, found.ends], 1))
    for i, offsets in enumerate(told["offset_mapping"]):
        sides = told.sequence_ids(i)
        assert places[i] == [list(at) if side == 1 else [-1, -1] for at, side in zip(offsets, sides, strict=True)]


def test_places_count_code_points_and_leave_nothing_out(tiny: Path) -> None:
    found = windows(QUESTIONS, CONTEXTS, tiny, "m", 36)
    for row, context in enumerate(CONTEXTS):
        at = [slice(*found.encoded.starts[i : i + 2]) for i in np.flatnonzero(found.rows == row)]
        spans = {(b, e) for s in at for b, e in zip(found.begins[s], found.ends[s], strict=True) if b >= 0}
        told = {place for b, e in spans for place in range(b, e)}
        assert {i for i, char in enumerate(context) if not char.isspace()} <= told
        assert max(e for _, e in spans) == len(context)


def test_a_long_question_leaves_room_for_its_context(tiny: Path, tokenizer: Any) -> None:
    found = windows(["km " * 200], ["Finnland " * 40], tiny, "m", 64)
    assert found.encoded.lengths.max() == 64
    first = found.encoded.ids[:64].tolist()
    assert tokenizer.decode(first).count("km") == 15  # of two tokens each: half of the 60 that the frame leaves
    assert (found.begins[:64] >= 0).sum() == 30


def test_what_was_encoded_once_is_read_from_the_cache_as_it_was(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = windows(QUESTIONS, CONTEXTS, tiny, "cached", 36)
    monkeypatch.setattr(module, "_encode", lambda *_: pytest.fail("encoded twice"))
    again = windows(QUESTIONS, CONTEXTS, tiny, "cached", 36)
    for name in ("rows", "begins", "ends"):
        assert getattr(again, name).tolist() == getattr(first, name).tolist()
    assert again.encoded.ids.tolist() == first.encoded.ids.tolist()
    assert again.encoded.digest == first.encoded.digest


def test_more_than_a_chunk_is_encoded_alike(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = windows(QUESTIONS, CONTEXTS, tiny, "whole", 36)
    monkeypatch.setattr(module, "CHUNK", 3)
    chunked = windows(QUESTIONS, CONTEXTS, tiny, "chunked", 36)
    assert chunked.rows.tolist() == whole.rows.tolist()
    assert chunked.encoded.ids.tolist() == whole.encoded.ids.tolist()


def test_a_length_without_room_is_refused(tiny: Path) -> None:
    with pytest.raises(UserError, match="max_length = 11: no room for a question and a context; raise it"):
        windows(QUESTIONS, CONTEXTS, tiny, "m", 11)


def test_tokens_of_a_romanised_context_know_their_place_in_its_own_script(tiny: Path, rows: Any) -> None:
    latin = romanised(CONTEXTS[1])
    given = rows(text_pair=[CONTEXTS[1]], script=["Arab"])
    read = windows(["?"], [latin], tiny, "m", 64)
    found = in_own_script(read, given, ("Arab",))
    at = np.flatnonzero(read.begins >= 0)
    egypt = [i for i in at if latin.index("msr") <= read.begins[i] < latin.index("msr") + 3]
    assert CONTEXTS[1][found.begins[egypt[0]] : found.ends[egypt[-1]]] == "مصر"
    assert found.ends.max() == len(CONTEXTS[1])
    assert (found.begins[read.begins < 0] == -1).all()
    assert in_own_script(read, given, ("Cyrl",)).begins.tolist() == read.begins.tolist()
