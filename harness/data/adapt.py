"""Raw files → `examples`: one Parquet file per data set, made once and found again by what shaped it.

`adapted` is the one way to examples. The file lies in the cache under the hash of all that shaped it, and its
metadata holds rows and a digest for each split and language, so that planning a suite reads no row at all.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from harness import cache, schema
from harness.data import cards, lock, parts, raw
from harness.data.cards import DatasetCard, Package
from harness.data.lock import Lock
from harness.data.parts import Parts, Skipped, row_groups
from harness.data.raw import Raw
from harness.errors import UserError, unknown
from harness.resources import folder

if TYPE_CHECKING:
    import pyarrow as pa

EPOCH = 2
"""Raised when the same adapter and files give other examples or another file, so that older ones are not taken."""


@dataclass(frozen=True)
class Adapted:
    """An adapted data set: its card, its file, the parts of the file, and what the adapter left out."""

    card: DatasetCard
    path: Path
    parts: Parts
    skipped: Skipped

    def rows(
        self, split: str, languages: Iterable[str] | None = None, columns: Sequence[str] | None = None
    ) -> pa.Table:
        """Return examples of a split, by default in all its languages, ordered by language.

        :raises UserError: for a split or a language that the data set lacks
        """
        import pyarrow.parquet as pq

        have = {language: groups for (s, language), groups in row_groups(self.parts).items() if s == split}
        if not have:
            raise unknown("split", split, self.card.splits, self.card.name)
        wanted = set(have if languages is None else languages)
        for language in sorted(wanted - set(have)):
            raise unknown("language", language, have, f"{self.card.name} {split}")
        groups = [group for language in have if language in wanted for group in have[language]]
        with pq.ParquetFile(self.path) as file:
            return file.read_row_groups(groups, columns=columns).unify_dictionaries()


def adapted(name: str, *, data: Path | None = None) -> Adapted:
    """Return the adapted data set ``name``, from the cache where nothing that shaped it has changed.

    ``data`` holds one folder of raw files per data set.

    :raises UserError: for missing files, an adapter that is no single select, and a broken contract
    """
    card = cards.dataset_card(name)
    place = raw.find(card, data)
    locked = lock.read(data, name) if data else None
    key = f"{name}-{_fingerprint(card, place, locked)}.parquet"
    path = cache.find("examples", key)
    if path is None:
        if data and locked:
            lock.refuse_changes(data, name, lock.digests(place.files()))
        path = _make(card, place, key)
    return Adapted(card, path, *parts.read(path))


def copy_to(found: Adapted, out: Path) -> None:
    """Write the examples to a Parquet file of the user's, or a split a file to a folder: whole or not at all."""
    splits = {out / f"{split}.parquet": split for split, _ in found.parts} if out.is_dir() else {out: None}
    for path, split in splits.items():
        fresh = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            _copy(found, split, fresh) if split else shutil.copyfile(found.path, fresh)
            fresh.replace(path)
        except OSError as error:
            raise UserError(f"{path}: cannot write ({error.strerror}); name another file") from None
        finally:
            fresh.unlink(missing_ok=True)


def _copy(found: Adapted, split: str, fresh: Path) -> None:
    """Copy a split a row group at a time, without what only this project reads of a file."""
    import pyarrow.parquet as pq

    wanted = (group for (s, _), groups in row_groups(found.parts).items() if s == split for group in groups)
    with pq.ParquetFile(found.path) as file:
        named = file.schema_arrow.remove_metadata()
        with pq.ParquetWriter(fresh, named, compression="zstd") as writer:
            for group in wanted:
                writer.write_table(file.read_row_group(group).cast(named))


def recipe(card: DatasetCard) -> str:
    """Return the SHA-256 of what shapes the examples and lies beside the card: select, reader, mapping, formats."""
    mark = hashlib.sha256(f"{EPOCH} {schema.FORMAT}".encode())
    texts = [cards.adapter_path(card.name, suffix) for suffix in (".sql", ".py")]
    if any(isinstance(source, Package) for source in card.sources):
        texts += sorted(Path(__file__).with_name("cldr").glob("*.py"))
    mapping = [card.kind, card.columns, card.labels, list(card.splits), card.languages]
    mark.update(msgspec.json.encode(mapping, order="deterministic"))
    for path in filter(None, texts):
        mark.update(hashlib.sha256(path.read_bytes()).digest())
    return mark.hexdigest()


def _fingerprint(card: DatasetCard, place: Raw, locked: Lock | None) -> str:
    """Hash all that shapes the examples: the recipe, language tables, source files and their lock."""
    mark = hashlib.sha256(recipe(card).encode() + place.sql.read_bytes())
    for table in ("languages", "aliases", "clusters"):
        mark.update(hashlib.sha256((folder("datacards") / f"{table}.csv").read_bytes()).digest())
    for source in card.sources:
        if isinstance(source, Package):
            mark.update(importlib.metadata.version(source.package).encode())
    for name, path in place.files():
        stat = path.stat()
        mark.update(f"{name} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    mark.update(msgspec.json.encode((locked, place.hub), order="deterministic"))
    return mark.hexdigest()[:20]


def _make(card: DatasetCard, place: Raw, key: str) -> Path:
    """Run the adapter, enforce the contract and write the file; a failed write leaves nothing."""
    from harness.data import adapter, contract

    with (
        cache.writing("examples", key) as path,
        adapter.opened(card, place, path.with_name(f"{path.name}.spill")) as connection,
    ):
        parts.write(connection, contract.enforce(connection, card), path)
    return cache.root() / "examples" / key
