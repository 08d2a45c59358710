"""How far a run is: nothing where nobody asks, a line a minute where there is no terminal."""

from __future__ import annotations

import pytest

from harness.run import progress
from harness.run.progress import reporting


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_a_line_comes_first_then_one_a_minute_and_one_at_the_end(
    clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    with reporting(10, quiet=False) as told:
        for i in range(10):
            told.start(f"job {i}")
            clock[0] += 25
            told.tick(1, 2)
            told.finish()
    assert capsys.readouterr().err.splitlines() == [
        "0/10 jobs, 0 s: job 0",
        "3/10 jobs, 75 s, about 175 s left: job 3",  # at 50 s no minute has passed
        "6/10 jobs, 150 s, about 100 s left: job 6",
        "9/10 jobs, 225 s, about 25 s left: job 9",
        "10/10 jobs, 250 s, about 0 s left: done",
    ]


def test_nothing_is_said_where_nobody_asks(capfd: pytest.CaptureFixture[str]) -> None:
    with reporting(1, quiet=True) as told:
        told.start("job")
        told.tick(1, 1)
        told.finish()
    assert capfd.readouterr() == ("", "")


def test_a_terminal_gets_a_bar(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    with reporting(2, quiet=False) as told:
        for label in ("predict a", "score b"):
            told.start(label)
            told.tick(1, 2)
            told.finish()
    out, err = capsys.readouterr()
    assert out == ""
    assert "2/2" in err
