"""Texts become token ids: once per data set, kept in the cache, read back memory-mapped."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from harness import cache
from harness.train.files import saving

MAX_LENGTH = 512
"""Most positions that an encoder here reads; longer texts are cut and counted."""


@dataclass(frozen=True)
class Encoded:
    """Token ids of n texts, laid end to end.

    ``ids`` [tokens] int32; ``starts`` [n + 1] int64, text i is ``ids[starts[i]:starts[i + 1]]``; ``words`` [tokens]
    int32, the index of the word whose first sub-token stands there, else -1 (all -1 where texts are not tagged).
    """

    ids: NDArray[np.int32]
    starts: NDArray[np.int64]
    words: NDArray[np.int32]
    digest: str

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Number of tokens of each text [n]."""
        return np.diff(self.starts)

    def __len__(self) -> int:
        return len(self.starts) - 1


def encode(rows: pa.Table, folder: Path, model: str, prefix: str) -> Encoded:
    """Encode the texts (or the words) of examples with a model folder's tokenizer.

    ``model`` is the model's digest; ``prefix`` stands before each text, as the model was trained, and before the
    words of a tagged sentence, where it carries no tag.
    """
    tagged = rows["tokens"].null_count == 0
    inputs = _tagged_inputs(rows, prefix) if tagged else _text_inputs(rows, prefix)
    digest = _digest(model, inputs, tagged)
    path = cache.find("tokens", f"{digest}.safetensors")
    if path is None:
        found = _encode(inputs, tagged, folder, len(prefix.split()))
        with cache.writing("tokens", f"{digest}.safetensors") as path, saving():
            save_file(found, path)
    else:
        found = load_file(path)
    return Encoded(found["ids"], found["starts"], found["words"], digest)


def _text_inputs(rows: pa.Table, prefix: str) -> list[Any]:
    texts = [prefix + text for text in rows["text"].to_pylist()]
    if rows["text_pair"].null_count:
        return texts
    return list(zip(texts, rows["text_pair"].to_pylist(), strict=True))


def _tagged_inputs(rows: pa.Table, prefix: str) -> list[Any]:
    lead = prefix.split()
    return [lead + words for words in rows["tokens"].to_pylist()]


def _digest(model: str, inputs: list[Any], tagged: bool) -> str:
    mark = hashlib.sha256(f"{model} {tagged} {MAX_LENGTH}\x1d".encode())
    for item in inputs:
        mark.update((item if isinstance(item, str) else "\x1f".join(item)).encode() + b"\x1e")
    return mark.hexdigest()[:32]


@lru_cache(maxsize=2)
def _tokenizer(folder: Path) -> Any:
    from transformers import AutoTokenizer

    backend = AutoTokenizer.from_pretrained(folder).backend_tokenizer
    backend.no_padding()
    backend.enable_truncation(MAX_LENGTH)
    return backend


def _encode(inputs: list[Any], tagged: bool, folder: Path, lead: int) -> dict[str, NDArray[Any]]:
    found = _tokenizer(folder).encode_batch(inputs, is_pretokenized=tagged)
    ids = [np.asarray(e.ids, np.int32) for e in found]
    starts = np.concatenate([[0], np.cumsum([len(i) for i in ids])]).astype(np.int64)
    words = [_first_subtokens(e.word_ids, lead) if tagged else np.full(len(e.ids), -1, np.int32) for e in found]
    return {"ids": np.concatenate(ids), "starts": starts, "words": np.concatenate(words)}


def _first_subtokens(word_ids: list[int | None], lead: int) -> NDArray[np.int32]:
    """Mark the first sub-token of each word with the word's index; the prefix's ``lead`` words carry none."""
    words = np.asarray([-1 if w is None else w - lead for w in word_ids], np.int32)
    first = np.r_[True, words[1:] != words[:-1]]
    return np.where(first & (words >= 0), words, -1).astype(np.int32)
