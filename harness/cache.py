"""What can be computed again: a bounded folder of files under keys; the least recently used go first.

Nothing in it is ever an input to a job's key. A file appears by rename, so a reader never sees half of one.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.errors import UserError

LIMIT_BYTES = 40 * 2**30
"""Size above which the least recently used files are removed."""


def root() -> Path:
    """Return the cache folder: $STILTBENCH_CACHE, else stiltbench/ in the user's cache folder."""
    chosen = os.environ.get("STILTBENCH_CACHE")
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(chosen) if chosen else Path(home) / "stiltbench"


def find(kind: str, key: str) -> Path | None:
    """Return the file ``key`` of one ``kind``, marked as used now; None where there is none."""
    path = root() / kind / key
    try:
        os.utime(path)
    except FileNotFoundError:
        return None
    return path


@contextmanager
def writing(kind: str, key: str) -> Iterator[Path]:
    """Give a temporary path to write to; it becomes the file ``key`` only when the block ends well.

    A disk that takes no more is a :class:`UserError`.
    """
    target = root() / kind / key
    temporary = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{key}.", dir=target.parent)
        os.close(handle)
        temporary = Path(name)
        yield temporary
        temporary.replace(target)
    except OSError as e:
        reason = e.strerror or str(e)
        raise UserError(f"{target.parent}: cannot write ({reason}); free space, or set STILTBENCH_CACHE") from e
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
    prune(LIMIT_BYTES)


def files() -> list[tuple[Path, os.stat_result]]:
    """Return every file of the cache with its stat, least recently used first."""
    found = []
    for path in root().rglob("*"):
        try:
            if path.is_file():
                found.append((path, path.stat()))
        except FileNotFoundError:  # another process pruned it meanwhile
            continue
    return sorted(found, key=lambda f: f[1].st_mtime_ns)


def prune(limit: int) -> int:
    """Remove the least recently used files until at most ``limit`` bytes are left; return the bytes freed."""
    entries = files()
    excess = sum(stat.st_size for _, stat in entries) - limit
    freed = 0
    for path, stat in entries:
        if freed >= excess:
            break
        path.unlink(missing_ok=True)
        freed += stat.st_size
    return freed
