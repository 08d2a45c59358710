"""Where a data set's raw files stand below the user's folder of data, and which select reads them.

A data set has its makers' files in `DIR/NAME/`, or a snapshot of a Hub repository in `DIR/hub/OWNER/NAME/` where an
adapter `hub/NAME.sql` reads that. What ships in a package has neither.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from harness.data import cards
from harness.data.cards import DatasetCard, Hub
from harness.errors import UserError


@dataclass(frozen=True)
class Raw:
    """The files that match ``patterns`` below ``root``, and the select for them; none where the data need no files.

    ``hub`` is the source that they are a snapshot of, ``reader`` the adapter's Python file.
    """

    sql: Path
    reader: Path | None = None
    root: Path | None = None
    patterns: tuple[str, ...] = ()
    hub: Hub | None = None

    def missing(self) -> str | None:
        """Return the first pattern that has no file: no other list says what belongs to a data set."""
        return next((pattern for pattern in self.patterns if self.root and not any(self.root.glob(pattern))), None)

    def files(self) -> Iterator[tuple[str, Path]]:
        """Yield (path below the root, path) of every raw file, in order."""
        if self.root:
            found = {path for pattern in self.patterns for path in self.root.glob(pattern) if path.is_file()}
            yield from ((path.relative_to(self.root).as_posix(), path) for path in sorted(found))


def layouts(card: DatasetCard, data: Path) -> list[Raw]:
    """Return the places where a data set's raw files may stand: the makers' layout first, then the Hub's."""
    sql, reader = (cards.adapter_path(card.name, suffix) for suffix in (".sql", ".py"))
    assert sql is not None
    on_hub = cards.adapter_path(f"hub/{card.name}")
    hubs = [source for source in card.sources if isinstance(source, Hub)]
    own = Raw(sql, reader, (data / (card.folder or card.name)).resolve(), card.files)
    return [own, *(Raw(on_hub, None, (data / "hub" / hub.id).resolve(), ("**/*",), hub) for hub in hubs if on_hub)]


def find(card: DatasetCard, data: Path | None) -> Raw:
    """Return the first layout whose files are all there.

    :raises UserError: where none is; the sentence names the files and the folder
    """
    if not card.files:
        return replace(layouts(card, Path())[0], root=None)
    layout = wanted(card)
    if data is None:
        raise UserError(f"{card.name}: its raw files are needed; give --data DIR, where DIR holds {layout}")
    places = layouts(card, data)
    found = next((raw for raw in places if not raw.missing()), None)
    if found is None:
        root, pattern = data.resolve() / (card.folder or card.name), places[0].missing()
        seen = _refused(card, root)
        raise UserError(f"{card.name}: no file {root}/{pattern}{seen}; --data DIR is expected to hold {layout}")
    return found


def wanted(card: DatasetCard) -> str:
    """Return which files are expected where, below a folder DIR."""
    hubs = [f"DIR/hub/{s.id}/" for s in card.sources if isinstance(s, Hub) and cards.adapter_path(f"hub/{card.name}")]
    return " or ".join([f"DIR/{card.folder or card.name}/ with {', '.join(card.files)}", *hubs])


def _refused(card: DatasetCard, root: Path) -> str:
    """Say which files of the folder look like those that are missing, and why they are not taken."""
    found = (f" (not {pattern}: {why})" for pattern, why in card.refused.items() if any(root.glob(pattern)))
    return next(found, "")
