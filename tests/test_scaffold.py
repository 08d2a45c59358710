"""A new suite is one that a plan accepts, explains the whole grammar, and takes no name that is not there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from harness import suite as grammar
from harness.data import cards
from harness.errors import UserError
from harness.plan import make_plan
from harness.scaffold import new_suite
from harness.suite import Table
from harness.suite_cards import TRAINED
from harness.suite_file import load, shipped


def test_without_answers_it_is_a_suite_that_a_plan_accepts(tmp_path: Path) -> None:
    path = new_suite(str(tmp_path / "My_Study"), {})
    suite = load(path)
    assert (path.name, suite.name, suite.model, suite.seeds) == ("My_Study.toml", "my-study", "e5-small", [0, 1, 2])
    # Three arms, one without a phase of its own, and three seeds: 2 × 3 intermediate phases are trained, predicted and
    # scored; retrieval is predicted and scored 1 + 2 × 3 times; kind is trained as well, 3 × 3 times.
    assert len(make_plan(suite, None).jobs) == 6 * 3 + 7 * 2 + 9 * 3
    assert [(c.name, c.role) for c in suite.contrasts] == [
        ("diverse over english", "primary"),
        ("english over none", "secondary"),
    ]
    assert load(path, scale="smoke").model == "tiny"


def test_answers_stand_in_the_file(tmp_path: Path) -> None:
    answers = {
        "model": "xlmr-base",
        "intermediate": "cldr_kind",
        "arms": "north=Finnish,nob_Latn south=Swahili",
        "targets": "cldr_terms xquad sib200",
        "languages": "Yoruba, fin_Latn",
        "seeds": "5",
        "contrasts": "south:north south:none",
    }
    suite = load(new_suite(str(tmp_path / "mine.toml"), answers))
    assert suite.model == "xlmr-base"
    assert {name: arm.mix and arm.mix[0].languages for name, arm in suite.arms.items()} == {
        "none": [],
        "north": ["fin_Latn", "nob_Latn"],
        "south": ["swh_Latn"],
    }
    assert list(suite.targets) == ["cldr_terms", "xquad", "sib200"]
    assert suite.targets["cldr_terms"].pivot == "eng_Latn"
    trained = suite.targets["xquad"].train
    assert trained is not None
    assert (trained.data, trained.languages) == ("squad1", ["eng_Latn"])  # XQuAD has no training split: SQuAD's it is
    assert suite.languages.include == ["yor_Latn", "fin_Latn"]
    assert suite.seeds == [0, 1, 2, 3, 4]
    assert [(c.a, c.b, c.role) for c in suite.contrasts] == [
        ("south", "north", "primary"),
        ("south", "none", "secondary"),
    ]
    assert suite.recipes["target"].trainable_layers == "all"  # 768 wide: no small model


def test_every_key_of_the_grammar_is_shown_with_what_it_means(tmp_path: Path) -> None:
    text = new_suite(str(tmp_path / "mine.toml"), {}).read_text()
    tables = [table for table in vars(grammar).values() if isinstance(table, type) and issubclass(table, Table)]
    keys = {key for table in tables for key in table.__struct_fields__} - {"scale"}  # never in a file
    tables_of_tables = {"recipes", "arms", "targets", "contrasts", "languages", "intermediate", "smoke"}
    assert {key for key in keys - tables_of_tables if not re.search(rf"\b{key} = ", text)} == set()
    assert {key for key in tables_of_tables if not re.search(rf"^\[+{key}\b", text, re.MULTILINE)} == set()
    explained = {match[1] for match in re.finditer(r"^(?:# )?(\w+) = .*\S +# ", text, re.MULTILINE)}
    plain = set(re.findall(r"^(\w+) = ", text, re.MULTILINE)) - explained
    assert plain == {"mix"}  # which its table's own comment explains


def test_what_is_commented_out_is_right_once_it_is_in_force(tmp_path: Path) -> None:
    path = new_suite(str(tmp_path / "mine.toml"), {})
    text = re.sub(r"^# (?=\[|\w+ = )", "", path.read_text(), flags=re.MULTILINE)
    path.write_text(text.replace('match = "items"', 'match = "rows"'))
    suite = load(path)
    assert list(suite.arms) == ["none", "english", "diverse", "shuffled", "longer", "matched", "latin", "text", "both"]
    assert (suite.arms["both"].mlm_ratio, suite.targets["translation"].beams) == (0.1, 4)
    assert (suite.targets["cldr_terms"].margin, suite.contrasts[1].margin) == (4, 1.0)


def test_every_data_set_makes_a_target_and_every_trained_kind_an_intermediate_task(tmp_path: Path) -> None:
    helped = set()
    for i, name in enumerate(cards.dataset_names()):
        card = cards.dataset_card(name)
        if card.kind in TRAINED and {split.use for split in card.splits.values()} != {"test"}:
            arm = f"one={card.languages.codes[0]}"
            load(new_suite(str(tmp_path / f"i{i}"), {"intermediate": name, "arms": arm, "targets": "cldr_terms"}))
        try:
            load(new_suite(str(tmp_path / f"t{i}"), {"targets": name}))
        except UserError as error:
            helped.add(str(error).partition("; say ")[2].partition(",")[0])
    assert helped == {f"{name}:TRAIN" for name in ("belebele", "mlqa", "xcopa")}


CARD = """+++
name = "own"
title = "Five sentences, none of them translated"
kind = "classification"
metric = "accuracy"
columns = ["text", "label"]
labels = ["a", "b"]
licence = "CC0-1.0"
citation = "written for this test"
creation = "written"
files = ["own.csv"]
[splits.train]
use = "train"
[languages]
kind = "iso639_3"
codes = ["eng_Latn", "fin_Latn"]
[[sources]]
kind = "folder"
origin = "this test"
+++
"""
ROWS = "id,language,text,label\n1,eng,one,a\n2,eng,two,b\n3,fin,kolme,a\n4,fin,neljä,b\n5,fin,viisi,a\n"
SELECT = "select 'train' as split, * from read_csv($root || '/own.csv', header = true, all_varchar = true)"


def test_arms_that_share_no_items_are_matched_by_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own").mkdir()
    for name, text in {"own.md": CARD, "own.sql": SELECT, "own/own.csv": ROWS}.items():
        (tmp_path / name).write_text(text)
    monkeypatch.setenv("STILTBENCH_ADAPTERS", str(tmp_path))
    answers = {"model": "tiny", "intermediate": "own", "targets": "cldr_terms"}
    seen = load(new_suite(str(tmp_path / "seen"), answers, tmp_path))
    assert seen.intermediate is not None
    assert (seen.intermediate.match, seen.intermediate.examples) == ("rows", 2)  # those of English, the smaller one
    assert make_plan(seen, None, tmp_path).jobs
    unseen = load(new_suite(str(tmp_path / "unseen"), answers))
    assert unseen.intermediate is not None
    assert (unseen.intermediate.match, unseen.intermediate.examples) == ("items", 700)


REFUSED = [
    ("model", "e5-smal", "unknown model 'e5-smal'; the nearest are e5-small"),
    ("intermediate", "cldr_phrase", "unknown data set 'cldr_phrase'; the nearest are cldr_phrases"),
    ("intermediate", "cldr_terms", "cldr_terms is retrieval; name a data set of kind classification, tagging"),
    ("intermediate", "belebele", "belebele is for tests alone"),
    ("arms", "one=Finnis", "unknown language 'Finnis'; the nearest are"),
    ("arms", "none=fin_Latn", "expected NAME=LANGUAGE,LANGUAGE"),
    ("arms", "one=nus_Latn", "unknown language of the data set 'nus_Latn'; the nearest are"),
    ("targets", "cldr_kin", "unknown data set 'cldr_kin'; the nearest are cldr_kind"),
    ("targets", "xquad:squad", "unknown data set 'squad'; the nearest are squad"),
    ("languages", "Finnis", "unknown language 'Finnis'; the nearest are"),
    ("seeds", "no", "expected how many, from 1 on, saw 'no'"),
    ("contrasts", "divers:english", "unknown arm 'divers'; the nearest are diverse"),
]


@pytest.mark.parametrize(("key", "answer", "expected"), REFUSED)
def test_a_name_that_is_unknown_is_refused_with_the_nearest(
    key: str, answer: str, expected: str, tmp_path: Path
) -> None:
    with pytest.raises(UserError) as caught:
        new_suite(str(tmp_path / "mine"), {key: answer})
    assert str(caught.value).startswith(f"{key}: ")
    assert expected in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_a_file_is_never_overwritten_and_a_name_never_taken(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("mine")
    with pytest.raises(UserError, match=r"mine\.toml: exists; name another file"):
        new_suite(str(path), {})
    with pytest.raises(UserError, match="a suite of this name ships"):
        new_suite(str(tmp_path / "quickstart"), {})
    assert path.read_text() == "mine"
    assert [p.name for p in tmp_path.iterdir()] == ["mine.toml"]


def test_on_a_terminal_what_is_missing_is_asked_and_asked_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = iter(["cldr_kin", "cldr_kind", "", "cldr_terms", "", "two", "2", ""])
    asked: list[tuple[str, str]] = []

    def ask(key: str, usual: str) -> str:
        asked.append((key, usual))
        return next(said)

    suite = load(new_suite(str(tmp_path / "mine"), {"model": "tiny"}, ask=ask))
    assert [key for key, _ in asked] == [
        "intermediate", "intermediate", "arms", "targets", "languages", "seeds", "seeds", "contrasts",
    ]  # fmt: skip
    assert dict(asked)["contrasts"] == "diverse:english english:none"
    assert capsys.readouterr().err.splitlines() == [
        "intermediate: unknown data set 'cldr_kin'; the nearest are cldr_kind, cldr_terms, cldr_phrases",
        "seeds: expected how many, from 1 on, saw 'two'",
    ]
    assert (suite.model, suite.seeds, list(suite.targets)) == ("tiny", [0, 1], ["cldr_terms"])
    assert suite.arms["english"].mix[0].data == "cldr_kind"


def test_who_stops_answering_gets_no_file(tmp_path: Path) -> None:
    def ask(_key: str, _usual: str) -> str:
        raise EOFError

    with pytest.raises(UserError, match="no more answers; nothing was written"):
        new_suite(str(tmp_path / "mine"), {}, ask=ask)
    assert not list(tmp_path.iterdir())


def test_suites_that_ship_are_listed_as_before() -> None:
    assert "quickstart" in shipped()
    assert "suite" not in shipped()
