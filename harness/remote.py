"""A store in object storage: ``s3://BUCKET/PREFIX`` holds what a store's folder holds, and a mirror of it is worked on.

S3 knows no rename by which a folder could appear whole. A job's files are written under the name of an attempt, and
``job.json``, which names the attempt and its files, is created last and on the condition that there is none: of all
that finish one job one wins, whose files alone are ever read.

    jobs/KEY/ATTEMPT/FILE          what the phase yields
    jobs/KEY/job.json              presence means done
    draws/ planned/ suites/        as in a folder
    work/                          leases and logs of failures; what a job needs to go on stays where it runs

The mirror is a store's folder in the cache. Finished jobs, draws and plans never change, and are brought there once;
weights only when a job starts from them. What is not there is fetched again, so that the cache may forget any of it.
"""

from __future__ import annotations

import hashlib
import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path, PurePath
from typing import Any

import msgspec

from harness import cache
from harness.errors import UserError
from harness.objects import Bucket, Object, each
from harness.store import (
    MARKER,
    WEIGHTS,
    NoStoreError,
    Store,
    check_marker,
    marker_content,
    writing_folder_errors,
)

STALE = timedelta(hours=1)
"""Age of an attempt that no job.json names at which it is no upload under way: its runner was killed."""


def open_store(place: str, *, create: bool = True) -> Store:
    """Open the store that ``--store`` names: a folder, or ``s3://BUCKET/PREFIX``."""
    if "://" in place:
        return RemoteStore(Bucket(place), create=create)
    return Store(Path(place), create=create)


def known_store(place: str) -> Store | None:
    """Open the store that ``--store`` names; None where there is none."""
    try:
        return open_store(place, create=False)
    except NoStoreError:
        return None


@contextmanager
def filling(place: str) -> Iterator[Store]:
    """Give the store that ``--store`` names, or a new one, which goes again if no suite stands in it at the end."""
    known = known_store(place)
    store = known or open_store(place)
    try:
        yield store
    finally:
        if known is None and not store.suites():
            store.abandon()


class RemoteStore(Store):
    """A store in a bucket. Its ``path`` is the mirror: methods bring there what they return."""

    def __init__(self, bucket: Bucket, *, create: bool = True) -> None:
        self.bucket = bucket
        self._done: set[str] = set()
        name = hashlib.sha256(f"{bucket.endpoint} {bucket.url}".encode()).hexdigest()[:16]
        super().__init__(cache.root() / "stores" / name, create=create)
        self.place = bucket.url

    def _open(self, create: bool) -> None:
        content = self.bucket.read(MARKER)
        if content is None:
            content = self._found(create)
        check_marker(f"{self.bucket.url}/{MARKER}", content)
        with writing_folder_errors(self.path):
            super().make()

    def make(self) -> None:
        """Make what a store has and this one lacks, there and here."""
        self.bucket.create(MARKER, marker_content())
        super().make()

    @property
    def anywhere(self) -> str:
        """What ``--store`` calls it on any machine."""
        return self.place

    def _found(self, create: bool) -> bytes:
        url, content = self.bucket.url, marker_content()
        if not create:
            raise NoStoreError(url)
        if not self.bucket.empty() and self.bucket.read(MARKER) is None:
            raise UserError(f"{url}: holds other objects, and no store; name an empty or a new prefix")
        self.bucket.create(MARKER, content)
        if self.bucket.create(MARKER, content):
            raise UserError(f"{url}: the server overwrites where it is asked not to (If-None-Match); name another one")
        return content

    # -- jobs ----------------------------------------------------------------------------------------------------------

    def done(self, key: str) -> bool:
        """Tell whether the job is finished. That it is stays so; that it is not is asked anew each time."""
        if key not in self._done and self.bucket.head(f"jobs/{key}/job.json"):
            self._done.add(key)
        return key in self._done

    def finished(self) -> list[str]:
        """Return the keys of all finished jobs, sorted, with their ``job.json`` brought here."""
        listed = self.bucket.list("jobs")
        keys = sorted(_key(name) for name in listed if name == f"jobs/{_key(name)}/job.json")
        self._done = set(keys)
        for path in (self.path / "jobs").glob("*"):
            if not self.done(path.name):  # removed there
                shutil.rmtree(path, ignore_errors=True)
        each(lambda key: self._refresh(key, listed), keys)
        return keys

    def _refresh(self, key: str, listed: Mapping[str, Object]) -> None:
        """Bring a job's ``job.json`` here; one of an attempt that was removed since gives way."""
        told = self.job(key)
        if told["files"] and not any(f"{_attempt(key, told)}/{name}" in listed for name in told["files"]):
            shutil.rmtree(self.path / "jobs" / key)
            self.job(key)

    def job(self, key: str) -> dict[str, Any]:
        """Return what ``job.json`` of a finished job holds; here also its `attempt`, and the names of its `files`."""
        self._here(self.path / "jobs" / key / "job.json")
        return super().job(key)

    def folder(self, key: str) -> Path:
        """Return the folder of a job; of a finished one, with all its files brought there but the weights."""
        if self.done(key):
            self._bring(key)
        return super().folder(key)

    def _bring(self, key: str) -> None:
        told = self.job(key)
        for name in told["files"]:
            path = self.path / "jobs" / key / name
            if name != WEIGHTS and not path.is_file() and not self._download(f"{_attempt(key, told)}/{name}", path):
                raise UserError(f"{self.place}: {name} of job {key} is gone; `stiltbench gc` names what stands there")

    def _finish(self, made: Path, key: str) -> None:
        if self.done(key):  # only weights that were dropped can be missing from a finished job
            if (made / WEIGHTS).is_file():
                self.bucket.write(self._weights(key), made / WEIGHTS)
                self._keep(made, key, [WEIGHTS])
            return
        files = sorted(path.name for path in made.iterdir() if path.name != "job.json")
        told = msgspec.json.decode((made / "job.json").read_bytes())
        told |= {"attempt": secrets.token_hex(8), "files": files}
        for name in files:
            self.bucket.write(f"{_attempt(key, told)}/{name}", made / name)
        content = msgspec.json.encode(told)
        won = self.bucket.create(f"jobs/{key}/job.json", content)
        if won or self._winner(key) == told["attempt"]:  # the answer to the first of two tries may be lost
            (made / "job.json").write_bytes(content)
            self._keep(made, key, [*files, "job.json"])
        else:
            self.bucket.delete(f"{_attempt(key, told)}/{name}" for name in files)
        self._done.add(key)

    def _winner(self, key: str) -> str | None:
        content = self.bucket.read(f"jobs/{key}/job.json")
        return msgspec.json.decode(content)["attempt"] if content else None

    def _keep(self, made: Path, key: str, files: Iterable[str]) -> None:
        """Put files that were made here into the mirror, which others may be filling as well."""
        folder = self.path / "jobs" / key
        folder.mkdir(parents=True, exist_ok=True)
        for name in files:
            (made / name).replace(folder / name)

    def remove(self, key: str) -> None:
        """Remove a job, its ``job.json`` first, so that no half of it ever counts."""
        self.bucket.delete([f"jobs/{key}/job.json"])
        self.bucket.delete(self.bucket.list(f"jobs/{key}"))
        shutil.rmtree(self.path / "jobs" / key, ignore_errors=True)
        self._done.discard(key)

    # -- weights -------------------------------------------------------------------------------------------------------

    def _weights(self, key: str) -> str:
        return f"{_attempt(key, self.job(key))}/{WEIGHTS}"

    def has_weights(self, key: str) -> bool:
        """Tell whether the weights of a job stand in the bucket."""
        return self.done(key) and self.bucket.head(self._weights(key)) is not None

    def weights(self, key: str) -> Path:
        """Return the file of a job's weights, brought here if they stand in the bucket."""
        path = super().weights(key)
        if not path.is_file() and self.done(key):
            self._download(self._weights(key), path)
        return path

    def drop_weights(self, keys: Iterable[str]) -> None:
        """Remove the weights of jobs, which stay done, there and here."""
        dropped = set(keys)
        listed = self.bucket.list("jobs") if dropped else {}
        self.bucket.delete(name for name in listed if name.endswith(f"/{WEIGHTS}") and _key(name) in dropped)
        super().drop_weights(dropped)

    # -- everything else -----------------------------------------------------------------------------------------------

    def planned_keys(self) -> list[str]:
        """Return the keys of all jobs that were planned here, sorted."""
        return sorted(self.sizes("planned"))

    def failure_logs(self) -> list[Path]:
        """Return the logs of all jobs that failed, on whatever machine, sorted."""
        self._renew("work", "*.failed.txt")
        return super().failure_logs()

    def abandon(self) -> None:
        """Remove a store that was made in vain, here and there."""
        self.bucket.delete([MARKER])
        super().abandon()

    def suites(self) -> list[str]:
        """Return the names of the suites that were planned into this store, their tables brought here."""
        self._renew("suites", "*/*")
        return super().suites()

    def suite_folder(self, name: str) -> Path:
        """Return the folder of a suite's tables, brought here as they are now."""
        self._renew(f"suites/{name}", "*")
        return super().suite_folder(name)

    def tables(self) -> Path:
        """Return the mirror with all in it that SQL reads: no weights, draws or plans."""
        self.suites()
        each(self._bring, self.finished())
        return self.path

    def _renew(self, folder: str, pattern: str) -> None:
        """Bring files of a folder here that may have changed there, and forget what is gone."""
        names = {name for name in self.bucket.list(folder) if PurePath(name).match(pattern)}
        for path in (self.path / folder).glob(pattern):
            if not path.name.startswith(".") and self._name(path) not in names:  # nor under way
                path.unlink(missing_ok=True)
        each(lambda name: self._download(name, self.path / name), names)

    def write(self, files: Mapping[Path, bytes]) -> None:
        """Write small files of the store, each whole, here and there."""
        super().write(files)
        each(lambda path: self.bucket.write(self._name(path), files[path]), files)

    def discard(self, path: Path) -> None:
        """Remove a file of the store, there and here."""
        self.bucket.delete([self._name(path)])
        super().discard(path)

    def sizes(self, what: str) -> dict[str, int]:
        """Return the bytes of each of the store's `jobs`, `draws` or `planned`, by its key or digest."""
        found: dict[str, int] = {}
        for name, listed in self.bucket.list(what).items():
            found[_key(name)] = found.get(_key(name), 0) + listed.size
        return found

    def leftovers(self) -> dict[str, int]:
        """Return what stands here as in a folder, and the attempts of killed runners there, KEY.ATTEMPT → bytes."""
        named = {_attempt(key, self.job(key)) for key in self.finished()}
        attempts: dict[str, list[Object]] = {}
        for name, listed in self.bucket.list("jobs").items():
            attempt, _, file = name.rpartition("/")
            if file != "job.json" and attempt not in named:
                attempts.setdefault(attempt.removeprefix("jobs/").replace("/", "."), []).append(listed)
        old = self.bucket.now() - STALE
        left = {name: files for name, files in attempts.items() if max(file.written for file in files) < old}
        return super().leftovers() | {name: sum(file.size for file in files) for name, files in left.items()}

    def remove_leftover(self, name: str) -> None:
        """Remove one of them."""
        super().remove_leftover(name)
        self.bucket.delete(self.bucket.list(f"jobs/{name.replace('.', '/')}"))

    def _name(self, path: Path) -> str:
        return path.relative_to(self.path).as_posix()

    def _here(self, path: Path) -> Path:
        if not path.is_file():
            self._download(self._name(path), path)
        return path

    def _download(self, name: str, path: Path) -> bool:
        with writing_folder_errors(self.path):
            path.parent.mkdir(parents=True, exist_ok=True)
            return self.bucket.download(name, path)


def _key(name: str) -> str:
    """Return what an object belongs to: `jobs/KEY/…`, `planned/KEY.json`, `draws/DIGEST.parquet`."""
    return name.split("/")[1].partition(".")[0]


def _attempt(key: str, told: Mapping[str, Any]) -> str:
    """Return where the files of a job stand, as its ``job.json`` tells."""
    return f"jobs/{key}/{told['attempt']}"
