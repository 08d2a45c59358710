"""Raw files → `examples`: one Parquet file per data set, made once and found again by what shaped it.

`adapted` is the one way to examples. The file lies in the cache under the hash of all that shaped it, and its
metadata holds rows and a digest for each split and language, so that planning a suite reads no row at all.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from harness import cache, schema
from harness.data import cards
from harness.data.cards import DatasetCard, Package
from harness.errors import UserError, unknown
from harness.resources import folder

if TYPE_CHECKING:
    import pyarrow as pa

EPOCH = 1
"""Raised when the same adapter and files give other examples, so that older cached files are not taken."""

CONTENT = ("id", "source", "block", "text", "text_pair", "tokens", "label", "tags", "choices", "answers")
"""Columns that make a part's digest: what the data set says, and not what is known of its languages."""


class Part(NamedTuple):
    """One split in one language: its rows, and the SHA-256 of their content."""

    rows: int
    digest: str


@dataclass(frozen=True)
class Adapted:
    """An adapted data set: its card, its file, and (split, language) → part in the order of the file."""

    card: DatasetCard
    edition: str
    path: Path
    parts: dict[tuple[str, str], Part]

    def rows(
        self, split: str, languages: Iterable[str] | None = None, columns: Sequence[str] | None = None
    ) -> pa.Table:
        """Return examples of a split, by default in all its languages, ordered by language.

        :raises UserError: for a split or a language that the data set lacks
        """
        import pyarrow.parquet as pq

        have = {language: i for i, (s, language) in enumerate(self.parts) if s == split}
        if not have:
            raise unknown("split", split, self.card.splits, self.card.name)
        wanted = set(have if languages is None else languages)
        for language in sorted(wanted - set(have)):
            raise unknown("language", language, have, f"{self.card.name} {split}")
        groups = [i for language, i in have.items() if language in wanted]
        with pq.ParquetFile(self.path) as file:
            return file.read_row_groups(groups, columns=columns).unify_dictionaries()


def adapted(name: str, *, data: Path | None = None, edition: str = "as-released") -> Adapted:
    """Return the adapted data set ``name``, from the cache where nothing that shaped it has changed.

    ``data`` holds one folder of raw files per data set.

    :raises UserError: for missing files, an adapter that is no single select, and a broken contract
    """
    card = cards.dataset_card(name)
    if edition != "as-released":
        raise UserError(f"{name}: edition {edition!r} is not there; the data set has only 'as-released'")
    root = _root(card, data)
    key = f"{name}-{_fingerprint(card, root)}.parquet"
    path = cache.find("examples", key) or _make(card, edition, root, key)
    return Adapted(card, edition, path, _parts(path))


def copy_to(found: Adapted, out: Path) -> None:
    """Write the examples of a data set to a Parquet file of the user's, whole or not at all."""
    fresh = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        shutil.copyfile(found.path, fresh)
        fresh.replace(out)
    except OSError as error:
        raise UserError(f"{out}: cannot write ({error.strerror}); name another file") from None
    finally:
        fresh.unlink(missing_ok=True)


def _root(card: DatasetCard, data: Path | None) -> Path | None:
    """Return the folder of the raw files, resolved; None where the data ships in a package."""
    if not card.files:
        return None
    named = card.folder or card.name
    layout = f"DIR/{named}/ with {', '.join(card.files)}"
    if data is None:
        raise UserError(f"{card.name}: its raw files are needed; give --data DIR, where DIR holds {layout}")
    root = (data / named).resolve()
    for pattern in card.files:
        if not any(root.glob(pattern)):
            seen = _refused(card, root)
            raise UserError(f"{card.name}: no file {root / pattern}{seen}; --data DIR is expected to hold {layout}")
    return root


def _refused(card: DatasetCard, root: Path) -> str:
    """Say which files of the folder look like those that are missing, and why they are not taken."""
    found = (f" (not {pattern}: {why})" for pattern, why in card.refused.items() if any(root.glob(pattern)))
    return next(found, "")


def _fingerprint(card: DatasetCard, root: Path | None) -> str:
    """Hash all that shapes the examples: select, reader, card, language tables, formats and source files."""
    mark = hashlib.sha256(f"{EPOCH} {schema.FORMAT}".encode())
    texts = [cards.adapter_path(card.name, suffix) for suffix in (".sql", ".py")]
    texts += [folder("datacards") / f"{table}.csv" for table in ("languages", "aliases", "clusters")]
    if any(isinstance(source, Package) for source in card.sources):
        texts += [Path(__file__).with_name(f"{module}.py") for module in ("cldr", "holdout", "phrases", "speech")]
    mapping = [card.kind, card.columns, card.labels, list(card.splits), card.languages]
    mark.update(msgspec.json.encode(mapping, order="deterministic"))
    for path in filter(None, texts):
        mark.update(hashlib.sha256(path.read_bytes()).digest())
    for source in card.sources:
        if isinstance(source, Package):
            mark.update(importlib.metadata.version(source.package).encode())
    for file, size, mtime in _sources(card, root):
        mark.update(f"{file} {size} {mtime}\n".encode())
    return mark.hexdigest()[:20]


def _sources(card: DatasetCard, root: Path | None) -> Iterator[tuple[str, int, int]]:
    """Yield (relative path, size in bytes, time of change in ns) of every raw file."""
    if root is not None:
        for path in sorted({path for pattern in card.files for path in root.glob(pattern)}):
            stat = path.stat()
            yield path.relative_to(root).as_posix(), stat.st_size, stat.st_mtime_ns


def _make(card: DatasetCard, edition: str, root: Path | None, key: str) -> Path:
    """Run the adapter, enforce the contract and write the file; a failed write leaves nothing."""
    from harness.data import adapter, contract

    sql, reader = (cards.adapter_path(card.name, suffix) for suffix in (".sql", ".py"))
    assert sql is not None
    rows = contract.enforce(card, edition, adapter.selected(card, sql, reader, root))
    with cache.writing("examples", key) as path:
        _write(rows, path)
    return cache.root() / "examples" / key


def _write(rows: pa.Table, path: Path) -> None:
    """Write ordered examples: one row group and one entry in the metadata per split and language."""
    import pyarrow.parquet as pq

    parts, groups = [], []
    for split, language, start, count in _runs(rows):
        part = rows.slice(start, count)
        groups.append(part)
        parts.append([split, language, count, digest(part)])
    named = rows.schema.with_metadata({"stiltbench": json.dumps({"format": schema.FORMAT, "parts": parts})})
    with pq.ParquetWriter(path, named, compression="zstd") as writer:
        for part in groups:
            writer.write_table(part.replace_schema_metadata(named.metadata), row_group_size=part.num_rows)


def _runs(rows: pa.Table) -> Iterator[tuple[str, str, int, int]]:
    """Yield (split, language, first row, rows) of each part of ordered examples."""
    # One thread: the groups then come in the order of their first rows.
    groups = rows.group_by(["split", "language"], use_threads=False).aggregate([([], "count_all")])
    start = 0
    for split, language, count in zip(*(column.to_pylist() for column in groups.columns), strict=True):
        yield split, language, start, count
        start += count


def digest(rows: pa.Table) -> str:
    """Return the SHA-256 of the rows' content: column by column as JSON, columns without a value left out.

    It depends on the values alone, not on dictionaries, chunks, machine or Arrow version.
    """
    mark = hashlib.sha256()
    for name in CONTENT:
        values = rows[name].to_pylist()
        if any(value is not None for value in values):
            text = json.dumps([name, values], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
            mark.update(text.encode("utf-8", "surrogatepass") + b"\n")
    return mark.hexdigest()


def _parts(path: Path) -> dict[tuple[str, str], Part]:
    import pyarrow.parquet as pq

    facts = json.loads(pq.read_schema(path).metadata[b"stiltbench"])
    return {(split, language): Part(rows, mark) for split, language, rows, mark in facts["parts"]}
