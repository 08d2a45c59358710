"""Predictions that were made elsewhere: each task kind scored from a table, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sacrebleu
from sklearn.metrics import f1_score

from harness.analysis.predictions import of_table
from harness.data.adapt import adapted
from harness.errors import UserError

Row = dict[str, Any]

CODES = ["deu_Latn", "swh_Latn"]


def said(dataset: str, predict: Callable[[Row], object], languages: list[str] = CODES) -> list[Row]:
    """Return a prediction of every example of a test that needs no files."""
    examples = adapted(dataset).rows("test", languages).to_pylist()
    return [
        {name: e[name] for name in ("dataset", "split", "language", "id")} | {"prediction": predict(e)}
        for e in examples
    ]


def write(folder: Path, rows: list[Row], form: str = "jsonl") -> Path:
    """Write a table whose columns are those of its first row."""
    lines = folder / "mine.jsonl"
    lines.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    if form != "jsonl":
        read = f"read_json('{lines}', format = 'newline_delimited', maximum_depth = 1)"
        duckdb.sql(f"copy (select columns(*)->>'$' from {read}) to '{folder}/mine.{form}'")
    return folder / f"mine.{form}"


def values(rows: list[Row], metric: str) -> dict[str, float]:
    return {row["language"]: row["value"] for row in rows if row["metric"] == metric}


@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet"])
def test_labels_are_scored_language_by_language(form: str, tmp_path: Path) -> None:
    table = said("cldr_kind", lambda e: "place" if e["language"] == "deu_Latn" else e["label"])
    rows = of_table(write(tmp_path, table, form))
    gold = [e["label"] for e in adapted("cldr_kind").rows("test", ["deu_Latn"]).to_pylist()]
    macro = f1_score(gold, ["place"] * len(gold), average="macro", zero_division=0, labels=sorted({*gold}))
    assert values(rows, "accuracy") == {"deu_Latn": gold.count("place") / len(gold), "swh_Latn": 1.0}
    assert values(rows, "macro_f1") == pytest.approx({"deu_Latn": macro, "swh_Latn": 1.0})
    assert {row["n"] for row in rows if row["language"] == "deu_Latn"} == {len(gold)}


def test_languages_may_be_spelled_otherwise_and_data_sets_stand_in_one_table(tmp_path: Path) -> None:
    kinds = [row | {"language": "German"} for row in said("cldr_kind", lambda e: e["label"], ["deu_Latn"])]
    rows = of_table(write(tmp_path, kinds + said("cldr_terms", lambda e: e["id"])))
    assert [(r["dataset"], r["language"], r["value"]) for r in rows if r["metric"] == "accuracy"] == [
        ("cldr_kind", "deu_Latn", 1.0), ("cldr_terms", "deu_Latn", 1.0), ("cldr_terms", "swh_Latn", 1.0),
    ]  # fmt: skip


def test_tags_are_a_list_or_the_text_of_one(tmp_path: Path) -> None:
    """Each sentence's own tags but for its first, which is O: where that began a span, the span is missed."""
    mine = said("cldr_phrases", lambda e: ["O", *e["tags"][1:]], ["deu_Latn"])
    found = of_table(write(tmp_path, mine))
    gold = [e["tags"] for e in adapted("cldr_phrases").rows("test", ["deu_Latn"]).to_pylist()]
    right = sum(len(tags) - (tags[0] != "O") for tags in gold) / sum(map(len, gold))
    assert values(found, "token_accuracy")["deu_Latn"] == pytest.approx(right)
    assert 0 < values(found, "f1")["deu_Latn"] < 1
    assert of_table(write(tmp_path, mine, "csv")) == found


def test_what_is_retrieved_is_right_or_not(tmp_path: Path) -> None:
    table = said("cldr_terms", lambda e: e["id"], ["deu_Latn"])
    table[0] |= {"prediction": table[1]["id"]}
    rows = of_table(write(tmp_path, table))
    assert values(rows, "accuracy") == {"deu_Latn": pytest.approx((len(table) - 1) / len(table))}


# -- data sets of files ------------------------------------------------------------------------------------------------

TEXTS = {
    "eng_Latn": ["The small cat sat on the mat today.", "It rained all day long in the old town."],
    "deu_Latn": ["Die kleine Katze saß heute auf der Matte.", "Es regnete den ganzen Tag in der Altstadt."],
}


@pytest.fixture
def flores(tmp_path: Path) -> Path:
    """A FLORES-200 of two sentences; return the folder of data sets."""
    root = tmp_path / "data" / "flores200" / "flores200_dataset"
    for split in ("dev", "devtest"):
        (root / split).mkdir(parents=True)
        (root / f"metadata_{split}.tsv").write_text("URL\tdomain\nhttps://a\tx\nhttps://a\tx\n", encoding="utf-8")
        for language, texts in TEXTS.items():
            (root / split / f"{language}.{split}").write_text("\n".join(texts) + "\n", encoding="utf-8")
    return tmp_path / "data"


def translated(direction: str, *hypotheses: str) -> list[Row]:
    place = {"dataset": "flores200", "split": "devtest", "language": "deu_Latn", "other": "eng_Latn"}
    return [place | {"direction": direction, "id": i, "prediction": text} for i, text in enumerate(hypotheses)]


def test_translations_are_scored_in_both_directions_as_sacrebleu_scores_them(flores: Path) -> None:
    into = {
        "to": ("eng_Latn", ["A small cat sat on the mat.", "It rained all day long in old town."]),
        "from": ("deu_Latn", ["Die kleine Katze saß auf der Matte.", "Es regnete den ganzen Tag in der Stadt."]),
    }
    table = [row for direction, (_, texts) in into.items() for row in translated(direction, *texts)]
    rows = of_table(write(flores.parent, table), flores)
    found = {(row["direction"], row["metric"]): 100 * row["value"] for row in rows}
    for direction, (language, texts) in into.items():
        references = [TEXTS[language]]
        assert found[direction, "chrf"] == pytest.approx(sacrebleu.corpus_chrf(texts, references, word_order=2).score)
        assert found[direction, "bleu"] == pytest.approx(sacrebleu.corpus_bleu(texts, references).score)
    assert {(row["language"], row["other"], row["n"]) for row in rows} == {("deu_Latn", "eng_Latn", 2)}


def test_a_hypothesis_may_be_empty(flores: Path) -> None:
    rows = of_table(write(flores.parent, translated("to", "", ""), "csv"), flores)
    assert {row["value"] for row in rows} == {0.0}


def test_answers_are_scored_as_squad_scores_them(tmp_path: Path) -> None:
    context = "The red house stands here."
    asked = [
        {"id": id, "question": "?", "answers": [{"text": "The red house", "answer_start": 0}]} for id in ("q1", "q2")
    ]
    article = {"title": "T", "paragraphs": [{"context": context, "qas": asked}]}
    (tmp_path / "data" / "xquad").mkdir(parents=True)
    (tmp_path / "data" / "xquad" / "xquad.en.json").write_text(json.dumps({"data": [article]}), encoding="utf-8")
    place = {"dataset": "xquad", "split": "test", "language": "en"}
    table = [place | {"id": "q1", "prediction": "red house"}, place | {"id": "q2", "prediction": "house"}]
    rows = of_table(write(tmp_path, table), tmp_path / "data")
    assert values(rows, "exact_match") == {"eng_Latn": 0.5}
    assert values(rows, "f1") == {"eng_Latn": pytest.approx((1 + 2 / 3) / 2)}


def test_a_choice_is_a_position(tmp_path: Path) -> None:
    question = {"flores_passage": "P.", "question": "?", "dialect": "eng_Latn", "ds": "2023", "link": "https://a"}
    choices = {f"mc_answer{i}": f"answer {i}" for i in (1, 2, 3, 4)}
    (tmp_path / "data" / "belebele").mkdir(parents=True)
    with (tmp_path / "data" / "belebele" / "eng_Latn.jsonl").open("w", encoding="utf-8") as file:
        for number, right in ((1, "4"), (2, "1")):
            line = {**question, **choices, "question_number": number, "correct_answer_num": right}
            file.write(json.dumps(line) + "\n")
    ids = adapted("belebele", data=tmp_path / "data").rows("test")["id"].to_pylist()
    place = {"dataset": "belebele", "split": "test", "language": "eng_Latn"}
    table = [place | {"id": id, "prediction": 3} for id in ids]
    rows = of_table(write(tmp_path, table), tmp_path / "data")
    assert values(rows, "accuracy") == {"eng_Latn": 0.5}
    with pytest.raises(UserError, match='predicted "4"; expected the position of a choice, from 0'):
        of_table(write(tmp_path, [row | {"prediction": 4} for row in table]), tmp_path / "data")


def test_a_masked_text_is_scored_by_its_sums(tmp_path: Path) -> None:
    """Two texts of one and two tokens, of 2 and 4 bits: a quarter is the geometric mean of a token's probability."""
    (tmp_path / "data" / "text").mkdir(parents=True)
    (tmp_path / "data" / "text" / "deu_Latn.txt").write_text("eins\nzwei drei\n", encoding="utf-8")
    place = {"dataset": "plain_text", "split": "train", "language": "deu_Latn"}
    sums = {"deu_Latn.txt:1": [-2.0, 1, 4], "deu_Latn.txt:2": [-4.0, 2, 9]}
    table = [place | {"id": id, "prediction": counts} for id, counts in sums.items()]
    rows = of_table(write(tmp_path, table), tmp_path / "data")
    assert values(rows, "masked_probability") == {"deu_Latn": pytest.approx(0.25)}
    with pytest.raises(UserError, match="expected a JSON list of the sum of log2 p, tokens and bytes"):
        of_table(write(tmp_path, [row | {"prediction": [-2.0, 1]} for row in table]), tmp_path / "data")


def test_mined_pairs_have_another_language_and_no_direction(tmp_path: Path) -> None:
    """Two of three German sentences have a translation: one is found, one is missed, one is said of the third."""
    folder = tmp_path / "data" / "bucc2018" / "de-en"
    folder.mkdir(parents=True)
    for name, lines in {
        "de": "d1\ta\nd2\tb\nd3\tc\n",
        "en": "e1\tx\ne2\ty\ne3\tz\n",
        "gold": "d1\te1\nd2\te2\n",
    }.items():
        for part in ("sample", "training"):
            (folder / f"de-en.{part}.{name}").write_text(lines, encoding="utf-8")
    place = {"dataset": "bucc2018", "split": "dev", "language": "deu_Latn", "other": "eng_Latn"}
    table = [place | {"id": id, "prediction": found} for id, found in {"d1": "d1", "d2": "", "d3": "de:e3"}.items()]
    (row,) = of_table(write(tmp_path, table), tmp_path / "data")
    assert (row["metric"], row["n"], row["value"]) == ("mined_f1", 3, pytest.approx(2 * 1 / (2 * 1 + 1 + 1)))


# -- mistakes ----------------------------------------------------------------------------------------------------------

Table = Callable[[], list[Row]]


def kinds() -> list[Row]:
    return said("cldr_kind", lambda e: e["label"], ["deu_Latn"])


def first(**columns: object) -> Table:
    return lambda: [row | (columns if i == 0 else {}) for i, row in enumerate(kinds())]


def everywhere(of: Table = kinds, **columns: object) -> Table:
    return lambda: [row | columns for row in of()]


def terms() -> list[Row]:
    return said("cldr_terms", lambda e: e["id"], ["deu_Latn"])


def phrases() -> list[Row]:
    return said("cldr_phrases", lambda e: e["tags"], ["deu_Latn"])


REFUSED: dict[str, tuple[Table, str]] = {
    "a column is missing": (
        lambda: [{name: row[name] for name in row if name != "split"} for row in kinds()],
        "no column 'split' among dataset, language, id, prediction; expected dataset, split, language, id, prediction",
    ),
    "no id": (first(id=None), "a row has no id; every row needs one"),
    "unknown data set": (first(dataset="cldr_kin"), "unknown data set 'cldr_kin'; the nearest are cldr_kind"),
    "unknown language": (first(language="Germn"), "unknown language 'Germn'; the nearest are German"),
    "unknown id": (first(id="place:XX"), "cldr_kind test deu_Latn: place:XX is no example of it"),
    "twice": (lambda: [*kinds(), kinds()[0]], "cldr_kind test deu_Latn: place:015 stands twice"),
    "missing": (
        lambda: kinds()[2:],
        "cldr_kind test deu_Latn: 64 of 66 examples are predicted; a part would be another test: give all",
    ),
    "no label": (
        first(prediction="plce"),
        'cldr_kind test deu_Latn place:015: predicted "plce"; expected one of place, language, money, month, weekday, '
        "unit, script",
    ),
    "a second language": (
        everywhere(other="eng_Latn", direction="to"),
        "cldr_kind is classification, of one language; leave out other and direction",
    ),
    "no direction": (
        everywhere(terms, other="eng_Latn", direction="into"),
        "cldr_terms: a translation has other, a language, and direction, to or from it",
    ),
    "what cannot be retrieved": (
        everywhere(terms, prediction="place:XX"),
        'predicted "place:XX"; expected the id of an example',
    ),
    "tags of another sentence": (
        everywhere(phrases, prediction=["O"]),
        r'predicted "[\"O\"]"; expected a JSON list with one of O, B-day',
    ),
    "no tags": (everywhere(phrases, prediction="O"), 'predicted "O"; expected a JSON list with one of O, B-day'),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_mistake_is_one_sentence(case: str, tmp_path: Path) -> None:
    table, expected = REFUSED[case]
    file = write(tmp_path, table())
    with pytest.raises(UserError) as error:
        of_table(file)
    assert str(error.value).startswith(f"{file}: ")
    assert expected in str(error.value)
    assert "\n" not in str(error.value)


def test_an_unknown_split_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cldr_kind: unknown split 'tset'; the nearest are test"):
        of_table(write(tmp_path, [row | {"split": "tset"} for row in kinds()]))


def test_a_translation_needs_its_reference_in_the_other_language(flores: Path) -> None:
    table = [row | {"other": "fra_Latn"} for row in translated("to", "x", "y")]
    with pytest.raises(UserError, match="flores200 devtest: unknown language 'fra_Latn'"):
        of_table(write(flores.parent, table), flores)


FILES = {
    "notes.txt": (None, "expected a table named .csv, .tsv, .jsonl, .parquet, saw suffix '.txt'"),
    "absent.csv": (None, "no such file"),
    "empty.jsonl": (b"", "no column 'dataset' among json"),
    "header.csv": (b"dataset,split,language,id,prediction\n", "holds no row; expected one for each example"),
    "latin.csv": (b"dataset,split,language,id,prediction\na,b,c,\xe9,d\n", "not laid out as csv: "),
    "broken.jsonl": (b'{"dataset": "cldr_kind"\n', "not laid out as jsonl: "),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_no_table_is_refused(name: str, tmp_path: Path) -> None:
    content, expected = FILES[name]
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=f"^{tmp_path / name}: {expected}") as error:
        of_table(tmp_path / name)
    assert "\n" not in str(error.value)
