"""What each training phase reads: tasks, each of one data set's split, with the digest of its draw.

All arms are matched by items, rows, tokens or steps. Only what a suite compares may differ between them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from harness.data import draw
from harness.data.draw import Pair
from harness.errors import UserError
from harness.models.find import Model
from harness.models.lengths import lengths
from harness.plan.mixtures import Entry, Picked, languages_of, pick, refuse_short
from harness.plan.sets import Sets
from harness.store import Spec
from harness.suite import Mix, Pretrain, Suite
from harness.suite_cards import head_name, labels_of

MLM = "mlm"


class Draws:
    """The rows that the phases of a suite read, by digest in ``tables``."""

    def __init__(self, suite: Suite, sets: Sets, model: Model) -> None:
        self.suite, self.sets, self.model = suite, sets, model
        self.tables: dict[str, pa.Table] = {}
        self.longest = 0
        """Rows of the arm that reads most, without text that is mixed in and without arms that read as many tokens."""

    def arms(self) -> dict[str, list[Spec]]:
        """Return arm → the tasks of its intermediate phase, of the arms that have one."""
        arms = {name: arm for name, arm in self.suite.arms.items() if arm.mix}
        if not arms:
            return {}
        entries = {name: self._entries(arm.mix, f"arms.{name}") for name, arm in arms.items()}
        picked = self._matched(entries)
        self.longest = max(len(found.order) for name, found in picked.items() if not arms[name].like)
        return {
            name: self._tasks(entries[name], picked[name]) + self._text(name, len(picked[name].order)) for name in arms
        }

    def pretrain(self, arm: str) -> list[Spec]:
        """Return the one task of an arm's pretraining; of parallel text every language is read."""
        text = self.suite.arms[arm].pretrain
        if text is None:
            return []
        entry = self._entries([text], f"arms.{arm}.pretrain")[0]
        if text.examples is None:
            return [self._task(entry, draw.whole(self.sets.get(text.data), text.split, entry.have, self.suite.limit))]
        count = min(text.examples, self.suite.limit or text.examples)
        return self._tasks([entry], self._pick([entry], None, count, f"arms.{arm}.pretrain.examples"))

    def target(self, name: str) -> list[Spec]:
        """Return the one task that a target is trained on."""
        train = self.suite.targets[name].train
        assert train is not None
        of = Mix(data=train.data, languages=train.languages, split=train.split)
        entry = self._entries([of], f"targets.{name}.train")[0]
        return [self._task(entry, draw.whole(self.sets.get(of.data), of.split, entry.have, self.suite.limit))]

    def _entries(self, mixes: Sequence[Mix | Pretrain], where: str) -> list[Entry]:
        entries = []
        for mix in mixes:
            spoken = self.sets.languages(mix.data, mix.split, mix.languages, where)
            entries.append(Entry(mix, spoken, self.sets.pool(mix.data, mix.split, spoken)))
        return entries

    # -- what makes arms comparable ------------------------------------------------------------------------------

    def _matched(self, entries: Mapping[str, list[Entry]]) -> dict[str, Picked]:
        shared = self.suite.intermediate
        assert shared is not None
        count = min(shared.examples, self.suite.limit or shared.examples)
        own = {name: found for name, found in entries.items() if not self.suite.arms[name].like}
        if shared.match == "items":
            picked = self._same_items(own, count)
        else:
            picked = {a: self._pick(e, a, count, f"arms.{a}: intermediate.examples") for a, e in own.items()}
        if shared.match == "tokens":
            read = {name: self._tokens(entries[name], found) for name, found in picked.items()}
            fewest = min(int(tokens.sum()) for tokens in read.values())
            picked = {name: found.first(_within(read[name], fewest)) for name, found in picked.items()}
        for name, found in entries.items():
            if like := self.suite.arms[name].like:
                budget = int(self._tokens(entries[like], picked[like]).sum())
                picked[name] = self._of_tokens(name, found, budget, len(picked[like].order))
        return picked

    def _same_items(self, entries: Mapping[str, list[Entry]], count: int) -> dict[str, Picked]:
        """Give every arm the same items, each in one of its languages."""
        pools = {arm: found[0].have for arm, found in entries.items()}
        where = f"{self.suite.name}: intermediate.examples"
        items = draw.shared_items(pools, count, where, capped=self.suite.scale == "smoke")
        picked = {}
        for arm, (entry,) in entries.items():
            sampling = entry.of.sampling if isinstance(entry.of, Mix) else None
            spoken = languages_of(entry, items, sampling) if sampling else draw.rotate(items, entry.have)
            picked[arm] = Picked(np.zeros(len(items), np.int64), [list(zip(spoken, items, strict=True))])
        return picked

    def _pick(self, entries: Sequence[Entry], arm: str | None, count: int, where: str) -> Picked:
        """Return rows of an arm's mix, or else of text; fewer than asked for only where steps count, or in a smoke."""
        sampling = self.suite.arms[arm].sampling if arm else None
        picked, wanted = pick(entries, sampling, count, again=arm is None)
        if self.suite.scale != "smoke" and (arm is None or not self._counts_steps()):
            refuse_short(entries, picked, wanted, f"{self.suite.name}: {where}")
        return picked

    def _counts_steps(self) -> bool:
        return self.suite.intermediate is not None and self.suite.intermediate.match == "steps"

    def _of_tokens(self, arm: str, entries: Sequence[Entry], budget: int, guess: int) -> Picked:
        """Return the first rows of an arm that come to at most ``budget`` tokens, and of which one more would not."""
        count = guess
        while True:
            picked, _ = pick(entries, self.suite.arms[arm].sampling, count)
            tokens = self._tokens(entries, picked)
            if tokens.sum() > budget:
                return picked.first(_within(tokens, budget))
            if len(picked.order) < count:
                break
            count *= 2
        if self.suite.scale == "smoke":
            return picked
        raise UserError(
            f"{self.suite.name}: arms.{arm}: has {tokens.sum()} tokens, but {self.suite.arms[arm].like!r} reads "
            f"{budget}; lower intermediate.examples"
        )

    def _tokens(self, entries: Sequence[Entry], picked: Picked) -> NDArray[np.int64]:
        """Return the tokens of each row [n], in reading order."""
        tokens = np.zeros(len(picked.order), np.int64)
        for i, (entry, rows) in enumerate(zip(entries, picked.rows, strict=True)):
            if rows:
                examples = draw.rows_of(self._table(entry, rows), self.sets.get(entry.of.data))
                tokens[picked.order == i] = lengths(self.model, examples)
        return tokens

    # -- tasks -----------------------------------------------------------------------------------------------------

    def _text(self, arm: str, rows: int) -> list[Spec]:
        """Return the text that is mixed into an arm: so much that its ratio of all rows is text."""
        declared = self.suite.arms[arm]
        if not declared.mlm:
            return []
        entries = self._entries(declared.mlm, f"arms.{arm}.mlm")
        count = round(rows * declared.mlm_ratio / (1 - declared.mlm_ratio))
        return self._tasks(entries, self._pick(entries, None, count, f"arms.{arm}.mlm"), MLM)

    def _tasks(self, entries: Sequence[Entry], picked: Picked, kind: str | None = None) -> list[Spec]:
        """Declare the tasks of a mix; those that share a head have its labels in one order."""
        found = [
            self._task(e, self._table(e, rows), kind) for e, rows in zip(entries, picked.rows, strict=True) if rows
        ]
        labels = {task["head"]: task["labels"] for task in reversed(found)}
        return [task | {"labels": labels[task["head"]]} for task in found]

    def _task(self, entry: Entry, table: pa.Table, kind: str | None = None) -> Spec:
        card = self.sets.get(entry.of.data).card
        digest = draw.digest(table)
        self.tables[digest] = table
        text = kind == MLM or isinstance(entry.of, Pretrain)
        return {
            "kind": MLM if text else card.kind,
            "data": self.sets.digests(entry.of.data, entry.of.split, table["language"].to_pylist()),
            "draw": digest,
            "labels": [] if text else labels_of(card),
            "head": MLM if text else head_name(card, entry.of.head if isinstance(entry.of, Mix) else None),
        }

    def _table(self, entry: Entry, rows: Sequence[Pair]) -> pa.Table:
        spoken, items = zip(*rows, strict=True)
        return draw.draw(self.sets.get(entry.of.data), entry.of.split, spoken, items)


def _within(tokens: NDArray[np.int64], budget: int) -> int:
    """Return how many rows, from the first on, come to at most ``budget`` tokens."""
    return int(np.searchsorted(np.cumsum(tokens), budget, side="right"))
