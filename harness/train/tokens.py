"""Texts become token ids: once per data set, kept in the cache, read back memory-mapped."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from harness import cache
from harness.train.files import saving

Texts = Sequence[str] | Sequence[tuple[str, str]] | Sequence[Sequence[str]]
"""Texts, pairs of texts, or sentences of words."""

Arrays = dict[str, NDArray[Any]]


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


def encode(texts: Texts, folder: Path, model: str, length: int, lead: int | None = None) -> Encoded:
    """Encode texts, pairs of texts, or with ``lead`` sentences of words, with a model folder's tokenizer.

    ``model`` is the model's digest; what has more than ``length`` tokens is cut. The first ``lead`` words of each
    sentence are the prefix that the model was trained with: they carry no tag.
    """
    name = digest(f"{model} {length} {lead}", texts)
    found = kept(name, lambda: _encode(texts, folder, length, lead))
    return Encoded(found["ids"], found["starts"], found["words"], name)


def kept(name: str, make: Callable[[], Arrays]) -> Arrays:
    """Return the arrays that the cache keeps under a name; they are made first where it has none."""
    path = cache.find("tokens", f"{name}.safetensors")
    if path is not None:
        return load_file(path)
    found = make()
    with cache.writing("tokens", f"{name}.safetensors") as path, saving():
        save_file(found, path)
    return found


def digest(way: str, texts: Texts) -> str:
    """Return the name of what some texts are when they are encoded in a way."""
    mark = hashlib.sha256(f"{way}\x1d".encode())
    for item in texts:
        mark.update((item if isinstance(item, str) else "\x1f".join(item)).encode() + b"\x1e")
    return mark.hexdigest()[:32]


@lru_cache(maxsize=2)
def tokenizer(folder: Path) -> Any:
    """Return a model folder's own fast tokenizer, without padding; each use sets its own truncation."""
    backend = wrapped(folder).backend_tokenizer
    backend.no_padding()
    return backend


@lru_cache(maxsize=2)
def wrapped(folder: Path) -> Any:
    """Return a model folder's tokenizer as the library wraps it, which knows what its special tokens are for."""
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(folder)


def _encode(texts: Texts, folder: Path, length: int, lead: int | None) -> Arrays:
    backend = tokenizer(folder)
    backend.enable_truncation(length)
    found = backend.encode_batch(texts, is_pretokenized=lead is not None)
    ids = [np.asarray(e.ids, np.int32) for e in found]
    starts = np.concatenate([[0], np.cumsum([len(i) for i in ids])]).astype(np.int64)
    words = [np.full(len(e.ids), -1) if lead is None else _first_subtokens(e.word_ids, lead) for e in found]
    return {"ids": np.concatenate(ids), "starts": starts, "words": np.concatenate(words).astype(np.int32)}


def _first_subtokens(word_ids: list[int | None], lead: int) -> NDArray[np.int32]:
    """Mark the first sub-token of each word with the word's index; the prefix's ``lead`` words carry none."""
    words = np.asarray([-1 if w is None else w - lead for w in word_ids], np.int32)
    first = np.r_[True, words[1:] != words[:-1]]
    return np.where(first & (words >= 0), words, -1)
