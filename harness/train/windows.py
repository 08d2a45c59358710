"""Questions with overlapping windows of their contexts, for contexts that are longer than an encoder reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from harness.errors import UserError
from harness.train.romanise import aligned
from harness.train.tokens import Arrays, Encoded, between, digest, kept, tokenizer

QUESTION, OVERLAP = 64, 128
"""Most tokens of a question, and those that neighbouring windows share, as XTREME's scripts have them.

Both are fewer where a window is short: half of it, and half of what the question leaves.
"""

SHORTEST = 8
"""Fewest tokens of question and context that make a window."""

CHUNK = 1000
"""Contexts tokenised at once: what the tokenizer says of a whole data set would not fit into memory."""


@dataclass(frozen=True)
class Windows:
    """Windows of the contexts of n questions, in the questions' order.

    ``rows`` [windows] int64 are the questions that they belong to. ``begins`` and ``ends`` [tokens] int32 are where in
    the context, in code points, the text of a token begins and ends; -1 outside the context.
    """

    encoded: Encoded
    rows: NDArray[np.int64]
    begins: NDArray[np.int32]
    ends: NDArray[np.int32]


def windows(questions: Sequence[str], contexts: Sequence[str], folder: Path, model: str, length: int) -> Windows:
    """Encode each question with every window of its context by a model folder's tokenizer, at most ``length`` tokens.

    ``model`` is the model's digest. A question that is too long is cut.

    :raises UserError: where ``length`` has no room for a question and a context
    """
    pairs = list(zip(questions, contexts, strict=True))
    name = digest(f"windows {QUESTION} {OVERLAP} {model} {length}", pairs)
    found = kept(name, lambda: _encode(pairs, folder, length))
    nowhere = np.full(len(found["ids"]), -1, np.int32)
    return Windows(Encoded(found["ids"], found["starts"], nowhere, name), found["rows"], found["begins"], found["ends"])


def _encode(pairs: Sequence[tuple[str, str]], folder: Path, length: int) -> Arrays:
    backend = tokenizer(folder)
    room = length - backend.num_special_tokens_to_add(True)
    if room < SHORTEST:
        raise UserError(f"max_length = {length}: no room for a question and a context; raise it")
    most = min(QUESTION, room // 2)
    cut = {"max_length": length, "stride": min(OVERLAP, (room - most) // 2), "strategy": "only_second"}
    found = [w for start in range(0, len(pairs), CHUNK) for w in _chunk(backend, pairs, start, most, cut)]
    rows, ids, offsets = zip(*found, strict=True)
    begins, ends = np.ascontiguousarray(np.concatenate(offsets).T)  # safetensors writes a view's memory as it lies
    starts = np.cumsum([0, *map(len, ids)])
    return {"ids": np.concatenate(ids), "starts": starts, "rows": np.array(rows), "begins": begins, "ends": ends}


def _chunk(
    backend: Any, pairs: Sequence[tuple[str, str]], start: int, most: int, cut: dict[str, Any]
) -> Iterator[tuple[int, NDArray[np.int32], NDArray[np.int32]]]:
    """Yield the row, the ids [tokens] and the offsets [tokens, 2] of each window of some pairs."""
    part = pairs[start : start + CHUNK]
    backend.no_truncation()
    asked = backend.encode_batch([question for question, _ in part], add_special_tokens=False)
    questions = [q[: e.offsets[most - 1][1]] if len(e) > most else q for (q, _), e in zip(part, asked, strict=True)]
    questions = [question + between(backend) for question in questions]
    backend.enable_truncation(**cut)
    pairs = list(zip(questions, (context for _, context in part), strict=True))
    for row, whole in enumerate(backend.encode_batch(pairs), start):
        for window in (whole, *whole.overflowing):
            inside = np.array([side == 1 for side in window.sequence_ids])
            offsets = np.where(inside[:, None], np.array(window.offsets), -1)
            yield row, np.array(window.ids, np.int32), offsets.astype(np.int32)


def in_own_script(found: Windows, rows: pa.Table, scripts: Sequence[str]) -> Windows:
    """Return windows of the romanised contexts of examples with the places that their tokens have in `text_pair`.

    ``scripts`` are those whose rows were romanised.
    """
    if not scripts:
        return found
    begins, ends, starts = found.begins.copy(), found.ends.copy(), found.encoded.starts
    contexts, written = rows["text_pair"].to_pylist(), rows["script"].to_pylist()
    for row, a, b in zip(found.rows, starts[:-1], starts[1:], strict=True):
        if written[row] in scripts:
            after, before = aligned(contexts[row])
            at = np.flatnonzero(found.begins[a:b] >= 0) + a
            begins[at], ends[at] = after[begins[at]], before[ends[at]]
    return replace(found, begins=begins, ends=ends)
