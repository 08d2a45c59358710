"""The headline holds its size where tests over languages do not: the reason for families, kept as a test."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from harness.analysis.significance import family_test_many
from harness.bench.worlds import Setting, draw


@pytest.mark.parametrize(("icc", "naive_above"), [(0.0, 0.0), (0.2, 0.35), (0.5, 0.6)])
def test_size_under_a_true_null(icc, naive_above):
    world = draw(Setting("normal", icc), 1000, np.random.default_rng(round(10 * icc)))
    sets = family_test_many(world.gains)
    assert 0.02 <= np.mean(sets.p <= 0.05) <= 0.07
    assert 0.03 <= np.mean(sets.p_flip <= 0.05) <= 0.07
    naive = np.mean(ttest_1samp(world.units, 0, axis=1).pvalue <= 0.05)
    assert naive > naive_above if icc else 0.03 <= naive <= 0.07
