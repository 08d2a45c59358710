"""The tiny model, its own tokenizer and its own code to compare with, and rows to encode."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from harness import cache
from harness.models.find import find, folder


@pytest.fixture(scope="session")
def tiny() -> Path:
    """The folder of the model `tiny`: two layers, 64 wide."""
    return folder(find("tiny"), cache.root())


@pytest.fixture(scope="session")
def reference(tiny: Path) -> Any:
    """The library's own whole model, without dropout."""
    from transformers import AutoModel

    return AutoModel.from_pretrained(tiny, add_pooling_layer=False).eval()


@pytest.fixture(scope="session")
def tokenizer(tiny: Path) -> Any:
    """The library's own tokenizer."""
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(tiny)


Rows = Callable[..., pa.Table]


@pytest.fixture(scope="session")
def rows() -> Rows:
    """Return a maker of examples: texts, pairs of texts, or sentences of words."""

    def make(
        texts: Sequence[str] = (), pairs: Sequence[str] | None = None, words: Sequence[Sequence[str]] | None = None
    ) -> pa.Table:
        n = len(words or texts)
        strings = pa.list_(pa.string())
        columns = {
            "text": pa.array(None if words else texts, pa.string()) if not words else pa.nulls(n, pa.string()),
            "text_pair": pa.array(pairs, pa.string()) if pairs else pa.nulls(n, pa.string()),
            "tokens": pa.array(words, strings) if words else pa.nulls(n, strings),
        }
        return pa.table(columns)

    return make
