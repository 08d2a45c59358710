from __future__ import annotations

from collections import Counter, defaultdict

from harness.data.cldr import holdout
from harness.data.cldr.holdout import Row


def made(languages: int, keys: dict[str, int]) -> dict[str, dict[str, str]]:
    """Names for ``languages`` languages; a key stands in the first so many of them, English being the first."""
    codes = ["eng_Latn", *(f"x{i:02}_Latn" for i in range(1, languages))]
    return {code: {key: key for key, stands in keys.items() if i < stands} for i, code in enumerate(codes)}


def test_keys_are_split_60_20_20_by_kind():
    keys = {f"{kind}:{i}": 10 for kind, n in (("place", 50), ("month", 12), ("weekday", 7)) for i in range(n)}
    splits = holdout.split(made(10, keys))
    counts = defaultdict(Counter)
    for key, split in splits.items():
        counts[key.split(":")[0]][split] += 1
    assert counts["place"] == {"train": 30, "dev": 10, "test": 10}
    assert counts["month"] == {"train": 7, "dev": 2, "test": 3}
    assert counts["weekday"] == {"train": 4, "dev": 1, "test": 2}


def test_at_most_twenty_of_a_kind_are_tested_and_the_rest_of_the_fifth_is_unused():
    splits = holdout.split(made(10, {f"place:{i}": 10 for i in range(200)}))
    assert Counter(splits.values()) == {"train": 120, "dev": 40, "test": 20}


def test_test_keys_stand_in_nine_tenths_and_all_keys_in_half_of_the_languages():
    keys = {f"place:{i}": stands for i, stands in enumerate([10] * 3 + [9] * 3 + [8] * 20 + [5] * 14 + [4] * 30)}
    names = made(10, keys)
    splits = holdout.split(names)
    assert {keys[key] for key, split in splits.items() if split == "test"} <= {9, 10}
    assert sum(split == "test" for split in splits.values()) == 6  # a fifth of 40 would be 8, but 6 are shared
    assert min(keys[key] for key in splits) == 5


def test_a_key_that_english_lacks_is_not_used():
    names = made(10, {"place:a": 10, "place:b": 10})
    del names["eng_Latn"]["place:b"]
    assert set(holdout.split(names)) == {"place:a"}


def test_the_split_depends_on_the_keys_and_not_on_their_order():
    keys = {f"place:{i}": 10 for i in range(40)}
    assert holdout.split(made(10, keys)) == holdout.split(made(10, dict(reversed(keys.items()))))


def row(split: str, text: str, language: str = "eng_Latn") -> Row:
    return Row(split, language, "place", "place:x", "place:x", text)


def test_no_text_stands_in_two_splits_in_any_language():
    rows = [
        row("train", "Tonga"),
        row("train", "STRASSE"),
        row("train", "Malta"),
        row("train", "Peru"),
        row("dev", "Malta", "mlt_Latn"),
        row("dev", "Chad"),
        row("test", "tonga", "swh_Latn"),
        row("test", "Straße", "deu_Latn"),
        row("test", "Chad", "fra_Latn"),
    ]
    kept = [(r.split, r.text) for r in holdout.separate(rows)]
    assert kept == [("train", "Peru"), ("dev", "Malta"), ("test", "tonga"), ("test", "Straße"), ("test", "Chad")]


def test_texts_count_as_equal_when_composed_and_folded_alike():
    assert holdout.folded("ÉTÉ") == holdout.folded("été")
    assert holdout.folded("İzmir") != holdout.folded("izmir")
