"""Schedules drawn by hand, and the bounds that hold for every one."""

from __future__ import annotations

import numpy as np
import pytest

from harness.schedule import longest_path, wall_time

FORK = {"base": None, "a": "base", "b": "base", "long": "base", "last": "long"}
SECONDS = {"base": 1.0, "a": 2.0, "b": 2.0, "long": 2.0, "last": 3.0}


@pytest.mark.parametrize(
    ("devices", "wall"),
    [
        (1, 10.0),
        (2, 6.0),  # base; then long and last on one, a and b on the other
        (3, 6.0),  # the longest path
        (64, 6.0),
    ],
)
def test_the_job_with_the_longest_way_to_go_is_first(devices: int, wall: float) -> None:
    assert wall_time(FORK, SECONDS, devices) == wall
    assert longest_path(FORK, SECONDS) == 6.0
    assert wall_time(dict(reversed(FORK.items())), SECONDS, devices) == wall  # in whatever order they are named


def test_what_starts_from_a_job_that_is_done_waits_for_nobody() -> None:
    left = {key: parent for key, parent in FORK.items() if key != "base"}
    assert wall_time(left, SECONDS, 2) == 5.0
    assert longest_path(left, SECONDS) == 5.0


def test_grahams_example_is_as_far_from_the_best_as_he_proved() -> None:
    # m(m - 1) jobs of 1 and one of m: 2m - 1 with the long one last, m with it first; the rule here puts it first
    jobs = {f"{n}": 1.0 for n in range(12)} | {"long": 4.0}
    assert wall_time(dict.fromkeys(jobs), jobs, 4) == 4.0
    # hidden behind a short parent it comes late, but within (2 - 1/4) of the best, which is 4 + 0.5
    late = {**dict.fromkeys(jobs), "short": None, "long": "short"}
    assert 4.5 <= wall_time(late, jobs | {"short": 0.5}, 4) <= 4.5 * 1.75


def test_nothing_takes_no_time() -> None:
    assert (wall_time({}, {}, 8), longest_path({}, {})) == (0.0, 0.0)


@pytest.mark.parametrize("seed", range(20))
def test_no_schedule_leaves_the_bounds_of_every_list(seed: int) -> None:
    rng = np.random.default_rng(seed)
    names = [f"{n:02}" for n in range(30)]
    parents = {name: names[rng.integers(n)] if n and rng.random() < 0.8 else None for n, name in enumerate(names)}
    seconds = {name: float(rng.integers(1, 20)) for name in names}
    total, longest = sum(seconds.values()), longest_path(parents, seconds)
    assert wall_time(parents, seconds, 1) == total
    for devices in (2, 3, 8):
        wall = wall_time(parents, seconds, devices)
        assert max(longest, total / devices) <= wall <= total / devices + (1 - 1 / devices) * longest
    assert wall_time(parents, seconds, 30) == longest
