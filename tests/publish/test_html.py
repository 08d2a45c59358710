"""The HTML page says what the markdown page and the scores say, to everybody; nothing in a suite can run in it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from lxml import html
from scipy import stats

from harness.analysis.results import from_store
from harness.languages import view_sql
from harness.publish.html.prose import prose
from tests.publish.conftest import counts, stored
from tests.publish.made_html import BOARDS, html_of, written

SHOWN = {"retrieval": "metric = 'accuracy' and layer = 12", "kind": "metric = 'accuracy'"}
"""What the quickstart's leaderboards show of each target."""

SCORE = re.compile(r"(\d+\.?\d* to \d+\.?\d*|no interval); \d+ items?, \d+ seeds?(; met in training \(.+\))?")


@pytest.fixture(scope="module")
def page() -> Any:
    return html.document_fromstring(html_of("quickstart"))


@pytest.fixture(scope="module")
def said() -> str:
    return (BOARDS / "quickstart" / "index.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def scores() -> dict[tuple[str, str, str], float]:
    """(target, arm, language) → points, by nothing but SQL over the published file."""
    con = duckdb.connect()
    file = BOARDS / "quickstart" / "results.parquet"
    rows = []
    for target, shown in SHOWN.items():
        rows += con.execute(
            f"select target, arm, language, 100 * avg(value) from '{file}' where target = ? and {shown} group by all",
            [target],
        ).fetchall()
    return {tuple(place): value for *place, value in rows}


def cells(page: Any) -> dict[tuple[str, str, str], Any]:
    """(target, arm, language) → the heat map's cell."""
    (table,) = page.xpath("//table[@class='heat']")
    arms = [th.text_content() for th in table.xpath("thead/tr[last()]/th")]
    groups = [t for t in table.xpath("thead//th[@scope='colgroup']") for _ in range(int(t.get("colspan")))]
    places = [(group.text_content(), arm) for group, arm in zip(groups, arms, strict=True)]
    found = {}
    for row in table.xpath("tbody/tr"):
        code = row.find(".//small").text_content()
        found |= {(*place, code): td for place, td in zip(places, row.findall("td")[4:], strict=True)}
    return found


def board_rows(page: Any, target: int) -> dict[str, list[str]]:
    """Arm → the texts of its row in one leaderboard."""
    rows = page.xpath("//table[@class='board']")[target].xpath("tbody/tr")
    return {row.get("data-arm"): [" ".join(cell.text_content().split()) for cell in row] for row in rows}


def test_the_headline_is_the_sentence_of_the_markdown_page(page: Any, said: str) -> None:
    headlines = re.findall(r"^\*\*(On .*?)\*\*", said, re.M)
    assert [strong.text_content() for strong in page.xpath("//*[@class='answer']//strong")] == headlines
    assert len(headlines) == 2
    assert page.find(".//h1").text_content() == page.find(".//title").text_content() == said.split("\n")[0][2:]


def test_all_paragraphs_of_the_markdown_page_are_there(page: Any, said: str) -> None:
    text = " ".join(page.text_content().split())
    paragraphs = [" ".join(re.sub(r"[*`]|\]\(.*?\)|\[(?=\w{3,})", "", b).split()) for b in said.split("\n\n")]
    prose_blocks = [b for b in paragraphs if b and b[0] not in "#|!-"]
    assert len(prose_blocks) > 15
    assert [b for b in prose_blocks if b not in text] == []


def test_leaderboards_have_the_rows_of_the_markdown_page(page: Any, said: str) -> None:
    tables = re.findall(r"\| rank \|.*\n\|.*\n((?:\|.*\n)+)", said)
    for target, table in enumerate(tables):
        lines = [[cell.strip(" *") for cell in line.strip("|\n").split(" | ")] for line in table.splitlines()]
        rows = board_rows(page, target)
        shown = [[row[0], row[2], row[4], row[5], row[7]] for row in rows.values()]
        assert shown == [[line[0], *line[3:]] for line in lines]
        assert [row[1] for row in rows.values()] == [f"{line[1]}{line[2]}" for line in lines]


def test_every_cell_of_the_heat_map_is_the_mean_that_sql_gives(page: Any, scores: dict[Any, float]) -> None:
    found = cells(page)
    scored = {place: float(td.text_content()) for place, td in found.items() if td.get("class") != "none"}
    assert scored.keys() == scores.keys()
    assert max(abs(scored[place] - scores[place]) for place in scores) <= 0.05 + 1e-9
    assert {td.text_content() for place, td in found.items() if place not in scores} == {"–"}


def test_every_score_has_its_interval_and_its_n(page: Any) -> None:
    assert [td.get("title") for td in cells(page).values() if not SCORE.fullmatch(td.get("title"))] == [
        "not scored"
    ] * 5
    for td in page.xpath("//table[@class='board']/tbody//td[@title]"):
        low, high = re.search(r"\[(.*?), (.*?)\]", td.text_content()).groups()
        assert re.fullmatch(rf"95 % interval {low} to {high}; \d+ languages, \d+ families", td.get("title"))
    for row in page.xpath("//table[@class='forest']/tbody/tr"):
        assert re.fullmatch(r"−?[\d.]+ to −?[\d.]+|no interval", row[4].text_content())
        assert row[4].text_content() in row[3].get("title")
        assert int(row[1].text_content()) > 0


def test_an_interval_of_one_language_is_students_over_its_items_and_seeds(page: Any) -> None:
    rows = duckdb.connect().execute(
        f"""select seed, id, avg(value) from '{BOARDS}/quickstart/results.parquet'
            where target = 'retrieval' and {SHOWN["retrieval"]} and arm = 'english' and language = 'amh_Ethi'
            group by all order by all"""
    )
    values = np.array([value for _, _, value in rows.fetchall()]).reshape(3, -1)
    parts = [(values.mean(0).var(ddof=1) / values.shape[1], values.shape[1] - 1), (values.mean(1).var(ddof=1) / 3, 2)]
    variance = sum(part for part, _ in parts)
    df = variance**2 / sum(part**2 / freedom for part, freedom in parts)
    ends = 100 * (values.mean() + np.array([-1, 1]) * stats.t.ppf(0.975, df) * variance**0.5)
    title = cells(page)["retrieval", "english", "amh_Ethi"].get("title")
    assert title == f"{ends[0]:.1f} to {ends[1]:.1f}; {values.shape[1]} items, 3 seeds"


@pytest.mark.parametrize(
    ("key", "where"),
    [
        ("|||", "true"),
        ("Turkic|||", "\"cluster\" = 'Turkic'"),
        ("|Cyrl|low|", "script = 'Cyrl' and nllb_resource = 'low'"),
        ("Indo-European||high|5", "\"cluster\" = 'Indo-European' and nllb_resource = 'high' and joshi_class = '5'"),
        ("fin_Latn", "code = 'fin_Latn'"),
    ],
)
def test_what_a_filter_leaves_has_the_means_that_sql_gives(
    page: Any, scores: dict[Any, float], key: str, where: str
) -> None:
    known = duckdb.connect().sql(f'select code, "cluster", unit from ({view_sql()}) where {where}').fetchall()
    places = {code: (cluster, unit) for code, cluster, unit in known}
    data = json.loads(page.get_element_by_id("data").text)
    for target, printed in zip(SHOWN, data["scores"], strict=True):
        for arm, sets in printed.items():
            mine = {places[code]: [] for t, a, code in scores if (t, a) == (target, arm) and code in places}
            for (t, a, code), value in scores.items():
                if (t, a) == (target, arm) and code in places:
                    mine[places[code]].append(value)
            units = {place: np.mean(values) for place, values in mine.items()}
            families = [np.mean([v for (f, _), v in units.items() if f == name]) for name in {f for f, _ in units}]
            value, low, high, mean, *_, languages, _, n = sets[data["keys"][key]].split()
            assert float(value) == pytest.approx(np.mean(families), abs=0.5 if "." not in value else 0.051)
            assert float(mean) == pytest.approx(np.mean(list(units.values())), abs=0.5 if "." not in mean else 0.051)
            assert float(low) < float(value) < float(high)
            assert (int(languages), int(n)) == (sum(map(len, mine.values())), len(families))


def test_no_set_that_a_filter_can_leave_is_missing(page: Any) -> None:
    rows = page.xpath("//table[@class='heat']/tbody/tr")
    keys = json.loads(page.get_element_by_id("data").text)["keys"]
    for row in rows:
        family, script, level, rank = (td.text_content() for td in row.findall("td")[:4])
        for key in (f"{family}|||", f"|{script}||", f"||{level}|", f"|||{rank}", f"{family}|{script}|{level}|{rank}"):
            assert key in keys
        assert row.find(".//small").text_content() in keys


def test_forest_plots_have_a_dot_on_its_interval_for_every_family(page: Any) -> None:
    reports = json.loads((BOARDS / "quickstart" / "statements.json").read_text(encoding="utf-8"))
    report = next(r for r in reports if (r["contrast"], r["target"]) == ("diverse over english", "retrieval"))
    table = page.xpath("//*[@id='gains-by-family']//table[@class='forest']")[0]
    rows = {row[0].text_content(): row for row in table.xpath("tbody/tr")}
    assert rows.keys() == {"all families"} | {f["family"] for f in report["families"]}
    zero = float(table.getparent().getparent().get("style").removeprefix("--zero:").rstrip("%"))
    for f in report["families"]:
        line, dot = rows[f["family"]].find(".//line"), rows[f["family"]].find(".//circle")
        x1, x, x2 = (float(v.rstrip("%")) for v in (line.get("x1"), dot.get("cx"), line.get("x2")))
        assert 0 <= x1 < x < x2 <= 100
        assert (x - zero) * f["gain"] >= 0
        share = (x - x1) / (x2 - x1)
        assert share == pytest.approx((f["gain"] - f["interval"][0]) / (f["interval"][1] - f["interval"][0]), abs=0.01)


def test_the_page_asks_for_nothing_and_says_so_to_the_browser(page: Any) -> None:
    policy = page.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")[0]
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"
    assert page.xpath("//@src") == []
    assert page.xpath("//link/@href") == ["data:,"]
    assert "@import" not in html_of("quickstart")
    assert "url(" not in html_of("quickstart")


def test_tables_fields_and_sections_are_named_for_those_who_do_not_see_them(page: Any) -> None:
    assert all(table.findtext("caption").strip() for table in page.iter("table"))
    assert {th.get("scope") for th in page.iter("th")} == {"col", "row", "colgroup"}
    assert all(select.getparent().tag == "label" for select in page.iter("select"))
    assert page.find(".//output").get("aria-live") == "polite"
    anchors = {href[1:] for href in page.xpath("//nav//a/@href | //a[@class='skip']/@href")}
    assert anchors <= {element.get("id") for element in page.xpath("//*[@id]")}
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids))


def test_a_page_is_small() -> None:
    assert len(html_of("quickstart").encode()) < 500_000


EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"


def test_nothing_that_a_suite_says_becomes_part_of_the_page(tmp_path: Path) -> None:
    arm = EVIL.replace("/", "")  # it names a folder here
    contrast = {"name": EVIL, "a": arm, "b": "b", "targets": [arm], "role": "primary"}
    suite = {
        "title": f"{EVIL} ![x](https://example.org/x.png) [y](javascript:alert(1))",
        "arms": {arm: {}, "b": {}},
        "targets": {arm: {"test": [{"data": "masakhaner2", "split": "test"}]}},
        "contrasts": [contrast],
    }
    scores = {(a, arm, 0): counts("wol_Latn", [[hits, 4 - hits, 0]] * 3) for a, hits in ((arm, 3), ("b", 1))}
    store = stored(tmp_path, suite, scores)
    text = written(from_store(store, "s"))
    assert written(from_store(store, "s")) == text
    page = html.document_fromstring(text)
    assert len(page.findall(".//script")) == text.count("<script") == 2
    assert page.findall(".//img") == page.xpath("//*[@onerror]") == page.xpath("//a[contains(@href, 'script')]") == []
    assert page.find(".//h1").text_content() == suite["title"]
    assert arm in json.loads(page.get_element_by_id("data").text)["scores"][0]
    assert "<" not in page.get_element_by_id("data").text
    assert EVIL in page.get_element_by_id("gains-by-family").text_content()
    assert arm in page.xpath("//table[@class='heat']")[0].text_content()


def test_markdown_becomes_tables_with_heads_and_no_image() -> None:
    text = "![x](y.svg)\n\n### Head\n\n| arm | n |\n| --- | --- |\n| a | 1.5 [−2, 3] |\n\n*<b>said</b>* ![z](w.png)"
    found = html.fragment_fromstring(prose(text, "other"), create_parent=True)
    assert found.findtext(".//caption") == "Head"
    assert [th.get("scope") for th in found.iter("th")] == ["col", "col", "row"]
    assert [cell.get("class") for cell in found.xpath(".//td | .//thead//th[last()]")] == ["n", "n"]
    assert found.findtext(".//em") == "<b>said</b>"
    assert found.xpath(".//img | .//b") == []
