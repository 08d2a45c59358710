"""Where there is no terminal, a long run says a line a minute: between jobs and inside a long one."""

from __future__ import annotations

import pytest

from harness.run import progress
from harness.run.progress import reporting


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_a_line_a_minute_and_one_at_the_end(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    with reporting(3, quiet=False) as told:
        for at in (0.0, 20.0, 70.0):
            clock[0] = at
            told.start(f"job at {at:.0f}")
            told.finish(f"job at {at:.0f}")
    assert capsys.readouterr().err.splitlines() == [
        "0/3 jobs, 0 s: job at 0",
        "2/3 jobs, 70 s, about 35 s left: job at 70",
        "3/3 jobs, 70 s, about 0 s left: done",
    ]


def test_a_long_job_tells_its_steps(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    with reporting(2, quiet=False) as told:
        told.start("predict")
        for at in (30.0, 61.0, 62.0, 130.0):
            clock[0] = at
            told.tick("predict", int(at), 200)
    assert capsys.readouterr().err.splitlines()[1:] == [
        "0/2 jobs, 61 s: predict, step 61 of 200",
        "0/2 jobs, 130 s: predict, step 130 of 200",
    ]


def test_quiet_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with reporting(1, quiet=True) as told:
        told.start("job")
        told.tick("job", 1, 2)
        told.finish("job")
    assert capsys.readouterr() == ("", "")
