"""Power: what a design would find, from its standard error and degrees of freedom (statistics, section 7)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
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
    wrong_sign, missed = np.nan_to_num(special.nctdtr(df, abs(delta) / se, [-t, t]))  # NaN where next to nothing
    return float(wrong_sign + 1.0 - missed)


def mde(se: float, df: float, power: float = 0.8) -> float:
    """Return the smallest difference, in the unit of ``se``, that is found with this ``power``.

    The other tail, in which a difference would be found with the wrong sign, is not counted.
    """
    return float(se * special.nctdtrinc(df, 1.0 - power, float(critical(LEVEL, df))))


def plan(
    sd_family: float,
    families: int,
    sd_seed: npt.ArrayLike,
    seeds_a: int,
    seeds_b: int,
    *,
    item_variance: tuple[float, float | None] = (0.0, None),
) -> Plan:
    """Plan a contrast over ``families`` with ``seeds_a`` and ``seeds_b`` trainings.

    Args:
        sd_family: standard deviation of family gains.
        families: number of families, at least 2.
        sd_seed: standard deviation of an arm's family-macro score over seeds; [2] where the arms differ, 0 for one
            that trains nothing.
        seeds_a: number of seeds of arm A, at least 2.
        seeds_b: number of seeds of arm B, at least 2.
        item_variance: (V, df) of the items that families share; infinite df where V is taken as known.
    """
    if min(families, seeds_a, seeds_b) < 2:
        raise ValueError("families, seeds_a, seeds_b: expected at least 2 each")
    of_seeds = np.broadcast_to(np.asarray(sd_seed, dtype=np.float64), 2) ** 2 / (seeds_a, seeds_b)
    variances = np.array([sd_family**2 / families, *of_seeds, item_variance[0]])
    parts = list(zip(variances, (families - 1, seeds_a - 1, seeds_b - 1, item_variance[1] or 1), strict=True))
    se, df = float(np.sqrt(variances.sum())), float(satterthwaite(variances.sum(keepdims=True), parts)[0])
    return Plan(se, df, mde(se, df))
