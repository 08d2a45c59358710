"""How far a long step is: a bar with rate and time left on a terminal, a line a minute elsewhere. On standard error."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

LINE_SECONDS = 60.0


class Progress(Protocol):
    """What a runner tells: which job it is at, and how far inside it."""

    def start(self, label: str) -> None:
        """Name the job that begins."""

    def tick(self, done: int, total: int) -> None:
        """Say that ``done`` of ``total`` steps of the job are behind us."""

    def finish(self) -> None:
        """Count the job as done."""


@contextmanager
def reporting(total: int, quiet: bool) -> Iterator[Progress]:
    """Give the reporter that suits the place: silent, a bar, or a line a minute."""
    if quiet:
        yield _Silent()
    elif sys.stderr.isatty():
        with _bar(total) as progress:
            yield progress
    else:
        yield _Lines(total)


class _Silent:
    def start(self, label: str) -> None:
        pass

    def tick(self, done: int, total: int) -> None:
        pass

    def finish(self) -> None:
        pass


class _Lines(_Silent):
    """A line at the start of the first job, then one a minute, also inside a long job, and one at the end."""

    def __init__(self, total: int) -> None:
        self.total, self.done, self.label = total, 0, ""
        self.began = self.said = time.monotonic()

    def start(self, label: str) -> None:
        self.label = label
        if self.done == 0 or time.monotonic() - self.said >= LINE_SECONDS:
            self._say(label)

    def tick(self, done: int, total: int) -> None:
        if time.monotonic() - self.said >= LINE_SECONDS:
            self._say(f"{self.label}, step {done} of {total}")

    def finish(self) -> None:
        self.done += 1
        if self.done == self.total:
            self._say("done")

    def _say(self, label: str) -> None:
        self.said = time.monotonic()
        passed = self.said - self.began
        left = f", about {passed / self.done * (self.total - self.done):.0f} s left" if self.done else ""
        print(f"{self.done}/{self.total} jobs, {passed:.0f} s{left}: {label}", file=sys.stderr, flush=True)


@contextmanager
def step(label: str, quiet: bool) -> Iterator[None]:
    """Show on a terminal that something is under way whose length is not known; elsewhere nothing needs to be said."""
    if quiet or not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(label):
        yield


@contextmanager
def _bar(total: int) -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as Bars

    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Bars(*columns, TextColumn("{task.description}"), console=Console(stderr=True)) as bars:
        yield _Bar(bars, bars.add_task("", total=total))


class _Bar:
    """One bar over jobs, which moves inside a job too."""

    def __init__(self, bars: object, task: object) -> None:
        self.bars, self.task, self.done = bars, task, 0

    def start(self, label: str) -> None:
        self.bars.update(self.task, description=label)  # type: ignore[attr-defined]

    def tick(self, done: int, total: int) -> None:
        self.bars.update(self.task, completed=self.done + done / total)  # type: ignore[attr-defined]

    def finish(self) -> None:
        self.done += 1
        self.bars.update(self.task, completed=self.done)  # type: ignore[attr-defined]
