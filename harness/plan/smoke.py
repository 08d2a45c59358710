"""A smoke runs on what is there: what a suite names and has no files here is left out, and listed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TypeVar

from msgspec.structs import replace

from harness.data import cards
from harness.errors import UserError
from harness.plan.graph import Missing
from harness.plan.sets import Sets
from harness.suite import AllOrList, Arm, Contrast, Mix, Pretrain, Sampling, Suite, Target, Train

Part = TypeVar("Part", Mix, Pretrain, Train)


def reduced(suite: Suite, sets: Sets, languages: Collection[str]) -> tuple[Suite, list[Missing]]:
    """Return a suite without the arms, targets, test sets, parts of a mix and languages that have no rows here.

    :raises UserError: where no arm or no target is left
    """
    here = _Here(sets, languages)
    arms = {name: arm for name, declared in suite.arms.items() if (arm := here.arm(declared, f"arms.{name}"))}
    arms = {name: arm for name, arm in arms.items() if arm.like is None or arm.like in arms}
    found = {name: here.target(target, f"targets.{name}") for name, target in suite.targets.items()}
    targets = {name: target for name, target in found.items() if target}
    if not (arms and targets):
        raise UserError(f"{suite.name}: nothing to run here: {here.missing[0].reason}")
    contrasts = [replace(c, targets=[t for t in c.targets if t in targets]) for c in suite.contrasts]
    kept: list[Contrast] = [c for c in contrasts if c.targets and c.a in arms and c.b in arms]
    return replace(suite, arms=arms, targets=targets, contrasts=kept), here.missing


class _Here:
    """What of each table is here; what is not is noted in ``missing``."""

    def __init__(self, sets: Sets, languages: Collection[str]) -> None:
        self.sets, self.languages = sets, languages
        self.missing: list[Missing] = []

    def arm(self, arm: Arm, where: str) -> Arm | None:
        """Return an arm with the entries of its mix that are here; None where none is, or no text that it declares."""
        mix = [self.part(mix, f"{where}.mix") for mix in arm.mix]
        mlm = [found for text in arm.mlm if (found := self.part(text, f"{where}.mlm"))]
        pretrain = self.part(arm.pretrain, f"{where}.pretrain") if arm.pretrain else None
        if (arm.mix and not any(mix)) or (arm.mlm and not mlm) or (arm.pretrain and not pretrain):
            return None
        held = [found is not None for found in mix]
        left = [found for found in mix if found]
        return replace(arm, mix=left, mlm=mlm, pretrain=pretrain, sampling=_without(arm.sampling, held))

    def target(self, target: Target, where: str) -> Target | None:
        """Return a target with the test sets that are here; None where none is, or where its training has no rows."""
        train = self.part(target.train, f"{where}.train") if target.train else None
        splits = [target.tune] if target.tune else []
        test = [t for t in target.test if self._tested(t.data, [t.split, *splits], target.pivot, f"{where}.test")]
        return replace(target, train=train, test=test) if test and bool(train) == bool(target.train) else None

    def part(self, part: Part, where: str) -> Part | None:
        """Return a data set in those of its languages that have rows here."""
        spoken = self._spoken(part.data, part.split, where)
        wanted: AllOrList = part.languages
        if wanted == "all":
            return part if spoken else None
        held = [code in spoken for code in wanted]
        left = [code for code in wanted if code in spoken]
        if spoken and not all(held):
            self._note(where, part.data, f"no {part.split} rows in {', '.join(sorted(set(wanted) - spoken))}")
        if not left:
            return None
        if isinstance(part, Mix):
            return replace(part, languages=left, sampling=_without(part.sampling, held))
        return replace(part, languages=left)

    def _tested(self, data: str, splits: Sequence[str], pivot: str | None, where: str) -> bool:
        """Tell whether a test set has rows here in a language that is scored, and in the pivot."""
        for split in splits:
            spoken = self._spoken(data, split, where)
            if not spoken:
                return False
            scored = spoken & set(self.languages) - {pivot}
            pivots = (data, *cards.dataset_card(data).derived_from)
            if not scored:
                return self._note(where, data, f"no {split} rows in the suite's languages")
            if pivot and not any(pivot in self._spoken(name, split, where) for name in pivots):
                return self._note(where, data, f"no {split} rows in {pivot}")
        return True

    def _spoken(self, data: str, split: str, where: str) -> set[str]:
        reason = self.sets.absent(data)
        spoken = set() if reason else self.sets.spoken(data, split)
        if not spoken:
            self._note(where, data, reason or f"no {split} rows")
        return spoken

    def _note(self, where: str, data: str, reason: str) -> bool:
        self.missing.append(Missing(where, data, reason))
        return False


def _without(sampling: Sampling | None, held: Sequence[bool]) -> Sampling | None:
    """Return a sampling without the rates of what is not held."""
    if sampling is None or sampling.rates is None:
        return sampling
    return replace(sampling, rates=[rate for rate, kept in zip(sampling.rates, held, strict=True) if kept])
