"""Random streams are fixed by seed and purpose, whatever was drawn before."""

from __future__ import annotations

from harness.analysis.significance import resample_counts, sign_flip
from harness.analysis.significance.streams import FAMILY_FLIPS, SLOPES, generator


def draws(seed, stream):
    return generator(seed, stream).integers(1000, size=8).tolist()


def test_each_purpose_and_each_seed_has_its_own_numbers():
    assert draws(0, SLOPES) == draws(0, SLOPES)
    assert draws(0, SLOPES) != draws(0, FAMILY_FLIPS)
    assert draws(0, SLOPES) != draws(1, SLOPES)


def test_no_result_depends_on_what_was_called_before():
    values = [0.1 * k - 1.5 for k in range(40)]
    first = sign_flip(values)
    resample_counts(10)
    assert sign_flip(values) == first
