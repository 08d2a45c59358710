"""The HTML page in a real browser: sorting, filters, keyboard, schemes, narrow screens, and what it asks for."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.publish.made_html import html_of

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")

CONTRAST = """cells => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const light = (colour) => {
    canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3)
      .map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (cell) => {
    const found = getComputedStyle(cell).backgroundColor;
    return found === "rgba(0, 0, 0, 0)" && cell.parentElement ? behind(cell.parentElement) : found;
  };
  return Math.min(...cells.map((cell) => {
    const [a, b] = [light(getComputedStyle(cell).color), light(behind(cell))].sort((a, b) => b - a);
    return (a + 0.05) / (b + 0.05);
  }));
}"""
"""The least contrast of text with what is behind it, as WCAG 2.2 defines it."""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if BROWSER is None:
        pytest.skip("chromium is not installed")
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=BROWSER, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("html") / "index.html"
    path.write_text(html_of("quickstart"), encoding="utf-8")
    return path


@pytest.fixture
def opened(chromium: Any, file: Path) -> Iterator[Any]:
    """A way to open the page that fails where it logs an error or asks for anything but itself."""
    contexts, wrong, asked = [], [], []

    def open_page(**how: Any) -> Any:
        context = chromium.new_context(**{"viewport": {"width": 1280, "height": 900}} | how)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: wrong.append(message.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(file.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert wrong == []
    assert asked == [file.as_uri()] * len(contexts)


def column(page: Any, table: str, at: int) -> list[str]:
    """Return the texts of a column in the rows that are shown."""
    cells = page.locator(f"{table} tbody tr:not([hidden]) > :nth-child({at})")
    return [" ".join(text.split()) for text in cells.all_inner_texts()]


def chosen(page: Any, label: str) -> Any:
    return page.get_by_role("combobox", name=label, exact=True)


def board(page: Any) -> list[list[str]]:
    rows = page.locator("table.board").first.locator("tbody tr").all()
    return [[" ".join(text.split()) for text in row.locator("> *").all_inner_texts()] for row in rows]


def test_the_page_reads_without_its_script_and_the_script_changes_no_number(opened: Any) -> None:
    silent, lively = opened(java_script_enabled=False), opened()
    assert not silent.locator("#filters").is_visible()
    assert silent.locator("button:visible").count() == 0
    assert silent.locator("table.heat tbody tr").count() == 137
    assert silent.locator(".forest svg circle:visible").count() > 30
    assert lively.locator("#filters").is_visible()
    for kind in ("board", "heat", "forest"):
        texts = [page.locator(f"table.{kind} tbody").all_text_contents() for page in (silent, lively)]
        assert ["".join(t.split()) for t in texts[0]] == ["".join(t.split()) for t in texts[1]]


def test_a_head_sorts_largest_first_then_the_other_way_then_as_it_was(opened: Any) -> None:
    page = opened()
    was = board(page)
    head = page.locator("table.board").first.locator("th", has_text="family-macro")
    order = {}
    for kind in ("descending", "ascending", "none"):
        head.locator("button").click()
        assert head.get_attribute("aria-sort") == kind
        order[kind] = [float(row[2].split()[0]) for row in board(page)]
    assert order["descending"] == sorted(order["none"], reverse=True) == order["ascending"][::-1] != order["none"]
    assert board(page) == was


def test_the_heat_map_sorts_by_names_and_by_arms_with_what_is_not_scored_last(opened: Any) -> None:
    page = opened()
    page.locator("table.heat th button", has_text="Language").click()
    names = [name.rsplit(" ", 1)[0] for name in column(page, "table.heat", 1)]
    assert names[:2] == ["Afrikaans", "Akan"]
    assert len(names) == 137
    page.locator("table.heat thead tr:last-child button").first.click()
    shown = column(page, "table.heat", 6)
    assert shown[-1] == "–"
    values = [float(text) for text in shown[:-1]]
    assert values == sorted(values, reverse=True)
    assert page.locator("table.heat th[aria-sort=descending]").count() == 1


def test_filters_show_the_languages_that_are_left_and_the_arms_over_these_alone(opened: Any) -> None:
    page = opened()
    was = board(page)
    chosen(page, "Family").select_option("Turkic")
    assert page.locator("#filters output").inner_text() == "8 of 137 languages, unranked"
    assert set(column(page, "table.heat", 2)) == {"Turkic"}
    mean = sum(float(text) for text in column(page, "table.heat", 6)) / 8  # no unit of Turkic has two codes here
    rows = {row[1].split()[0]: row for row in board(page)}
    assert float(rows["none"][2].split()[0]) == pytest.approx(mean, abs=0.1)
    assert (rows["none"][0], rows["none"][5], rows["none"][6]) == ("–", "8/8", "1")
    assert "[" in rows["none"][2]
    chosen(page, "Script").select_option("Cyrl")
    assert page.locator("#filters output").inner_text() == "3 of 137 languages, unranked"
    assert set(column(page, "table.heat", 3)) == {"Cyrl"}
    page.get_by_role("button", name="All languages").click()
    page.locator("#filters output", has_text="137 of 137").wait_for()
    assert board(page) == was


def test_a_choice_that_would_leave_nothing_cannot_be_made(opened: Any) -> None:
    page = opened()
    chosen(page, "Family").select_option("Japonic")
    script = chosen(page, "Script")
    assert not script.locator("option[value=Jpan]").is_disabled()
    assert script.locator("option[value=Latn]").is_disabled()
    assert chosen(page, "Language").locator("option:not([disabled])").all_inner_texts() == [
        "all",
        "Japanese (jpn_Jpan)",
    ]


def test_one_language_can_be_looked_at_and_the_order_stays(opened: Any) -> None:
    page = opened()
    page.locator("table.board").first.locator("th button", has_text="family-macro").click()
    chosen(page, "Language").select_option("swh_Latn")
    assert column(page, "table.heat", 1) == ["Swahili swh_Latn"]
    (of_heat,) = zip(*[column(page, "table.heat", at) for at in range(6, 11)], strict=True)
    shown = [float(row[2].split()[0]) for row in board(page)]
    assert shown == sorted(shown, reverse=True)
    assert shown == pytest.approx(sorted(map(float, of_heat), reverse=True), abs=0.51)


def test_a_language_that_a_target_lacks_has_no_score_there(opened: Any) -> None:
    page = opened()
    chosen(page, "Language").select_option("eng_Latn")  # what retrieval goes from and to
    assert {tuple(row[2:6]) for row in board(page)} == {("–", "", "–", "0/0")}
    assert not page.locator("table.board").first.locator("tbody circle").first.is_visible()
    kinds = page.locator("table.board").nth(1).locator("tbody tr td.n:nth-child(3)").all_inner_texts()
    assert all("[" in text for text in kinds)


def test_hovering_a_score_shows_whose_it_is_its_interval_and_its_n(opened: Any) -> None:
    page = opened()
    cell = page.locator("table.heat tbody tr", has_text="amh_Ethi").locator("td").nth(5)
    cell.hover()
    tip = page.locator("#tip")
    assert tip.inner_text().startswith("Amharic, english, retrieval\n46.7; ")
    assert tip.inner_text().endswith(" to 58.4; 66 items, 3 seeds")
    assert cell.get_attribute("aria-description") == "35.1 to 58.4; 66 items, 3 seeds"
    page.locator("h1").hover()
    assert not tip.is_visible()
    page.locator("table.forest tbody td.plot").first.hover()
    assert "−4.0 to 3.4 over families, items and seeds; 19 families, 133 languages" in tip.inner_text()


def test_everything_works_by_the_keyboard(opened: Any) -> None:
    page = opened()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    button = page.locator("table.heat th button", has_text="Family")
    button.focus()
    page.keyboard.press("Enter")
    assert page.locator("table.heat th", has_text="Family").get_attribute("aria-sort") == "ascending"
    first = page.locator("table.heat tbody td[tabindex='0']")
    assert first.count() == 1
    first.focus()
    tip = page.locator("#tip")
    assert tip.inner_text().startswith("Amharic, none, retrieval")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    assert tip.inner_text().startswith("Central Atlas Tamazight, english, retrieval")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")  # to the left of the scores there is none
    assert tip.inner_text().startswith("Central Atlas Tamazight, none, retrieval")
    page.keyboard.press("Escape")
    assert not tip.is_visible()
    chosen(page, "Family").select_option("Turkic")
    assert first.is_visible()  # where the tabulator leads is never hidden


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_either_scheme_can_be_read_and_changed(opened: Any, scheme: str) -> None:
    page = opened(color_scheme=scheme)
    before = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    cells = page.locator("table.heat tbody td, table.board td.n, .answer p, figcaption, thead th, .role, nav a, select")
    assert cells.evaluate_all(CONTRAST) >= 4.5
    page.locator("nav button").click()
    after = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    paper = ["rgb(253, 253, 251)", "rgb(20, 23, 26)"]
    assert [before, after] == (paper if scheme == "light" else paper[::-1])
    assert cells.evaluate_all(CONTRAST) >= 4.5


@pytest.mark.parametrize("width", [320, 390, 768, 1920])
def test_no_width_makes_the_page_scroll_sideways(opened: Any, width: int) -> None:
    page = opened(viewport={"width": width, "height": 800})
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert page.evaluate("getComputedStyle(document.querySelector('.scroll:has(.heat)')).overflowX") == "auto"
    edges = [
        page.locator(f"table.heat {row} > *:visible").evaluate_all(
            "all => all.slice(-10).map((c) => c.getBoundingClientRect().x)"
        )
        for row in ("thead tr:last-child", "tbody tr:first-child")
    ]
    assert edges[0] == edges[1]  # every arm's name stands above its scores


@pytest.mark.slow
def test_a_filter_of_a_large_page_answers_at_once(chromium: Any, tmp_path: Path) -> None:
    path = tmp_path / "index.html"
    path.write_text(html_of("flores-offline"), encoding="utf-8")
    page = chromium.new_page()
    page.goto(path.as_uri())
    spent = page.evaluate(
        """() => {
          const family = document.querySelectorAll("#filters select")[1], start = performance.now();
          family.value = "Atlantic-Congo";
          family.dispatchEvent(new Event("change", { bubbles: true }));
          document.body.offsetHeight;
          return performance.now() - start;
        }"""
    )
    assert page.locator("table.heat tbody tr:not([hidden])").count() == 8
    assert spent < 1000
    page.close()
