"""Transliteration to Latin letters, for arms that ask for it: uroman's (Hermjakob, May and Knight 2018).

It is made for every script and needs no language; it cannot be undone; where its letters come from can be asked.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import UserError


def romanised(text: str) -> str:
    """Return a text in Latin letters; what has none, such as digits, stays.

    :raises UserError: where uroman is not installed
    """
    said: str = _uroman().romanize_string(text)
    return said


@lru_cache(maxsize=64)
def aligned(text: str) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return for each place in a romanised text [letters + 1] where in the text itself what follows it begins, and
    where what stands before it ends, in code points.
    """
    romaniser = _uroman()
    from uroman import RomFormat

    edges = romaniser.romanize_string(text, rom_format=RomFormat.EDGES)
    from_to = [(edge.start, edge.end) for edge in edges for _ in edge.txt]
    begins, ends = [begin for begin, _ in from_to], [end for _, end in from_to]
    return np.array([*begins, len(text)], np.int32), np.array([0, *ends], np.int32)


@cache
def _uroman() -> Any:
    try:
        from uroman import Uroman
    except ModuleNotFoundError:
        raise UserError("transliterate: uroman is not installed; pip install 'stiltbench[train]'") from None
    return Uroman()
