"""The simulation beside real runs: what stands in a row is of the jobs that ran, and of the time that passed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.bench import schedule
from harness.errors import UserError
from harness.store import Store


def job(parent: str | None, minute: int, seconds: float) -> dict[str, Any]:
    return {"parent": parent, "started": f"2026-11-23T05:{minute:02}:00", "seconds": seconds}


ALONE = {"base": job(None, 1, 60.0), "a": job("base", 2, 120.0), "b": job("base", 4, 90.0)}
BY_TWO = {"base": job(None, 1, 80.0), "a": job("base", 4, 180.0), "b": job("base", 3, 100.0)}
"""From 05:01 to 05:07, of which no process did anything for a while."""


def test_a_row_lays_the_seconds_of_one_process_on_the_devices() -> None:
    one, two = schedule._row(1, ALONE, ALONE), schedule._row(2, ALONE, BY_TWO)
    assert (one["simulated"], one["real"], one["ratio"], one["busy"]) == (270.0, 270.0, 1.0, 1.0)
    assert (two["simulated"], two["real"], two["ratio"], two["busy"]) == (180.0, 360.0, 0.5, 0.5)
    assert one["longest_path"] == two["longest_path"] == 180.0


@pytest.mark.slow
def test_two_processes_share_the_suite_and_their_time_holds_its_jobs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(schedule, "SUITE", (*schedule.SUITE[:-1], "3", "--only", "none"))
    command = schedule._run(tmp_path / "store", 2)
    jobs = schedule._jobs(Store(tmp_path / "store"))
    row = schedule._row(2, jobs, jobs)
    assert row["jobs"] == 5
    assert 0 < row["longest_path"] <= row["simulated"] <= row["real"] < command
    assert row["busy"] <= 1


def test_a_run_that_fails_is_no_measurement(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(schedule, "SUITE", ("no-such-suite",))
    with pytest.raises(UserError, match=r"bench schedule: a run failed: stiltbench: .*no-such-suite"):
        schedule._run(tmp_path / "store", 1)
