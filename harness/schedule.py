"""How long a plan takes on some equal devices: each job on one of them, after its parent. A simulation."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Mapping

Parents = Mapping[str, str | None]
"""Job → the job that it starts from. A parent that is not among the jobs is done."""

Seconds = Mapping[str, float]
Children = defaultdict[str | None, list[str]]


def longest_path(parents: Parents, seconds: Seconds) -> float:
    """Return the seconds of the longest chain of jobs, each the parent of the next: what no number of devices beats."""
    return max(_remaining(_children(parents), seconds).values(), default=0.0)


def wall_time(parents: Parents, seconds: Seconds, devices: int) -> float:
    """Return the seconds after which all jobs are done, by list scheduling.

    A free device takes, of the jobs whose parent is done, the one from which the longest chain is left (T. C. Hu,
    "Parallel Sequencing and Assembly Line Problems", Operations Research 9, 1961); none waits while there is one. On m
    devices that is at most 2 - 1/m times the shortest time there is, as it is for any order that an engine may take
    them in (R. L. Graham, "Bounds on Multiprocessing Timing Anomalies", SIAM Journal on Applied Mathematics 17, 1969).
    """
    children = _children(parents)
    left = _remaining(children, seconds)
    ready = [(-left[key], key) for key in children[None]]
    heapq.heapify(ready)
    busy: list[tuple[float, str]] = []
    now = 0.0
    while ready or busy:
        while ready and len(busy) < devices:
            _, key = heapq.heappop(ready)
            heapq.heappush(busy, (now + seconds[key], key))
        now = busy[0][0]
        while busy and busy[0][0] == now:
            for key in children[heapq.heappop(busy)[1]]:
                heapq.heappush(ready, (-left[key], key))
    return now


def _children(parents: Parents) -> Children:
    """Return the jobs that start from each; under None those that can begin at once."""
    found: Children = defaultdict(list)
    for key, parent in parents.items():
        found[parent if parent in parents else None].append(key)
    return found


def _remaining(children: Children, seconds: Seconds) -> dict[str, float]:
    """Return of each job the seconds of the longest chain that begins with it."""
    order = list(children[None])
    for key in order:
        order.extend(children[key])
    found: dict[str, float] = {}
    for key in reversed(order):
        found[key] = seconds[key] + max((found[child] for child in children[key]), default=0.0)
    return found
