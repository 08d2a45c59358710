"""Runs a plan on Ray: each job is a task whose argument is what came of its parent, so that Ray owns the graph.

A task runs what every engine runs, :func:`harness.run.job.job`, and what is done is what the store holds: Ray may run
the task of a worker or a node that was lost again, and so may a person the whole plan.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness.errors import UserError
from harness.plan import Plan
from harness.remote import open_store
from harness.run.job import WAIT_SECONDS, job
from harness.run.local import Ran, running
from harness.run.progress import Progress, reporting
from harness.run.site import Site
from harness.store import Store
from harness.suite import Suite

CONNECT_SECONDS = 5.0

OURS = "STILTBENCH_"
"""What the names of settings begin with that tasks take over from this process."""

Asked = dict[str, dict[str, float]]
"""Job → what it needs of a node, as Ray names it."""


def run(
    suite: Suite,
    store: Store,
    site: Site,
    data: Path | None = None,
    *,
    only: str | None = None,
    quiet: bool = False,
) -> Ran:
    """Bring a store to where it holds every job of a suite, as :func:`harness.run.local.run` does, on a Ray cluster.

    The cluster is that of RAY_ADDRESS, else the one that runs here, else one of this machine for this run alone. Store
    and data stand under the same path on every node. Of a site ``cpus`` and ``gpus`` are read; without, a job has a CPU
    for each of its threads and, unless it scores, a GPU where the cluster has any.

    :raises UserError: where Ray is missing or not reached, and at once for jobs for which no node is large enough
    """
    ray = _ray()
    with running(suite, store, data, only, quiet) as (plan, todo, out):
        if todo:
            with _connected(ray), reporting(len(todo), quiet) as progress:
                asked = _asked(plan, todo, site, {what for node in _nodes(ray) for what in node})
                _check(asked, _nodes(ray))
                _settle(ray, _submit(ray, plan, asked, store, data), plan, out, progress)
    return out


def _ray() -> Any:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # read when it is imported
    try:
        import ray
    except ModuleNotFoundError:
        raise UserError("run --on ray: ray is not installed; pip install 'stiltbench[ray]'") from None
    return ray


@contextmanager
def _connected(ray: Any) -> Iterator[None]:
    host, _, port = os.environ.get("RAY_ADDRESS", "").rpartition("://")[2].rpartition(":")
    try:
        if host:  # Ray itself would try for minutes
            socket.create_connection((host, int(port)), CONNECT_SECONDS).close()
        ray.init(log_to_driver=False, logging_level="ERROR", include_dashboard=False)
    except (OSError, ValueError, RuntimeError) as e:  # not there; no address; of another version
        said = str(e).strip().splitlines()[0]
        where = os.environ.get("RAY_ADDRESS", "this machine")
        raise UserError(f"run --on ray: no Ray at {where} ({said}); start it, or name another by RAY_ADDRESS") from None
    try:
        yield
    finally:
        ray.shutdown()


def _nodes(ray: Any) -> list[dict[str, float]]:
    return [node["Resources"] for node in ray.nodes() if node["Alive"]]


def _asked(plan: Plan, todo: list[str], site: Site, there: set[str]) -> Asked:
    asked = {}
    for key in todo:
        spec = plan.jobs[key]
        found = site.resources(spec["phase"])
        gpus = int("GPU" in there and spec["phase"] != "score") if found.gpus is None else found.gpus
        asked[key] = {"CPU": found.cpus or spec.get("threads", 1), "GPU": gpus}
    return asked


def _check(asked: Asked, nodes: list[dict[str, float]]) -> None:
    """Refuse what no node can give: Ray would wait for such a node for ever."""
    for key, needs in asked.items():
        if not any(all(node.get(what, 0) >= n for what, n in needs.items()) for node in nodes):
            largest = {what: max((node.get(what, 0) for node in nodes), default=0) for what in needs}
            wanted, most = (", ".join(f"{n:g} {what}" for what, n in found.items()) for found in (needs, largest))
            raise UserError(
                f"run --on ray: job {key} asks for {wanted}, and no node has that (at most {most}); "
                "start a larger node, or ask for less in the file of --site"
            )


def _submit(ray: Any, plan: Plan, asked: Asked, store: Store, data: Path | None) -> dict[Any, str]:
    """Hand over all jobs; return each one's reference and key, parents first."""
    task = ray.remote(_task)
    settings = {name: value for name, value in os.environ.items() if name.startswith(OURS)}
    refs: dict[str | None, Any] = {}
    for key, needs in asked.items():
        spec = plan.jobs[key]
        options = {"name": f"{spec['phase']} {key}", "num_cpus": needs["CPU"], "num_gpus": needs["GPU"]}
        parent = refs.get(spec["parent"])
        refs[key] = task.options(**options).remote(parent, key, store.anywhere, data and data.resolve(), settings)
    return {ref: str(key) for key, ref in refs.items()}


def _task(parent: str | None, key: str, store: str, data: Path | None, settings: dict[str, str]) -> str | None:
    """Run a job on some node, unless its parent failed; return why it failed, or None."""
    os.environ.update(settings)
    return parent or job(open_store(store, create=False), key, data)


def _settle(ray: Any, keys: dict[Any, str], plan: Plan, out: Ran, progress: Progress) -> None:
    """Note what comes of each task.

    What ends the run ends the connection, and with it Ray ends the tasks that are left. They are not cancelled: a task
    that ends as it is cancelled can end this process too, inside Ray ("Tried to complete task that was not pending").
    """
    left = list(keys)
    while left:
        ended, left = ray.wait(left, num_returns=len(left), timeout=WAIT_SECONDS)  # both in the order of the plan
        for key, ref in ((keys[ref], ref) for ref in ended):
            parent = plan.jobs[key]["parent"]
            reason = f"its parent {parent} failed" if parent in out.failed else _reason(ray, ref)
            if reason:
                out.failed[key] = reason
            else:
                out.did.append(key)
            progress.finish(f"{plan.jobs[key]['phase']} {key}")


def _reason(ray: Any, ref: Any) -> str | None:
    """Return why a task failed, or None. What a person can mend is raised."""
    try:
        reason: str | None = ray.get(ref)
    except ray.exceptions.RayError as e:
        cause = getattr(e, "cause", None) or e
        if isinstance(cause, UserError):
            raise cause from None
        return f"{type(cause).__name__}: {str(cause).strip().splitlines()[0]}"
    return reason
