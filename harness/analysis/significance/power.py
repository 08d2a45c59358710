"""Power: what a design would find, from its standard error and degrees of freedom (statistics, section 7)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from harness.analysis.significance.student import critical, satterthwaite

LEVEL = 0.95


@dataclass(frozen=True)
class Plan:
    """Standard error, degrees of freedom and smallest detectable difference of a planned contrast."""

    se: float
    df: float
    mde: float


def power_of(delta: float, se: float, df: float) -> float:
    """Return the chance that the two-sided t test at .05 finds a true difference ``delta``."""
    t = float(critical(LEVEL, df))
    return float(special.nctdtr(df, delta / se, -t) + 1.0 - special.nctdtr(df, delta / se, t))


def mde(se: float, df: float, power: float = 0.8) -> float:
    """Return the smallest difference, in the unit of ``se``, that is found with this ``power``.

    The other tail, in which a difference would be found with the wrong sign, is not counted.
    """
    return float(se * special.nctdtrinc(df, 1.0 - power, float(critical(LEVEL, df))))


def plan(sd_family: float, families: int, sd_seed: float, seeds_a: int, seeds_b: int) -> Plan:
    """Plan a contrast over ``families`` with ``seeds_a`` and ``seeds_b`` trainings.

    Args:
        sd_family: standard deviation of family gains.
        families: number of families, at least 2.
        sd_seed: standard deviation of an arm's family-macro score over seeds.
        seeds_a: number of seeds of arm A, at least 2.
        seeds_b: number of seeds of arm B, at least 2.
    """
    if min(families, seeds_a, seeds_b) < 2:
        raise ValueError("families, seeds_a, seeds_b: expected at least 2 each")
    variances = np.array([sd_family**2 / families, sd_seed**2 / seeds_a, sd_seed**2 / seeds_b])
    parts = list(zip(variances, (families - 1, seeds_a - 1, seeds_b - 1), strict=True))
    se, df = float(np.sqrt(variances.sum())), float(satterthwaite(variances.sum(keepdims=True), parts)[0])
    return Plan(se, df, mde(se, df))
