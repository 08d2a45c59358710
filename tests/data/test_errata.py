"""What a mark does to predictions and to draws, on the marks that ship and on made-up predictions."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from harness import languages as lang
from harness import schema
from harness.data import cards, errata
from harness.data.errata import Mark

DEVTEST = {f"flores200:devtest:{line}": {str(line)} for line in range(1012)}


def predictions(*rows: tuple[str, str, str]) -> pa.Table:
    """Return predictions of (language, id, prediction)."""
    fixed: dict[str, Any] = {"job": "j", "dataset": "flores200", "edition": "as-released", "split": "devtest"}
    full = [fixed | dict(zip(("language", "id", "prediction"), row, strict=True)) for row in rows]
    return pa.Table.from_pylist(full).select([*fixed, "language", "id", "prediction"])


def read(marks: list[Mark], *rows: tuple[str, str, str]) -> list[tuple[str, ...]]:
    table = errata.applied(marks, predictions(*rows))
    assert set(table["edition"].to_pylist()) <= {"errata"}
    return list(zip(*(table[name].to_pylist() for name in ("language", "id", "prediction")), strict=True))


def test_marks_are_found_by_what_rows_say_in_the_languages_that_are_asked_for() -> None:
    found = errata.marks(cards.dataset_card("flores200"), DEVTEST, ["bam_Latn", "deu_Latn"])
    assert [(m.effect, len(m.ids)) for m in found] == [("drop", 60), ("same", 2), ("same", 2), ("same", 2)]
    assert found[0].ids[:6] == ("102", "103", "104", "105", "106", "152")
    assert [m.ids for m in found[1:]] == [("159", "160"), ("184", "186"), ("290", "291")]
    assert {m.language for m in found} == {"bam_Latn"}


def test_a_data_set_made_of_those_rows_has_their_marks_under_its_own_ids() -> None:
    sources = {"flores200:devtest:102": {"1099"}, "flores200:devtest:107": {"1104"}, "flores200:dev:37": {"37"}}
    found = errata.marks(cards.dataset_card("sib200"), sources, ["bam_Latn"])
    assert {(m.effect, m.ids) for m in found} == {("drop", ("37",)), ("drop", ("1099",))}
    assert errata.dropped(found) == {("bam_Latn", "37"), ("bam_Latn", "1099")}


def test_a_data_set_whose_files_were_not_looked_at_has_no_marks() -> None:
    assert errata.marks(cards.dataset_card("flores_plus"), DEVTEST, ["bam_Latn"]) == []


def test_rows_that_repeat_each_other_need_two_of_them_and_a_retrieval() -> None:
    flores = cards.dataset_card("flores200")
    assert errata.marks(flores, {"flores200:devtest:15": {"15"}}, ["tgk_Cyrl"]) == []
    assert [m.ids for m in errata.marks(flores, DEVTEST, ["tgk_Cyrl"])] == [("15", "16")]
    assert errata.marks(cards.dataset_card("sib200"), DEVTEST, ["tgk_Cyrl"]) == []


def test_a_repeated_row_is_right_and_another_is_still_wrong() -> None:
    marks = [Mark("aa", "same", ("1", "2")), Mark("aa", "same", ("2", "5"))]
    rows = (("aa", "1", "2"), ("aa", "2", "1"), ("aa", "2", "5"), ("aa", "1", "5"), ("aa", "3", "1"), ("aa", "3", "3"))
    assert [said for _, _, said in read(marks, *rows)] == ["1", "2", "2", "5", "1", "3"]


def test_dropped_rows_are_left_out() -> None:
    marks = [Mark("aa", "drop", ("1", "2"))]
    found = read(marks, ("aa", "1", "1"), ("bb", "1", "1"), ("aa", "3", "1"), ("aa", "2", "3"))
    assert found == [("bb", "1", "1"), ("aa", "3", "1")]


def test_what_is_read_keeps_the_types_of_predictions() -> None:
    wanted = schema.arrow("predictions")
    full = {name: pa.array(["1"], pa.string()) for name in wanted.names} | {"layer": pa.array([1], pa.int32())}
    table = pa.table([full[f.name].cast(f.type) for f in wanted], schema=wanted)
    assert errata.applied([Mark("1", "same", ("1", "2"))], table).schema.equals(wanted)


def test_the_table_that_ships_names_what_is_known() -> None:
    for row in errata.table():
        assert set(row["datasets"].split()) <= set(cards.dataset_names())
        assert row["language"] in lang.languages()
        assert row["effect"] in (errata.DROP, errata.SAME, errata.NOTE)
        assert row["evidence"]
        assert (found := list(errata.lines(row["lines"]))) == sorted(set(found)) != []


def test_lines_are_numbers_and_ranges_that_hold_their_ends() -> None:
    assert list(errata.lines("7 102-104 152")) == [7, 102, 103, 104, 152]
