"""Random streams: one for each purpose, so that no result depends on what was called before it."""

from __future__ import annotations

import numpy as np

COUNTS, ITEM_FLIPS, FAMILY_FLIPS, ICC, SLOPES, AREAS = range(1, 7)
"""Resample counts, swaps of items, signs of families, units over families, slopes, families over areas."""


def generator(seed: int, stream: int) -> np.random.Generator:
    """Return the generator of one purpose under one seed."""
    return np.random.default_rng(np.random.SeedSequence([seed, stream]))
