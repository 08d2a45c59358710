"""What every test shares: no network but loopback, a cache of its own, and where real data sets may lie."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

import pytest

os.environ.setdefault("HF_HUB_OFFLINE", "1")

pytest_plugins = ["tests.objects", "tests.planted", "tests.small"]

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session", autouse=True)
def _cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep what tests compute out of the user's cache, but share it among them, and among the workers of a run."""
    own = tmp_path_factory.getbasetemp()
    run = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    os.environ["STILTBENCH_CACHE"] = str(run / "cache")


@pytest.fixture(scope="session", autouse=True)
def _no_network() -> None:
    """Refuse every connection that leaves this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise OSError(f"tests reach no network: {address}")
        connect(self, address)

    socket.socket.connect = guarded  # type: ignore[method-assign]
