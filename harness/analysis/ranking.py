"""All pairs of a suite's arms: which are told apart, and the ranks that each may have (statistics §5).

Each pair is tested on the languages that neither of its two arms has seen, so pairs may rest on different
languages; Holm is over all pairs that have such languages. A pair without them, or with fewer than six families of
them, is never separated; neither is one whose scores over all languages stand in the other order than its test.
"""

from __future__ import annotations

import numpy as np

from harness import languages as lang
from harness.analysis.arms import arm_scores
from harness.analysis.compare import Comparer, Report
from harness.analysis.gains import Gains, gains
from harness.analysis.results import Floats, Measure
from harness.analysis.significance import FamilyTest, family_means, family_test, holm, letters, mde, rank_sets
from harness.analysis.words import ALPHA
from harness.errors import UserError


def rankings(comparer: Comparer, target: str | None = None) -> list[Report]:
    """Return a ranking of all scored arms for each target and test set that has scores, on the headline measure."""
    measured = [m for name in comparer.targets(target) for m in comparer.results.headlines(name)]
    if not measured:
        raise UserError(f"{comparer.results.suite.name}: no scores yet; `stiltbench run` makes them")
    return [_Ranking(comparer, measure).report() for measure in measured]


class _Ranking:
    """The arms of one measure that have scores, best mean first."""

    def __init__(self, comparer: Comparer, measure: Measure) -> None:
        self.comparer, self.measure = comparer, measure
        rows = arm_scores(comparer, measure)
        scored = [row for row in rows if row["family_macro"] is not None]
        self.rows = sorted(scored, key=lambda row: (-row["family_macro"], row["arm"]))
        self.arms = [row["arm"] for row in self.rows]
        self.recipe = min((row["seeds"] for row in self.rows), default=0) > 1
        suite = comparer.results.suite
        trained = [arm for arm in self.arms if self.recipe and suite.trains(arm, measure.target)]
        self.scores = {arm: self._by_seed(arm) for arm in trained}

    def report(self) -> Report:
        suite = self.comparer.results.suite
        pairs = [self._pair(a, b) for i, a in enumerate(self.arms) for b in self.arms[i + 1 :]]
        self._separate(pairs)
        m = self.measure
        return {
            "suite": suite.name,
            **{name: getattr(m, name) for name in ("target", "dataset", "split", "metric", "direction", "layer")},
            "unit": "ratio",
            "scope": "recipe" if self.recipe else "models",
            "holm_over": sum(pair["p_holm"] is not None for pair in pairs),
            "arms": self._ranked(pairs),
            "pairs": pairs,
        }

    def _pair(self, a: str, b: str) -> Report:
        """Test one pair of arms on its own unseen languages; ``a`` is the one with the higher score over all."""
        unseen = self.comparer.unseen(a, b, self.measure.target)
        found = self.comparer.pair(a, b, self.measure)
        narrowed = found.within(unseen) if found else None
        row: Report = {"a": a, "b": b, "codes": 0, "families": 0, "p_holm": None, "separated": False}
        if narrowed is None:
            nothing = dict.fromkeys(("estimate", "se", "df", "interval", "p", "mde80"))
            return row | nothing | {"reason": "no_overlap" if unseen else "no_unseen_languages"}
        g = gains(narrowed)
        test = self._test(a, b, g)
        numbers = {name: getattr(test, name) for name in ("estimate", "se", "df", "interval", "p", "reason")}
        smallest = mde(test.se, test.df) if test.se and test.df else None
        return row | numbers | {"mde80": smallest, "codes": len(narrowed.languages), "families": len(g.families)}

    def _test(self, a: str, b: str, g: Gains) -> FamilyTest:
        if not self.recipe:
            return g.told(family_test(g.m, item_variance=g.item_part))
        pooled = self._pooled(a, b, g.pair.languages)
        test = family_test(g.m, item_variance=g.item_part, seeds_a=g.seeds_a, seeds_b=g.seeds_b, pooled=pooled)
        return g.told(test)

    def _pooled(self, a: str, b: str, codes: list[str]) -> tuple[float, float | None]:
        """Return what a pair's own seeds lack of the seed variance that all arms show together, and its df.

        max(0, s_p²(1/S_A + 1/S_B) − V_seed) with df ν = Σ(S_k − 1), s_p² = Σ(S_k − 1)s_k²/ν, over the arms that train.
        """
        scores = {arm: self._macro(arm, codes) for arm in self.scores if self.scores[arm].keys() & set(codes)}
        df = sum(len(s) - 1 for s in scores.values())
        if not df:
            return 0.0, None
        spread = sum((len(s) - 1) * float(np.var(s, ddof=1)) for s in scores.values()) / df
        both = [scores[arm] for arm in (a, b) if arm in scores]
        return max(0.0, sum((spread - float(np.var(s, ddof=1))) / len(s) for s in both)), float(df)

    def _macro(self, arm: str, codes: list[str]) -> Floats:
        """Return an arm's family-macro score by seed [S], on the languages of a pair that it has."""
        mine = {code: self.scores[arm][code] for code in codes if code in self.scores[arm]}
        table = np.stack(list(mine.values()), axis=-1)
        return np.asarray(family_means(table, list(map(lang.unit, mine)), list(map(lang.cluster, mine)))[1].mean(-1))

    def _by_seed(self, arm: str) -> dict[str, Floats]:
        """Return an arm's scores by seed [S] in each language that all of its seeds have."""
        cube = self.comparer.cube(arm, self.measure)
        scored = {code: cube.values[..., i] for i, code in enumerate(cube.languages)}
        whole = {code: values for code, values in scored.items() if (~np.isnan(values)).any(1).all()}
        return {code: np.asarray(np.nanmean(values, axis=1)) for code, values in whole.items()}

    def _separate(self, pairs: list[Report]) -> None:
        """Correct by Holm over the pairs that the design can test; what gave no verdict counts as p = 1."""
        tested = [pair for pair in pairs if pair["reason"] != "no_unseen_languages"]
        values = [1.0 if pair["reason"] or pair["p"] is None else pair["p"] for pair in tested]
        score = dict(zip(self.arms, (row["family_macro"] for row in self.rows), strict=True))
        for pair, p in zip(tested, holm(values).tolist() if values else [], strict=True):
            pair["p_holm"] = p
            pair["separated"] = p <= ALPHA and pair["estimate"] > 0 and score[pair["a"]] > score[pair["b"]]
            if p <= ALPHA and not pair["separated"]:
                pair["reason"] = "other_order_over_all_languages"

    def _ranked(self, pairs: list[Report]) -> list[Report]:
        """Return the arms with rank set and letters; those of one rank set by name, never by their scores."""
        reject = np.zeros((len(self.arms), len(self.arms)), dtype=bool)
        for pair in pairs:
            reject[self.arms.index(pair["a"]), self.arms.index(pair["b"])] = pair["separated"]
        means = [row["family_macro"] for row in self.rows]
        shown = zip(self.rows, rank_sets(means, reject), letters(means, reject), strict=True) if means else ()
        ranked = [{"arm": row["arm"], "rank": list(rank), "letters": said, **row} for row, rank, said in shown]
        return sorted(ranked, key=lambda row: (row["rank"], row["arm"]))
