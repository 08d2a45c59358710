"""The data sets of one plan, each adapted once: who speaks what in a split, its digests, pools, sources and errata."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from harness.data import adapt, cards, draw, errata, lineage, raw
from harness.data.adapt import Adapted
from harness.data.contract import EDITION
from harness.errors import UserError
from harness.store import Spec
from harness.suite import AllOrList, Suite


class Sets:
    """What is at hand below ``data``, the folder that holds one folder per data set, as a suite draws from it."""

    def __init__(self, suite: Suite, data: Path | None) -> None:
        self.name, self.edition, self.data = suite.name, suite.edition, data
        self._adapted: dict[str, Adapted] = {}
        self._pools: dict[tuple[str, str, tuple[str, ...]], draw.Pool] = {}
        self._sources: dict[tuple[str, str], dict[str, set[str]]] = {}

    def get(self, name: str) -> Adapted:
        """Return a data set's examples; files that are not there are a :class:`UserError`."""
        if name not in self._adapted:
            self._adapted[name] = adapt.adapted(name, data=self.data)
        return self._adapted[name]

    def absent(self, name: str) -> str | None:
        """Say why a data set has no files here, or None where it has."""
        try:
            raw.find(cards.dataset_card(name), self.data)
        except UserError as e:
            return str(e)
        return None

    def spoken(self, name: str, split: str) -> set[str]:
        """Return the languages that have rows of a split."""
        return {language for s, language in self.get(name).parts if s == split}

    def languages(self, name: str, split: str, wanted: AllOrList, where: str) -> list[str]:
        """Return the languages of a split that are asked for, "all" sorted; a named one that is missing is refused."""
        have = self.spoken(name, split)
        missing = sorted(set(wanted) - have) if wanted != "all" else []
        if missing or not have:
            in_them = f" in {', '.join(missing)}" if missing else ""
            raise UserError(f"{self.name}: {where}: {name} has no {split} rows{in_them}")
        return sorted(have) if wanted == "all" else list(wanted)

    def pool(self, name: str, split: str, languages: Sequence[str]) -> draw.Pool:
        """Return which languages have which items of a split, of those that the suite's edition draws."""
        key = name, split, tuple(languages)
        if key not in self._pools:
            known = self.marks(name, split, languages) if self.edition == "errata" else []
            self._pools[key] = draw.pool(self.get(name), split, languages, errata.dropped(known))
        return self._pools[key]

    def digests(self, name: str, split: str, languages: Collection[str]) -> Spec:
        """Declare a split's examples in some languages."""
        parts = self.get(name).parts
        return {
            "dataset": name,
            "edition": EDITION,
            "split": split,
            "languages": {code: parts[split, code].digest for code in sorted(set(languages))},
        }

    def sources(self, name: str, split: str) -> dict[str, set[str]]:
        """Return source → ids of the items of a split that say it, in any language."""
        if (name, split) not in self._sources:
            self._sources[name, split] = lineage.sources(self.get(name), split)
        return self._sources[name, split]

    def marks(self, name: str, split: str, languages: Collection[str]) -> list[errata.Mark]:
        """Return what is known to be wrong in a split's rows."""
        return errata.marks(self.get(name).card, self.sources(name, split), languages)
