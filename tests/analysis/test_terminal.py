"""One screen: the sentence first, then the small table, then the forest; nothing wider or longer than a screen."""

from __future__ import annotations

from typing import Any

import pytest

from harness.analysis.compare import Comparer
from harness.analysis.ranking import rankings
from harness.analysis.terminal import print_ranking, print_report
from tests.analysis.test_words import FORBIDDEN

Report = dict[str, Any]


@pytest.fixture(scope="module")
def reports(comparer: Comparer) -> list[Report]:
    return comparer.between("diverse", "english", None, "in_mbert")


def _printed(capsys: pytest.CaptureFixture[str], reports: list[Report], by: str | None = None) -> list[str]:
    print_report(reports, "table", by)
    return capsys.readouterr().out.splitlines()


def test_the_sentence_comes_first(reports: list[Report], capsys: pytest.CaptureFixture[str]) -> None:
    shown = _printed(capsys, reports)
    assert shown[0] == "diverse over english · kind · accuracy · primary · planted"
    sentence = shown[1 : shown.index("")]
    assert " ".join(sentence) == reports[0]["statement"]


def test_a_report_of_22_families_fits_a_screen(reports: list[Report], capsys: pytest.CaptureFixture[str]) -> None:
    shown = _printed(capsys, reports)
    assert max(map(len, shown)) <= 100
    assert len(shown) + 22 - len(reports[0]["families"]) <= 40


def test_only_the_headline_is_printed_and_where_the_rest_is(
    reports: list[Report], capsys: pytest.CaptureFixture[str]
) -> None:
    shown = "\n".join(_printed(capsys, reports))
    assert len(reports) == 3
    assert shown.count("diverse over english ·") == 1
    assert shown.splitlines()[-1].startswith("More: --format json")


def test_the_forest_has_every_family_on_its_side_of_zero(
    reports: list[Report], capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [line for line in _printed(capsys, reports) if "●" in line]
    families = sorted(reports[0]["families"], key=lambda f: (-f["gain"], f["family"]))
    assert [row.split()[0] for row in rows] == [f["family"].split()[0] for f in families]
    for row, family in zip(rows, families, strict=True):
        if "|" in row:
            assert (row.index("●") > row.index("|")) == (family["gain"] > 0)
        if family["interval"] and family["interval"][0] > 0.02:
            assert "·" not in row[: row.index("|")]


def test_areas_and_the_naive_test_are_always_shown(reports: list[Report], capsys: pytest.CaptureFixture[str]) -> None:
    shown = " ".join(" ".join(_printed(capsys, reports)).split())
    for area in reports[0]["areas"]["table"]:
        assert f"{area['area']} " in shown
    assert "ignores relatedness" in shown


def test_a_column_that_was_asked_for_is_shown_by_level(
    reports: list[Report], capsys: pytest.CaptureFixture[str]
) -> None:
    shown = _printed(capsys, reports, "in_mbert")
    head = next(i for i, line in enumerate(shown) if line.split()[:1] == ["level"])
    for line, level in zip(shown[head + 1 :], reports[0]["breakdowns"][0]["levels"], strict=False):
        assert line.split()[0] == level["level"]
        assert line.split()[-3:-1] == [str(level["languages"]), str(level["families"])]
    assert any("exploratory:" in line and "a step within families" in line for line in shown)


def test_a_ranking_is_two_tables(comparer: Comparer, capsys: pytest.CaptureFixture[str]) -> None:
    print_ranking(rankings(comparer), "table")
    shown = capsys.readouterr().out.splitlines()
    assert max(map(len, shown)) <= 100
    first = next(line for line in shown if line.startswith("  1–2"))
    assert first.split()[:3] == ["1–2", "diverse", "a"]
    null = next(line for line in shown if line.startswith(("  english over twin", "  twin over english")))
    pair = next(p for p in rankings(comparer)[0]["pairs"] if {p["a"], p["b"]} == {"english", "twin"})
    assert float(null.split()[-1]) == pytest.approx(100 * pair["mde80"], abs=0.06)
    assert sum(line.endswith("no unseen languages") for line in shown) == 3


def test_no_forbidden_word_is_printed(
    reports: list[Report], comparer: Comparer, capsys: pytest.CaptureFixture[str]
) -> None:
    print_report(reports, "table", "in_mbert")
    print_report([*reports, *comparer.between("twin", "english", "kind")[:1]], "table")
    print_ranking(rankings(comparer), "table")
    text = capsys.readouterr().out.lower()
    assert [word for word in FORBIDDEN if word in text] == []
