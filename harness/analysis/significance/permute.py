"""Permutation of values over groups: does the group explain the value?"""

from __future__ import annotations

import numpy as np

from harness.analysis.significance.arrays import Floats, Indices
from harness.analysis.significance.flips import TIE


def permutation_p(values: Floats, index: Indices, n_permutations: int, random: np.random.Generator) -> float:
    """Return P(Σ_g n_g (mean_g − mean)² is as large as observed) when values are permuted over groups.

    All permutations are summed by group in one matrix product. For given values every F-like
    statistic (MSB/MSW) rises with this sum, so that one p serves them all.

    Args:
        values: [n].
        index: [n], the group of each value, 0 … G−1.
        n_permutations: number of permutations R; p = (1 + #{t* ≥ t}) / (1 + R), ties counted.
        random: source of the permutations.
    """
    centred = values - values.mean()
    members = (index[:, None] == np.arange(index.max() + 1)).astype(np.float64)
    shuffled = random.permuted(np.broadcast_to(centred, (n_permutations, centred.size)), axis=1)
    between = np.square(np.vstack([centred, shuffled]) @ members) @ (1.0 / members.sum(axis=0))
    extreme = np.count_nonzero(between[1:] >= between[0] - TIE * np.square(centred).sum())
    return float((1 + extreme) / (1 + n_permutations))
