"""Before money is spent: what a design would find, in points, from how its scores vary (statistics §7).

Gains vary over families by s_f, which holds the noise of each family's own items; an arm's family-macro score varies
over seeds by s_s; V = s_f²/G + s_s²(1/S_A + 1/S_B) + V_items. The forecast is of the t test at .05, without Holm; the
headline, which also allows for skewed gains, finds a little less: .75 to .77 where the t test finds .80.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from harness.analysis.significance import MIN_FAMILIES, Plan, plan, power_of
from harness.errors import UserError
from harness.suite import Contrast

Row = dict[str, Any]


@dataclass(frozen=True)
class Assumption:
    """What somebody takes for granted, in points; None is left to what was measured, or to the table of §7."""

    family_sd: float | None = None
    seed_sd: float | None = None
    item_se: float | None = None

    def __post_init__(self) -> None:
        for name, value in self.stated().items():
            low = "above" if name == "family_sd" else "of at least"
            if not math.isfinite(value) or value < 0 or (name == "family_sd" and value == 0):
                option = f"--{name.replace('_', '-')}"
                raise UserError(f"power: {option}: expected a number of points {low} 0, saw {value:g}")

    def stated(self) -> dict[str, float]:
        """Return what is not None."""
        return {name: value for name, value in vars(self).items() if value is not None}


@dataclass(frozen=True, kw_only=True)
class Design:
    """A contrast over ``families``, with what its scores vary by, in points.

    ``seed_sds`` are those of its arms: 0 of an arm that trains nothing, None where a single seed was measured.
    ``item_se`` is the standard error of the items that families share, known to ``item_df``.
    """

    families: int
    family_sd: float
    seed_sds: tuple[float | None, float | None]
    item_se: float = 0.0
    item_df: float = math.inf
    basis: str = "assumed"
    contrast: Contrast | None = None
    target: str = ""
    units: int | None = None

    def at(self, seeds: int) -> Plan | None:
        """Return what so many seeds in each arm would find; at one seed, scope ``models``. None where unknown."""
        sds = (0.0, 0.0) if seeds == 1 else self.seed_sds
        if self.families < 2 or sds[0] is None or sds[1] is None:
            return None
        runs = max(seeds, 2)  # without noise of seeds their number has no say
        items = (self.item_se**2, self.item_df)
        found = plan(self.family_sd, self.families, (sds[0], sds[1]), runs, runs, item_variance=items)
        return found if found.se else None

    @property
    def seed_sd(self) -> float | None:
        """The seed sd of the arms that train something, pooled; None where it is unknown."""
        known = [sd for sd in self.seed_sds if sd is not None]
        varying = [sd**2 for sd in known if sd]
        return math.sqrt(sum(varying) / max(len(varying), 1)) if len(known) == 2 else None

    @property
    def advised(self) -> int:
        """Seeds that §7 advises: five, or ten where seeds vary by more than a third of what families do."""
        return 10 if self.seed_sd is not None and self.seed_sd > self.family_sd / 3 else 5

    def assuming(self, given: Assumption) -> Design:
        """Return a measured design with what is assumed in place of what was measured, and marked so."""
        stated = given.stated()
        if not stated:
            return self
        first, second = (sd if given.seed_sd is None or sd == 0 else given.seed_sd for sd in self.seed_sds)
        return replace(
            self,
            family_sd=stated.get("family_sd", self.family_sd),
            seed_sds=(first, second),
            item_se=stated.get("item_se", self.item_se),
            item_df=self.item_df if given.item_se is None else math.inf,
            basis=f"{self.basis}; assumed: {', '.join(stated).replace('_', ' ')}",
        )


def forecast(found: Sequence[Design], seeds: Sequence[int], effect: float | None = None) -> list[Row]:
    """Return a row for every design and number of seeds, in points: the smallest difference found in 4 of 5.

    ``mde80`` is at the row's scope, ``mde80_models`` at scope ``models``, where seeds make no noise; with an
    ``effect``, ``power`` is the chance to find it.
    """
    if effect is not None and not (math.isfinite(effect) and effect > 0):
        raise UserError(f"power: --effect: expected a number of points above 0, saw {effect:g}")
    return [_row(design, count, effect) for design in found for count in seeds]


def _row(design: Design, seeds: int, effect: float | None) -> Row:
    at, models = design.at(seeds), design.at(1)
    named = {"contrast": design.contrast.name, "target": design.target} if design.contrast else {}
    return {
        **named,
        "families": design.families,
        **({"units": design.units} if design.contrast else {}),
        "seeds": seeds,
        "scope": "recipe" if seeds > 1 else "models",
        "family_sd": design.family_sd,
        "seed_sd": design.seed_sd,
        "item_se": design.item_se,
        "se": at and at.se,
        "df": at and at.df,
        "mde80": at and at.mde,
        "mde80_models": models and models.mde,
        **({"power": at and power_of(effect, at.se, at.df)} if effect is not None else {}),
        "advised_seeds": models and design.advised,
        "basis": design.basis,
        "note": "; ".join(_notes(design, seeds)),
    }


def _notes(design: Design, seeds: int) -> Iterator[str]:
    if design.families == 0:
        yield "no verdict possible: every language is seen by one of the arms"
    elif design.families < MIN_FAMILIES:
        yield f"no verdict possible: fewer than {MIN_FAMILIES} families"
    if seeds == 1:
        yield "one seed: of these checkpoints alone"
    if seeds == 2:
        yield "two seeds: exploratory where several are tested"
    if seeds > 1 and design.seed_sd is None:
        yield "one seed was measured; assume --seed-sd"
    if design.contrast and design.contrast.by:
        yield f"of the mean gain; its slope by {design.contrast.by} is not forecast"


def advice(found: Sequence[Design]) -> str:
    """Return how many seeds are advised, and what to spend on beyond them, in two sentences."""
    advised = {design.advised for design in found if design.at(1)}
    if not advised:
        return "No number of seeds helps: no contrast leaves two families that neither of its arms trains on."
    why = {
        (5,): "5 seeds in each arm: five are the default, and no seed sd here is above a third of its family sd",
        (10,): "10 seeds in each arm: the seed sd is above a third of the sd of family gains",
        (5, 10): "10 seeds in each arm where the seed sd is above a third of the sd of family gains, else 5",
    }[tuple(sorted(advised))]
    beyond = "more families find more than more seeds, and more languages of the same families hardly anything"
    return f"Advised: {why}. Three are allowed; beyond the advice {beyond}."
