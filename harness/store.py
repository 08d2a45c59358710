"""The store: a folder of finished jobs, and nothing else holds results.

A job's key is a hash of what is declared. A job folder appears whole, by rename, or not at all; ``job.json`` is
written last inside it, so that presence means done and there is no status to lose. Two runners that finish one job
do no harm: the second finds the folder there and drops its own.

    store/STORE.json               version of the layout
    store/jobs/KEY/                job.json, then what the phase yields (weights, predictions, scores, curve)
    store/draws/DIGEST.parquet     the rows that a training phase reads, by language and id
    store/planned/KEY.json         what a job declares, so that it can be run by its key alone
    store/suites/NAME/             suite.json, cells.parquet, seen.parquet, masked.parquet, contrasts.parquet
    store/work/                    what is being made; safe to delete when nothing runs
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from harness.errors import UserError
from harness.schema import FORMAT

Spec = dict[str, Any]
"""Everything that a job declares; plain JSON values."""


def job_key(spec: Spec) -> str:
    """Return the key of a job: 16 hex digits of the SHA-256 of its canonical JSON."""
    return hashlib.sha256(msgspec.json.encode(spec, order="deterministic")).hexdigest()[:16]


class _Marker(msgspec.Struct):
    """What STORE.json holds."""

    format: int


class Store:
    """A store's folder. Opening creates what is missing, and refuses a store of a newer version."""

    def __init__(self, path: Path, *, create: bool = True) -> None:
        self.path = path
        marker = path / "STORE.json"
        if not marker.is_file():
            if not create:
                raise UserError(f"{path}: no store here; `stiltbench run SUITE` makes one, --store names another")
            self._create(marker)
        self._check(marker)

    def _create(self, marker: Path) -> None:
        if self.path.is_dir() and any(self.path.iterdir()):
            raise UserError(f"{self.path}: a folder with other files, not a store; name an empty or a new one")
        with writing_folder_errors(self.path):
            for name in ("jobs", "draws", "suites", "work"):
                (self.path / name).mkdir(parents=True, exist_ok=True)
            write_whole(marker, msgspec.json.encode(_Marker(FORMAT)))

    def _check(self, marker: Path) -> None:
        try:
            found = msgspec.json.decode(marker.read_bytes(), type=_Marker).format
        except msgspec.DecodeError:
            raise UserError(f"{marker}: not a store's marker; restore the file or name another store") from None
        if found > FORMAT:
            raise UserError(
                f"{marker}: written by a newer stiltbench (format {found}, this one reads {FORMAT}); upgrade stiltbench"
            )

    def folder(self, key: str) -> Path:
        """Return the folder of a job, whether it stands or not."""
        return self.path / "jobs" / key

    def done(self, key: str) -> bool:
        """Tell whether the job is finished."""
        return (self.folder(key) / "job.json").is_file()

    def finished(self) -> list[str]:
        """Return the keys of all finished jobs, sorted."""
        return sorted(p.parent.name for p in (self.path / "jobs").glob("*/job.json"))

    def job(self, key: str) -> dict[str, Any]:
        """Return what ``job.json`` of a finished job holds: the row of `jobs`, and its spec."""
        path = self.folder(key) / "job.json"
        try:
            found: dict[str, Any] = msgspec.json.decode(path.read_bytes())
        except msgspec.DecodeError as e:
            raise UserError(f"{path}: damaged ({e}); remove its folder and run the suite again") from None
        return found

    @contextmanager
    def finishing(self, key: str) -> Iterator[Path]:
        """Give a folder to fill (with ``job.json`` among the rest); it becomes the job when the block ends well."""
        with writing_folder_errors(self.path):
            self.folder(key).parent.mkdir(parents=True, exist_ok=True)
            made = Path(tempfile.mkdtemp(prefix=f"{key}.", dir=self.work()))
            try:
                yield made
                self._finish(made, key)
                shutil.rmtree(self.resume_folder(key), ignore_errors=True)
            finally:
                shutil.rmtree(made, ignore_errors=True)

    def _finish(self, made: Path, key: str) -> None:
        _sync(made)
        if self.done(key):  # only weights that were dropped can be missing from a finished job
            for file in made.glob("*.safetensors"):
                file.replace(self.folder(key) / file.name)
            return
        shutil.rmtree(self.folder(key), ignore_errors=True)
        try:
            made.replace(self.folder(key))
        except OSError:
            if not self.done(key):  # else another runner was first, with the same bytes
                raise

    def weights(self, key: str) -> Path:
        """Return the file of the tensors that a training job changed, whether it stands or not."""
        return self.folder(key) / "model.safetensors"

    def plan_job(self, key: str, spec: Spec, model: str) -> None:
        """Note what a job to run declares, so that it can be run by its key alone."""
        path = self.path / "planned" / f"{key}.json"
        if not path.is_file():
            path.parent.mkdir(exist_ok=True)
            write_whole(path, msgspec.json.encode({"model": model, "spec": spec}))

    def planned(self, key: str) -> dict[str, Any] | None:
        """Return model and spec of a job that a suite planned here; None for any other key."""
        path = self.path / "planned" / f"{key}.json"
        return msgspec.json.decode(path.read_bytes()) if path.is_file() else None

    def planned_keys(self) -> list[str]:
        """Return the keys of all jobs that were planned here, sorted."""
        return sorted(path.stem for path in (self.path / "planned").glob("*.json"))

    def failure_log(self, key: str) -> Path:
        """Return the file in which a job that failed left its log."""
        return self.work() / f"{key}.failed.txt"

    def resume_folder(self, key: str) -> Path:
        """Return the folder where a job under way keeps what it needs to go on after a kill."""
        return self.work() / f"{key}.resume"

    def work(self) -> Path:
        """Return the folder of what is being made; made anew where somebody removed it."""
        work = self.path / "work"
        work.mkdir(exist_ok=True)
        return work

    def draw_path(self, digest: str) -> Path:
        """Return the file of a draw."""
        return self.path / "draws" / f"{digest}.parquet"

    def remove(self, key: str) -> None:
        """Remove a job: first out of sight by rename, so that no half of it is ever seen."""
        gone = Path(tempfile.mkdtemp(prefix="gone.", dir=self.work()))
        self.folder(key).replace(gone / key)
        shutil.rmtree(gone)

    def suites(self) -> list[str]:
        """Return the names of the suites that were planned into this store."""
        return sorted(p.parent.name for p in (self.path / "suites").glob("*/suite.json"))


@contextmanager
def writing_folder_errors(path: Path) -> Iterator[None]:
    """Turn a full disk or a folder without leave to write into one sentence."""
    try:
        yield
    except OSError as e:
        if e.errno is None or isinstance(e, FileNotFoundError):
            raise
        reason = os.strerror(e.errno)
        raise UserError(f"{path}: cannot write ({reason}); free space or name another folder, then run again") from e


def write_whole(path: Path, content: bytes) -> None:
    """Write a small file by rename, so that it is there whole or not at all."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)


def _sync(made: Path) -> None:
    """Put a folder's bytes on disk before its name says that it is done."""
    for path in (*made.iterdir(), made):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
