"""A suite and a store become a graph of jobs: what is there, what is to do, what each arm saw, and what would leak.

Needs no torch. A job declares everything that its result depends on; arms that share a prefix share its jobs, and a
predict job that covers some of the languages already is reused, so that a new language costs only itself. A job knows
no suite: cells say which job fills which place of the suite's table.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import msgspec
from msgspec.structs import replace

from harness.coverage import Coverage
from harness.data import draw, errata
from harness.errors import UserError
from harness.models.find import find
from harness.plan.draws import MLM, Draws
from harness.plan.fit import refuse_unfit
from harness.plan.graph import EPOCHS, INTERMEDIATE, TRAINING, Cell, Missing, Plan
from harness.plan.leaks import Met
from harness.plan.sets import Sets
from harness.plan.smoke import reduced
from harness.plan.targets import Targets, Tested
from harness.selection import suite_languages
from harness.store import Spec, Store
from harness.suite import Recipe, Suite
from harness.suite_cards import split_for

CHECK_LANGUAGES = 8
"""Most languages in which an arm's own intermediate task is checked; of more, the first in item order."""

HOW = ("epochs", "steps", "batch_tokens", "learning_rate", "trainable_layers", "warmup", "weight_decay", "max_length")
"""What of a recipe a training job declares."""


def make_plan(suite: Suite, store: Store | None, data: Path | None = None, *, partial: bool = False) -> Plan:
    """Return the graph of a checked suite; ``data`` is the folder that holds one folder per data set.

    A smoke leaves out what it has no files for, and so does a ``partial`` plan, which is to be shown and not run:
    ``missing`` lists it.

    :raises UserError: for leakage, for data and languages that are not there, and for too few rows
    """
    sets, languages = Sets(suite, data), suite_languages(suite)
    missing: list[Missing] = []
    declared = list(itertools.product(suite.arms, suite.targets))
    if partial or suite.scale == "smoke":
        suite, missing = reduced(suite, sets, languages)
    if missing:
        suite = replace(suite, scale="smoke")  # of what is here in part, too few rows are forgiven as well
    model = find(suite.model, where=suite.name)
    refuse_unfit(suite, model)
    absent = [cell for cell in declared if cell not in set(itertools.product(suite.arms, suite.targets))]
    plan = Plan(suite, model, languages, missing=missing, absent=absent)
    _Planner(plan, sets, store).fill()
    if store:
        plan.done = plan.jobs.keys() & set(store.finished())
        _reopen_dropped_weights(plan, store)
    return plan


def _reopen_dropped_weights(plan: Plan, store: Store) -> None:
    """A finished phase whose weights were dropped counts as undone where a missing job starts from them."""
    has_weights = cache(store.has_weights)
    for key in reversed(list(plan.jobs)):
        parent = plan.jobs[key]["parent"]
        needs_weights = key not in plan.done and plan.jobs[key]["phase"] in (*TRAINING, "predict")
        if parent in plan.done and needs_weights and not has_weights(parent):
            plan.done.discard(parent)
            plan.reopened.add(parent)


class _Planner:
    """Fills one plan: holds what is drawn and what the store covers while the graph grows."""

    def __init__(self, plan: Plan, sets: Sets, store: Store | None) -> None:
        self.out, self.suite, self.sets = plan, plan.suite, sets
        self.draws = Draws(self.suite, sets, plan.model)
        self.out.draws = self.draws.tables
        self.targets = Targets(self.suite, sets, plan.model, plan.languages)
        self.met = Met(plan, sets)
        self.covered = Coverage(store)
        self.common: Spec = {
            "model": plan.model.digest,
            "precision": self.suite.precision if self.suite.precision != "auto" else best_precision(),
            "threads": self.suite.threads,
            "cut": _cut(self.suite, plan.model.layers),
        }

    def fill(self) -> None:
        """Draw what is trained on, then add the jobs and cells of every arm and seed."""
        mixes = self.draws.arms()
        trained = {name: self.draws.target(name) for name, target in self.suite.targets.items() if target.train}
        tested = {name: self.targets.tested(name) for name in self.suite.targets}
        for arm in self.suite.arms:
            text = self.draws.pretrain(arm)
            for seed in self.suite.seeds:
                base = self._bases(arm, seed, text, mixes.get(arm, []))
                for name in self.suite.targets:
                    model = self._target(arm, name, seed, base, trained[name]) if name in trained else base
                    if seed == self.suite.seeds[0]:
                        spoken = sorted({code for test in tested[name] for code in test.languages})
                        self.met.see(arm, name, spoken, model)
                    for test in tested[name]:
                        self._predict(arm, name, seed, model, test)
        self.met.refuse_empty_masks()

    # -- training --------------------------------------------------------------------------------------------------

    def _bases(self, arm: str, seed: int, text: list[Spec], mix: list[Spec]) -> str | None:
        """Add what an arm does before its targets: pretraining, the intermediate phase and its check."""
        base, declared = None, self.suite.arms[arm]
        if declared.pretrain:
            spec = self._training("pretrain", arm, None, self.suite.recipes[declared.pretrain.recipe], text, seed)
            base = self._add(arm, INTERMEDIATE, spec)
        if mix:
            assert self.suite.intermediate is not None
            recipe = self.suite.recipes[self.suite.intermediate.recipe]
            spec = self._training("intermediate", arm, base, recipe, mix, seed)
            spec["control"] = "shuffled-labels" if declared.control == "shuffled-labels" else None
            if recipe.select == "english-dev":
                spec["select"] = self._select(recipe, self.targets.english_dev(mix, {}, f"arms.{arm}"))
            base = self._add(arm, INTERMEDIATE, spec)
            self._check(arm, seed, base, mix)
        return base

    def _target(self, arm: str, name: str, seed: int, base: str | None, tasks: list[Spec]) -> str:
        declared = self.suite.targets[name]
        assert declared.recipe is not None
        recipe = self.suite.recipes[declared.recipe]
        spec = self._training("target", arm, base, recipe, tasks, seed)
        if self.suite.arms[arm].control == "more-steps":
            spec["more"] = self._more()
        if recipe.select != "last":
            english = recipe.select == "english-dev"
            asked = self.targets.tested(name)[0].task
            dev = self.targets.english_dev(tasks, asked, f"targets.{name}") if english else self.targets.dev_of(name)
            spec["select"] = self._select(recipe, dev)
        return self._add(arm, name, spec)

    def _more(self) -> Spec:
        """Return the steps or examples of the intermediate phase: the control's targets take them as well."""
        shared = self.suite.intermediate
        assert shared is not None
        recipe = self.suite.recipes[shared.recipe]
        if recipe.epochs is None:
            return {"steps": recipe.steps}
        return {
            "examples": (self.draws.longest or min(shared.examples, self.suite.limit or shared.examples))
            * recipe.epochs
        }

    def _training(self, phase: str, arm: str, parent: str | None, recipe: Recipe, tasks: list[Spec], seed: int) -> Spec:
        """Declare a training job of an arm."""
        lora = {"lora": msgspec.to_builtins(recipe.lora)} if recipe.lora else {}
        return {
            "phase": phase,
            "code": EPOCHS[phase],
            "parent": parent,
            **self.common,
            "tasks": tasks,
            "recipe": {name: getattr(recipe, name) for name in HOW} | lora,
            "seed": seed,
            **self._romanised(arm),
        }

    def _romanised(self, arm: str) -> Spec:
        scripts = self.suite.arms[arm].transliterate
        return {"transliterate": sorted(scripts)} if scripts else {}

    def _select(self, recipe: Recipe, tests: list[Spec]) -> Spec:
        limit = {"limit": self.suite.limit} if self.suite.limit else {}
        return {"how": recipe.select, "checks": recipe.checks, "tests": tests, **limit}

    def _add(self, arm: str, target: str, spec: Spec) -> str:
        """Add a training job, and the cell that it fills."""
        rows = sum(len(self.out.draws[task["draw"]]) for task in spec["tasks"])
        key = self.out.add(spec, rows * (spec["recipe"]["epochs"] or 1) + spec.get("more", {}).get("examples", 0))
        self.out.cells.append(Cell(arm, target, spec["seed"], spec["phase"], key))
        return key

    # -- predictions and scores --------------------------------------------------------------------------------------

    def _check(self, arm: str, seed: int, parent: str, mix: list[Spec]) -> None:
        """Add the scores of an arm's own tasks, in the languages that it was trained in."""
        wanted = self.suite.intermediate.check if self.suite.intermediate else None
        for task in mix:
            name = task["data"]["dataset"]
            split = split_for(self.sets.get(name).card, wanted) if wanted and task["kind"] != MLM else None
            if split is None:
                continue
            drawn = draw.item_order(self.out.draws[task["draw"]]["language"].to_pylist())[:CHECK_LANGUAGES]
            spoken = sorted(set(drawn) & self.sets.spoken(name, split))
            if spoken or self.suite.scale != "smoke":
                test = Tested(name, split, spoken, task["kind"], {}, task["head"])
                self._predict(arm, INTERMEDIATE, seed, parent, test)

    def _predict(self, arm: str, target: str, seed: int, parent: str | None, test: Tested) -> None:
        """Cover the languages by predict jobs that the store has, and plan one job for the rest; score each."""
        data, split, task = test.data, test.split, test.task
        if not test.languages:
            raise UserError(f"{self.suite.name}: targets.{target}: {data} has no {split} rows in the suite's languages")
        self.met.refuse(target, parent, data, split)
        layers = [0] if test.kind == "translation" else task.get("layers", [])
        spec: Spec = {
            "phase": "predict",
            "code": EPOCHS["predict"],
            "parent": parent,
            **self.common,
            "data": self.sets.digests(data, split, test.languages),
            "kind": test.kind,
            "cut": min([self.common["cut"], *layers]),
            "task": task,
            "limit": self.suite.limit,
            **({"head": test.head} if test.head else {}),
            **self._romanised(arm),
        }
        self.out.marks |= {(target, data, split, mark) for mark in self._tested_marks(spec)}
        for part in self.covered.split(spec):
            rows = [self.sets.get(data).parts[split, code].rows for code in part["data"]["languages"]]
            key = self.out.add(part, sum(min(n, self.suite.limit or n) for n in rows))
            self.out.cells.append(Cell(arm, target, seed, "predict", key))
            for phase, score in self._scores(part, key):
                self.out.cells.append(Cell(arm, target, seed, phase, self.out.add(score)))

    def _scores(self, predict: Spec, key: str) -> Iterator[tuple[str, Spec]]:
        """Declare the scores of a predict job: of what errata touch in the suite's edition, and in the other beside."""
        data, marks = predict["data"], [m for m in self._tested_marks(predict) if m.effect != errata.NOTE]
        for phase, edition, languages in errata.editions(data["languages"], marks, self.suite.edition):
            part = {**data, "edition": edition, "languages": languages}
            spec = {"phase": "score", "code": EPOCHS["score"], "parent": key, "data": part}
            yield phase, spec | ({"errata": [mark[:3] for mark in marks]} if edition == "errata" else {})

    def _tested_marks(self, predict: Spec) -> list[errata.Mark]:
        """Return the marks on what a predict job tests: on its rows, and in every language on the pivot's."""
        data, task = predict["data"], predict["task"]
        found = self.sets.marks(data["dataset"], data["split"], data["languages"])
        pivot = task.get("pivot_data", data["dataset"])
        for mark in self.sets.marks(pivot, data["split"], [task["pivot"]]) if "pivot" in task else ():
            found += [mark._replace(language=code) for code in data["languages"] if mark.effect != errata.NOTE]
        return found


def _cut(suite: Suite, layers: int) -> int:
    """Return the highest layer that no recipe of the suite trains: what lies up to it is computed once for all."""
    counts = [recipe.trainable_layers for recipe in suite.recipes.values()]
    return 0 if "all" in counts else max(0, layers - max((c for c in counts if c != "all"), default=1))


def best_precision() -> str:
    """Return bf16 where the device computes in it natively, else fp32; asks the kernel, not torch."""
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1")
    if Path("/proc/driver/nvidia").exists() and not hidden:
        return "bf16"
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return "fp32"
    return "bf16" if "avx512_bf16" in flags or "amx_bf16" in flags else "fp32"
