"""A job is there whole or not at all, and what a store cannot take is said in a sentence."""

from __future__ import annotations

import errno
import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from harness.errors import UserError
from harness.schema import FORMAT
from harness.store import Store, job_key

JOB = b'{"job": "a", "spec": {"phase": "predict"}}'


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def finish(store: Store, key: str = "a", **files: bytes) -> None:
    with store.finishing(key) as made:
        for name, content in files.items():
            (made / name.replace("_", ".")).write_bytes(content)
        (made / "job.json").write_bytes(JOB)


def everything(path: Path) -> dict[str, bytes]:
    return {str(p.relative_to(path)): p.read_bytes() for p in sorted(path.rglob("*")) if p.is_file()}


def test_a_key_is_the_hash_of_what_is_declared_in_any_order() -> None:
    spec = {"b": [1, {"y": None, "x": "ä"}], "a": 0.5}
    text = '{"a":0.5,"b":[1,{"x":"ä","y":null}]}'
    assert job_key(spec) == hashlib.sha256(text.encode()).hexdigest()[:16]
    assert job_key({"a": 0.5, "b": [1, {"x": "ä", "y": None}]}) == job_key(spec)
    assert job_key(spec | {"a": 0.6}) != job_key(spec)


def test_a_job_is_done_when_its_folder_stands(store: Store) -> None:
    assert not store.done("a")
    with store.finishing("a") as made:
        (made / "job.json").write_bytes(JOB)
        (made / "predictions.parquet").write_bytes(b"said")
        assert not store.done("a")
        assert store.finished() == []
    assert store.finished() == ["a"]
    assert (store.folder("a") / "predictions.parquet").read_bytes() == b"said"
    assert store.job("a")["spec"] == {"phase": "predict"}


@pytest.mark.parametrize("failure", [RuntimeError, KeyboardInterrupt])
def test_a_job_that_fails_leaves_nothing_behind(store: Store, failure: type[BaseException]) -> None:
    def fail() -> None:
        with store.finishing("a") as made:
            (made / "job.json").write_bytes(JOB)
            raise failure

    before = everything(store.path)
    with pytest.raises(failure):
        fail()
    assert everything(store.path) == before
    assert not list(store.work().iterdir())
    assert not list((store.path / "jobs").iterdir())


def test_what_a_job_needs_to_go_on_is_kept_until_it_is_done(store: Store) -> None:
    store.resume_folder("a").mkdir()
    (store.resume_folder("a") / "phase").write_bytes(b"half")
    with pytest.raises(KeyboardInterrupt), store.finishing("a"):
        raise KeyboardInterrupt
    assert (store.resume_folder("a") / "phase").read_bytes() == b"half"
    finish(store)
    assert not store.resume_folder("a").exists()


def test_finishing_a_job_twice_is_harmless(store: Store) -> None:
    finish(store, curves_parquet=b"1")
    before = everything(store.path)
    finish(store, curves_parquet=b"1")
    assert everything(store.path) == before


def test_two_runners_that_finish_one_job_do_no_harm(store: Store) -> None:
    with store.finishing("a") as made:
        (made / "job.json").write_bytes(JOB)
        finish(Store(store.path), curves_parquet=b"the first")
    assert store.done("a")
    assert (store.folder("a") / "curves.parquet").read_bytes() == b"the first"
    assert not list(store.work().iterdir())


def test_weights_that_were_dropped_are_put_back_and_nothing_else_is_touched(store: Store) -> None:
    finish(store, model_safetensors=b"weights", curves_parquet=b"curve")
    (store.folder("a") / "model.safetensors").unlink()
    finish(store, model_safetensors=b"weights", curves_parquet=b"another curve")
    assert (store.folder("a") / "model.safetensors").read_bytes() == b"weights"
    assert (store.folder("a") / "curves.parquet").read_bytes() == b"curve"


def test_half_a_job_from_elsewhere_is_not_done_and_is_replaced(store: Store) -> None:
    store.folder("a").mkdir()
    (store.folder("a") / "predictions.parquet").write_bytes(b"half")
    assert store.finished() == []
    finish(store, predictions_parquet=b"whole")
    assert (store.folder("a") / "predictions.parquet").read_bytes() == b"whole"


def test_a_job_that_is_removed_is_gone(store: Store) -> None:
    finish(store)
    finish(store, "b")
    store.remove("a")
    assert store.finished() == ["b"]
    assert not list(store.work().iterdir())


def test_the_folder_of_what_is_being_made_may_be_removed(store: Store) -> None:
    store.work().rmdir()
    finish(store)
    assert store.done("a")


def test_a_store_is_found_again(store: Store) -> None:
    finish(store)
    assert Store(store.path, create=False).finished() == ["a"]


def test_a_store_of_a_newer_version_is_refused(store: Store) -> None:
    (store.path / "STORE.json").write_text(f'{{"format": {FORMAT + 1}, "more": true}}')
    with pytest.raises(UserError, match=rf"STORE\.json: written by a newer stiltbench \(format {FORMAT + 1}, this one"):
        Store(store.path)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"version": 1}', '{"format": "one"}'])
def test_a_marker_that_is_none_is_refused(store: Store, content: str) -> None:
    (store.path / "STORE.json").write_text(content)
    with pytest.raises(UserError, match=r"STORE\.json: not a store's marker; restore the file or name another"):
        Store(store.path)


def test_a_folder_with_other_files_is_no_store(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("dear")
    with pytest.raises(UserError, match="a folder with other files, not a store; name an empty or a new one"):
        Store(tmp_path)
    assert everything(tmp_path) == {"thesis.tex": b"dear"}


def test_no_store_is_made_where_one_is_only_read(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no store here; `stiltbench run SUITE` makes one"):
        Store(tmp_path / "none", create=False)
    assert not (tmp_path / "none").exists()


def test_a_damaged_job_is_named(store: Store) -> None:
    finish(store)
    (store.folder("a") / "job.json").write_bytes(b'{"job": "a", ')
    with pytest.raises(UserError, match=r"jobs/a/job\.json: damaged .*; remove its folder and run the suite again"):
        store.job("a")


@pytest.mark.parametrize("call", ["os.fsync", "pathlib.Path.replace", "tempfile.mkdtemp"])
def test_a_full_disk_is_a_sentence_and_leaves_nothing(store: Store, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    before = everything(store.path)
    with monkeypatch.context() as patched:
        patched.setattr(call, full)
        with pytest.raises(UserError, match=r"store: cannot write \(No space left on device\); free space or name"):
            finish(store)
    assert everything(store.path) == before
    assert not list((store.path / "jobs").iterdir())
    finish(store)
    assert store.done("a")


def test_a_new_store_on_a_full_disk_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(UserError, match="cannot write"):
        Store(tmp_path / "store")
    assert everything(tmp_path) == {}


def test_a_file_where_the_store_should_be_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("not a folder")
    with pytest.raises(UserError, match=r"cannot write \(Not a directory\)"):
        Store(tmp_path / "store")


KILLED = """
import os, signal, sys
from pathlib import Path
from harness.store import Store
store = Store(Path(sys.argv[1]))
watched, left = {"os.rename", "os.mkdir", "shutil.rmtree", "open"}, int(sys.argv[2])
def count(event, arguments):
    global left
    if event in watched and str(store.path) in str(arguments[0]):
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(count)
with store.finishing("a") as made:
    (made / "model.safetensors").write_bytes(b"weights")
    (made / "job.json").write_bytes(b'{"spec": {}}')
"""


def test_a_kill_at_any_step_leaves_a_job_whole_or_absent(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    whole = []
    for step in range(16):
        ran = subprocess.run([sys.executable, "-c", KILLED, str(store.path), str(step)])
        if store.done("a"):
            assert (store.folder("a") / "model.safetensors").read_bytes() == b"weights"
            store.remove("a")
        assert list((store.path / "jobs").iterdir()) == []
        whole.append(ran.returncode == 0)
        assert ran.returncode in (0, -signal.SIGKILL)
    assert not whole[0]  # the first kills come before anything is written, the last steps are never reached
    assert whole[-1]
