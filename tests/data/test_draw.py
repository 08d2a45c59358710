"""Which rows a phase reads: the same items in every arm, no item twice, languages used evenly."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from typing import Any, cast

import pyarrow as pa
import pytest

from harness.data import adapt, draw
from harness.data.adapt import Adapted
from harness.data.draw import SCHEMA, Deck, digest, first_rows, item_order, pool, rotate, rows_of, shared_items, whole
from harness.errors import UserError

IDS = [f"item{i}" for i in range(60)]
ROMANCE = ["fra_Latn", "ita_Latn", "spa_Latn"]


@pytest.fixture(scope="module")
def kinds() -> Adapted:
    return adapt.adapted("cldr_kind")


def test_the_order_of_items_is_that_of_their_hashes() -> None:
    order = item_order(["a", "b", "c", "a"])
    assert order == sorted("abc", key=lambda i: hashlib.sha256(i.encode()).hexdigest())
    assert item_order(reversed(IDS)) == item_order(IDS)


def test_more_data_never_reshuffles_what_was_drawn() -> None:
    less = item_order(IDS[:40])
    assert [i for i in item_order(IDS) if i in set(less)] == less


def test_items_are_those_that_every_arm_has() -> None:
    pools = {"a": {i: ["x"] for i in IDS[:40]}, "b": {i: ["y"] for i in IDS[20:]}}
    items = shared_items(pools, 12, "here")
    assert len(set(items)) == 12
    assert set(items) <= set(IDS[20:40])
    assert items == shared_items({"b": pools["b"], "a": pools["a"]}, 12, "here")
    assert shared_items(pools, 20, "here")[:12] == items  # more examples keep those drawn before


def test_too_few_shared_items_are_refused_with_counts() -> None:
    pools = {"a": {i: ["x"] for i in IDS[:40]}, "b": {i: ["y"] for i in IDS[20:]}}
    with pytest.raises(UserError) as caught:
        shared_items(pools, 21, "suite: intermediate.examples")
    assert str(caught.value) == (
        "suite: intermediate.examples: 21 items asked for, but only 20 stand in every arm (items by arm: a 40, b 40)"
    )


def test_languages_are_used_evenly_where_all_have_all_items() -> None:
    spoken = rotate(IDS[:50], {i: ["x", "y", "z"] for i in IDS})
    assert sorted(Counter(spoken).values()) == [16, 17, 17]
    assert spoken[:4] == ["x", "y", "z", "x"]


def test_a_language_that_lacks_items_is_used_for_those_that_it_has() -> None:
    have = {i: ["x"] if int(i[4:]) % 2 else ["x", "y"] for i in IDS}
    spoken = rotate(IDS, have)
    assert all(language in have[item] for item, language in zip(IDS, spoken, strict=True))
    assert Counter(spoken) == {"x": 31, "y": 29}  # the first item, which both have, is x's: none was used yet


def test_a_deck_deals_each_language_in_item_order_and_no_item_twice() -> None:
    have = {i: ["x"] if int(i[4:]) % 3 else ["x", "y"] for i in IDS}
    rows = Deck(have, set()).rotate(100)
    assert sorted(item for _, item in rows) == sorted(IDS)
    assert [language for language, _ in rows[:4]] == ["x", "y", "x", "y"]
    order = {item: n for n, item in enumerate(item_order(IDS))}
    for language in "xy":
        places = [order[item] for code, item in rows if code == language]
        assert places == sorted(places)
    assert Deck(have, set()).rotate(7) == rows[:7]


def test_decks_that_share_what_was_dealt_deal_no_item_twice() -> None:
    have, dealt = {i: ["x", "y"] for i in IDS}, set[str]()
    first, second = Deck(have, dealt), Deck(have, dealt)
    rows = [*first.rotate(25), *second.rotate(60)]
    assert len({item for _, item in rows}) == len(rows) == 60
    assert second.deal("x") is None


def test_a_deck_of_text_deals_every_row_once() -> None:
    rows = Deck({i: ["x", "y"] for i in IDS}, None).rotate(500)
    assert sorted(rows) == sorted((code, item) for code in "xy" for item in IDS)


def test_the_first_rows_are_those_of_each_language() -> None:
    pairs = [("x", item) for item in IDS] + [("y", f"other{n}") for n in range(9)]
    kept = first_rows(pairs, 4)
    assert {item for code, item in kept if code == "x"} == set(item_order(IDS)[:4])
    assert sum(code == "y" for code, _ in kept) == 4


def test_every_arm_draws_the_same_items_and_none_twice(kinds: Adapted) -> None:
    arms = {"one": ["eng_Latn"], "three": ROMANCE, "all": [code for split, code in kinds.parts if split == "train"]}
    pools = {arm: pool(kinds, "train", codes) for arm, codes in arms.items()}
    items = shared_items(pools, 300, "here")
    tables = {arm: draw.draw(kinds, "train", rotate(items, pools[arm]), items) for arm in arms}
    for arm, table in tables.items():
        assert table["id"].to_pylist() == items
        assert set(table["language"].to_pylist()) <= set(arms[arm])
        assert len(set(table["source"].to_pylist())) == 300
    assert len(set(items)) == 300
    # Where all have all items languages differ by one at most; Romance lacks a few names.
    counts = Counter(tables["three"]["language"].to_pylist())
    assert max(counts.values()) - min(counts.values()) <= 1


def test_a_pool_says_which_languages_have_an_item(kinds: Adapted) -> None:
    have = pool(kinds, "train", ["ydd_Hebr", "eng_Latn"])
    english = set(kinds.rows("train", ["eng_Latn"])["id"].to_pylist())
    yiddish = set(kinds.rows("train", ["ydd_Hebr"])["id"].to_pylist())
    assert {i for i, codes in have.items() if "eng_Latn" in codes} == english
    assert {i for i, codes in have.items() if codes == ["eng_Latn", "ydd_Hebr"]} == english & yiddish


def test_a_draw_is_turned_back_into_examples_in_its_order(kinds: Adapted) -> None:
    items = item_order(pool(kinds, "train", ["eng_Latn", "fra_Latn"]))[:7]
    languages = ["eng_Latn", "fra_Latn"] * 3 + ["eng_Latn"]
    rows = rows_of(draw.draw(kinds, "train", languages, items), kinds)
    assert rows["id"].to_pylist() == items
    assert rows["language"].to_pylist() == languages
    assert rows["source"].to_pylist() == [f"cldr:{i}" for i in items]
    named = {(r["language"], r["id"]): r["text"] for r in kinds.rows("train", ["eng_Latn", "fra_Latn"]).to_pylist()}
    assert rows["text"].to_pylist() == [named[pair] for pair in zip(languages, items, strict=True)]


def test_a_whole_split_is_every_row_once_and_a_limit_its_first_items(kinds: Adapted) -> None:
    have = pool(kinds, "dev", ROMANCE)
    table = whole(kinds, "dev", have, None)
    rows = kinds.rows("dev", ROMANCE)
    pairs = list(zip(table["language"].to_pylist(), table["id"].to_pylist(), strict=True))
    assert sorted(pairs) == sorted(zip(rows["language"].to_pylist(), rows["id"].to_pylist(), strict=True))
    limited = whole(kinds, "dev", have, 5)
    assert list(dict.fromkeys(limited["id"].to_pylist())) == item_order(rows["id"].to_pylist())[:5]
    assert limited.equals(table.slice(0, len(limited)))


ROWS = [("kinds", "as-released", "train", code, item, f"cldr:{item}") for code, item in zip("abcab", IDS, strict=False)]


def table_of(rows: list[tuple[str | None, ...]]) -> pa.Table:
    return pa.table([list(column) for column in zip(*rows, strict=True)], schema=SCHEMA)


def test_a_digest_depends_on_the_rows_and_not_on_their_layout() -> None:
    table = table_of(ROWS)
    chunks = pa.concat_tables([table.slice(0, 2), table.slice(2, 1), table.slice(3)])
    assert chunks["id"].num_chunks == 3
    coded = table.set_column(3, "language", table["language"].dictionary_encode())
    assert digest(table) == digest(chunks) == digest(coded) == digest(table.combine_chunks())
    assert len(digest(table)) == 16


def test_a_digest_changes_with_order_and_with_every_value() -> None:
    changed = [table_of([*ROWS[:-1], (*ROWS[-1][:i], "other", *ROWS[-1][i + 1 :])]) for i in range(6)]
    tables = [table_of(ROWS), table_of(ROWS[::-1]), table_of(ROWS[:-1]), *changed]
    assert len({digest(t) for t in tables}) == len(tables)


@dataclass
class Ragged:
    """Just what `pool` asks of a data set."""

    table: pa.Table

    def rows(self, *_: Any, **__: Any) -> pa.Table:
        return self.table


def test_languages_of_an_item_are_sorted() -> None:
    table = pa.table({"language": ["z", "a", "m"], "id": ["1", "1", "2"]})
    assert pool(cast(Adapted, Ragged(table)), "train", ["z", "a", "m"]) == {"1": ["a", "z"], "2": ["m"]}
    without = {("z", "1"), ("m", "2"), ("a", "2")}
    assert pool(cast(Adapted, Ragged(table)), "train", ["z", "a", "m"], without) == {"1": ["a"]}
