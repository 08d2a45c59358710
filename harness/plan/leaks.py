"""What a model has met before it is tested: languages that are then not zero-shot, items that must not be scored."""

from __future__ import annotations

from collections.abc import Iterator

from harness import languages as lang
from harness.errors import UserError
from harness.plan.graph import Plan
from harness.plan.sets import Sets
from harness.store import Spec

ORDER = ("target", "intermediate", "selected")
"""What training may have met of a language, what counts most first; text without labels counts as nothing."""


class Met:
    """What the ancestors of a plan's predict jobs have met."""

    def __init__(self, plan: Plan, sets: Sets) -> None:
        self.plan, self.sets = plan, sets
        self._drawn: dict[str, set[str]] = {}

    def see(self, arm: str, target: str, languages: list[str], parent: str | None) -> None:
        """Note of each language that is scored what training met of it; a language's scripts and standards are one."""
        met: dict[str, str] = {}
        for what, codes in self._languages(parent):
            for unit in map(lang.unit, codes):
                met[unit] = min(what, met.get(unit, what), key=ORDER.index)
        self.plan.seen += [(arm, target, code, met.get(lang.unit(code))) for code in languages]

    def _languages(self, parent: str | None) -> Iterator[tuple[str, list[str]]]:
        for spec in self._ancestors(parent):
            if spec["phase"] in ORDER:
                yield from ((spec["phase"], t["data"]["languages"]) for t in spec["tasks"] if t["kind"] != "mlm")
            yield from (("selected", test["data"]["languages"]) for test in spec.get("select", {}).get("tests", ()))

    def _ancestors(self, parent: str | None) -> Iterator[Spec]:
        while parent:
            spec = self.plan.jobs[parent]
            yield spec
            parent = spec["parent"]

    def refuse(self, target: str, parent: str | None, data: str, split: str) -> None:
        """Refuse, or mask, the test items of which an ancestor has met the source, in any language."""
        tested = self.sets.sources(data, split)
        for spec in self._ancestors(parent):
            for task in spec["tasks"]:
                met = self._drawn_sources(task["draw"]) & tested.keys()
                if met and self.plan.suite.leakage == "refuse":
                    trained = f"{task['data']['dataset']} {task['data']['split']}"
                    raise UserError(
                        f"{self.plan.suite.name}: targets.{target}: {len(met)} of {len(tested)} items of {data} "
                        f"{split} stand in {trained}, which the {spec['phase']} phase trains on; change that, or mask "
                        'them: leakage = "mask"'
                    )
                self.plan.masked |= {(target, data, split, item) for source in met for item in tested[source]}

    def _drawn_sources(self, digest: str) -> set[str]:
        if digest not in self._drawn:
            self._drawn[digest] = set(self.plan.draws[digest]["source"].to_pylist())
        return self._drawn[digest]

    def refuse_empty_masks(self) -> None:
        """Refuse a suite of which a whole test set was met in training."""
        for target, data, split in {row[:3] for row in self.plan.masked}:
            left = {i for ids in self.sets.sources(data, split).values() for i in ids}
            if not left - {row[3] for row in self.plan.masked if row[:3] == (target, data, split)}:
                raise UserError(f"{self.plan.suite.name}: targets.{target}: training met every item of {data} {split}")
