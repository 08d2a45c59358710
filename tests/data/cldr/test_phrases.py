from __future__ import annotations

import datetime

import pytest

from harness.data.cldr import phrases, speech

SPLITS = {
    **{"month:10": "test", "weekday:fri": "test", "weekday:mon": "train", "month:1": "train"},
    **{f"place:{c}": "test" for c in "ABCDEF"},
    **{f"unit:duration-{u}": "train" for u in ("hour", "year", "minute", "night")},
    "unit:length-meter": "train",
}


def shaped(split: str, prefix: str) -> list[phrases.Phrase]:
    return [p for p in phrases.declared(split, SPLITS) if p.id.startswith(prefix)]


def test_dates_are_days_whose_month_and_weekday_are_of_the_split():
    days = {p.content[1] for p in shaped("test", "date:")}
    assert len(days) == phrases.WANTED["test"].days
    assert {(d.month, d.weekday()) for d in days} == {(10, 4)}
    assert {(p.content[1].month, p.content[1].weekday()) for p in shaped("train", "date:")} == {(1, 0)}
    full = shaped("test", "date:full:")[0]
    day = full.content[1]
    assert full == (f"date:full:{day}", f"date:{day}", "date", ("full", day))
    assert datetime.date(1950, 1, 1) <= min(days)
    assert max(days) <= datetime.date(2049, 12, 31)


def test_lists_are_threes_of_names_and_one_block_each():
    lists = shaped("test", "list:")
    assert len(lists) == 6
    assert len({p.block for p in lists}) == 2
    first, second, third = lists[:3]
    a, b, c = first.content
    assert (second.content, third.content) == ((c, a), (b, c))
    assert {key for p in lists for key in p.content} == {f"place:{c}" for c in "ABCDEF"}


def test_amounts_name_each_unit_with_two_numbers_and_durations_put_the_longer_unit_first():
    amounts = [p for p in shaped("train", "amount:") if len(p.content) == 1]
    assert len({p.id for p in amounts}) == len(amounts) == 10
    assert all(2 <= number <= 99 for p in amounts for number, _ in p.content)
    pairs = {tuple(unit for _, unit in p.content) for p in shaped("train", "amount:") if len(p.content) == 2}
    assert pairs == {
        ("duration-year", "duration-hour"),
        ("duration-year", "duration-minute"),
        ("duration-hour", "duration-minute"),
    }


def test_a_test_phrase_is_kept_where_nine_tenths_can_say_it():
    keys = dict.fromkeys(("place:A", "place:B", "place:C"), "test")
    everything = {"place:A": "a", "place:B": "b", "place:C": "c"}
    wanting = {"place:A": "a", "place:B": "b"}

    def kept(full: int, poor: int) -> set[str]:
        names = {f"l{i}": everything if i < full else wanting for i in range(full + poor)}
        talk = {code: speech.learn({}, known) for code, known in names.items()}
        return {row.key for row in phrases.rows(talk, keys)}

    assert len(kept(9, 1)) == 3
    assert kept(8, 2) in ({"list:place:A, place:B"}, {"list:place:B, place:A"}, set())


@pytest.mark.parametrize("split", ["train", "dev", "test"])
def test_ids_are_unique_and_no_phrase_uses_another_splits_names(split):
    declared = phrases.declared(split, SPLITS)
    assert len({p.id for p in declared}) == len(declared)
    for phrase in declared:
        for part in phrase.content:
            key = part if isinstance(part, str) else f"unit:{part[1]}" if isinstance(part, tuple) else None
            assert key is None or SPLITS.get(key, split) == split
