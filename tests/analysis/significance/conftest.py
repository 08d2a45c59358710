"""FLORES-200's units in their families, and gains drawn over them with a known family ICC."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from harness.languages import languages

DRAWS = {
    "normal": lambda rng, shape: rng.standard_normal(shape),
    "t3": lambda rng, shape: rng.standard_t(3, shape) / np.sqrt(3.0),
    "exponential": lambda rng, shape: rng.standard_exponential(shape) - 1.0,
    "lognormal": lambda rng, shape: (rng.lognormal(size=shape) - np.exp(0.5)) / np.sqrt((np.e - 1.0) * np.e),
}


@pytest.fixture(scope="session")
def flores() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Codes, units and clusters of the 204 FLORES-200 languages."""
    rows = [row for row in languages().values() if row["in_flores200"] == "1"]
    return tuple(np.array([row[column] for row in rows]) for column in ("code", "unit", "cluster"))


@pytest.fixture(scope="session")
def flores_families(flores) -> np.ndarray:
    """Family index [190] of each unit."""
    _, units, clusters = flores
    _, first = np.unique(units, return_index=True)
    return np.unique(clusters[first], return_inverse=True)[1]


@pytest.fixture(scope="session")
def draw_gains() -> Callable[..., np.ndarray]:
    """Draw unit gains [R, U] of mean 0 and variance 1: √ICC · family + √(1−ICC) · unit."""

    def draw(rng, families, *, sets, icc, shape="normal"):
        by_family = DRAWS[shape](rng, (sets, families.max() + 1))[:, families]
        return np.sqrt(icc) * by_family + np.sqrt(1.0 - icc) * DRAWS[shape](rng, (sets, families.size))

    return draw


@pytest.fixture(scope="session")
def to_families() -> Callable[..., np.ndarray]:
    """Average unit gains [R, U] to families [R, G]."""

    def average(gains, families):
        members = np.eye(families.max() + 1)[families]
        return gains @ (members / members.sum(axis=0))

    return average
