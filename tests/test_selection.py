"""The table [languages] against the languages table: lists, conditions, and so many of a family."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import msgspec
import pytest

from harness.errors import UserError
from harness.languages import cluster, languages
from harness.selection import suite_languages
from harness.suite import Languages, Suite


def chosen(small: Suite, **table: object) -> list[str]:
    return suite_languages(msgspec.structs.replace(small, languages=Languages(**table)))  # type: ignore[arg-type]


def test_all_languages_are_those_of_the_table(small: Suite) -> None:
    assert chosen(small) == sorted(languages())
    assert len(chosen(small)) == 205


def test_a_list_is_taken_as_it_is_in_the_order_of_codes(small: Suite) -> None:
    assert chosen(small, include=["zul_Latn", "deu_Latn"]) == ["deu_Latn", "zul_Latn"]


def test_a_condition_reads_the_languages_table(small: Suite) -> None:
    every = chosen(small, where="in_flores200 and script <> 'Nkoo'")
    assert len(every) == 204
    assert "nqo_Nkoo" not in every
    assert chosen(small, where="family = 'Uralic'") == ["est_Latn", "fin_Latn", "hun_Latn"]
    assert chosen(small, include=["fin_Latn", "deu_Latn"], where="family = 'Uralic'") == ["fin_Latn"]
    assert chosen(small, where="joshi_class >= 4 and macroarea = 'Eurasia' and script = 'Kore'") == []


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("script = 1 +", "small: languages.where: Parser Error"),
        ("scrpt = 'Latn'", 'small: languages.where: Binder Error: Referenced column "scrpt" not found'),
        ("family = 'Uralic'; drop table languages", "small: languages.where: "),
    ],
)
def test_a_condition_that_sql_refuses_is_a_sentence(small: Suite, condition: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        chosen(small, where=condition)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_a_condition_reads_no_file(small: Suite, tmp_path: Path) -> None:
    (tmp_path / "codes.csv").write_text("code\nfin_Latn\n")
    with pytest.raises(UserError, match=r"small: languages\.where: "):
        chosen(small, where=f"code in (select code from read_csv('{tmp_path}/codes.csv'))")


def test_so_many_of_a_family_are_chosen_with_a_seed(small: Suite) -> None:
    two = chosen(small, per_family=2)
    sizes = Counter(cluster(code) for code in languages())
    assert Counter(cluster(code) for code in two) == {name: min(2, size) for name, size in sizes.items()}
    assert two == chosen(small, per_family=2)
    other = chosen(small, per_family=2, seed=1)
    assert other != two
    assert Counter(map(cluster, other)) == Counter(map(cluster, two))


def test_more_of_a_family_keeps_those_that_were_chosen(small: Suite) -> None:
    assert set(chosen(small, per_family=2)) < set(chosen(small, per_family=3)) < set(chosen(small))


def test_the_choice_within_a_family_does_not_depend_on_the_others(small: Suite) -> None:
    uralic = [code for code in chosen(small, per_family=1) if cluster(code) == "Uralic"]
    assert chosen(small, where="family = 'Uralic'", per_family=1) == uralic
