"""A data set's lock, `DIR/NAME.lock`: where its raw files are from, and the SHA-256 of each.

`fetch` writes it once the files are there. From then on other files are refused, by `fetch` and by `adapt`, until the
lock is renewed on purpose: what a study was made from does not change unseen.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

import msgspec

from harness.errors import UserError


class Lock(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``source`` as `fetch` names it; path below the data set's folder → SHA-256."""

    source: str
    files: dict[str, str]


def path(data: Path, name: str) -> Path:
    """Return where the lock of a data set stands."""
    return data / f"{name}.lock"


def read(data: Path, name: str) -> Lock | None:
    """Return a data set's lock; None where it has none."""
    place = path(data, name)
    try:
        return msgspec.json.decode(place.read_bytes(), type=Lock)
    except FileNotFoundError:
        return None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{place}: not a lock ({error}); fetch {name} with --renew to write it anew") from None


def write(data: Path, name: str, lock: Lock) -> None:
    """Write a lock, whole or not at all."""
    place = path(data, name)
    fresh = place.with_name(f".{place.name}.{os.getpid()}")
    fresh.write_bytes(msgspec.json.format(msgspec.json.encode(lock, order="sorted"), indent=1) + b"\n")
    fresh.replace(place)


def digests(files: Iterable[tuple[str, Path]]) -> dict[str, str]:
    """Return path below the folder → SHA-256."""
    found = {}
    for name, place in files:
        with place.open("rb") as file:
            found[name] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


def refuse_changes(data: Path, name: str, files: dict[str, str]) -> None:
    """Refuse files that are not those of the lock, if there is one.

    :raises UserError: for the first file that is new, changed or gone
    """
    lock = read(data, name)
    if lock is None or lock.files == files:
        return
    changed = min(file for file in lock.files | files if lock.files.get(file) != files.get(file))
    what = "is gone" if changed not in files else "is new" if changed not in lock.files else "has changed"
    raise UserError(
        f"{name}: {changed} {what} since {path(data, name)} was written; undo that, or take the new state on purpose: "
        f"fetch {name} --renew"
    )
