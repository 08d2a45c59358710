"""How long a whole process takes for nothing: our command line beside bare Python and beside `import duckdb`."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from harness.store import Store

ROUNDS = 7
HEAVY = ("torch", "transformers", "scipy.stats")


def measure() -> list[dict[str, Any]]:
    """Return a row per command: median seconds of :data:`ROUNDS` interleaved rounds, and what it adds to its base.

    ``heavy`` names those of :data:`HEAVY` that the command imported; there should be none.
    """
    with tempfile.TemporaryDirectory() as folder:
        store = str(Store(Path(folder) / "store").path)
        cli = [sys.executable, "-m", "harness.cli"]
        commands = {
            "python -c pass": [sys.executable, "-c", "pass"],
            'python -c "import duckdb"': [sys.executable, "-c", "import duckdb"],
            "stiltbench --help": [*cli, "--help"],
            'stiltbench query "select 1"': [*cli, "query", "select 1", "--store", store],
        }
        seconds = _medians(commands)
        bases = {"stiltbench --help": "python -c pass", 'stiltbench query "select 1"': 'python -c "import duckdb"'}
        return [
            {
                "command": name,
                "seconds": seconds[name],
                "above": bases.get(name, ""),
                "added": seconds[name] - seconds[bases[name]] if name in bases else None,
                "heavy": ", ".join(_heavy(command)) if name in bases else "",
            }
            for name, command in commands.items()
        ]


def _medians(commands: dict[str, list[str]]) -> dict[str, float]:
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(ROUNDS):
        for name, command in commands.items():
            began = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True)
            times[name].append(time.perf_counter() - began)
    return {name: statistics.median(found) for name, found in times.items()}


def _heavy(command: list[str]) -> list[str]:
    """Return which heavy modules a command imports, as `-X importtime` tells."""
    told = subprocess.run([command[0], "-X", "importtime", *command[1:]], check=True, capture_output=True, text=True)
    imported = {line.rpartition("|")[2].strip() for line in told.stderr.splitlines()}
    return [name for name in HEAVY if name in imported]
