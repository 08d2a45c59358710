"""Where the files that travel with the project stand: in a checkout or in an installed wheel."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent

ADAPTERS = "STILTBENCH_ADAPTERS"
"""Variable of the environment with the user's own folder of adapters and cards, which `--adapters DIR` sets."""

DEVICE_MAP = "STILTBENCH_DEVICE_MAP"
"""Variable of the environment with the way in which `accelerate` spreads a model that is too large for one GPU."""


def folder(name: str) -> Path:
    """Return the shipped folder ``adapters``, ``datacards`` or ``suites``.

    In a checkout ``adapters/`` and ``datacards/`` stand beside ``harness/``; a wheel carries
    them inside it. The checkout is preferred, so that an edit there is what runs.
    """
    beside = PACKAGE.parent / name
    in_checkout = (PACKAGE.parent / "pyproject.toml").is_file() and beside.is_dir()
    return beside if in_checkout else PACKAGE / name
