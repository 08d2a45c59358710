"""Leases: who works on which job, so that several runners share one store and do each job once.

A lease is a file that its holder touches while it works. The clock is the file system's own, so that machines whose
clocks differ agree; a holder that was killed stops touching it, and the lease runs out (at once, where its process was
one of this machine). Leases of one job are numbered:
the one after a lease that ran out can be created only once, so that two runners never both take it. A lease only saves
work: should two runners do one job all the same, the store keeps the first result, and both are equal.
"""

from __future__ import annotations

import os
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.store import Store

BEAT_SECONDS = 5.0
"""How often a holder touches its lease."""

EXPIRY_SECONDS = 30.0
"""Age at which a lease that nobody touches is up for taking."""


@contextmanager
def leased(store: Store, key: str) -> Iterator[bool]:
    """Try to take the lease of a job; yields whether it is ours. While it is, a thread keeps it fresh."""
    path = _take(store.path / "work", key)
    if path is None:
        yield False
        return
    stop = threading.Event()
    beat = threading.Thread(target=_keep_fresh, args=(path, stop), daemon=True)
    try:
        beat.start()
        yield True
    finally:
        stop.set()
        for number in range(_number(path) + 1):
            path.with_suffix(f".{number}").unlink(missing_ok=True)


def held(store: Store) -> list[str]:
    """Return the keys of the jobs that somebody works on now."""
    work = store.path / "work"
    keys = {path.stem.removesuffix(".lease") for path in work.glob("*.lease.*")}
    return sorted(key for key in keys if not _expired(_latest(work, key)))


def _take(work: Path, key: str) -> Path | None:
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
    return path


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


def _keep_fresh(path: Path, stop: threading.Event) -> None:
    while not stop.wait(BEAT_SECONDS):
        try:
            os.utime(path)
        except FileNotFoundError:
            return
