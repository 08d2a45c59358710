"""The graph of a suite: jobs, the cells that they fill, and all that is known of a suite before anything runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import pyarrow as pa

from harness.data import errata
from harness.errors import unknown
from harness.models.find import Model
from harness.store import Spec, job_key
from harness.suite import Suite

EPOCHS = {"pretrain": 2, "intermediate": 3, "target": 3, "predict": 2, "score": 2}
"""Code epoch of each phase: raised when the same declaration gives other results. History: CHANGELOG.md."""

TRAINING = ("pretrain", "intermediate", "target")
"""Phases that train, in their order."""

INTERMEDIATE = "intermediate"
"""Name under which cells hold an arm's pretraining, and the scores of its own intermediate task on its check split."""


class Cell(NamedTuple):
    """One place in the suite's table, and a job that fills it; phase `beside` is a score in the other edition."""

    arm: str
    target: str
    seed: int
    phase: str
    job: str


class Missing(NamedTuple):
    """What is left out, by a smoke or of a plan in part: the place in the suite, the data set, and why."""

    where: str
    data: str
    reason: str


@dataclass
class Plan:
    """The graph: jobs in an order in which each comes after its parent, and the cells that they fill."""

    suite: Suite
    """What is planned: without what is missing."""
    model: Model
    languages: list[str]
    jobs: dict[str, Spec] = field(default_factory=dict)
    cells: list[Cell] = field(default_factory=list)
    seen: list[tuple[str, str, str, str | None]] = field(default_factory=list)
    """(arm, target, language, what its training met of it)."""
    draws: dict[str, pa.Table] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    """Job → examples that it reads, over all its epochs; of a phase that counts steps, those that it draws from."""
    done: set[str] = field(default_factory=set)
    masked: set[tuple[str, str, str, str]] = field(default_factory=set)
    """(target, data set, split, id) of the test items that some arm's training has met."""
    marks: set[tuple[str, str, str, errata.Mark]] = field(default_factory=set)
    """(target, data set, split, mark) of what is known to be wrong in what is tested."""
    reopened: set[str] = field(default_factory=set)
    """Finished jobs whose weights were dropped and are needed again."""
    missing: list[Missing] = field(default_factory=list)
    absent: list[tuple[str, str]] = field(default_factory=list)
    """(arm, target) of the cells that are left out because of what is missing."""

    @property
    def todo(self) -> list[str]:
        """Keys of the jobs to run, parents first: what is missing, and parents whose weights it needs."""
        wanted: set[str] = set()
        for key in reversed(list(self.jobs)):
            if key not in self.done or key in wanted:
                wanted.add(key)
                parent = self.jobs[key]["parent"]
                if parent and parent not in self.done:
                    wanted.add(parent)
        return [key for key in self.jobs if key in wanted]

    def todo_of(self, arm: str) -> list[str]:
        """Keys of the jobs to run that fill an arm's cells, parents first."""
        if arm not in self.suite.arms:
            raise unknown("arm", arm, self.suite.arms, self.suite.name)
        mine = {cell.job for cell in self.cells if cell.arm == arm}
        return [key for key in self.todo if key in mine]

    def add(self, spec: Spec, rows: int = 0) -> str:
        """Add a job, which reads so many examples, unless it is there; return its key."""
        key = job_key(spec)
        self.jobs.setdefault(key, spec)
        self.rows.setdefault(key, rows)
        return key
