"""A suite and a store become a graph of jobs: what is there, what is to do, what each arm saw, and what would leak.

Needs no torch. A job declares everything that its result depends on; arms that share a prefix share its jobs, and a
predict job that covers some of the languages already is reused, so that a new language costs only itself. A job knows
no suite: cells say which job fills which place of the suite's table.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from harness import languages as lang
from harness.coverage import Coverage
from harness.data import adapt, cards, draw, errata, lineage
from harness.data.adapt import Adapted
from harness.data.contract import EDITION
from harness.errors import UserError, unknown
from harness.models.find import Model, find
from harness.selection import suite_languages
from harness.store import Spec, Store, job_key
from harness.suite import Recipe, Suite, Target, Test

EPOCHS = {"intermediate": 1, "target": 1, "predict": 1, "score": 1}
"""Code epoch of each phase: raised when the same declaration gives other results. History: CHANGELOG.md."""

CHECK_LANGUAGES = 8
"""Most languages in which an arm's own intermediate task is checked; of more, the first in item order."""

INTERMEDIATE = "intermediate"
"""Name under which cells hold the scores of an arm's own intermediate task, on its check split."""


class Cell(NamedTuple):
    """One place in the suite's table, and a job that fills it; phase `beside` is a score in the other edition."""

    arm: str
    target: str
    seed: int
    phase: str
    job: str


class _Tested(NamedTuple):
    """A test set in its languages, and what retrieval asks of it: pivot, directions, layers; {} for other tasks."""

    data: str
    split: str
    languages: list[str]
    task: Spec


@dataclass
class Plan:
    """The graph: jobs in an order in which each comes after its parent, and the cells that they fill."""

    suite: Suite
    model: Model
    languages: list[str]
    jobs: dict[str, Spec] = field(default_factory=dict)
    cells: list[Cell] = field(default_factory=list)
    seen: list[tuple[str, str, str, str | None]] = field(default_factory=list)
    draws: dict[str, pa.Table] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    """Job → examples that it reads, over all its epochs."""
    done: set[str] = field(default_factory=set)
    masked: set[tuple[str, str, str, str]] = field(default_factory=set)
    """(target, data set, split, id) of the test items that some arm's training has met."""
    marks: set[tuple[str, str, str, errata.Mark]] = field(default_factory=set)
    """(target, data set, split, mark) of what is known to be wrong in what is tested."""
    reopened: set[str] = field(default_factory=set)
    """Finished jobs whose weights were dropped and are needed again."""

    @property
    def todo(self) -> list[str]:
        """Keys of the jobs to run, parents first: what is missing, and parents whose weights it needs."""
        wanted: set[str] = set()
        for key in reversed(list(self.jobs)):
            if key not in self.done or key in wanted:
                wanted.add(key)
                parent = self.jobs[key]["parent"]
                if parent and parent not in self.done:
                    wanted.add(parent)
        return [key for key in self.jobs if key in wanted]

    def todo_of(self, arm: str) -> list[str]:
        """Keys of the jobs to run that fill an arm's cells, parents first."""
        if arm not in self.suite.arms:
            raise unknown("arm", arm, self.suite.arms, self.suite.name)
        mine = {cell.job for cell in self.cells if cell.arm == arm}
        return [key for key in self.todo if key in mine]

    def add(self, spec: Spec, rows: int = 0) -> str:
        """Add a job, which reads so many examples, unless it is there; return its key."""
        key = job_key(spec)
        self.jobs.setdefault(key, spec)
        self.rows.setdefault(key, rows)
        return key


def make_plan(suite: Suite, store: Store | None, data: Path | None = None) -> Plan:
    """Return the graph of a checked suite; ``data`` is the folder that holds one folder per data set.

    Leakage, languages that a data set lacks and too few shared items are :class:`UserError`s.
    """
    return _Planner(suite, store, data).plan()


class _Planner:
    """Builds one plan: holds the adapted data sets and what the store covers while the graph grows."""

    def __init__(self, suite: Suite, store: Store | None, data: Path | None) -> None:
        self.suite, self.store, self.data = suite, store, data
        self.adapted: dict[str, Adapted] = {}
        self.sources: dict[tuple[str, str], dict[str, set[str]]] = {}
        self.trained: dict[str, str] = {}
        self.out = Plan(suite, find(suite.model, where=suite.name), suite_languages(suite))
        self.common: Spec = {
            "model": self.out.model.digest,
            "precision": suite.precision if suite.precision != "auto" else best_precision(),
            "threads": suite.threads,
            "cut": _cut(suite, self.out.model.layers),
        }
        self.covered = Coverage(store)

    def plan(self) -> Plan:
        draws = self._arm_draws()
        for arm in self.suite.arms:
            self._seen(arm, draws.get(arm))
            for seed in self.suite.seeds:
                self._cells_of(arm, seed, draws.get(arm))
        self._refuse_empty_masks()
        if self.store:
            self.out.done = {key for key in self.out.jobs if self.store.done(key)}
            self._reopen_dropped_weights()
        return self.out

    def _reopen_dropped_weights(self) -> None:
        """A finished phase whose weights were dropped counts as undone where a missing job starts from them."""
        assert self.store is not None
        for key in reversed(list(self.out.jobs)):
            parent = self.out.jobs[key]["parent"]
            needs_weights = key not in self.out.done and self.out.jobs[key]["phase"] in ("target", "predict")
            if parent in self.out.done and needs_weights and not self.store.weights(parent).is_file():
                self.out.done.discard(parent)
                self.out.reopened.add(parent)

    def _data(self, name: str) -> Adapted:
        if name not in self.adapted:
            self.adapted[name] = adapt.adapted(name, data=self.data)
        return self.adapted[name]

    def _spoken(self, name: str, split: str) -> set[str]:
        return {language for s, language in self._data(name).parts if s == split}

    def _languages(self, name: str, split: str, wanted: str | list[str], where: str) -> list[str]:
        """Languages of a split that are asked for; one that is named and missing is refused."""
        have = self._spoken(name, split)
        if wanted == "all":
            return sorted(have)
        missing = sorted(set(wanted) - have)
        if missing:
            raise UserError(f"{self.suite.name}: {where}: {name} has no {split} rows in {', '.join(missing)}")
        return sorted(wanted)

    # -- draws -------------------------------------------------------------------------------------------------

    def _arm_draws(self) -> dict[str, str]:
        """Draw each arm's rows: the same items in all of them. Returns arm → digest of its draw."""
        arms = {name: arm.mix[0] for name, arm in self.suite.arms.items() if arm.mix}
        if not arms or self.suite.intermediate is None:
            return {}
        spoken = {a: self._languages(m.data, m.split, m.languages, f"arms.{a}") for a, m in arms.items()}
        pools = {a: self._pool(m.data, m.split, spoken[a]) for a, m in arms.items()}
        wanted = self.suite.intermediate.examples
        count = min(wanted, self.suite.limit or wanted)
        items = draw.shared_items(pools, count, f"{self.suite.name}: intermediate.examples")
        return {
            a: self._keep(draw.draw(self._data(m.data), m.split, draw.rotate(items, pools[a]), items))
            for a, m in arms.items()
        }

    def _pool(self, name: str, split: str, languages: list[str]) -> draw.Pool:
        """Return which languages have which items of a split, of those that the suite's edition draws."""
        known = self._marks(name, split, languages) if self.suite.edition == "errata" else []
        return draw.pool(self._data(name), split, languages, errata.dropped(known))

    def _keep(self, table: pa.Table) -> str:
        digest = draw.digest(table)
        self.out.draws[digest] = table
        return digest

    def _digests(self, name: str, split: str, languages: list[str]) -> Spec:
        parts = self._data(name).parts
        return {
            "dataset": name,
            "edition": EDITION,
            "split": split,
            "languages": {code: parts[split, code].digest for code in sorted(set(languages))},
        }

    # -- jobs --------------------------------------------------------------------------------------------------

    def _cells_of(self, arm: str, seed: int, drawn: str | None) -> None:
        base = self._intermediate(arm, seed, drawn) if drawn else None
        if base and drawn and self.suite.intermediate and self.suite.intermediate.check:
            table = self.out.draws[drawn]
            spoken = sorted(draw.item_order(table["language"].to_pylist())[:CHECK_LANGUAGES])
            name, split = table["dataset"][0].as_py(), self.suite.intermediate.check
            self._predict(arm, INTERMEDIATE, seed, base, _Tested(name, split, spoken, {}))
        for name, target in self.suite.targets.items():
            self._target_cells(arm, name, target, seed, base)

    def _target_cells(self, arm: str, name: str, target: Target, seed: int, base: str | None) -> None:
        model = self._target(arm, name, target, seed, base) if target.train else base
        task: Spec = {}
        if target.pivot:
            layers = target.layers or [self.out.model.layers]
            if not all(0 <= layer <= self.out.model.layers for layer in layers):
                top = self.out.model.layers
                raise UserError(
                    f"{self.suite.name}: targets.{name}.layers: {layers}, but {self.suite.model} has 0 to {top}"
                )
            task = {"pivot": target.pivot, "directions": sorted(target.directions), "layers": layers}
        for test in target.test:
            spoken = self._scored(name, target, test)
            asked = task | self._pivot(name, target, test) if target.pivot else {}
            self._predict(arm, name, seed, model, _Tested(test.data, test.split, spoken, asked))

    def _pivot(self, name: str, target: Target, test: Test) -> Spec:
        """Declare the pivot's rows: the test's own, or those of a data set that it derives from and shares ids with."""
        assert target.pivot is not None
        holders = [test.data, *self._data(test.data).card.derived_from]
        found = [data for data in holders if (test.split, target.pivot) in self._data(data).parts]
        if not found:
            where = f"{self.suite.name}: targets.{name}.pivot"
            raise UserError(f"{where}: {' and '.join(holders)}: no {test.split} rows in {target.pivot}")
        digest = self._data(found[0]).parts[test.split, target.pivot].digest
        return {"pivot_digest": digest} | ({"pivot_data": found[0]} if found[0] != test.data else {})

    def _scored(self, name: str, target: Target, test: Test) -> list[str]:
        """Return the languages that a target is scored in: the suite's that the split has, without the pivot."""
        wanted, held = self.suite.languages.include, {t.data: self._spoken(t.data, t.split) for t in target.test}
        missing = sorted(set(wanted).difference(*held.values())) if wanted != "all" else []
        if missing:
            rows = f"{' and '.join(held)}: no {test.split} rows in {', '.join(missing)}"
            raise UserError(f"{self.suite.name}: targets.{name}: {rows}")
        return [code for code in sorted(held[test.data]) if code in self.out.languages and code != target.pivot]

    def _train_spec(self, phase: str, parent: str | None, recipe: Recipe, digest: str, seed: int) -> Spec:
        """Declare a training job that reads one draw."""
        table = self.out.draws[digest]
        name, split = table["dataset"][0].as_py(), table["split"][0].as_py()
        how = {f: getattr(recipe, f) for f in recipe.__struct_fields__ if f != "select"}
        return {
            "phase": phase,
            "code": EPOCHS[phase],
            "parent": parent,
            **self.common,
            "data": self._digests(name, split, table["language"].to_pylist()),
            "draw": digest,
            "labels": list(cards.dataset_card(name).labels),
            "recipe": how,
            "seed": seed,
        }

    def _intermediate(self, arm: str, seed: int, drawn: str) -> str:
        assert self.suite.intermediate is not None
        spec = self._train_spec("intermediate", None, self.suite.recipes[self.suite.intermediate.recipe], drawn, seed)
        spec["control"] = self.suite.arms[arm].control
        key = self.out.add(spec, len(self.out.draws[drawn]) * spec["recipe"]["epochs"])
        self.out.cells.append(Cell(arm, INTERMEDIATE, seed, "intermediate", key))
        return key

    def _target(self, arm: str, name: str, target: Target, seed: int, base: str | None) -> str:
        train = target.train
        assert train is not None
        assert target.recipe is not None
        spoken = self._languages(train.data, train.split, train.languages, f"targets.{name}.train")
        if name not in self.trained:
            have = self._pool(train.data, train.split, spoken)
            self.trained[name] = self._keep(draw.whole(self._data(train.data), train.split, have, self.suite.limit))
        recipe = self.suite.recipes[target.recipe]
        spec = self._train_spec("target", base, recipe, self.trained[name], seed)
        key = self.out.add(spec, len(self.out.draws[self.trained[name]]) * recipe.epochs)
        self.out.cells.append(Cell(arm, name, seed, "target", key))
        return key

    def _predict(self, arm: str, target: str, seed: int, parent: str | None, tested: _Tested) -> None:
        """Cover the languages by predict jobs that the store has, and plan one job for the rest; score each."""
        data, split, task = tested.data, tested.split, tested.task
        if not tested.languages:
            raise UserError(f"{self.suite.name}: targets.{target}: {data} has no {split} rows in the suite's languages")
        self._refuse_leaks(target, parent, data, split)
        spec: Spec = {
            "phase": "predict",
            "code": EPOCHS["predict"],
            "parent": parent,
            **self.common,
            "data": self._digests(data, split, tested.languages),
            "kind": self._data(data).card.kind,
            "cut": min([self.common["cut"], *task.get("layers", [])]),
            "task": task,
            "limit": self.suite.limit,
        }
        self.out.marks |= {(target, data, split, mark) for mark in self._tested_marks(spec)}
        for part in self.covered.split(spec):
            parts = self._data(data).parts
            key = self.out.add(part, sum(parts[split, code].rows for code in part["data"]["languages"]))
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
        found = self._marks(data["dataset"], data["split"], data["languages"])
        pivot = task.get("pivot_data", data["dataset"])
        for mark in self._marks(pivot, data["split"], [task["pivot"]]) if task else ():
            found += [mark._replace(language=code) for code in data["languages"] if mark.effect != errata.NOTE]
        return found

    def _marks(self, name: str, split: str, languages: Collection[str]) -> list[errata.Mark]:
        return errata.marks(self._data(name).card, self._sources(name, split), languages)

    # -- what was seen, and what would leak ----------------------------------------------------------------------

    def _seen(self, arm: str, drawn: str | None) -> None:
        """Say for each language what the arm's training met of it; a language's scripts and standards are one."""
        spoken = set(self.out.draws[drawn]["language"].to_pylist()) if drawn else set()
        met = {lang.unit(code) for code in spoken}
        for name, target in self.suite.targets.items():
            trained = {lang.unit(code) for code in target.train.languages} if target.train else set()
            for code in sorted({code for test in target.test for code in self._scored(name, target, test)}):
                unit = lang.unit(code)
                what = "target" if unit in trained else "intermediate" if unit in met else None
                self.out.seen.append((arm, name, code, what))

    def _refuse_leaks(self, target: str, parent: str | None, data: str, split: str) -> None:
        """Refuse, or mask, the test items of which an ancestor has met the source, in any language."""
        tested = self._sources(data, split)
        while parent:
            spec = self.out.jobs[parent]
            drawn = self.out.draws[spec["draw"]]
            met = set(drawn["source"].to_pylist()) & set(tested)
            if met and self.suite.leakage == "refuse":
                trained = f"{spec['data']['dataset']} {spec['data']['split']}"
                raise UserError(
                    f"{self.suite.name}: targets.{target}: {len(met)} of {len(tested)} items of {data} {split} "
                    f"stand in {trained}, which the {spec['phase']} phase trains on; change that, or mask them: "
                    'leakage = "mask"'
                )
            self.out.masked |= {(target, data, split, item) for source in met for item in tested[source]}
            parent = spec["parent"]

    def _sources(self, data: str, split: str) -> dict[str, set[str]]:
        if (data, split) not in self.sources:
            self.sources[data, split] = lineage.sources(self._data(data), split)
        return self.sources[data, split]

    def _refuse_empty_masks(self) -> None:
        """Refuse a suite of which a whole test set was met in training."""
        for target, data, split in {row[:3] for row in self.out.masked}:
            left = {i for ids in self._sources(data, split).values() for i in ids}
            if not left - {row[3] for row in self.out.masked if row[:3] == (target, data, split)}:
                raise UserError(f"{self.suite.name}: targets.{target}: training met every item of {data} {split}")


def _cut(suite: Suite, layers: int) -> int:
    """Return the highest layer that no recipe of the suite trains: what lies up to it is computed once for all."""
    counts = [recipe.trainable_layers for recipe in suite.recipes.values()]
    for name, recipe in suite.recipes.items():
        if recipe.trainable_layers != "all" and recipe.trainable_layers > layers:
            where = f"{suite.name}: recipes.{name}.trainable_layers"
            raise UserError(f"{where}: {recipe.trainable_layers}, but {suite.model} has {layers} layers")
    return 0 if "all" in counts else max(0, layers - max((c for c in counts if c != "all"), default=1))


def best_precision() -> str:
    """Return bf16 where the device computes in it natively, else fp32; asks the kernel, not torch."""
    if Path("/proc/driver/nvidia").exists():
        return "bf16"
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return "fp32"
    return "bf16" if "avx512_bf16" in flags or "amx_bf16" in flags else "fp32"
