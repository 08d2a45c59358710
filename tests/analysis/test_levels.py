"""A gain broken down by any column: its levels against hand means, its scale, and columns that have none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from harness import languages as lang
from harness.analysis.compare import Comparer
from harness.analysis.levels import check_column, places
from harness.errors import UserError


def _by(comparer: Comparer, column: str) -> tuple[dict[str, Any], dict[str, Any]]:
    report = comparer.between("diverse", "english", "kind", column)[0]
    assert [b["by"] for b in report["breakdowns"]] == [column]
    return report, report["breakdowns"][0]


def _family_macro(rows: list[dict[str, Any]]) -> float:
    families: dict[str, dict[str, list[float]]] = {}
    for row in rows:
        families.setdefault(lang.cluster(row["code"]), {}).setdefault(lang.unit(row["code"]), []).append(row["gain"])
    return float(np.mean([np.mean([np.mean(unit) for unit in units.values()]) for units in families.values()]))


def test_each_level_is_the_family_macro_gain_of_its_languages(comparer: Comparer) -> None:
    report, found = _by(comparer, "in_mbert")
    for level in found["levels"]:
        mine = [
            r for r in report["languages"] if r["unseen"] and lang.languages()[r["code"]]["in_mbert"] == level["level"]
        ]
        assert level["languages"] == len(mine)
        assert level["estimate"] == pytest.approx(_family_macro(mine))
    assert [level["level"] for level in found["levels"]] == ["0", "1"]
    assert found["families"] >= 6
    assert found["p_holm"] is None


def test_levels_of_a_genealogy_are_families_and_have_no_slope(comparer: Comparer) -> None:
    report, found = _by(comparer, "cluster")
    gains = {f["family"]: f["gain"] for f in report["families"]}
    named = [level for level in found["levels"] if level["level"] != "other"]
    assert len(named) > 6
    assert {level["level"]: level["estimate"] for level in named} == pytest.approx(
        {level["level"]: gains[level["level"]] for level in named}
    )
    assert (found["slope"], found["reason"]) == (None, "no_scale")


def test_a_long_scale_is_cut_into_quarters_of_the_languages(comparer: Comparer) -> None:
    report, found = _by(comparer, "distance.syntactic")
    counts = [level["languages"] for level in found["levels"]]
    assert len(counts) == 4
    assert sum(counts) == report["n"]["codes"]
    assert min(counts) >= 0.2 * sum(counts)
    # Arm `diverse` trained on Russian, Arabic and Hindi: ends of the first quarter are distances to the nearest.
    nearest = sorted(
        min(lang.distance(r["code"], t, "syntactic") for t in ("rus_Cyrl", "arb_Arab", "hin_Deva"))
        for r in report["languages"]
        if r["unseen"]
    )
    assert found["levels"][0]["level"] == f"{nearest[0]:.10g} to {nearest[counts[0] - 1]:.10g}"


def test_the_nearest_language_is_one_whose_distance_is_known() -> None:
    known = lang.distance("fra_Latn", "deu_Latn", "geographic_km")
    assert np.isnan(lang.distance("fra_Latn", "nqo_Nkoo", "geographic_km"))
    for trained in (["nqo_Nkoo", "deu_Latn"], ["deu_Latn", "nqo_Nkoo"]):
        assert places("distance.geographic_km", ["fra_Latn"], trained) == {"fra_Latn": known}


@pytest.mark.parametrize(
    ("column", "said"),
    [
        ("macro_area", "--by: unknown column of languages 'macro_area'; the nearest are macroarea"),
        ("distance.syntax", "--by: unknown column of languages 'distance.syntax'; the nearest are distance.syntactic"),
        ("glottocode", "--by glottocode: has 198 values for 205 languages; name a column with levels, as family"),
    ],
)
def test_what_has_no_levels_is_refused(column: str, said: str) -> None:
    with pytest.raises(UserError) as refused:
        check_column(column)
    assert str(refused.value).startswith(said)
