"""How far a long step is: a bar with rate and time left on a terminal, a line a minute elsewhere. On standard error."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

LINE_SECONDS = 60.0


class Progress(Protocol):
    """What runners tell: which jobs they are at, each by its label, and how far inside."""

    def start(self, label: str) -> None:
        """Say that a job begins."""

    def tick(self, label: str, done: int, total: int) -> None:
        """Say that ``done`` of ``total`` steps of the job are behind us."""

    def finish(self, label: str) -> None:
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

    def tick(self, label: str, done: int, total: int) -> None:
        pass

    def finish(self, label: str) -> None:
        pass


class _Lines(_Silent):
    """A line at the start of the first job, then one a minute, also inside a long job, and one at the end."""

    def __init__(self, total: int) -> None:
        self.total, self.done = total, 0
        self.began = self.said = time.monotonic()

    def start(self, label: str) -> None:
        if self.done == 0 or time.monotonic() - self.said >= LINE_SECONDS:
            self._say(label)

    def tick(self, label: str, done: int, total: int) -> None:
        if time.monotonic() - self.said >= LINE_SECONDS:
            self._say(f"{label}, step {done} of {total}")

    def finish(self, label: str) -> None:  # noqa: ARG002 - a bar needs it
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
    """One bar over jobs, which moves inside them too."""

    def __init__(self, bars: object, task: object) -> None:
        self.bars, self.task, self.done = bars, task, 0
        self.inside: dict[str, float] = {}

    def start(self, label: str) -> None:
        self.bars.update(self.task, description=label)  # type: ignore[attr-defined]

    def tick(self, label: str, done: int, total: int) -> None:
        self.inside[label] = done / total
        self._move()

    def finish(self, label: str) -> None:
        self.done += 1
        self.inside.pop(label, None)
        self._move()

    def _move(self) -> None:
        done = self.done + sum(list(self.inside.values()))
        self.bars.update(self.task, completed=done)  # type: ignore[attr-defined]
