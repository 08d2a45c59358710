"""Leases: who works on which job, so that several runners share one store and do each job once.

A lease is a file that its holder touches while it works. The clock is the file system's own, so that machines whose
clocks differ agree; a holder that was killed stops touching it, and the lease runs out (at once, where its process was
one of this machine). Leases of one job are numbered:
the one after a lease that ran out can be created only once, so that two runners never both take it. A lease only saves
work: should two runners do one job all the same, the store keeps the first result, and both are equal.

In object storage a lease is one object, and the clock is the server's. It is taken, kept fresh and given back by
writing it over the version that was last seen: of all that ask one succeeds.
"""

from __future__ import annotations

import os
import secrets
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from harness.errors import UserError
from harness.objects import Bucket, Object
from harness.remote import RemoteStore
from harness.store import Store

BEAT_SECONDS = 5.0
"""How often a holder touches its lease."""

EXPIRY_SECONDS = 30.0
"""Age at which a lease that nobody touches is up for taking."""


@contextmanager
def leased(store: Store, key: str) -> Iterator[bool]:
    """Try to take the lease of a job; yields whether it is ours. While it is, a thread keeps it fresh."""
    lease = _take_object(store.bucket, key) if isinstance(store, RemoteStore) else _take(store.path / "work", key)
    if lease is None:
        yield False
        return
    stop = threading.Event()
    beat = threading.Thread(target=_keep_fresh, args=(lease, stop), daemon=True)
    try:
        beat.start()
        yield True
    finally:
        stop.set()
        try:
            if beat.ident:  # else an interrupt came before it began
                beat.join()
        finally:
            lease.give_back()


def held(store: Store) -> list[str]:
    """Return the keys of the jobs that somebody works on now."""
    if isinstance(store, RemoteStore):
        return _held_objects(store.bucket)
    work = store.path / "work"
    keys = {path.stem.removesuffix(".lease") for path in work.glob("*.lease.*")}
    return sorted(key for key in keys if not _expired(_latest(work, key)))


class _Lease(Protocol):
    def touch(self) -> bool:
        """Keep it fresh; tell whether it is still ours."""

    def give_back(self) -> None:
        """Let the next one take it at once."""


def _keep_fresh(lease: _Lease, stop: threading.Event) -> None:
    while not stop.wait(BEAT_SECONDS) and lease.touch():
        pass


@dataclass
class _File:
    path: Path

    def touch(self) -> bool:
        try:
            os.utime(self.path)
        except FileNotFoundError:
            return False
        return True

    def give_back(self) -> None:
        for number in range(_number(self.path) + 1):
            self.path.with_suffix(f".{number}").unlink(missing_ok=True)


def _take(work: Path, key: str) -> _File | None:
    """Create the lease after the latest one, if that has run out; None where somebody holds it."""
    work.mkdir(exist_ok=True)
    latest = _latest(work, key)
    if latest is not None and not _expired(latest):
        return None
    path = work / f"{key}.lease.{_number(latest) + 1 if latest else 0}"
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(_holder())
    except FileExistsError:
        return None
    return _File(path)


def _holder() -> str:
    return f"{socket.gethostname()} {os.getpid()}"


def _died(path: Path) -> bool:
    """Tell whether the holder was a process of this machine that is gone: its lease need not run out first."""
    host, _, process = path.read_text(encoding="utf-8").partition(" ")
    if host != socket.gethostname() or not process.isdigit():
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _number(path: Path) -> int:
    return int(path.suffix[1:])


def _latest(work: Path, key: str) -> Path | None:
    return max(work.glob(f"{key}.lease.*"), key=_number, default=None)


def _expired(path: Path | None) -> bool:
    if path is None:
        return True
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix="clock.") as now:
        try:
            return Path(now.name).stat().st_mtime - path.stat().st_mtime > EXPIRY_SECONDS or _died(path)
        except FileNotFoundError:
            return True  # given back this moment


@dataclass
class _Object:
    bucket: Bucket
    name: str
    holder: bytes
    version: str = ""

    def take(self) -> bool:
        """Create it, or write it over one that has run out; tell whether it is ours."""
        version, found = self.bucket.create(self.name, self.holder), None
        if version is None:
            found = self.bucket.head(self.name)
        if found is not None and _age(found, self.bucket.now()) > EXPIRY_SECONDS:
            version = self.bucket.replace(self.name, self.holder, found.version)
        self.version = version or ""
        return version is not None

    def touch(self) -> bool:
        with suppress(UserError):  # no answer: perhaps there is one at the next beat
            content = self.holder + secrets.token_bytes(8)  # the same again would be the same version
            version = self.bucket.replace(self.name, content, self.version)
            if version is None and (self.bucket.read(self.name) or b"").startswith(self.holder):
                found = self.bucket.head(self.name)  # the answer to what was written last was lost
                version = found.version if found else None
            self.version = version or ""
            return version is not None
        return True

    def give_back(self) -> None:
        with suppress(UserError):  # it runs out
            if self.touch():  # nobody takes what is fresh, so that it is ours that goes
                self.bucket.delete([self.name])


def _age(lease: Object, now: datetime) -> float:
    return (now - lease.written).total_seconds()


def _take_object(bucket: Bucket, key: str) -> _Object | None:
    """Take a job's lease; None where somebody holds it."""
    lease = _Object(bucket, f"work/{key}.lease", f"{_holder()} {secrets.token_hex(8)} ".encode())
    return lease if lease.take() else None


def _held_objects(bucket: Bucket) -> list[str]:
    leases = {name: found for name, found in bucket.list("work").items() if name.endswith(".lease")}
    if not leases:
        return []
    now = bucket.now()
    return sorted(Path(name).stem for name, found in leases.items() if _age(found, now) <= EXPIRY_SECONDS)
