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

A store that stands elsewhere (``remote.py``) is one whose files are brought to such a folder when they are asked for.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
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


MARKER = "STORE.json"
FOLDERS = ("jobs", "draws", "planned", "suites", "work")
WEIGHTS = "model.safetensors"


class NoStoreError(UserError):
    """There is no store at a place where one was to be read."""

    def __init__(self, place: object) -> None:
        super().__init__(f"{place}: no store here; `stiltbench run SUITE` makes one, --store names another")


class _Marker(msgspec.Struct):
    """What STORE.json holds."""

    format: int


class Store:
    """A store's folder. Opening creates what is missing, and refuses a store of a newer version.

    ``path`` is the folder, and ``place`` what ``--store`` calls it.
    """

    def __init__(self, path: Path, *, create: bool = True) -> None:
        self.path, self.place = path, str(path)
        self._open(create)

    def _open(self, create: bool) -> None:
        marker = self.path / MARKER
        if not marker.is_file():
            if not create:
                raise NoStoreError(self.path)
            self._create()
        check_marker(marker, marker.read_bytes())

    def _create(self) -> None:
        if self.path.is_dir() and any(self.path.iterdir()):
            raise UserError(f"{self.path}: a folder with other files, not a store; name an empty or a new one")
        with writing_folder_errors(self.path):
            self.make()

    def make(self) -> None:
        """Make what a store has and this one lacks, such as what another runner has given up meanwhile."""
        for name in FOLDERS:
            (self.path / name).mkdir(parents=True, exist_ok=True)
        if not (self.path / MARKER).is_file():
            write_whole(self.path / MARKER, marker_content())

    @property
    def anywhere(self) -> str:
        """What ``--store`` calls it in whatever folder."""
        return str(self.path.resolve())

    def folder(self, key: str) -> Path:
        """Return the folder of a job, whether it stands or not; from a store elsewhere it comes without weights."""
        return self.path / "jobs" / key

    def done(self, key: str) -> bool:
        """Tell whether the job is finished."""
        return (self.path / "jobs" / key / "job.json").is_file()

    def finished(self) -> list[str]:
        """Return the keys of all finished jobs, sorted."""
        return sorted(p.parent.name for p in (self.path / "jobs").glob("*/job.json"))

    def job(self, key: str) -> dict[str, Any]:
        """Return what ``job.json`` of a finished job holds: the row of `jobs`, and its spec."""
        path = self.path / "jobs" / key / "job.json"
        try:
            found: dict[str, Any] = msgspec.json.decode(path.read_bytes())
        except msgspec.DecodeError as e:
            raise UserError(f"{path}: damaged ({e}); remove its folder and run the suite again") from None
        return found

    @contextmanager
    def finishing(self, key: str) -> Iterator[Path]:
        """Give a folder to fill (with ``job.json`` among the rest); it becomes the job when the block ends well."""
        with writing_folder_errors(self.path):
            (self.path / "jobs").mkdir(parents=True, exist_ok=True)
            made = Path(tempfile.mkdtemp(prefix=f"{key}.", dir=self.work()))
            try:
                yield made
                _sync(made)
                self._finish(made, key)
                shutil.rmtree(self.resume_folder(key), ignore_errors=True)
            finally:
                shutil.rmtree(made, ignore_errors=True)

    def _finish(self, made: Path, key: str) -> None:
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
        return self.path / "jobs" / key / WEIGHTS

    def has_weights(self, key: str) -> bool:
        """Tell whether that file stands, without bringing it here."""
        return self.weights(key).is_file()

    def drop_weights(self, keys: Iterable[str]) -> None:
        """Remove the weights of jobs, which stay done."""
        for key in keys:
            (self.path / "jobs" / key / WEIGHTS).unlink(missing_ok=True)

    def plan_jobs(self, jobs: Mapping[str, Spec]) -> None:
        """Note model and spec of jobs to run, so that each can be run by its key alone."""
        folder, known = self.path / "planned", set(self.planned_keys())
        folder.mkdir(exist_ok=True)
        self.write({folder / f"{key}.json": msgspec.json.encode(jobs[key]) for key in jobs if key not in known})

    def planned(self, key: str) -> dict[str, Any] | None:
        """Return model and spec of a job that a suite planned here; None for any other key."""
        path = self._here(self.path / "planned" / f"{key}.json")
        return msgspec.json.decode(path.read_bytes()) if path.is_file() else None

    def planned_keys(self) -> list[str]:
        """Return the keys of all jobs that were planned here, sorted."""
        return sorted(path.stem for path in (self.path / "planned").glob("*.json"))

    def failure_log(self, key: str) -> Path:
        """Return the file in which a job that failed left its log."""
        return self.work() / f"{key}.failed.txt"

    def failure_logs(self) -> list[Path]:
        """Return the logs of all jobs that failed, sorted."""
        return sorted(self.work().glob("*.failed.txt"))

    def resume_folder(self, key: str) -> Path:
        """Return the folder where a job under way keeps what it needs to go on after a kill."""
        return self.work() / f"{key}.resume"

    def work(self) -> Path:
        """Return the folder of what is being made; made anew where somebody removed it."""
        work = self.path / "work"
        work.mkdir(exist_ok=True)
        return work

    def draw_path(self, digest: str) -> Path:
        """Return the file of a draw, whether it stands or not."""
        return self._here(self.path / "draws" / f"{digest}.parquet")

    def remove(self, key: str) -> None:
        """Remove a job: first out of sight by rename, so that no half of it is ever seen."""
        gone = Path(tempfile.mkdtemp(prefix="gone.", dir=self.work()))
        self.folder(key).replace(gone / key)
        shutil.rmtree(gone)

    def abandon(self) -> None:
        """Remove a store that was made in vain; what anybody has put there meanwhile stays."""
        with suppress(OSError):
            for name in FOLDERS:
                (self.path / name).rmdir()
            (self.path / MARKER).unlink(missing_ok=True)
            self.path.rmdir()

    def suites(self) -> list[str]:
        """Return the names of the suites that were planned into this store."""
        return sorted(p.parent.name for p in (self.path / "suites").glob("*/suite.json"))

    def suite_folder(self, name: str) -> Path:
        """Return the folder of a suite's tables, whether it stands or not."""
        return self.path / "suites" / name

    def tables(self) -> Path:
        """Return the store's folder with all in it that SQL reads."""
        return self.path

    def write(self, files: Mapping[Path, bytes]) -> None:
        """Write small files of the store, each whole; all but those of jobs are written so."""
        for path, content in files.items():
            write_whole(path, content)

    def discard(self, path: Path) -> None:
        """Remove a file of the store, where it stands."""
        path.unlink(missing_ok=True)

    def sizes(self, what: str) -> dict[str, int]:
        """Return the bytes of each of the store's `jobs`, `draws` or `planned`, by its key or digest."""
        found = sorted((self.path / what).glob("*"))
        return {path.stem: sum(f.stat().st_size for f in (path, *path.glob("*")) if f.is_file()) for path in found}

    def leftovers(self) -> dict[str, int]:
        """Return what jobs that are under way, or were killed, have made so far, KEY.ANY → bytes."""
        made = (p for p in sorted(self.work().iterdir()) if p.is_dir() and not p.name.endswith(".resume"))
        return {p.name: sum(f.stat().st_size for f in p.rglob("*") if f.is_file()) for p in made}

    def remove_leftover(self, name: str) -> None:
        """Remove one of them."""
        shutil.rmtree(self.work() / name, ignore_errors=True)

    def _here(self, path: Path) -> Path:
        """Return a path of the store, its file brought here if it stands elsewhere."""
        return path


def marker_content() -> bytes:
    """Return what STORE.json holds."""
    return msgspec.json.encode(_Marker(FORMAT))


def check_marker(marker: object, content: bytes) -> None:
    """Refuse a marker that is none, and one of a newer version."""
    try:
        found = msgspec.json.decode(content, type=_Marker).format
    except msgspec.DecodeError:
        raise UserError(f"{marker}: not a store's marker; restore the file or name another store") from None
    if found > FORMAT:
        raise UserError(
            f"{marker}: written by a newer stiltbench (format {found}, this one reads {FORMAT}); upgrade stiltbench"
        )


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


@contextmanager
def writing_folder(out: Path) -> Iterator[Path]:
    """Give a folder to fill, which takes the place of ``out`` when the block ends well: there whole or not at all."""
    with writing_folder_errors(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
        try:
            yield made
            made.chmod(0o755)
            old = Path(f"{made}.old")
            if out.exists():
                out.replace(old)
            made.replace(out)
            shutil.rmtree(old, ignore_errors=True)
        finally:
            shutil.rmtree(made, ignore_errors=True)


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
