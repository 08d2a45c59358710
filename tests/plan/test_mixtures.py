"""Rates of mixtures against closed forms and the published ones, and rows that come at those rates."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from scipy import stats

from harness.errors import UserError
from harness.plan.mixtures import Entry, choices, languages_of, pick, rates, refuse_short
from harness.suite import Mix, Sampling

NINE = {
    "anli_plus": 1_104_934, "mnli": 392_702, "qqp": 363_846, "squad2": 130_319, "squad1": 87_599,
    "hellaswag": 39_905, "ccg": 38_015, "cosmosqa": 25_588, "commonsenseqa": 9_741,
}  # fmt: skip
"""Training rows of the nine English tasks of Phang et al. 2020."""


def at(scheme: str, **keys: object) -> np.ndarray:
    return rates(Sampling(scheme=scheme, **keys), list(NINE.values()))  # type: ignore[arg-type]


def entry(
    items: dict[str, list[str]], languages: str = "ab", sampling: Sampling | None = None, data: str = "x"
) -> Entry:
    have = {item: [code for code in codes if code in languages] for item, codes in items.items()}
    return Entry(Mix(data=data, languages=list(languages), sampling=sampling), list(languages), have)


def test_capped_proportional_rates_of_the_nine_tasks() -> None:
    # 2^17 of T5; worked out from the sizes: 131072 / 724,305 and so on
    expected = [0.181, 0.181, 0.181, 0.180, 0.121, 0.055, 0.052, 0.035, 0.013]
    assert np.round(at("proportional", cap=2**17), 3).tolist() == expected


def test_without_a_cap_the_largest_has_half() -> None:
    found = at("proportional")
    assert round(found[0], 3) == 0.504
    assert found.sum() == pytest.approx(1)


def test_a_temperature_flattens_and_an_infinite_one_is_uniform() -> None:
    sizes = rates(Sampling(scheme="temperature", temperature=2.0), [900, 100])
    assert sizes.tolist() == pytest.approx([0.75, 0.25])  # roots 30 and 10
    capped = rates(Sampling(scheme="temperature", temperature=2.0, cap=400), [900, 100])
    assert capped.tolist() == pytest.approx([2 / 3, 1 / 3])  # roots 20 and 10
    assert at("temperature", temperature=1.0).tolist() == pytest.approx(at("proportional").tolist())
    assert at("temperature", temperature=1e9).tolist() == pytest.approx([1 / 9] * 9)
    assert at("uniform").tolist() == pytest.approx([1 / 9] * 9)


def test_explicit_rates_are_scaled() -> None:
    assert rates(Sampling(scheme="explicit", rates=[3.0, 1.0]), [5, 5]).tolist() == [0.75, 0.25]


def test_choices_come_at_their_rates() -> None:
    wanted = at("proportional", cap=2**17)
    counted = np.bincount(choices(wanted, 100_000), minlength=9)
    assert stats.chisquare(counted, wanted * 100_000).pvalue > 0.01
    assert stats.chisquare(counted, at("uniform") * 100_000).pvalue < 1e-9


def test_a_longer_draw_opens_with_the_shorter_one() -> None:
    wanted = at("uniform")
    assert choices(wanted, 1000)[:300].tolist() == choices(wanted, 300).tolist()


def test_no_item_comes_twice_even_in_another_language_or_entry() -> None:
    items = {f"i{n}": ["a", "b"] for n in range(40)}
    two = [entry(items, "a"), entry(items, "b")]
    picked, wanted = pick(two, Sampling(scheme="explicit", rates=[3.0, 1.0]), 40)
    chosen = [item for rows in picked.rows for _, item in rows]
    assert len(chosen) == len(set(chosen)) == len(picked.order) == 40
    assert [len(rows) for rows in picked.rows] == wanted == np.bincount(picked.order).tolist()
    assert {code for code, _ in picked.rows[0]} == {"a"}
    assert 20 < wanted[0] < 40


def test_text_may_come_again_in_another_language_but_no_row_does() -> None:
    items = {f"i{n}": ["a", "b"] for n in range(10)}
    picked, _ = pick([entry(items)], None, 20, again=True)
    assert Counter(picked.rows[0]) == Counter((code, item) for item in items for code in "ab")
    assert len(pick([entry(items)], None, 20)[0].rows[0]) == 10


def test_languages_take_turns_unless_they_have_rates() -> None:
    items = {f"{code}{n}": [code] for code in "ab" for n in range(300)}
    (rows,) = pick([entry(items)], None, 100)[0].rows
    assert [code for code, _ in rows[:4]] == ["a", "b", "a", "b"]
    tilted = Sampling(scheme="explicit", rates=[4.0, 1.0])
    (rows,) = pick([entry(items, sampling=tilted)], None, 200)[0].rows
    assert stats.binomtest(sum(code == "a" for code, _ in rows), 200, 0.8).pvalue > 0.01


def test_an_entry_that_runs_out_is_left_out_or_refused() -> None:
    small, large = {"i0": ["a"], "i1": ["a"]}, {f"j{n}": ["a"] for n in range(50)}
    entries = [entry(small, "a", data="small"), entry(large, "a", data="large")]
    picked, wanted = pick(entries, Sampling(scheme="uniform"), 30)
    assert [len(rows) for rows in picked.rows] == [2, wanted[1]]
    assert np.bincount(picked.order).tolist() == [2, wanted[1]]
    said = f"here: {wanted[0]} rows of small train asked for, but only 2 are there; "
    with pytest.raises(UserError, match=said):
        refuse_short(entries, picked, wanted, "here")


def test_the_first_rows_of_what_was_picked_are_those_that_fewer_would_be() -> None:
    items = {f"i{n}": ["a", "b"] for n in range(90)}
    two, tilted = (
        [entry(items, "a", data="x"), entry(items, "b", data="y")],
        Sampling(scheme="explicit", rates=[2.0, 1.0]),
    )
    cut, fewer = pick(two, tilted, 60)[0].first(25), pick(two, tilted, 25)[0]
    assert (cut.order.tolist(), cut.rows) == (fewer.order.tolist(), fewer.rows)


def test_a_language_is_chosen_among_those_that_have_the_item() -> None:
    items = {f"i{n}": ["a", "b"] if n % 2 else ["b"] for n in range(400)}
    spoken = languages_of(entry(items), list(items), Sampling(scheme="explicit", rates=[3.0, 1.0]))
    assert set(spoken[::2]) == {"b"}
    assert stats.binomtest(spoken[1::2].count("a"), 200, 0.75).pvalue > 0.01
