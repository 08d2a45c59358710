"""CSV: the numbers of query and page, one row each."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import duckdb
import pytest

from harness.analysis.query import query
from harness.exchange import export

LEADERBOARD = Path(__file__).parents[2] / "leaderboards" / "quickstart"
RESULTS = LEADERBOARD / "results.parquet"

Rows = list[dict[str, str]]


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("csv") / "out"
    export("quickstart", "csv", found, source=RESULTS)
    return found


def rows(path: Path) -> Rows:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_score_has_a_row_with_its_language(out: Path) -> None:
    columns = "arm, target, seed, language, direction, metric, n, value"
    found = duckdb.sql(f"select {columns} from '{out / 'scores.csv'}' order by all").fetchall()
    wanted = query(f"select {columns} from scores order by all", RESULTS).fetchall()
    assert [row[:-1] for row in found] == [row[:-1] for row in wanted]
    assert [row[-1] for row in found] == pytest.approx([row[-1] for row in wanted], abs=1e-9)
    assert len(found) > 4000
    swahili = next(row for row in rows(out / "scores.csv") if row["language"] == "swh_Latn")
    assert (swahili["family"], swahili["script"], swahili["unit"]) == ("Atlantic-Congo", "Latn", "swah1253")


def test_contrasts_are_those_of_the_page(out: Path) -> None:
    reports = json.loads((LEADERBOARD / "statements.json").read_bytes())
    found = rows(out / "contrasts.csv")
    assert [row["statement"] for row in found] == [report["statement"] for report in reports]
    for row, report in zip(found, reports, strict=True):
        for name in ("estimate", "se", "p", "p_holm"):
            assert (row[name] == "") == (report[name] is None)
            assert row[name] == "" or float(row[name]) == pytest.approx(report[name], rel=1e-6)
        if report["interval"]:
            assert [float(row["interval_low"]), float(row["interval_high"])] == pytest.approx(report["interval"])
        assert int(row["codes"]) == report["n"]["codes"]


def test_the_gain_of_every_language_stands_with_its_contrast(out: Path) -> None:
    found = rows(out / "gains.csv")
    reports = json.loads((LEADERBOARD / "statements.json").read_bytes())
    assert len(found) == sum(len(report["languages"]) for report in reports)
    for row in found:
        assert float(row["gain"]) == pytest.approx(float(row["score_a"]) - float(row["score_b"]), abs=2e-9)
        assert row["a"] in ("diverse", "english", "all")
        assert row["interval_low"] == "" or float(row["interval_low"]) <= float(row["gain"])


def test_every_arm_has_its_interval_for_every_measure(out: Path) -> None:
    found = rows(out / "arms.csv")
    assert len(found) == 5 * 6
    page = (LEADERBOARD / "index.md").read_text(encoding="utf-8").partition("### kind")[2]
    [row] = [r for r in found if (r["arm"], r["target"], r["metric"]) == ("english", "kind", "accuracy")]
    shown = [f"{100 * float(row[name]):.1f}" for name in ("family_macro", "interval_low", "interval_high")]
    assert f"| {shown[0]} [{shown[1]}, {shown[2]}] |" in page
