"""Questions that have a name: one `.sql` file each, shipped or the user's own, answered by a store or a published file.

The leading comment of a file says what it asks: its first line is the title, the rest says what a row means.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from harness.errors import UserError, unknown

SHIPPED = Path(__file__).with_name("queries")


@dataclass(frozen=True)
class NamedQuery:
    """One file: its name, what its comment says, and its whole text, one SELECT."""

    name: str
    title: str
    explanation: str
    sql: str


def named_queries(own: Path | None = None) -> dict[str, NamedQuery]:
    """Return the shipped queries by name, and those of a folder of the user's own, which win over a shipped name."""
    if own is not None and not own.is_dir():
        raise UserError(f"{own}: no such folder; name one that holds .sql files")
    files = [*sorted(SHIPPED.glob("*.sql")), *(sorted(own.glob("*.sql")) if own else [])]
    return {path.stem: _read(path) for path in files}


def named_query(name: str, own: Path | None = None) -> NamedQuery:
    """Return one query by its name; an unknown name is a :class:`UserError`."""
    queries = named_queries(own)
    if name not in queries:
        raise unknown("named query", name, queries, str(own or ""))
    return queries[name]


def _read(path: Path) -> NamedQuery:
    try:
        sql = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise UserError(f"{path}: not UTF-8; save it as UTF-8") from None
    comment = [line[2:].strip() for line in takewhile(lambda line: line.startswith("--"), sql.splitlines())]
    if not comment or not comment[0]:
        raise UserError(f"{path}: line 1: expected a comment with the query's title, as `-- Gain by tone`; write one")
    return NamedQuery(path.stem, comment[0], " ".join(comment[1:]), sql)
