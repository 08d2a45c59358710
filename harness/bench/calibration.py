"""How often tests reject where nothing differs, and how often intervals cover: statistics, sections 8 and 14.

Each rate comes with its Monte Carlo standard error √(r(1−r)/R), and with bounds where one is promised.
"""

from __future__ import annotations

import importlib.metadata
from dataclasses import replace
from typing import Any

import numpy as np

from harness.analysis.significance import family_test_many, language_macro_test, naive_tests
from harness.analysis.words import ALPHA
from harness.bench import item_worlds, rules
from harness.bench.worlds import HEADLINE, SIZE, Case, Count, Floats, Setting, World, draw

Row = dict[str, Any]
Judged = dict[str, tuple[Floats, Floats | None]]
"""By test: p [R], and intervals [R, 2] where it has them."""

ICCS = (0.0, 0.2, 0.5)
SIB = Setting("normal", 0.0, items=204, shock=0.15, seed_sd=0.01, seeds=(3, 3))
DEVTEST = Setting("normal", 0.0, items=1012, shock=0.05, seed_sd=0.005, seeds=(5, 5))
FIXED = Setting("normal", 0.5, items=204)
SEEDS = Setting("normal", 0.2, items=204, seed_sd=0.05)

SETTINGS = (
    *(Setting(shape, icc) for shape in ("normal", "t3", "exponential", "lognormal") for icc in ICCS),
    *(Setting(shape, icc, exchangeable=True) for shape in ("exponential", "lognormal") for icc in (0.0, 0.5)),
    *(replace(SIB, shape=shape, icc=icc) for shape in ("normal", "exponential", "lognormal") for icc in ICCS),
    *(replace(DEVTEST, shape=shape, icc=icc) for shape in ("normal", "exponential") for icc in ICCS),
    *(replace(FIXED, shock=shock) for shock in (0.0, 0.15)),
    *(replace(SEEDS, seeds=seeds) for seeds in ((3, 3), (2, 2), (5, 2))),
    replace(SEEDS, seed_sd=0.02, seeds=(1, 1)),
    *(replace(SIB, shape=shape, singles=size) for shape in ("normal", "exponential") for size in (6, 8, 14)),
)


CASES = (*rules.CASES, *item_worlds.CASES)
CASES_SAID = (
    "What reports say beside a single test, each in a world of its own. A size is how often something false is said: "
    "that a gain depends on x; that there is a gain, with or without the caveat “but not without F”; of several "
    "targets, that any gains that does not. Where all families gain, “found” is power, and the caveat is false. "
    "Coverage is how often all that is said holds. Corpus metrics and retrieval are drawn answer by answer, in 22 "
    "families of one language."
)


def measure(sets: int, seed: int = 0) -> list[Row]:
    """Return a row per setting and test: its size at .05 and its interval's coverage over ``sets`` sets each."""
    rows = [row for number, setting in enumerate(SETTINGS) for row in rates(setting, sets, (seed, number))]
    return rows + [row for number, case in enumerate(CASES) for row in case_rates(case, sets, (seed, 1, number))]


def rates(setting: Setting, sets: int, seed: tuple[int, ...]) -> list[Row]:
    """Return the rows of one setting, drawn from its own random stream.

    `within` says whether the headline's size lies between `at_least` and `at_most`; they are null for other tests,
    and where no size is promised: five seeds against two, and one against one.
    """
    world = draw(setting, sets, np.random.default_rng(seed))
    place = ("8.1" if setting.items is None else "8.2", name(setting), setting.shape, setting.icc)
    rows = []
    for test, (p, interval) in _judge(world).items():
        counted = Count(test, p <= ALPHA, bounds(setting) if test == HEADLINE else None)
        row = _row(*place, counted)
        if interval is not None:
            covers = (interval[:, 0] <= 0.0) & (interval[:, 1] >= 0.0)
            row["coverage"], row["coverage_se"] = _rate(covers)
        rows.append(row)
    return rows


def case_rates(case: Case, sets: int, seed: tuple[int, ...]) -> list[Row]:
    """Return the rows of one case; bounds are those of its size, or of its coverage where it has no size.

    What could happen in no set has no row.
    """
    counts = case.counts(sets, np.random.default_rng(seed))
    return [_row("14", case.setting, case.shape, case.icc, counted) for counted in counts if counted.happened.size]


def _row(section: str, setting: str, gains: str, icc: float, counted: Count) -> Row:
    rate, error = _rate(counted.happened)
    low, high = counted.bounds or (None, None)
    size, coverage = ((None, None), (rate, error)) if counted.covers else ((rate, error), (None, None))
    return {
        "section": section,
        "setting": setting,
        "gains": gains,
        "icc": icc,
        "test": counted.test,
        "sets": len(counted.happened),
        "size": size[0],
        "size_se": size[1],
        "coverage": coverage[0],
        "coverage_se": coverage[1],
        "at_least": low,
        "at_most": high,
        "within": None if low is None or high is None else low <= rate <= high,
    }


def bounds(setting: Setting) -> tuple[float, float] | None:
    """Return what the headline's size must lie between in 1,000 sets (statistics, section 8)."""
    if setting.items is None:
        skewed = {"exponential": (0.0, 0.08), "lognormal": (0.0, 0.11)}
        return (0.02, 0.07) if setting.exchangeable else skewed.get(setting.shape, (0.02, 0.07))
    return None if setting.seeds in {(5, 2), (1, 1)} else SIZE


def name(setting: Setting) -> str:
    """Return a setting in words, but for the gains' distribution and ICC."""
    families = f"{setting.singles} families of one language" if setting.singles else "FLORES-200"
    if setting.items is None:
        return f"{families}, arms exchangeable" if setting.exchangeable else families
    seeds = "checkpoints fixed"
    if setting.seeds:
        seeds = f"seed sd {setting.seed_sd:g}, {setting.seeds[0]}/{setting.seeds[1]} seeds"
    return f"{families}, {setting.items} items, shock {setting.shock:g}, {seeds}"


def _rate(happened: Any) -> tuple[float, float]:
    rate = float(np.mean(happened))
    return rate, float(np.sqrt(rate * (1.0 - rate) / len(happened)))


def _judge(world: World) -> Judged:
    gains = world.gains
    alone = family_test_many(gains)
    full = family_test_many(gains, item_variance=world.items, seeds_a=world.seeds_a, seeds_b=world.seeds_b)
    naive = [naive_tests(row) for row in world.units]
    macro = [language_macro_test(row, world.families) for row in world.units]
    return {
        "naive t": (np.array([n.t_p for n in naive]), np.array([n.interval for n in naive])),
        "naive Wilcoxon": (np.array([n.wilcoxon_p for n in naive]), None),
        "naive sign": (np.array([n.sign_p for n in naive]), None),
        "family t": (alone.p_t, alone.t_interval),
        "family sign-flip": (alone.p_flip, None),
        "Hall": (full.p_skew, full.hall_interval),
        HEADLINE: (full.p, full.interval),
        "language flip": (np.array([m.p_flip for m in macro]), None),
        "language CR2": (np.array([m.p for m in macro]), np.array([m.interval for m in macro])),
    }


def page(rows: list[Row], seed: int = 0) -> str:
    """Return the rows of :func:`measure` as a page of markdown."""
    sets = rows[0]["sets"]
    outside = [row for row in rows if row["within"] is False]
    told = "; ".join(f"{r['setting']}, {r['gains']}, ICC {r['icc']:g}, {r['test']}: {_shown(r)}" for r in outside)
    parts = [
        "# Calibration",
        f"Generated by `stiltbench bench calibration --sets {sets} --out docs/calibration.md` (stiltbench "
        f"{importlib.metadata.version('stiltbench')}, seed {seed}); written by the program, not by hand.",
        f"True nulls, {sets} sets a row: how often each test says p ≤ .05, ± its Monte Carlo standard error. Gains "
        "are √ICC · family + √(1−ICC) · unit over FLORES-200's 190 units in 22 families, or as the row says. "
        "“Family t” and “family sign-flip” see families alone; “Hall” and the headline see what varies in the row. "
        "What is compared, and why: [statistics.md](statistics.md), section 2.",
        f"Outside its bounds: {told or 'nothing'}. Bounds of the headline's size: .02 to .07 for families alone "
        "(exponential gains at most .08, lognormal at most .11), .012 to .075 with items and seeds; none for five "
        "seeds against two and for one seed each, which is why the first is warned of and the second refused.",
    ]
    for section, title in (("8.1", "Families alone"), ("8.2", "Families, items and seeds")):
        mine = [row for row in rows if row["section"] == section]
        parts += [f"## {title}: size at .05", _pivot(mine, "size"), f"## {title}: coverage of 95 % intervals"]
        parts.append(_pivot([row for row in mine if row["coverage"] is not None], "coverage"))
    listed = [row for row in rows if row["section"] == "14"]
    parts += ["## Rules of decision, corpus metrics, retrieval", CASES_SAID, _listed(listed)]
    return "\n\n".join(parts) + "\n"


def _shown(row: Row) -> str:
    value = "coverage" if row["size"] is None else "size"
    return f"{row[value]:.3f} ± {row[f'{value}_se']:.3f}"


def _listed(rows: list[Row]) -> str:
    lines = [["setting", "gains", "ICC", "said", "sets", "size", "coverage", "promised", "kept"], ["---"] * 9]
    for row in rows:
        rate = ["–", _shown(row)] if row["size"] is None else [_shown(row), "–"]
        promised = "–" if row["within"] is None else f"{row['at_least']:g} to {row['at_most']:g}"
        kept = {None: "–", True: "yes", False: "**no**"}[row["within"]]
        lines.append(
            [row["setting"], row["gains"], f"{row['icc']:g}", row["test"], str(row["sets"]), *rate, promised, kept]
        )
    return _table(lines)


def _pivot(rows: list[Row], value: str) -> str:
    tests = list(dict.fromkeys(row["test"] for row in rows))
    cells: dict[tuple[str, str, str], list[str]] = {}
    for row in rows:
        mark = "**" if row["test"] == HEADLINE else ""
        cell = f"{mark}{row[value]:.3f}{mark} ± {row[f'{value}_se']:.3f}"
        cells.setdefault((row["setting"], row["gains"], f"{row['icc']:g}"), []).append(cell)
    lines = [["setting", "gains", "ICC", *tests], ["---"] * (3 + len(tests))]
    return _table(lines + [[*key, *found] for key, found in cells.items()])


def _table(lines: list[list[str]]) -> str:
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
