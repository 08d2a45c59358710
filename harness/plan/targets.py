"""What a target asks of a model: the languages that it is scored in, and its task: pivot, layers, threshold, beams."""

from __future__ import annotations

from typing import NamedTuple

from harness.errors import UserError
from harness.models.find import Model
from harness.plan.sets import Sets
from harness.store import Spec
from harness.suite import Suite, Target, Test
from harness.suite_cards import ENGLISH, head_name, kind_of, split_for


class Tested(NamedTuple):
    """A test set in its languages, and what is asked of it; ``head`` is the head of the parent that speaks, if any."""

    data: str
    split: str
    languages: list[str]
    kind: str
    task: Spec
    head: str | None = None


class Targets:
    """The targets of a suite as the data at hand have them."""

    def __init__(self, suite: Suite, sets: Sets, model: Model, languages: list[str]) -> None:
        self.suite, self.sets, self.model, self.languages = suite, sets, model, languages

    def tested(self, name: str) -> list[Tested]:
        """Return the test sets of a target."""
        target = self.suite.targets[name]
        kind = kind_of(target)
        head = head_name(self.sets.get(target.train.data).card) if target.train else None
        found = []
        for test in target.test:
            spoken = self.scored(name, test)
            found.append(Tested(test.data, test.split, spoken, kind, self._task(name, test, kind, spoken), head))
        return found

    def scored(self, name: str, test: Test) -> list[str]:
        """Return the languages that a test set is scored in: the suite's that it has, without the pivot."""
        target = self.suite.targets[name]
        wanted, held = self.suite.languages.include, {t.data: self.sets.spoken(t.data, t.split) for t in target.test}
        missing = sorted(set(wanted).difference(*held.values())) if wanted != "all" else []
        if missing and self.suite.scale != "smoke":
            rows = f"{' and '.join(held)}: no {test.split} rows in {', '.join(missing)}"
            raise UserError(f"{self.suite.name}: targets.{name}: {rows}")
        return [code for code in sorted(held[test.data]) if code in self.languages and code != target.pivot]

    def dev_of(self, name: str) -> list[Spec]:
        """Return the dev sets, in the languages that are scored, by which a target's training is selected."""
        target = self.suite.targets[name]
        where = f"{self.suite.name}: targets.{name}: select = 'target-dev'"
        return [self._dev(test, where) for test in self.tested(name) if target.train]

    def english_dev(self, tasks: list[Spec], asked: Spec, where: str) -> list[Spec]:
        """Return the English dev sets of what some tasks train on, ``asked`` as a test set is; masked text has none."""
        where = f"{self.suite.name}: {where}: select = 'english-dev'"
        labelled = [task for task in tasks if task["kind"] != "mlm"]
        sets = [Tested(t["data"]["dataset"], "dev", [ENGLISH], t["kind"], asked, t["head"]) for t in labelled]
        return [self._dev(test, where) for test in sets]

    def _dev(self, test: Tested, where: str) -> Spec:
        split = split_for(self.sets.get(test.data).card, "dev")
        spoken = sorted(set(test.languages) & self.sets.spoken(test.data, split)) if split else []
        if split is None or not spoken:
            lacks = f"no dev split in {', '.join(test.languages)}" if split else "no dev split"
            raise UserError(f"{where}: {test.data} has {lacks}; select by something else")
        asked = {"kind": test.kind, "head": test.head, "task": test.task}
        return {"data": self.sets.digests(test.data, split, spoken), **asked}

    # -- tasks -----------------------------------------------------------------------------------------------------

    def _task(self, name: str, test: Test, kind: str, spoken: list[str]) -> Spec:
        target = self.suite.targets[name]
        if kind == "span":
            return {} if target.no_answer is None else {"no_answer": target.no_answer}
        if target.pivot is None:
            return {}
        task = {"pivot": target.pivot, "directions": sorted(target.directions), **self._pivot(name, test, test.split)}
        if kind == "translation":
            return task | {"beams": target.beams or 1}
        task["layers"] = self._layers(name, target)
        task |= {key: value for key in ("pooling", "margin") if (value := getattr(target, key)) is not None}
        return task | ({"tune": self._tune(name, test, target.tune, spoken)} if target.tune else {})

    def _layers(self, name: str, target: Target) -> list[int]:
        layers, top = target.layers or [self.model.layers], self.model.layers
        if not all(0 <= layer <= top for layer in layers):
            raise UserError(
                f"{self.suite.name}: targets.{name}.layers: {layers}, but {self.suite.model} has 0 to {top}"
            )
        return layers

    def _pivot(self, name: str, test: Test, split: str) -> Spec:
        """Declare the pivot's rows: the test's own, or those of a data set that it derives from and shares ids with."""
        pivot = self.suite.targets[name].pivot
        assert pivot is not None
        holders = [test.data, *self.sets.get(test.data).card.derived_from]
        found = [data for data in holders if (split, pivot) in self.sets.get(data).parts]
        if not found:
            where = f"{self.suite.name}: targets.{name}.pivot"
            raise UserError(f"{where}: {' and '.join(holders)}: no {split} rows in {pivot}")
        digest = self.sets.get(found[0]).parts[split, pivot].digest
        return {"pivot_digest": digest} | ({"pivot_data": found[0]} if found[0] != test.data else {})

    def _tune(self, name: str, test: Test, split: str, spoken: list[str]) -> Spec:
        """Declare the rows on which the threshold of mined pairs is set."""
        self.sets.languages(test.data, split, spoken, f"targets.{name}.tune")
        return {"data": self.sets.digests(test.data, split, spoken), **self._pivot(name, test, split)}
