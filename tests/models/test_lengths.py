"""Tokens are counted with the model's own tokenizer, once, and without torch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from tokenizers import Tokenizer

from harness import cache, schema
from harness.errors import UserError
from harness.models import find, lengths

TINY = "tiny"


def table(**columns: list[object]) -> pa.Table:
    n = len(next(iter(columns.values())))
    fields = [f for f in schema.arrow("examples") if f.name in lengths._COLUMNS]
    return pa.table([pa.array(columns.get(f.name, [None] * n), f.type) for f in fields], [f.name for f in fields])


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    found: Tokenizer = Tokenizer.from_file(str(find.folder(find.find(TINY), cache.root()) / "tokenizer.json"))
    return found


def test_a_text_has_the_tokens_of_the_models_tokenizer(tokenizer: Tokenizer) -> None:
    model = find.find(TINY)
    texts = ["France", "the United States of America", "ひらがな"]
    expected = [len(tokenizer.encode(model.prefix + text).ids) for text in texts]
    assert lengths.lengths(model, table(text=texts)).tolist() == expected


def test_pairs_words_and_choices_are_all_read(tokenizer: Tokenizer) -> None:
    model = find.find(TINY)
    pair = lengths.lengths(model, table(text=["Oslo"], text_pair=["Norway"]))
    assert pair.tolist() == [len(tokenizer.encode(f"{model.prefix}Oslo Norway").ids)]
    words = lengths.lengths(model, table(tokens=[["New", "York"]]))
    assert words.tolist() == [len(tokenizer.encode(f"{model.prefix}New York").ids)]
    choices = lengths.lengths(model, table(text=["Oslo"], choices=[["Norway", "Sweden"]]))
    ends = [len(tokenizer.encode(f"{model.prefix}Oslo {end}").ids) for end in ("Norway", "Sweden")]
    assert choices.tolist() == [sum(ends)]


def test_what_was_counted_once_is_not_counted_again(monkeypatch: pytest.MonkeyPatch) -> None:
    model, rows = find.find(TINY), table(text=["Reykjavík", "Þingvellir"])
    first = lengths.lengths(model, rows)
    monkeypatch.setattr(lengths, "_count", lambda *_: pytest.fail("counted again"))
    assert lengths.lengths(model, rows).tolist() == first.tolist()


def test_a_folder_without_a_fast_tokenizer_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lengths, "folder", lambda *_: tmp_path)
    with pytest.raises(UserError, match=r"tokens are counted with a tokenizer\.json; save the model's fast tokenizer"):
        lengths.lengths(find.find(TINY), table(text=["never counted before"]))


def test_counting_imports_no_torch() -> None:
    code = "import sys, harness.models.lengths; assert not {'torch', 'transformers', 'tokenizers'} & {*sys.modules}"
    subprocess.run([sys.executable, "-c", code], check=True)
