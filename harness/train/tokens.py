"""Texts become token ids: once per data set, kept in the cache, read back memory-mapped."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from harness import cache
from harness.errors import UserError
from harness.train.files import saving

Texts = Sequence[str] | Sequence[tuple[str, str]] | Sequence[Sequence[str]]
"""Texts, pairs of texts, or sentences of words."""

Arrays = dict[str, NDArray[Any]]

READABLE = ("tokenizer.json", "vocab.txt", "vocab.json")
"""Files of a tokenizer that are read without another package."""


@dataclass(frozen=True)
class Encoded:
    """Token ids of n texts, laid end to end.

    ``ids`` [tokens] int32; ``starts`` [n + 1] int64, text i is ``ids[starts[i]:starts[i + 1]]``; ``words`` [tokens]
    int32, the index of the word whose first sub-token stands there (of a decoder's, the last, which has seen the whole
    word), else -1 (all -1 where texts are not tagged).
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


def encode(
    texts: Texts, folder: Path, model: str, length: int, lead: int | None = None, causal: bool = False
) -> Encoded:
    """Encode texts, pairs of texts, or with ``lead`` sentences of words, with a model folder's tokenizer.

    ``model`` is the model's digest; what has more than ``length`` tokens is cut. The first ``lead`` words of each
    sentence are the prefix that the model was trained with: they carry no tag. ``causal`` is a decoder.
    """
    name = digest(f"{model} {length} {lead}{' causal' * causal}", texts)
    found = kept(name, lambda: _encode(texts, folder, length, lead, causal))
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
    """Return a model folder's tokenizer as the library wraps it, which knows what its special tokens are for.

    :raises UserError: where it is a SentencePiece model alone, which takes packages of its own to read
    """
    from transformers import AutoTokenizer

    if importlib.util.find_spec("sentencepiece") is None and not any((folder / name).is_file() for name in READABLE):
        raise UserError(
            f"{folder}: its tokenizer is a SentencePiece model; pip install sentencepiece protobuf, or save its fast "
            "tokenizer (tokenizer.json) there"
        )
    return AutoTokenizer.from_pretrained(folder)


def between(backend: Any) -> str:
    """Return what keeps two texts apart: nothing where the tokenizer puts a token of its own there, or a line break."""
    return "" if backend.num_special_tokens_to_add(True) > backend.num_special_tokens_to_add(False) else "\n"


def _spelled(texts: Texts, backend: Any, words: bool) -> Texts:
    """Return texts as a tokenizer must be told them that puts no token around them, or no space before a word."""
    if words:
        backend.no_truncation()
        alike = backend.encode(["a", "a"], is_pretokenized=True).ids == backend.encode("a a").ids
        return texts if alike else [[*sentence[:1], *(f" {word}" for word in sentence[1:])] for sentence in texts]
    if isinstance(texts[0], str):
        return texts if backend.num_special_tokens_to_add(False) else [text or "\n" for text in texts]
    return [(first + between(backend), second) for first, second in texts]


def _encode(texts: Texts, folder: Path, length: int, lead: int | None, causal: bool) -> Arrays:
    backend = tokenizer(folder)
    told = _spelled(texts, backend, lead is not None)
    backend.enable_truncation(length)
    found = backend.encode_batch(told, is_pretokenized=lead is not None)
    ids = [np.asarray(e.ids, np.int32) for e in found]
    starts = np.concatenate([[0], np.cumsum([len(i) for i in ids])]).astype(np.int64)
    words = [np.full(len(e.ids), -1) if lead is None else _marks(e.word_ids, lead, causal) for e in found]
    return {"ids": np.concatenate(ids), "starts": starts, "words": np.concatenate(words).astype(np.int32)}


def _marks(word_ids: list[int | None], lead: int, causal: bool) -> NDArray[np.int32]:
    """Mark the first or last sub-token of each word with the word's index; the prefix's ``lead`` words carry none."""
    words = np.asarray([-1 if w is None else w - lead for w in word_ids], np.int32)
    new = words[1:] != words[:-1]
    at = np.r_[new, True] if causal else np.r_[True, new]
    return np.where(at & (words >= 0), words, -1)
