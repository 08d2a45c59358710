"""Brings a data set's raw files from its sources, checks them, and locks them.

Files are downloaded below a temporary name, compared with their pins and the lock, and only then moved to where an
adapter looks for them: a failed or refused fetch leaves what was there.
"""

from __future__ import annotations

import shutil
import tempfile
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.data import cards, lock, raw
from harness.data.cards import DatasetCard, Folder, Hub, Url
from harness.data.raw import Raw
from harness.errors import UserError

ARCHIVES = (".zip", ".tar.gz", ".tgz", ".tar.xz")
"""Endings of the files that are unpacked."""

SECONDS = 60
"""How long a server may be silent."""


def fetch(name: str, data: Path, *, offline: bool = False, renew: bool = False) -> dict[str, Any]:
    """Bring the raw files of a data set below ``data``, unless they are there; lock them; return what is there.

    The result has `dataset`, `source`, `files`, `bytes` and `lock`. Files that are there are compared with the lock;
    ``renew`` writes the lock anew, from files that are downloaded again where a source can be downloaded.

    :raises UserError: for files that are missing and cannot be had, and for such as are not those of pins and lock
    """
    card = cards.dataset_card(name)
    if not card.files:
        raise UserError(f"{name}: its rows need no file; there is nothing to fetch")
    try:
        return _fetched(card, data, offline, renew)
    except OSError as error:
        raise UserError(f"{error.filename or data}: cannot write ({error.strerror}); name another folder") from None


def _fetched(card: DatasetCard, data: Path, offline: bool, renew: bool) -> dict[str, Any]:
    name = card.name
    held = None if renew else lock.read(data, name)
    place = next((place for place in raw.layouts(card, data) if not place.missing()), None)
    remote = [source for source in card.sources if isinstance(source, Hub | Url)]
    if place is None or (remote and not offline and (renew or _partial(card, place))):
        place, source = _downloaded(card, data, [] if offline else remote, held)
    else:
        source = held.source if held else "files found there"
    found = lock.Lock(source, lock.digests(place.files()))
    _refuse_others(card, place, found.files, held, data)
    if held is None:
        lock.write(data, name, found)
    size = sum(path.stat().st_size for _, path in place.files())
    return {
        "dataset": name,
        "source": source,
        "files": len(found.files),
        "bytes": size,
        "lock": str(lock.path(data, name)),
    }


def _partial(card: DatasetCard, place: Raw) -> bool:
    """Return whether files that the card's URLs name are not there; what is in an archive is not known."""
    named = {file for source in card.sources if isinstance(source, Url) for file in source.files}
    files = {file for file in named if not file.endswith(ARCHIVES)}
    return place.hub is None and bool(files - {file for file, _ in place.files()})


def _downloaded(card: DatasetCard, data: Path, remote: Sequence[Hub | Url], held: lock.Lock | None) -> tuple[Raw, str]:
    """Download from the first source that gives the files; return where they are now, and the source with its pin."""
    failures = [] if remote else ["nothing was downloaded"]
    for source in remote:
        data.mkdir(parents=True, exist_ok=True)
        place = _place(card, source, data)
        with tempfile.TemporaryDirectory(prefix=f".fetch-{card.name}.", dir=data) as staging:
            try:
                root, name = _bring(source, Path(staging), held)
            except UserError:
                raise
            except Exception as error:  # the Hub's client lets its transport's own errors through
                failures.append(_why(source, error))
                continue
            staged = replace(place, root=root)
            _refuse_others(card, staged, lock.digests(staged.files()), held, data)
            _move(staged, place)
        return place, name
    where = raw.wanted(card).replace("DIR/", f"{data}/")
    by_hand = f"put the files there by hand, and fetch with --offline: {where}{_origins(card)}"
    raise UserError(f"{card.name}: {'; '.join(failures)}; {by_hand}")


def _place(card: DatasetCard, source: Hub | Url, data: Path) -> Raw:
    """Return where an adapter looks for the files of a source."""
    places = raw.layouts(card, data)
    return next((place for place in places if place.hub == source), places[0])


def _refuse_others(card: DatasetCard, place: Raw, files: dict[str, str], held: lock.Lock | None, data: Path) -> None:
    """Refuse files that are not those of the lock, or not those that the card pins.

    :raises UserError: for the first such file
    """
    if missing := place.missing():
        raise UserError(f"{card.name}: the source has no file {missing}; look whether its layout has changed")
    if held is not None:
        lock.refuse_changes(data, card.name, files)
    urls = [source for source in card.sources if isinstance(source, Url) and not place.hub]
    pins = {file: sha256 for source in urls for file, sha256 in source.files.items()}
    for file, seen in files.items():
        if pins.get(file, "unpinned") not in ("unpinned", seen):
            raise UserError(f"{card.name}: {file}: its SHA-256 is {seen}, the card says {pins[file]}; fetch it again")


def _bring(source: Hub | Url, staging: Path, held: lock.Lock | None) -> tuple[Path, str]:
    """Download a source into an empty folder; return the data set's folder in it, and the source with its pin."""
    if isinstance(source, Url):
        for file, sha256 in source.files.items():
            _download(f"{source.base.rstrip('/')}/{file}", staging / file, sha256)
        return staging / source.below, f"url {source.base}"
    try:
        from huggingface_hub import HfApi, snapshot_download
    except ModuleNotFoundError:
        raise UserError(f"{source.id}: huggingface_hub is not installed; pip install 'stiltbench[hub]'") from None
    revision = source.revision
    if revision == "unpinned":
        pinned = held.source.rpartition("@")[2] if held and held.source.startswith(f"hub {source.id}@") else None
        revision = pinned or HfApi().dataset_info(source.id).sha
    snapshot_download(
        source.id, repo_type="dataset", revision=revision, local_dir=staging, allow_patterns=list(source.files)
    )
    shutil.rmtree(staging / ".cache", ignore_errors=True)
    return staging / source.below, f"hub {source.id}@{revision}"


def _download(url: str, path: Path, sha256: str) -> None:
    """Download one file, compare it with its pin, and unpack it where it is an archive."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with urllib.request.urlopen(url, timeout=SECONDS) as answer, path.open("wb") as file:
        shutil.copyfileobj(answer, file)
    seen = lock.digests([("", path)])[""]
    if sha256 not in ("unpinned", seen):
        raise UserError(
            f"{url}: its SHA-256 is {seen}, the card says {sha256}: it has changed upstream; compare the two, and mend "
            "the card if the new file is right"
        )
    if path.name.endswith(ARCHIVES):
        # Without it a tar may write anywhere; a zip may not, and takes no filter.
        safe: dict[str, Any] = {} if path.suffix == ".zip" else {"filter": "data"}
        shutil.unpack_archive(path, path.parent, **safe)
        path.unlink()


def _move(staged: Raw, place: Raw) -> None:
    """Move the data set's files to their place, each by one rename; what else a source holds is left."""
    assert place.root is not None
    for name, path in staged.files():
        (place.root / name).parent.mkdir(parents=True, exist_ok=True)
        path.replace(place.root / name)


def _origins(card: DatasetCard) -> str:
    """Say where people find the files."""
    found = [source.origin for source in card.sources if isinstance(source, Folder)]
    found += [f"https://huggingface.co/datasets/{source.id}" for source in card.sources if isinstance(source, Hub)]
    return f" (from {' or '.join(found)})" if found else ""


def _why(source: Hub | Url, error: Exception) -> str:
    """Say in a few words why a source gave nothing."""
    if isinstance(source, Url):
        return f"{source.base}: cannot be downloaded ({error})"
    if type(error).__name__ == "GatedRepoError":
        page = f"https://huggingface.co/datasets/{source.id}"
        return f"{source.id}: its terms are to be accepted first: do so at {page}, then log in with `hf auth login`"
    return f"{source.id}: cannot be downloaded ({str(error).splitlines()[0] if str(error) else type(error).__name__})"
