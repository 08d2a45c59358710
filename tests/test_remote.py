"""A store in object storage answers as a folder does, on every machine, whoever is killed or comes second."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from harness import remote
from harness.analysis.query import query
from harness.errors import UserError
from harness.exchange.store_copy import copy
from harness.inventory import collect, failures, status, unnamed
from harness.objects import Bucket
from harness.plan import make_plan
from harness.publish import publish
from harness.record import record
from harness.remote import filling, known_store, open_store
from harness.run.job import attempt
from harness.run.local import run
from harness.schema import FORMAT
from harness.store import Store
from harness.suite import Suite
from harness.suite_file import load
from tests.objects import Machine
from tests.small import PART, Declare, stiltbench
from tests.test_objects import race


def finish(store: Store, key: str = "a", **files: bytes) -> None:
    with store.finishing(key) as made:
        for name, content in files.items():
            (made / name.replace("_", ".")).write_bytes(content)
        (made / "job.json").write_text(json.dumps({"job": key, "by": files.get("by", b"").decode(), "spec": {}}))


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


# -- jobs --------------------------------------------------------------------------------------------------------------


def test_a_job_that_is_done_here_is_done_everywhere(machine: Machine) -> None:
    here, there = machine(), machine("there")
    assert not there.done("a")
    finish(here, predictions_parquet=b"said", model_safetensors=b"weights")
    assert there.done("a")
    assert there.finished() == here.finished() == ["a"]
    assert there.job("a") == here.job("a")
    assert here.job("a")["spec"] == {}
    found = files(there.folder("a"))
    assert (found.keys(), found["predictions.parquet"]) == ({"job.json", "predictions.parquet"}, b"said")
    assert there.has_weights("a")
    assert there.weights("a").read_bytes() == b"weights"
    assert files(there.folder("a")) == files(here.folder("a"))
    assert not list(here.work().iterdir())


WRITERS = """
import json, sys, threading
from harness.remote import open_store
stores = {f"{sys.argv[2]}.{n}": open_store(sys.argv[1]) for n in range(4)}
ready, ended = threading.Barrier(5), threading.Barrier(5)
def write(by):
    with stores[by].finishing("a") as made:
        for name in ("curves.parquet", "model.safetensors"):
            (made / name).write_text(by * 1000)
        (made / "job.json").write_text(json.dumps({"job": "a", "by": by, "spec": {}}))
        ready.wait()
    ended.wait()
for by in stores:
    threading.Thread(target=write, args=(by,)).start()
print("ready", flush=True)
sys.stdin.readline()
ready.wait()
ended.wait()
"""


def test_of_16_writers_in_4_processes_one_wins_and_is_read_back_whole(s3: str, machine: Machine) -> None:
    machine()
    commands = [[sys.executable, "-c", WRITERS, s3, str(number)] for number in range(4)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    processes = [subprocess.Popen(command, **pipes) for command in commands]  # type: ignore[call-overload]
    assert [process.stdout.readline() for process in processes] == ["ready\n"] * 4
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    assert [process.communicate(timeout=60)[0] and process.returncode for process in processes] == [""] * 4
    assert [process.returncode for process in processes] == [0] * 4
    store = machine("reader")
    told = store.job("a")
    whole = {"curves.parquet": told["by"] * 1000, "model.safetensors": told["by"] * 1000}
    store.weights("a")
    found = {name: content.decode() for name, content in files(store.folder("a")).items() if name != "job.json"}
    assert found == whole
    assert sorted(store.bucket.list("jobs")) == [
        *(f"jobs/a/{told['attempt']}/{name}" for name in whole),
        "jobs/a/job.json",
    ]


def test_of_16_threads_that_finish_one_job_one_wins(machine: Machine) -> None:
    store = machine()
    race(lambda number: finish(store, by=b"%d" % number, curves_parquet=b"%d" % number * 100))
    told = machine("reader").job("a")
    assert files(machine("reader").folder("a"))["curves.parquet"].decode() == told["by"] * 100
    assert len(store.bucket.list("jobs")) == 3  # the winner's two files, and job.json


KILLED = """
import os, signal, sys
from harness.objects import Bucket
from harness.remote import open_store
store = open_store(sys.argv[1])
left = int(sys.argv[2])
def counted(put):
    def wrapped(*arguments):
        global left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return put(*arguments)
    return wrapped
Bucket.write, Bucket.create = counted(Bucket.write), counted(Bucket.create)
with store.finishing("a") as made:
    for name in ("curves.parquet", "model.safetensors", "job.json"):
        (made / name).write_text("{}")
"""


@pytest.mark.parametrize("step", [0, 1, 2])
def test_a_kill_before_job_json_leaves_nothing_that_counts(
    s3: str, machine: Machine, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = machine()
    ran = subprocess.run([sys.executable, "-c", KILLED, s3, str(step)])
    assert ran.returncode == -signal.SIGKILL
    assert len(here.bucket.list("jobs")) == step
    assert (here.done("a"), here.finished()) == (False, [])
    assert query("from jobs", here).fetchall() == []
    assert unnamed(here) == []  # it may be an upload under way
    monkeypatch.setattr(remote, "STALE", timedelta(seconds=-5))
    left = unnamed(here)
    assert [(row["what"], row["name"].partition(".")[0], row["bytes"]) for row in left] == [
        ("leftover", "a", 2 * step) for _ in range(step and 1)
    ]
    finish(here, curves_parquet=b"whole")
    collect(here, unnamed(here)[-1:] if step else [])
    assert files(machine("reader").folder("a"))["curves.parquet"] == b"whole"
    assert len(here.bucket.list("jobs")) == 2


def test_an_upload_that_fails_leaves_no_job(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    store = machine()
    store.resume_folder("a").mkdir()
    with monkeypatch.context() as patched:
        patched.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        patched.setattr(store, "bucket", Bucket(store.place))
        with pytest.raises(UserError, match=r"no answer from http://127\.0\.0\.1:9"):
            finish(store)
    assert not store.done("a")
    assert store.resume_folder("a").exists()  # from which the next one goes on


def test_a_winner_who_never_hears_of_it_has_won(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    store, create = machine(), Bucket.create
    monkeypatch.setattr(Bucket, "create", lambda *arguments: create(*arguments) and None)
    finish(store, curves_parquet=b"curve")
    assert files(machine("reader").folder("a"))["curves.parquet"] == b"curve"


def test_weights_that_are_dropped_leave_the_bucket_and_can_be_put_back(machine: Machine) -> None:
    here, there = machine(), machine("there")
    for key in "abc":
        finish(here, key, model_safetensors=b"weights", curves_parquet=b"curve")
    there.weights("a")
    there.drop_weights(iter("ab"))
    assert [store.has_weights(key) for store in (here, there) for key in "abc"] == [False, False, True] * 2
    assert not there.weights("a").exists()
    assert there.finished() == ["a", "b", "c"]
    finish(here, model_safetensors=b"weights", curves_parquet=b"another curve")
    assert machine("third").weights("a").read_bytes() == b"weights"
    assert files(machine("third").folder("a"))["curves.parquet"] == b"curve"


def test_a_job_that_was_removed_and_made_again_elsewhere_is_the_new_one(machine: Machine) -> None:
    here, there = machine(), machine("there")
    finish(here, curves_parquet=b"old")
    finish(here, "b", curves_parquet=b"kept")
    assert files(there.folder("a"))["curves.parquet"] == b"old"
    here.remove("a")
    assert (here.finished(), there.finished()) == (["b"], ["b"])
    assert not (there.path / "jobs" / "a").exists()
    finish(here, curves_parquet=b"old")
    there.folder("a")
    here.remove("a")
    finish(here, curves_parquet=b"new")
    assert there.finished() == ["a", "b"]
    assert files(there.folder("a"))["curves.parquet"] == b"new"


def test_what_the_cache_forgets_comes_again(machine: Machine) -> None:
    store = machine()
    finish(store, curves_parquet=b"curve", model_safetensors=b"weights")
    for path in [path for path in store.path.rglob("*") if path.is_file()]:
        path.unlink()
        again = machine(create=False)
        assert files(again.folder("a"))["curves.parquet"] == b"curve"
        assert again.weights("a").read_bytes() == b"weights"


# -- the store as a whole ----------------------------------------------------------------------------------------------


def test_no_store_is_made_where_one_is_only_read(s3: str) -> None:
    with pytest.raises(UserError, match=rf"^{s3}: no store here; `stiltbench run SUITE` makes one"):
        open_store(s3, create=False)
    assert known_store(s3) is None
    assert Bucket(s3).empty()


@pytest.mark.parametrize("kind", ["a folder", "a bucket"])
def test_what_ends_before_a_suite_stands_in_it_leaves_no_store(s3: str, tmp_path: Path, kind: str) -> None:
    place = s3 if kind == "a bucket" else str(tmp_path / "store")
    with filling(place) as made:
        assert known_store(place) is not None
    with pytest.raises(KeyboardInterrupt), filling(place):
        raise KeyboardInterrupt
    assert (known_store(place), made.path.exists()) == (None, False)
    assert Bucket(s3).empty()
    assert list(tmp_path.glob("store")) == []
    open_store(place)
    with filling(place):  # one that stood before
        pass
    assert known_store(place) is not None


@pytest.mark.parametrize("kind", ["a folder", "a bucket"])
def test_a_store_that_is_given_up_under_another_runner_is_made_again_by_its_record(
    s3: str, tmp_path: Path, kind: str, small: Suite
) -> None:
    place = s3 if kind == "a bucket" else str(tmp_path / "store")
    with filling(place):
        other = open_store(place)  # plans, while the first one is refused
    record(make_plan(small, other), other)
    assert open_store(place, create=False).suites() == ["small"]
    with filling(place):
        pass
    assert other.suites() == ["small"]


def test_giving_up_a_store_takes_nothing_of_anybody_else(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    finish(store, curves_parquet=b"curve")
    store.abandon()
    assert files(store.folder("a"))["curves.parquet"] == b"curve"
    assert open_store(store.place, create=False).finished() == ["a"]


def test_a_prefix_with_other_objects_is_no_store(s3: str) -> None:
    Bucket(s3).write("thesis.tex", b"dear")
    with pytest.raises(UserError, match=rf"^{s3}: holds other objects, and no store; name an empty or a new prefix$"):
        open_store(s3)
    assert list(Bucket(s3).list("")) == ["thesis.tex"]


def test_a_store_of_a_newer_version_is_refused(s3: str) -> None:
    Bucket(s3).write("STORE.json", b'{"format": %d}' % (FORMAT + 1))
    with pytest.raises(UserError, match=rf"^{s3}/STORE\.json: written by a newer stiltbench"):
        open_store(s3)


def test_a_server_that_knows_no_conditions_is_refused(s3: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Bucket, "create", lambda *_: "a version")
    with pytest.raises(UserError, match=r"overwrites where it is asked not to \(If-None-Match\); name another one$"):
        open_store(s3)


def test_a_folder_is_opened_as_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert known_store("store") is None
    assert type(open_store("store")) is Store
    assert (tmp_path / "store" / "STORE.json").is_file()
    found = known_store("store")
    assert found is not None
    assert (found.path, found.place) == (Path("store"), "store")


def test_why_a_job_failed_is_known_everywhere_until_it_is_done(machine: Machine) -> None:
    here, there = machine(), machine("there")
    reason = attempt(here, None, None, "a", {"phase": "score"}, lambda *_: None)  # type: ignore[arg-type]
    assert reason
    assert reason.startswith("KeyError")
    ((job, log),) = failures(there).items()
    assert job == "a"
    assert "Traceback" in log.read_text()
    finish(here)
    assert failures(there) == {}
    here.discard(here.failure_log("a"))
    assert there.failure_logs() == []


def test_what_no_suite_names_is_removed_there_and_here(machine: Machine) -> None:
    here = machine()
    finish(here, "b", curves_parquet=b"curve", model_safetensors=b"weights")
    here.plan_jobs({"c": {"model": "tiny", "spec": {}}})
    here.write({here.path / "draws" / "d.parquet": b"rows"})
    there = machine("there")
    assert there.planned("c") == {"model": "tiny", "spec": {}}
    assert there.draw_path("d").read_bytes() == b"rows"
    rows = unnamed(there)
    job = sum(found.size for found in here.bucket.list("jobs/b").values())
    assert [(row["what"], row["name"], row["bytes"]) for row in rows] == [
        ("job", "b", job),
        ("draw", "d", 4),
        ("planned", "c", len(here.bucket.read("planned/c.json") or b"")),
    ]
    collect(there, rows)
    assert unnamed(here) == []
    assert set(here.bucket.list("")) <= {"STORE.json", "work/clock"}


REFUSED = [
    (["status"], "s3://", "s3://: expected s3://BUCKET or s3://BUCKET/PREFIX, a bucket in small letters"),
    (["query", "from jobs"], "s3://nowhere", "s3://nowhere: no such bucket; make it first, or name another store"),
    (
        ["gc"],
        "s3://bucket-0/none",
        "s3://bucket-0/none: no store here; `stiltbench run SUITE` makes one",
    ),
    (["publish", "small"], "gs://bucket", "gs://bucket: expected s3://BUCKET or s3://BUCKET/PREFIX"),
]


@pytest.mark.usefixtures("s3")
@pytest.mark.parametrize(("command", "store", "message"), REFUSED, ids=[c[0][0] for c in REFUSED])
def test_a_command_says_in_a_sentence_what_is_wrong(command: list[str], store: str, message: str) -> None:
    ran = stiltbench(*command, "--store", store)
    assert (ran.returncode, ran.stdout, ran.stderr.count("\n")) == (2, "", 1)
    assert ran.stderr.startswith(f"stiltbench: {message}")


# -- real runs ---------------------------------------------------------------------------------------------------------

SCORES = """select suite, arm, target, seed, language, metric, value, n from scores
    where seed = 0 and arm in ('none', 'english') order by all"""


DECLARED = "select contrast, declared from contrasts"


def test_a_run_in_object_storage_equals_a_run_in_a_folder(
    s3: str, machine: Machine, declare: Declare, small_store: Store, tmp_path: Path
) -> None:
    suite, store = load(declare(*PART)), machine()
    ran = run(suite, store, quiet=True)
    assert not ran.failed
    assert sorted(ran.did) == store.finished()
    assert ran.did
    reader = machine("reader", create=False)
    for key in ran.did:
        ours, theirs = files(reader.folder(key)), files(small_store.folder(key))
        told = {name: json.loads(found.pop("job.json")) for name, found in (("ours", ours), ("theirs", theirs))}
        assert told["ours"]["spec"] == told["theirs"]["spec"]
        assert ours | {"model.safetensors": b""} == theirs | {"model.safetensors": b""}
        if reader.has_weights(key):
            assert reader.weights(key).read_bytes() == small_store.weights(key).read_bytes()
    assert [reader.has_weights(key) for key in ran.did] == [small_store.has_weights(key) for key in ran.did]
    assert query(SCORES, reader).fetchall() == query(SCORES, small_store).fetchall() != []
    declared = query(DECLARED, reader).fetchall()
    assert {(row["jobs"] == row["done"], row["left"]) for row in status(reader)} == {(True, 0)}
    again = run(suite, machine("third"), quiet=True)
    assert (again.did, again.found) == ([], len(ran.did))
    assert query(DECLARED, reader).fetchall() == declared != []
    listed = stiltbench("query", SCORES, "--store", s3, "--format", "csv", STILTBENCH_CACHE=str(tmp_path / "fourth"))
    local = stiltbench("query", SCORES, "--store", small_store.path, "--format", "csv")
    assert (listed.returncode, listed.stdout) == (0, local.stdout)
    assert not list((tmp_path / "fourth").rglob("*.safetensors"))


def test_a_page_made_from_object_storage_is_the_same_page(s3: str, planted: Store, tmp_path: Path) -> None:
    copy(planted, "planted", s3)
    for name, store in (("here", planted), ("there", open_store(s3, create=False))):
        publish("planted", tmp_path / name, store)
    here, there = files(tmp_path / "here"), files(tmp_path / "there")
    for found in (here, there):
        found.pop("results.parquet")  # whose rows come in any order
    assert here == there != {}
    results = [f"from '{tmp_path / name / 'results.parquet'}'" for name in ("here", "there")]
    assert duckdb.sql(" except all ".join(results)).fetchall() == []
    assert duckdb.sql(" except all ".join(results[::-1])).fetchall() == []
