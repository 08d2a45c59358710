"""On a real Ray of two nodes a suite ends with the bytes of a local run, whatever is killed or fails on the way."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.errors import UserError
from harness.lease import held
from harness.plan import make_plan
from harness.run import local, on_ray
from harness.run.on_ray import run
from harness.run.site import Resources, Site
from harness.store import Store
from harness.suite import Suite
from harness.suite_file import load
from tests.cluster.conftest import until
from tests.run.test_local import PART_JOBS, assert_sound, results
from tests.small import PART, Declare


@pytest.fixture(scope="module")
def two_nodes() -> Iterator[None]:
    """A head and another node, each of one CPU, as processes of ours that end by their own ids."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("RAY_USAGE_STATS_ENABLED", "0")
        pytest.importorskip("ray", reason="ray is not installed")
        from ray.cluster_utils import Cluster

        nodes = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
        try:
            nodes.add_node(num_cpus=1)
            patched.setenv("RAY_ADDRESS", f"127.0.0.1:{nodes.address.rpartition(':')[2]}")
            yield
        finally:
            nodes.shutdown()


Before = Callable[[Callable[[str], None]], None]

on_two_nodes = pytest.mark.usefixtures("two_nodes")


@pytest.fixture
def part(declare: Declare) -> Suite:
    return load(declare(*PART))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def before(monkeypatch: pytest.MonkeyPatch) -> Before:
    """Let every task do something more before its job, wherever it runs."""

    def put(first: Callable[[str], None]) -> None:
        task = on_ray._task

        def both(parent: str | None, key: str, *given: Any) -> str | None:  # what no module holds is sent as it is
            first(key)
            return task(parent, key, *given)

        monkeypatch.setattr(on_ray, "_task", both)

    return put


@on_two_nodes
def test_the_quickstart_ends_with_the_bytes_of_a_local_run_and_is_not_run_twice(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes = ['model="tiny"', "seeds=[0]", "threads=1", "keep_weights=false"]
    suite, alone = load("quickstart", limit=3, changes=changes), Store(tmp_path / "local")
    local.run(suite, alone, quiet=True)
    ran = run(suite, store, Site(), quiet=True)
    assert (len(ran.did), ran.found, ran.failed) == (37, 0, {})
    assert store.finished() == alone.finished()
    for key in store.finished():
        assert results(store, key) == results(alone, key)
    dropped = [key for key in store.finished() if not results(store, key)]
    assert {store.job(key)["phase"] for key in dropped} == {"target"}
    assert not list(store.work().iterdir())
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:9")  # nobody is there, and nobody is asked
    again = run(suite, store, Site(), quiet=True)
    assert (again.did, again.found, again.failed) == ([], 37, {})


@on_two_nodes
def test_a_killed_worker_is_no_failure_unless_all_that_are_at_the_job_die(
    part: Suite, store: Store, small_store: Store, before: Before
) -> None:
    jobs = make_plan(part, store).jobs
    interrupted = next(key for key, spec in jobs.items() if spec["phase"] == "target")
    deadly = next(key for key, spec in jobs.items() if spec["phase"] == "predict" and not spec["parent"])
    child = next(key for key, spec in jobs.items() if spec["parent"] == deadly)
    once, finished = store.path.parent / "once", str(store.folder(interrupted))

    def first(key: str) -> None:
        def kill(event: str, given: Any) -> None:
            if event == "os.rename" and str(given[1]) == finished and not once.exists():
                once.touch()
                os.kill(os.getpid(), signal.SIGKILL)

        if key == interrupted:
            sys.addaudithook(kill)
        if key == deadly:
            os.kill(os.getpid(), signal.SIGKILL)

    before(first)
    ran = run(part, store, Site(), quiet=True)
    assert once.exists()
    assert list(ran.failed) == [deadly, child]
    assert ran.failed[deadly].startswith("WorkerCrashedError: ")
    assert ran.failed[child] == f"its parent {deadly} failed"
    assert sorted(ran.did) == store.finished() == sorted(set(jobs) - {deadly, child})
    for key in ran.did:
        assert results(store, key) == results(small_store, key) != {}
    assert not list(store.work().glob("*.lease.*"))


@on_two_nodes
def test_a_failing_job_fails_what_starts_from_it_and_no_cousin(declare: Declare, store: Store, tmp_path: Path) -> None:
    recipe = "[recipes.wild]\nepochs = 1\nbatch_tokens = 64\nlearning_rate = 1e30\ntrainable_layers = 1\n\n"
    wild = ('examples = 24\nrecipe = "short"', 'examples = 24\nrecipe = "wild"')
    suite = load(declare(*PART, ("[intermediate]", f"{recipe}[intermediate]"), wild))
    alone = Store(tmp_path / "local")
    expected = local.run(suite, alone, quiet=True)
    ran = run(suite, store, Site(), quiet=True)
    assert len(ran.failed) == 8
    assert ran.failed == {k: why.replace(str(alone.path), str(store.path)) for k, why in expected.failed.items()}
    assert sorted(ran.did) == sorted(expected.did) == store.finished()


@on_two_nodes
def test_a_mistake_that_a_person_can_mend_stops_the_run(part: Suite, store: Store, before: Before) -> None:
    def refuse(_: str) -> None:
        raise UserError("mend this")

    before(refuse)
    with pytest.raises(UserError, match=r"^mend this$"):
        run(part, store, Site(), quiet=True)
    assert store.finished() == []


@on_two_nodes
def test_ctrl_c_stops_the_tasks_and_leaves_an_intact_store(
    part: Suite, store: Store, small_store: Store, before: Before
) -> None:
    third = store.path.parent / "third"

    def first(key: str) -> None:
        def hold(event: str, given: Any) -> None:  # a job that would be the fourth stands full in the work folder
            while event == "os.rename" and str(given[1]) == str(store.folder(key)) and len(store.finished()) >= 3:
                third.touch()
                time.sleep(0.01)

        sys.addaudithook(hold)

    def interrupt() -> None:
        while not third.exists():
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    before(first)
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)  # a test run in the background may ignore it
    try:
        threading.Thread(target=interrupt, daemon=True).start()
        with pytest.raises(KeyboardInterrupt):
            run(part, store, Site(), quiet=True)
    finally:
        signal.signal(signal.SIGINT, handler)
    until(lambda: not held(store), "the tasks ended", 20)
    assert_sound(store)
    done = store.finished()
    assert 3 <= len(done) <= 4  # two nodes: another may end beside the third
    ran = local.run(part, store, quiet=True)
    assert (len(ran.did), ran.found) == (PART_JOBS - len(done), len(done))
    for key in store.finished():
        assert results(store, key) == results(small_store, key) != {}


@on_two_nodes
@pytest.mark.parametrize(
    ("site", "wanted"), [(Site(gpus=1), "1 CPU, 1 GPU"), (Site(predict=Resources(cpus=2)), "2 CPU, 0 GPU")]
)
def test_what_no_node_can_give_is_refused_at_once(part: Suite, store: Store, site: Site, wanted: str) -> None:
    began = time.monotonic()
    with pytest.raises(UserError, match=rf"job \w+ asks for {wanted}, and no node has that \(at most 1 CPU, 0 GPU\)"):
        run(part, store, site, quiet=True)
    assert time.monotonic() - began < 10
    assert store.finished() == []


def test_without_ray_it_is_said_what_to_install(part: Suite, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UserError, match=r"ray is not installed; pip install 'stiltbench\[ray\]'"):
        run(part, store, Site(), quiet=True)


@pytest.mark.parametrize("address", ["127.0.0.1:9", "ray://127.0.0.1:9", "nonsense:address"])
def test_an_address_where_nobody_is_is_refused_soon(
    part: Suite, store: Store, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    pytest.importorskip("ray", reason="ray is not installed")
    monkeypatch.setenv("RAY_ADDRESS", address)
    began = time.monotonic()
    with pytest.raises(UserError, match=f"no Ray at {address} "):
        run(part, store, Site(), quiet=True)
    assert time.monotonic() - began < 10
