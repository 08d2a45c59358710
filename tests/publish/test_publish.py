"""A page says what the reports say, in both ways of rendering it, and what may not be published is refused."""

from __future__ import annotations

import json
import shutil
import xml.etree.ElementTree as ET
from pathlib import Path

import msgspec
import pytest

from harness.analysis.compare import compare
from harness.analysis.words import points
from harness.errors import UserError
from harness.publish import publish
from harness.record import recorded
from harness.store import Store
from tests.analysis.test_words import FORBIDDEN

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def page(planted: Store, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("boards") / "planted"
    return publish("planted", out, planted)


def test_the_page_opens_with_the_statement_of_the_primary_contrast(planted: Store, page: Path) -> None:
    report = compare(planted, "planted", "diverse", "english")[0]
    text = page.read_text(encoding="utf-8")
    assert report["statement"] in text
    assert text.index(report["statement"]) < text.index("## Arms") < text.index("## Where") < text.index("## Doubts")


def test_null_results_and_arms_without_unseen_languages_stand_in_the_contrasts(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert "No evidence of a difference" in text
    assert "nothing is claimed of others" in text


def test_every_arm_has_its_score_coverage_and_seeds(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert len([line for line in text.splitlines() if line.endswith("| 137/137 | 3 |")]) == 4


def test_arms_stand_by_rank_and_name_and_none_is_bold(page: Path) -> None:
    # diverse was planted above two equal arms; `all` is told apart from nobody, since it met every language.
    text = page.read_text(encoding="utf-8")
    rows = [line.split(" | ") for line in text.splitlines() if line.endswith("| 137/137 | 3 |")]
    assert [(row[0].removeprefix("| "), row[1]) for row in rows] == [
        ("1–2", "diverse"),
        ("1–4", "all"),
        ("2–4", "english"),
        ("2–4", "twin"),
    ]
    assert "Holm over 3" in text.split("## Contrasts")[0]
    assert not [line for line in text.splitlines() if line.startswith("|") and "**" in line]


def test_what_was_not_found_has_the_smallest_difference_that_would_be(planted: Store, page: Path) -> None:
    report = compare(planted, "planted", "twin", "english")[0]
    row = next(
        line for line in page.read_text(encoding="utf-8").splitlines() if line.startswith("| twin over english |")
    )
    assert report["verdict"] == "no_evidence"
    assert row.split(" | ")[4] == points(report["mde80"], report["se"])


def test_areas_are_shown_whether_they_differ_or_not(planted: Store, page: Path) -> None:
    text = page.read_text(encoding="utf-8").split("## Contrasts")[1].split("## Where")[0]
    report = compare(planted, "planted", "twin", "english")[0]
    assert report["areas"]["p"] > 0.05
    for area in report["areas"]["table"]:
        assert f"| {points(area['gain'], report['se'])} ({area['families']}) |" in text


def test_every_declaration_is_shown_with_its_hash(planted: Store, page: Path) -> None:
    text = page.read_text(encoding="utf-8").split("## Check it")[1]
    for contrast in recorded(planted, "planted").contrasts:
        assert f"*{contrast.name}* (`{contrast.hash}`): declared" in text


def test_the_majority_class_stands_beside_accuracy(page: Path) -> None:
    # Most languages have all 66 test items, of which 20 are of the commonest class: about 30 %.
    text = page.read_text(encoding="utf-8")
    said = text.split("commonest gold class would be right in ")[1].split(" %")[0]
    assert 30.0 <= float(said) < 34.0


def test_the_naive_test_is_shown_with_its_warning(page: Path) -> None:
    assert "ignores relatedness" in page.read_text(encoding="utf-8")


def test_no_forbidden_word_stands_on_the_page(page: Path) -> None:
    text = page.read_text(encoding="utf-8").lower()
    assert [word for word in FORBIDDEN if word in text] == []


def test_an_untrained_model_is_called_a_floor(page: Path) -> None:
    assert "Untrained floor" in page.read_text(encoding="utf-8").split("## Arms")[0]


def test_the_figure_has_a_dot_and_an_interval_for_every_family(planted: Store, page: Path) -> None:
    report = compare(planted, "planted", "diverse", "english")[0]
    root = ET.parse(page.with_name("gain_by_family.svg")).getroot()
    assert len(root.findall(f"{SVG}circle")) == len(report["families"])
    assert len([line for line in root.findall(f"{SVG}line") if line.get("class") == "bar"]) == len(report["families"])
    texts = {t.text for t in root.findall(f"{SVG}text")}
    assert {f"{f['family']} ({f['units']})" for f in report["families"]} <= texts


def test_a_dot_lies_inside_its_interval_and_right_of_zero_when_positive(planted: Store, page: Path) -> None:
    report = compare(planted, "planted", "diverse", "english")[0]
    root = ET.parse(page.with_name("gain_by_family.svg")).getroot()
    zero = float(next(line for line in root.findall(f"{SVG}line") if line.get("class") == "zero").get("x1") or "nan")
    bars = {b.get("y1"): b for b in root.findall(f"{SVG}line") if b.get("class") == "bar"}
    gains = sorted((f["gain"] for f in report["families"]), reverse=True)
    for gain, dot in zip(gains, root.findall(f"{SVG}circle"), strict=True):
        x, bar = float(dot.get("cx") or "nan"), bars[dot.get("cy")]
        assert float(bar.get("x1") or "nan") <= x <= float(bar.get("x2") or "nan")
        assert (x > zero) == (gain > 0)


def test_the_same_bytes_come_from_the_published_file_without_the_store(page: Path, tmp_path: Path) -> None:
    again = publish("planted", tmp_path / "again", None, page.with_name("results.parquet"))
    for file in sorted(page.parent.iterdir()):
        assert (again.parent / file.name).read_bytes() == file.read_bytes(), file.name


def test_statements_json_holds_the_declared_contrasts(page: Path) -> None:
    found = json.loads(page.with_name("statements.json").read_text(encoding="utf-8"))
    assert [(r["contrast"], r["verdict"]) for r in found] == [
        ("diverse over english", "better"),
        ("twin over english", "no_evidence"),
        ("all over english", "no_unseen_languages"),
    ]


def test_results_hold_no_text_of_the_data(page: Path) -> None:
    import pyarrow.parquet as pq

    assert {"text", "tokens", "prediction", "label"}.isdisjoint(pq.read_schema(page.with_name("results.parquet")).names)


def test_a_store_with_jobs_left_is_not_published(planted: Store, tmp_path: Path) -> None:
    copy = tmp_path / "store"
    shutil.copytree(planted.path, copy)
    score = next(k for k in Store(copy).finished() if Store(copy).job(k)["phase"] == "score")
    shutil.rmtree(copy / "jobs" / score)
    with pytest.raises(UserError, match="jobs are done; `stiltbench run` does the rest"):
        publish("planted", tmp_path / "out", Store(copy))
    assert not (tmp_path / "out").exists()


def test_a_first_look_is_not_published(planted: Store, tmp_path: Path) -> None:
    copy = tmp_path / "store"
    shutil.copytree(planted.path, copy)
    record = copy / "suites" / "planted" / "suite.json"
    found = msgspec.json.decode(record.read_bytes())
    found["suite"]["limit"] = 8
    record.write_bytes(msgspec.json.encode(found))
    with pytest.raises(UserError, match="never published"):
        publish("planted", tmp_path / "out", Store(copy))


def test_files_that_are_no_results_are_refused(tmp_path: Path, page: Path) -> None:
    with pytest.raises(UserError, match="no such file"):
        publish("planted", tmp_path / "out", None, tmp_path / "none.parquet")
    (tmp_path / "bad.parquet").write_text("text")
    with pytest.raises(UserError, match=r"not a leaderboard's results\.parquet"):
        publish("planted", tmp_path / "out", None, tmp_path / "bad.parquet")
    with pytest.raises(UserError, match="holds the results of planted, not of other"):
        publish("other", tmp_path / "out", None, page.with_name("results.parquet"))
