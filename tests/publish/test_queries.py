"""The page of named queries: every question with its answer, in the headline measure, and how to ask it again."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.analysis.named import named_queries
from harness.analysis.query import query
from harness.errors import UserError
from harness.publish import publish
from harness.store import Store

MINE = (
    "-- Seeds | of the suite\n-- A row is a seed.\n"
    "select distinct seed, 0.5 as half, true as yes, null as nothing from scores"
)


@pytest.fixture(scope="module")
def page(planted: Store, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("boards")
    (folder / "mine").mkdir()
    (folder / "mine" / "seeds.sql").write_text(f"{MINE} order by seed;", encoding="utf-8")
    return publish("planted", folder / "planted", planted, queries=folder / "mine").with_name("queries.md")


def section(page: Path, title: str) -> str:
    return page.read_text(encoding="utf-8").split(f"## {title}\n")[1].split("\n## ")[0]


def test_every_question_has_its_section_and_the_command_that_asks_it(page: Path) -> None:
    for name, asked in named_queries().items():
        said = section(page, asked.title)
        assert asked.explanation in said
        assert f"stiltbench query --named {name} --from results.parquet" in said


def test_the_table_is_the_answer_in_the_headline_measure(page: Path) -> None:
    sql = named_queries()["gain_by_family"].sql
    found = query(sql, page.with_name("results.parquet"))
    rows = [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]
    wanted = [r for r in rows if r["metric"] == "accuracy"]
    lines = [line for line in section(page, "Gain by language family").splitlines() if line.startswith("| ")]
    assert lines[0] == "| contrast | target | met | family | units | languages | items | gain |"
    first = wanted[0]
    assert lines[2].startswith(f"| {first['contrast']} | kind | yes | {first['family']} | ")
    assert lines[2].endswith(f"| {first['gain']:.4f} |")
    assert len(lines) == 2 + min(60, len(wanted))


def test_a_long_answer_says_how_much_of_it_is_shown(page: Path) -> None:
    assert "*The first 60 of 548 rows.*" in section(page, "What was scored, and what is missing")  # 4 arms, 137 codes


def test_an_answer_without_a_row_says_so(page: Path) -> None:
    assert section(page, "Trainings that collapsed").strip().endswith("No row.")


def test_a_users_query_stands_beside_the_shipped_with_its_sql(page: Path) -> None:
    said = section(page, "Seeds | of the suite")
    assert f"```sql\n{MINE} order by seed;\n```" in said
    assert "| seed | half | yes | nothing |\n| --- | --- | --- | --- |\n| 0 | 0.5000 | yes |  |" in said


def test_a_users_query_that_fails_is_named(planted: Store, tmp_path: Path) -> None:
    (tmp_path / "bad.sql").write_text("-- Bad\nselect nothing from scores")
    with pytest.raises(UserError, match=r'bad\.sql: Binder Error: Referenced column "nothing" not found'):
        publish("planted", tmp_path / "out", planted, queries=tmp_path)
    assert not (tmp_path / "out").exists()
