"""What is handed in to XTREME: its mock submission's own numbers, one worked out by hand, and what is refused."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.analysis.submission import of_folder
from harness.errors import UserError
from harness.score.xtreme import TASKS
from tests.conftest import SHARED

Row = dict[str, Any]

MOCK = {
    ("classification", "pawsx", "accuracy"): 51.42857142857143,
    ("classification", "xnli", "accuracy"): 30.666666666666668,
    ("tagging", "panx", "f1"): 57.50793650793652,
    ("tagging", "udpos", "xtreme_f1"): 70.21746048354693,
    ("retrieval", "bucc2018", "mined_f1"): 55.0,
    ("retrieval", "tatoeba", "accuracy"): 53.611111111111114,
    ("qa", "xquad", "exact_match"): 77.27272727272727,
    ("qa", "xquad", "f1"): 79.9586776859504,
    ("qa", "mlqa", "exact_match"): 57.142857142857146,
    ("qa", "mlqa", "f1"): 81.76870748299321,
    ("qa", "tydiqa", "exact_match"): 88.88888888888889,
    ("qa", "tydiqa", "f1"): 97.22222222222223,
    ("classification", None, None): 41.04761904761905,
    ("tagging", None, None): 63.862698495741725,
    ("qa", None, None): 80.37568011593986,
    ("retrieval", None, None): 54.30555555555556,
    ("overall", None, None): 62.17319850507248,
}
"""Group, task and metric → points: averages over languages from XTREME's own test of its program, and their means."""


def averages(rows: list[Row]) -> dict[tuple[str, str | None, str | None], float]:
    told = [row for row in rows if "language" not in row]
    return {(row["group"], row["task"], row.get("metric")): row["value"] for row in told}


def test_xtremes_mock_submission_has_the_scores_that_xtreme_gives_it(tmp_path: Path) -> None:
    if not (SHARED / "data" / "xtreme_mock.tar.xz").is_file():
        pytest.skip("xtreme_mock: XTREME's mock submission is not at hand")
    unpack = [sys.executable, str(SHARED / "data" / "unpack.py"), str(tmp_path), "xtreme_mock"]
    subprocess.run(unpack, check=True, capture_output=True)
    found = averages(of_folder(tmp_path / "xtreme_mock"))
    assert {key: 100 * found[key] for key in MOCK} == pytest.approx(MOCK, rel=0, abs=1e-12)


# -- worked out by hand ------------------------------------------------------------------------------------------------


def questions(**answers: list[str]) -> str:
    """Return SQuAD's JSON of questions by id, each a paragraph of its own."""
    asked = [
        {"context": "", "qas": [{"id": id, "answers": [{"text": text, "answer_start": 0} for text in right]}]}
        for id, right in answers.items()
    ]
    return json.dumps({"data": [{"paragraphs": asked}]})


def answers(**said: str) -> str:
    return json.dumps(said)


TWO = questions(a=["the red house"], b=["two birds", "birds"])
HANDED_IN: dict[str, tuple[str, str, str, list[float]]] = {
    # task: labels; predictions that are all right; those of one language; its scores by the task's metrics
    "pawsx": ("0\n1\n1\n0\n", "0\n1\n1\n0\n", "0\n1\n0\n1", [1 / 2]),
    "xnli": ("entailment\nneutral\n", "entailment\nneutral\n", "\ufeffentailment \r\ncontradiction\t\r\n", [1 / 2]),
    # Two names, of which one is found, and one that is none.
    "panx": ("B-PER\nI-PER\nO\n\nB-LOC\n", "B-PER\nI-PER\nO\n\nB-LOC\n", "B-PER\nO\nO\n \nB-LOC\n\n", [2 / 4]),
    # Runs: NOUN and VERB end elsewhere, the two SYM are one each and are found. Four of five tags are right.
    "udpos": (
        "NOUN\nNOUN\nVERB\n\nSYM\nSYM\n",
        "NOUN\nNOUN\nVERB\n\nSYM\nSYM\n",
        "NOUN\nVERB\nVERB\n\nSYM\nSYM\n",
        [4 / 8],
    ),
    "xquad": (TWO, answers(a="red house", b="Birds!"), answers(a="house", b="birds"), [1 / 2, (2 / 3 + 1) / 2]),
    # MLQA's rules drop a German article, SQuAD's an English one alone.
    "mlqa": (questions(a=["der Hund"]), answers(a="der Hund"), answers(a="Hund"), [1, 1]),
    "tydiqa": (questions(a=["der Hund"]), answers(a="der Hund"), answers(a="Hund"), [0, 2 / 3]),
    # One of two pairs, and two that are none.
    "bucc2018": ("d1\te1\nd2\te2\n", "d2\te2\nd1\te1\n", "d1\te1\nd2\te9\nd9\te2\n", [2 / 5]),
    "tatoeba": ("3\n0\n2\n1\n", "3\n0\n2\n1\n", "3\n0\n1\n1\n", [3 / 4]),
}

ODD = {"tydiqa": "sw"}
"""Task → the language that is not all right, where it is not German."""


def place(task: str, language: str, side: str = "predictions") -> str:
    return f"{side}/{task}/test-{language}.{'json' if TASKS[task].group == 'qa' else 'tsv'}"


def write(folder: Path, path: str, text: str) -> None:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_text(text, encoding="utf-8", newline="")


@pytest.fixture
def handed_in(tmp_path: Path) -> Callable[..., Path]:
    """Return what writes tasks of the submission, all of its languages, and gives its folder."""

    def written(*tasks: str) -> Path:
        for task in tasks:
            labels, right, odd, _ = HANDED_IN[task]
            for language in TASKS[task].languages:
                write(tmp_path, place(task, language, "labels"), labels)
                write(tmp_path, place(task, language), odd if language == ODD.get(task, "de") else right)
        return tmp_path

    return written


def test_every_task_is_scored_by_its_own_metrics(handed_in: Callable[..., Path]) -> None:
    rows = of_folder(handed_in(*TASKS))
    for name, task in TASKS.items():
        scores = dict(zip(task.metrics, HANDED_IN[name][3], strict=True))
        odd = {"tydiqa": "swh_Latn"}.get(name, "deu_Latn")
        mine = [row for row in rows if row["task"] == name and "language" in row]
        assert {row["metric"]: row["value"] for row in mine if row["language"] == odd} == pytest.approx(scores), name
        assert {row["value"] for row in mine if row["language"] != odd} == {1.0}, name
        assert len(mine) == len(task.languages) * len(task.metrics)
        for metric, score in scores.items():
            languages = len(task.languages)
            assert averages(rows)[task.group, name, metric] == pytest.approx((languages - 1 + score) / languages)
    assert averages(rows)["overall", None, None] > 0.9


def test_n_counts_items_and_of_mined_pairs_those_that_are_right_or_said(handed_in: Callable[..., Path]) -> None:
    rows = of_folder(handed_in("bucc2018", "xquad"))
    counts = {(row["task"], row["language"]): row["n"] for row in rows if "language" in row}
    assert counts["xquad", "deu_Latn"] == 2
    assert (counts["bucc2018", "deu_Latn"], counts["bucc2018", "fra_Latn"]) == (4, 2)


def test_a_task_without_labels_stands_without_a_score_and_enters_no_average(handed_in: Callable[..., Path]) -> None:
    folder = handed_in("xnli")
    write(folder, place("pawsx", "de"), "0\n")
    write(folder, "predictions/mewslix/test-de.json", "{}")  # of XTREME-R, beside the mock submission's too
    found = averages(of_folder(folder))
    assert found["classification", "pawsx", None] is None
    assert found["classification", "xnli", None] == pytest.approx(14.5 / 15)
    assert ("classification", None, None) not in found


REFUSED: dict[str, tuple[str, str, str | None, str]] = {
    # what is wrong: task that is handed in, file, its text instead (None: there is none), the sentence
    "line too few": (
        "xnli",
        place("xnli", "sw"),
        "neutral\n",
        "predictions/xnli: xnli test swh_Latn: 1 of 2 examples are predicted; a part would be another test: give all",
    ),
    "line too many": (
        "tatoeba",
        place("tatoeba", "sw"),
        "3\n0\n2\n1\n1\n",
        "predictions/tatoeba: tatoeba test swh_Latn: line 5 is no example of it",
    ),
    "unknown question": (
        "xquad",
        place("xquad", "en"),
        answers(a="", b="", c=""),
        "predictions/xquad: xquad test eng_Latn: c is no example of it",
    ),
    "question twice": (
        "xquad",
        place("xquad", "en"),
        '{"a": "", "b": "", "b": "birds"}',
        "predictions/xquad: xquad test eng_Latn: b stands twice",
    ),
    "unanswered question": (
        "xquad",
        place("xquad", "en"),
        answers(a="red"),
        "predictions/xquad: xquad test eng_Latn: 1 of 2 examples are predicted; a part would be another test: give all",
    ),
    "pair twice": (
        "bucc2018",
        place("bucc2018", "fr"),
        "d1\te1\nd2\te2\nd1\te1\n",
        "predictions/bucc2018: bucc2018 test fra_Latn eng_Latn: d1\te1 stands twice",
    ),
    "no pair": (
        "bucc2018",
        place("bucc2018", "fr"),
        "d1 e1\n",
        'predictions/bucc2018: bucc2018 test fra_Latn eng_Latn d1 e1: predicted "d1 e1"; expected two ids with a tab '
        "between them",
    ),
    "no label": (
        "pawsx",
        place("pawsx", "fr"),
        "0\n1\n1\n2\n",
        'predictions/pawsx: pawsx test fra_Latn 4: predicted "2"; expected one of different, paraphrase',
    ),
    "no number": (
        "tatoeba",
        place("tatoeba", "fr"),
        "3\n0\n2\n-1\n",
        'predictions/tatoeba: tatoeba test fra_Latn 1: predicted "-1"; expected the number of a line',
    ),
    "tag too few": (
        "panx",
        place("panx", "fr"),
        "B-PER\nI-PER\n\nB-LOC\n",
        r'predictions/panx: panx test fra_Latn 1: predicted "[\"B-PER\",\"I-PER\"]"; expected one of O, B-PER, I-PER, '
        "B-ORG, I-ORG, B-LOC, I-LOC on the line of each word",
    ),
    "no JSON": (
        "xquad",
        place("xquad", "en"),
        "a\tred",
        ": not laid out as xtreme: Invalid Input Error: predictions/xquad/test-en.json is not JSON",
    ),
    "no file of a language": (
        "xnli",
        place("xnli", "zh"),
        None,
        "predictions/xnli: 14 of 15 languages are there, not test-zh.tsv; XTREME's score is a mean over all of them",
    ),
    "no labels of a language": (
        "xnli",
        place("xnli", "zh", "labels"),
        None,
        "labels/xnli: 14 of 15 languages are there, not test-zh.tsv; XTREME's score is a mean over all of them",
    ),
    "language too many": (
        "xnli",
        place("xnli", "fi"),
        "neutral\n",
        "predictions/xnli/test-fi.tsv: no file of XTREME's xnli; take it out",
    ),
    "unknown task": (
        "xnli",
        "predictions/xnIi/test-de.tsv",
        "neutral\n",
        "predictions: unknown task 'xnIi'; the nearest are xnli, panx, xquad",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_mistake_is_one_sentence(case: str, handed_in: Callable[..., Path]) -> None:
    task, path, text, expected = REFUSED[case]
    folder = handed_in(task)
    if text is None:
        (folder / path).unlink()
    else:
        write(folder, path, text)
    assert told(folder) == expected


def told(folder: Path) -> str:
    with pytest.raises(UserError) as error:
        of_folder(folder)
    return str(error.value).removeprefix(str(folder)).removeprefix("/")


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    layout = "no folder predictions; XTREME's layout is predictions/TASK/test-LANGUAGE.tsv"
    assert told(tmp_path) == f": {layout}"
    write(tmp_path, place("xnli", "de"), "neutral\n")
    assert told(tmp_path) == ": no labels/TASK of xnli; put XTREME's labels there"
