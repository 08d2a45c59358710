"""FLORES-200's languages, units and families."""

from __future__ import annotations

import numpy as np
import pytest

from harness.bench import worlds
from harness.languages import languages


@pytest.fixture(scope="session")
def flores() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Codes, units and clusters of the 204 FLORES-200 languages."""
    rows = [row for row in languages().values() if row["in_flores200"] == "1"]
    return tuple(np.array([row[column] for row in rows]) for column in ("code", "unit", "cluster"))


@pytest.fixture(scope="session")
def flores_families() -> np.ndarray:
    """Family index [190] of each unit."""
    return worlds.flores_families()
