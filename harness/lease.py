"""Leases: who works on which job, so that several runners share one store and do each job once.

A lease is a file that its holder touches while it works. The clock is the file system's own, so that machines whose
clocks differ agree; a holder that was killed stops touching it, and the lease runs out. A lease only saves work:
should two runners do one job all the same, the store keeps the first result and both are equal.
"""

from __future__ import annotations

import os
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
    path = store.path / "work" / f"{key}.lease"
    if not _take(path):
        yield False
        return
    stop = threading.Event()
    beat = threading.Thread(target=_keep_fresh, args=(path, stop), daemon=True)
    beat.start()
    try:
        yield True
    finally:
        stop.set()
        beat.join()
        path.unlink(missing_ok=True)


def _take(path: Path) -> bool:
    """Create the lease file; one that has run out is first moved away, which only one runner can do."""
    path.parent.mkdir(exist_ok=True)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        return True
    except FileExistsError:
        if not _expired(path):
            return False
    gone = Path(tempfile.mkdtemp(prefix="lease.", dir=path.parent))
    try:
        path.replace(gone / "expired")
    except FileNotFoundError:
        return False  # another runner moved it first, and has it now
    finally:
        (gone / "expired").unlink(missing_ok=True)
        gone.rmdir()
    return _take(path)


def _expired(path: Path) -> bool:
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix="clock.") as now:
        try:
            return Path(now.name).stat().st_mtime - path.stat().st_mtime > EXPIRY_SECONDS
        except FileNotFoundError:
            return False  # given back this moment; the next round finds it free


def _keep_fresh(path: Path, stop: threading.Event) -> None:
    while not stop.wait(BEAT_SECONDS):
        try:
            os.utime(path)
        except FileNotFoundError:
            return
