"""Student's t with a variance that is a sum of parts, and what is exact zero apart from rounding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from harness.analysis.significance.arrays import Floats

ROUNDING = 1e-12
"""Share of the values' size below which a difference is rounding, not data."""


@dataclass(frozen=True)
class TTest:
    """A mean with its standard error, degrees of freedom, interval and two-sided p.

    What does not exist is ``None``, and ``reason`` says why.
    """

    estimate: float
    se: float | None = None
    df: float | None = None
    interval: tuple[float, float] | None = None
    p: float | None = None
    reason: str | None = None


def two_sided(t: Floats, df: Floats) -> Floats:
    """Return P(|T| ≥ |t|) for Student's T."""
    return np.asarray(2.0 * special.stdtr(df, -np.abs(t)))


def critical(level: float, df: Floats | float) -> Floats:
    """Return the t that a central interval of this level reaches to."""
    return np.asarray(special.stdtrit(df, (1.0 + level) / 2.0))


def scale_of(*arrays: Floats) -> float:
    """Return the largest absolute value: the size against which rounding is judged."""
    return max(float(np.abs(a).max(initial=0.0)) for a in arrays)


def without_rounding(variance: Floats, scale: Floats | float) -> Floats:
    """Set to 0 a variance that the rounding of values of size ``scale`` explains."""
    return np.where(variance <= (ROUNDING * np.asarray(scale)) ** 2, 0.0, variance)


def variance_of_mean(values: Floats) -> Floats:
    """Return s²/n over the last axis; NaN where n < 2, exactly 0 where all values are equal."""
    n = values.shape[-1]
    if n < 2:
        return np.full(values.shape[:-1], np.nan)
    scale = np.abs(values).max(axis=-1)
    return without_rounding(values.var(axis=-1, ddof=1) / n, scale)


def satterthwaite(total: Floats, parts: Sequence[tuple[Floats, Floats | float]]) -> Floats:
    """Return the degrees of freedom of a ``total`` whose ``parts`` are (variance, df).

    Satterthwaite (1946). A part of 0 has no say; NaN where the total is 0.
    """
    spread = np.zeros_like(total)
    for variance, df in parts:
        spread += np.where(variance == 0.0, 0.0, variance**2 / df)
    return np.divide(total**2, spread, out=np.full_like(total, np.nan), where=spread > 0)


def t_test(estimate: float, variance: float, df: float, scale: float, level: float) -> TTest:
    """Test an estimate of 0. Without variance p is 1 for an estimate of 0 and undefined for others."""
    if variance == 0.0:
        p = 1.0 if abs(estimate) <= ROUNDING * scale else None
        return TTest(estimate, se=0.0, p=p, reason="constant")
    se = float(np.sqrt(variance))
    half = float(critical(level, df)) * se
    p = float(two_sided(np.asarray(estimate / se), np.asarray(df)))
    return TTest(estimate, se, df, (estimate - half, estimate + half), p)
