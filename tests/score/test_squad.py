"""Answers that are spans: SQuAD's and MLQA's normalisation worked by hand, and XTREME's mock submission.

The official scripts are no packages. The hand-worked cases follow their definitions line by line; the figures of the
mock submission are those that XTREME's own test demands of SQuAD's and MLQA's scripts.
"""

from __future__ import annotations

import json
import tarfile
from typing import Any

import pytest

from harness.languages import resolve
from harness.score.squad import exact_match, f1, normaliser
from tests.conftest import SHARED

CHOSEN = {"ar": "arb_Arab", "zh": "zho_Hans"}
"""Macrolanguages: which code the cards of XTREME's data sets choose."""


@pytest.mark.parametrize(
    ("dataset", "language", "text", "expected"),
    [
        ("squad1", "eng_Latn", "The  U.S.A., an (ally)!", "usa ally"),
        ("squad1", "eng_Latn", "theatre and another", "theatre and another"),  # only whole words are articles
        ("xquad", "deu_Latn", "Die „Zeit“", "die „zeit“"),  # SQuAD knows ASCII's punctuation and English articles
        ("xquad", "zho_Hans", "《红楼梦》 1791年", "《红楼梦》 1791年"),
        ("mlqa", "eng_Latn", "A “small” step", "small step"),
        ("mlqa", "deu_Latn", "Die „Zeit“ des Herrn Einemann", "zeit herrn einemann"),
        ("mlqa", "spa_Latn", "¿El Niño o la niña? ¡Unas!", "niño o niña"),
        ("mlqa", "vie_Latn", "Những cái bàn của tôi", "bàn tôi"),
        (
            "mlqa",
            "arb_Arab",
            "الطرق الترابية، بالمال",
            "طرق ترابية ب م",
        ),  # those two letters anywhere, a blank for each
        ("mlqa", "hin_Deva", "यह एक घर है।", "यह एक घर है"),
        ("mlqa", "zho_Hans", "《红楼梦》 1791 年 HBO版", "红 楼 梦 1791 年 hbo 版"),
        ("mlqa", "eng_Latn", "$5 + 3", "5 3"),  # symbols of ASCII go too
        ("mlqa", "eng_Latn", "€5", "€5"),  # others are no punctuation
    ],
)
def test_an_answer_is_normalised_as_its_data_set_says(dataset: str, language: str, text: str, expected: str) -> None:
    assert normaliser(dataset, language)(text) == expected


@pytest.mark.parametrize(
    ("answers", "said", "exact", "overlap"),
    [
        (["the red cat"], "Red cat.", 1, 1),
        (["red cat"], "a big red dog", 0, 2 * 1 / (3 + 2)),
        (["New York", "New York City"], "york city", 0, 2 * 2 / (2 + 3)),  # the best of the right answers
        (["go go go"], "go go", 0, 2 * 2 / (2 + 3)),  # a word counts as often as both have it
        (["red"], "", 0, 0),
        ([], "", 1, 1),  # SQuAD 2: nothing is right where there is no answer
        ([], "red", 0, 0),
        ([], "the", 1, 1),  # and so is what has no words
        (["A", "vitamin"], "vitamin", 1, 1),
    ],
)
def test_exact_match_and_f1_of_an_answer(answers: list[str], said: str, exact: float, overlap: float) -> None:
    gold = [(normaliser("squad2", "eng_Latn"), answers)]
    assert exact_match(gold, [said]).tolist() == [exact]
    assert f1(gold, [said]).tolist() == [pytest.approx(overlap)]


def test_every_question_has_its_own_answers_and_language() -> None:
    gold = [(normaliser("mlqa", "zho_Hans"), ["红楼梦"]), (normaliser("xquad", "zho_Hans"), ["红楼梦"])]
    assert exact_match(gold, ["红楼", "红楼梦"]).tolist() == [0, 1]
    assert f1(gold, ["红楼", "红楼"]).tolist() == [
        pytest.approx(0.8),
        0,
    ]  # two characters of three, or one word of none


@pytest.mark.skipif(not SHARED.is_dir(), reason="XTREME's mock submission is not at hand (../shared)")
@pytest.mark.parametrize(
    ("task", "languages", "exact", "overlap"),
    [
        ("xquad", "ar de el en es hi ru th tr vi zh", 77.27272727272727, 79.9586776859504),
        ("mlqa", "ar de en es hi vi zh", 57.142857142857146, 81.76870748299321),
        ("tydiqa", "ar bn en fi id ko ru sw te", 88.88888888888889, 97.22222222222223),
    ],
)
def test_the_mock_submission_scores_as_the_official_scripts_score_it(
    task: str, languages: str, exact: float, overlap: float
) -> None:
    scores = []
    with tarfile.open(SHARED / "data" / "xtreme_mock.tar.xz") as archive:
        for language in languages.split():
            labels, said = (_json(archive, f"{part}/{task}/test-{language}.json") for part in ("labels", "predictions"))
            asked = [qa for article in labels["data"] for text in article["paragraphs"] for qa in text["qas"]]
            gold = [
                (
                    normaliser(task, CHOSEN.get(language) or resolve(language, "xtreme")),
                    [a["text"] for a in qa["answers"]],
                )
                for qa in asked
            ]
            answered = [said[qa["id"]] for qa in asked]
            scores.append((exact_match(gold, answered).mean(), f1(gold, answered).mean()))
    found = [100 * sum(values) / len(values) for values in zip(*scores, strict=True)]
    assert found == pytest.approx([exact, overlap], rel=1e-13)


def _json(archive: tarfile.TarFile, name: str) -> dict[str, Any]:
    file = archive.extractfile(next(n for n in archive.getnames() if n.endswith(name)))
    assert file is not None
    found: dict[str, Any] = json.load(file)
    return found
