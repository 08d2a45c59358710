"""The worked example: two LLMs on SIB-200, imported from their published answers, to the digits of statistics §13.1."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from scipy import stats

from harness.analysis.compare import Comparer
from harness.analysis.outside import imported
from harness.analysis.significance import benjamini_hochberg, mcnemar
from harness.resources import PACKAGE
from harness.score.answers import RULES
from tests.conftest import SHARED

Report = dict[str, Any]


@pytest.fixture(scope="module")
def worked() -> dict[str, tuple[Report, Any]]:
    """Return the report of GPT-4 over GPT-3.5, and the pair that it was made from, by parsing rule."""
    if not (SHARED / "data" / "sib200_llm.tar.xz").is_file():
        pytest.skip("sib200_llm: the published answers are not at hand")
    data = PACKAGE.parent / ".data"
    for name in ("sib200", "sib200_llm"):
        subprocess.run([sys.executable, SHARED / "data" / "unpack.py", data, name], check=True, capture_output=True)
    found = {}
    for rule in RULES:
        results = imported(data / "sib200_llm", "sib200_llm", parse=rule, data=data)
        a, b = (results.cube(arm, results.measures("sib200")[0]) for arm in ("gpt-4", "gpt-3.5"))
        found[rule] = Comparer(results).between("gpt-4", "gpt-3.5", None)[0], (a, b)
    return found


FAMILY_GAINS = """Afro-Asiatic .126225, Atlantic-Congo .005422, Austroasiatic .151961, Austronesian .039352,
    Aymaran −.083333, Basque −.004902, Dravidian .145833, Indo-European .132000, Japonic .142157, Kartvelian .230392,
    Koreanic .117647, Mande −.032680, Mongolic-Khitan .102941, Nilotic −.078431, Quechuan −.176471, Saharan −.024510,
    Sino-Tibetan .096201, Tai-Kadai .111111, Tupian −.029412, Turkic .100267, Uralic .147059, Esperanto .156863"""
"""Rule first, as printed in §13.1."""

PRINTED: dict[str, dict[str, Any]] = {
    "first": {
        "accuracy": (0.5453, 0.4577), "gain": (8.76, 8.75, 6.25), "naive": (3e-26, 5e-22, 4e-14),
        "naive_interval": (7.4, 10.2), "se": (2.16, 0.98, 0.85), "total": 0.02322, "df": 27.94,
        "p": (0.01185, 0.02309, 0.010107), "interval": (1.0, 11.0), "prediction": (-15.3, 27.8),
        "icc": (0.46, 0.03, 0.74), "left_out": (5.5, 7.4, 5.9), "language_macro": (2.80, 0.001369),
        "areas": (12.5, -0.1, -9.6, 3.9), "areas_p": 0.00007, "bh": (124, 15), "slope": (-5.2, 0.0625), "welch": 8e-9,
    },
    "unique": {
        "accuracy": (0.4760, 0.4312), "gain": (4.48, 4.43, 2.73), "naive": (1e-11, 4e-11, 2e-8),
        "naive_interval": (3.2, 5.7), "se": (1.86, 0.95, 0.82), "total": 0.02028, "df": 29.78,
        "p": (0.18799, 0.21925, 0.154710), "interval": (-1.9, 6.9), "prediction": (-15.8, 21.3),
        "icc": (0.41, 0.00, 0.71), "left_out": (2.1, 3.8, 2.5), "language_macro": (2.15, 0.0942),
        # Printed as −1.6 and −11.0, which −1.546 and −10.948 are when they are rounded twice.
        "areas": (7.8, -1.5, -10.9, -0.5), "areas_p": 0.00038, "bh": (64, 20), "slope": (-7.0, 0.0156), "welch": 2e-12,
    },
}  # fmt: skip


def points(*values: float, digits: int = 1) -> tuple[float, ...]:
    return tuple(round(100 * value, digits) for value in values)


@pytest.mark.parametrize("rule", RULES)
def test_the_worked_examples_gains(rule: str, worked: dict[str, tuple[Report, Any]]) -> None:
    report, expected = worked[rule][0], PRINTED[rule]
    accuracy = [np.mean([row[arm] for row in report["languages"]]) for arm in "ab"]
    assert tuple(np.round(accuracy, 4)) == expected["accuracy"]
    levels = (report["code_macro"], report["language_macro"]["estimate"], report["estimate"])
    assert points(*levels, digits=2) == expected["gain"]
    n = report["n"]
    assert [n[k] for k in ("codes", "units", "families", "items", "groups")] == [205, 191, 22, 204, 167]
    loo = report["leave_one_out"]
    assert points(loo["min"], loo["max"], loo["without_largest"]["estimate"]) == expected["left_out"]
    assert (loo["min_family"], loo["max_family"]) == ("Kartvelian", "Quechuan")
    area = {row["area"]: row for row in report["areas"]["table"]}
    order = ("Eurasia", "Africa", "South America", "Papunesia")
    assert points(*(area[name]["gain"] for name in order)) == expected["areas"]
    assert [area[name]["families"] for name in order] == [13, 5, 3, 1]


@pytest.mark.parametrize("rule", RULES)
def test_the_worked_examples_headline(rule: str, worked: dict[str, tuple[Report, Any]]) -> None:
    report, expected = worked[rule][0], PRINTED[rule]
    se = report["se"]
    parts = [np.sqrt(report["variance"][part]) * se for part in ("families", "items")]
    assert points(parts[0], report["these_languages"]["se"], parts[1], digits=2) == expected["se"]
    assert (round(se, 5), round(report["df"], 2)) == (expected["total"], expected["df"])
    assert (report["p_t"], report["p_skew"], report["p_flip"]) == pytest.approx(expected["p"], abs=5e-6)
    assert (report["p"], report["scope"]) == (report["p_skew"], "models")
    assert points(*report["interval"]) == expected["interval"]
    assert points(*report["prediction_interval"]) == expected["prediction"]


@pytest.mark.parametrize("rule", RULES)
def test_what_stands_beside_the_worked_examples_headline(rule: str, worked: dict[str, tuple[Report, Any]]) -> None:
    report, expected = worked[rule][0], PRINTED[rule]
    naive = report["naive"]
    shown = tuple(float(f"{naive[p]:.0e}") for p in ("t_p", "wilcoxon_p", "sign_p"))
    assert shown == expected["naive"]
    assert points(*naive["interval"]) == expected["naive_interval"]
    icc = report["icc"]
    assert tuple(np.round((icc["estimate"], *icc["interval"]), 2)) == expected["icc"]
    assert icc["p"] == 0.0005
    macro = report["language_macro"]
    assert points(macro["se"], digits=2)[0] == expected["language_macro"][0]
    assert macro["p_flip"] == pytest.approx(expected["language_macro"][1], rel=5e-4)
    monte_carlo_sd = np.sqrt(expected["areas_p"] / 9999)
    assert report["areas"]["p"] == pytest.approx(expected["areas_p"], abs=3 * monte_carlo_sd + 1e-4)
    script = next(row for row in report["breakdowns"] if row["by"] == "script")
    assert (*points(script["slope"]), round(script["p"], 4)) == expected["slope"]
    assert script["families"] == 7


@pytest.mark.parametrize("rule", RULES)
def test_the_worked_examples_single_languages(rule: str, worked: dict[str, tuple[Report, Any]]) -> None:
    # The report tests a language over its blocks (§1.1); §13.1 counts by exact McNemar, which knows no blocks.
    report, (a, b) = worked[rule]
    better = ((a.values > b.values).sum((0, 1)), (b.values > a.values).sum((0, 1)))
    significant = np.asarray(benjamini_hochberg(mcnemar(*better))) <= 0.05
    counts = ((significant & (better[0] > better[1])).sum(), (significant & (better[0] < better[1])).sum())
    assert counts == PRINTED[rule]["bh"]
    assert {row["method"] for row in report["languages"]} == {"t"}
    gain = {row["code"]: row["gain"] for row in report["languages"]}
    latin = [[g for code, g in gain.items() if code.endswith("_Latn") is which] for which in (True, False)]
    assert float(f"{stats.ttest_ind(*latin, equal_var=False).pvalue:.0e}") == PRINTED[rule]["welch"]


def test_the_worked_examples_family_gains(worked: dict[str, tuple[Report, Any]]) -> None:
    printed = (entry.rsplit(maxsplit=1) for entry in FAMILY_GAINS.replace("−", "-").split(","))
    expected = {name.strip(): float(gain) for name, gain in printed}
    found = {row["family"]: row["gain"] for row in worked["first"][0]["families"]}
    assert found == pytest.approx(expected, abs=1e-6)
