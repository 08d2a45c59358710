"""Data sets of SQuAD's shape in one language, and what each does otherwise: types, empty answers, layouts."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from harness.errors import UserError
from tests.adapters.squad_shape import AWKWARD, AWKWARD_ROWS, expected, questions, squad

JGLUE, PARSINLU = "datasets/jsquad-v1.3/{}-v1.3.json", "data/reading_comprehension/{}.json"

FILES = {
    "jsquad": ("jpn_Jpan", {"dev": JGLUE.format("valid")}),
    "tquad": ("tur_Latn", {"dev": "dev-v0.1.json"}),
    "persianqa": ("pes_Arab", {"test": "dataset/pqa_test.json"}),
    "parsinlu_rc": ("pes_Arab", {"dev": PARSINLU.format("dev")}),
    "squad1": ("eng_Latn", {"dev": "dev-v1.1.json", "train": "train-v1.1.json"}),
    "squad2": ("eng_Latn", {"dev": "dev-v2.0.json", "train": "train-v2.0.json"}),
    "drcd": ("zho_Hant", {"dev": "DRCD_dev.json", "test": "DRCD_test.json", "train": "DRCD_training.json"}),
    "korquad": ("kor_Hang", {"dev": "KorQuAD_v1.0_dev.json", "train": "KorQuAD_v1.0_train.json"}),
}
"""Data set → its language and, by split, the file of the makers' layout."""

SOURCES = {"squad1": "squad", "squad2": "squad"}


@pytest.mark.parametrize("name", FILES)
def test_awkward_questions_come_as_they_stand_from_every_split(rows_of, name):
    language, files = FILES[name]
    made = rows_of(name, dict.fromkeys(files.values(), squad(*AWKWARD, title="An_article", is_impossible=False)))
    source = SOURCES.get(name, name)
    block = {} if name == "parsinlu_rc" else {"block": f"{source}:An_article"}
    assert made == [
        {"split": split, "language": language, "id": item, "source": f"{source}:{item}"} | block | row
        for split in sorted(files)
        for (item, _, _), row in zip(AWKWARD, AWKWARD_ROWS, strict=True)
    ]


@pytest.mark.parametrize("name", FILES)
def test_a_question_without_an_answer_has_an_empty_list_and_one_without_the_key_is_refused(rows_of, name):
    files = FILES[name][1].values()
    none = squad(("q1", "?", []), is_impossible=True, plausible_answers=[{"text": "va", "answer_start": 7}])
    assert [row["answers"] for row in rows_of(name, dict.fromkeys(files, none))] == [[] for _ in files]
    with pytest.raises(UserError, match="column answers is empty"):
        rows_of(name, dict.fromkeys(files, none.replace(b'"answers"', b'"answer"')))


@pytest.mark.parametrize("name", FILES)
def test_an_astray_offset_and_broken_json_are_refused(rows_of, name):
    files = FILES[name][1].values()
    with pytest.raises(UserError, match=r", line 25 \(.* q2\): column answers is not where its start says"):
        rows_of(name, dict.fromkeys(files, squad(AWKWARD[0], ("q2", "?", [("va", 8)]))))
    with pytest.raises(UserError, match=r", line 4: not JSON: "):
        rows_of(name, dict.fromkeys(files, b'{"data": [{\n"title": "T",\n"paragraphs":\n}]}\n'))


def test_numbers_and_texts_for_ids_and_offsets_are_read_alike(rows_of):
    rows = rows_of("tquad", {"dev-v0.1.json": squad((959, "?", [("va", "7")]), (960, "?", [("\nva", 6)]))})
    assert [(row["id"], row["source"], row["answers"]) for row in rows] == [
        ("959", "tquad:959", [{"text": "va", "start": 7}]),
        ("960", "tquad:960", [{"text": "\nva", "start": 6}]),
    ]


# -- CMRC 2018, whose own layout has no offsets


def chinese(*answers: list[str]) -> bytes:
    qas = [{"query_text": f"问{i}", "query_id": f"Q{i}", "answers": said} for i, said in enumerate(answers)]
    paragraph = {"context_id": "DEV_0", "context_text": "\U0001f41f鱼, 龙尖鱼。\n", "qas": qas, "title": "鱼"}
    return json.dumps([paragraph], ensure_ascii=False).encode()


def test_cmrc2018_answers_start_where_they_first_stand_and_those_found_nowhere_are_left_out(rows_of, left_out):
    file = chinese(["鱼", "龙尖", "39764.0"], ["没有"], [], ["鱼。\n"])
    rows = rows_of("cmrc2018", {"data/cmrc2018_trial.json": file})
    assert [(row["id"], row["source"], row["block"], row["text"], row["answers"]) for row in rows] == [
        (*("Q0", "cmrc2018:Q0", "cmrc2018:DEV_0", "问0"), [{"text": "鱼", "start": 1}, {"text": "龙尖", "start": 4}]),
        (*("Q3", "cmrc2018:Q3", "cmrc2018:DEV_0", "问3"), [{"text": "鱼。\n", "start": 6}]),
    ]
    assert left_out("cmrc2018") == {("trial", "zho_Hans", "no answer that the paragraph holds"): 2}


def test_cmrc2018_without_a_key_is_refused(rows_of):
    with pytest.raises(UserError, match="column answers is empty"):
        rows_of("cmrc2018", {"data/cmrc2018_trial.json": chinese(["鱼"]).replace(b'"answers"', b'"answer"')})


def test_cmrc2018_in_squads_layout_is_refused(rows_of):
    with pytest.raises(UserError, match=r"not squad-style-data/\*\.json: the same questions with offsets in UTF-16"):
        rows_of("cmrc2018", {"squad-style-data/cmrc2018_trial.json": squad(*AWKWARD)})


RAW = {
    **{name: dict.fromkeys(files.values(), squad(*AWKWARD)) for name, (_, files) in FILES.items()},
    "cmrc2018": {"data/cmrc2018_trial.json": chinese(["鱼", "龙尖"], ["没有"], ["鱼。\n"])},
}


# -- the makers' files


@pytest.mark.parametrize(
    ("name", "folder", "split", "counts"),
    [
        ("jsquad", "jglue", "dev", (59, 1145, 4442, 12_853)),
        ("tquad", "tquad", "dev", (72, 275, 892, 2676)),
        ("persianqa", "persianqa", "test", (93, 93, 930, 1302)),
        ("parsinlu_rc", "parsinlu", "dev", (125, 125, 125, 197)),
    ],
)
def test_every_question_arrives_in_its_place(real, raw_folder, name, folder, split, counts):
    language, files = FILES[name]
    rows = real(name).rows(split, [language], ["id", "text", "text_pair", "answers"]).to_pylist()
    path = raw_folder(folder) / files[split]
    assert rows == expected(path)
    articles = json.loads(path.read_bytes())["data"]
    paragraphs = sum(len(article["paragraphs"]) for article in articles)
    assert (len(articles), paragraphs, len(rows), sum(len(r["answers"]) for r in rows)) == counts


def test_every_paragraph_of_jsquad_opens_with_its_title_and_most_answers_are_doubled(raw_folder):
    raw = list(questions(raw_folder("jglue") / JGLUE.format("valid")))
    assert all(q["context"].startswith(f"{q['title']} [SEP] ") and q["is_impossible"] is False for q in raw)
    answers = [[(a["text"], a["answer_start"]) for a in q["answers"]] for q in raw]
    assert {len(said) for said in answers} == {2, 3}
    assert sum(len(set(said)) < len(said) for said in answers) == 4147


def test_offsets_of_tquad_are_texts_and_some_answers_have_edges_of_white_space(real, raw_folder):
    answers = [a for q in questions(raw_folder("tquad") / "dev-v0.1.json") for a in q["answers"]]
    assert {type(a["answer_start"]) for a in answers} == {str}
    rows = real("tquad").rows("dev", columns=["answers"])["answers"].to_pylist()
    assert sum(a["text"] != a["text"].strip() for said in rows for a in said) == 360


def test_some_paragraphs_of_tquad_repeat_and_some_have_no_question(real, raw_folder):
    articles = json.loads((raw_folder("tquad") / "dev-v0.1.json").read_bytes())["data"]
    paragraphs = [paragraph for article in articles for paragraph in article["paragraphs"]]
    assert len(paragraphs) - len({paragraph["context"] for paragraph in paragraphs}) == 3
    assert sum(not paragraph["qas"] for paragraph in paragraphs) == 17
    rows = real("tquad").rows("dev", columns=["block"])["block"].to_pylist()
    assert len(set(rows)) == len(articles) - 3


def test_unanswerable_questions_of_persianqa_have_no_answer_and_the_others_two(real, raw_folder):
    raw = list(questions(raw_folder("persianqa") / "dataset" / "pqa_test.json"))
    rows = real("persianqa").rows("test", columns=["answers"])["answers"].to_pylist()
    assert Counter(len(said) for said in rows) == {2: 651, 0: 279}
    assert [len(said) == 0 for said in rows] == [q["is_impossible"] for q in raw]
    assert {key for q in raw for key in q} == {*("id", "question", "answers", "is_impossible", "context"), *PLACED}


PLACED = ("title", "paragraph")


def test_parsinlu_has_the_same_questions_in_both_layouts_and_up_to_eight_answers(raw_folder):
    folder = raw_folder("parsinlu") / "data" / "reading_comprehension"
    lines = [json.loads(line) for line in (folder / "dev.jsonl").read_text(encoding="utf-8").split("\n") if line]
    other = sorted((q["question"], q["passage"], sorted((text, int(at)) for at, text in q["answers"])) for q in lines)
    rows = expected(folder / "dev.json")
    own = sorted((q["text"], q["text_pair"], sorted((a["text"], a["start"]) for a in q["answers"])) for q in rows)
    assert own == other
    assert max(len(q["answers"]) for q in rows) == 8


def test_cmrc2018_has_every_question_and_differs_from_squads_layout_in_five_offsets(real, raw_folder):
    squads = expected(raw_folder("cmrc2018") / "squad-style-data" / "cmrc2018_trial.json")
    rows = real("cmrc2018").rows("trial", columns=["id", "text", "text_pair", "answers", "block"]).to_pylist()
    assert (len(rows), len({row["block"] for row in rows})) == (1002, 256)
    starts = [
        (own["answers"][0].pop("start"), his["answers"][0].pop("start")) for own, his in zip(rows, squads, strict=True)
    ]
    assert Counter(his - own for own, his in starts) == {0: 997, 1: 5}
    assert [row["answers"] for row in rows] == [row["answers"] for row in squads]
    assert [row["text_pair"] for row in rows] == [row["text_pair"] for row in squads]
    assert sum(not row["text"].strip() for row in rows) == 2
    assert sum(a["text"] != a["text"].strip() for row in rows for a in row["answers"]) == 3


def test_cmrc2018s_answers_that_stand_more_than_once_are_as_many_as_the_card_says(real):
    rows = real("cmrc2018").rows("trial", columns=["text_pair", "answers"]).to_pylist()
    assert sum(row["text_pair"].count(row["answers"][0]["text"]) > 1 for row in rows) == 77


def test_the_samples_of_squad_are_read_and_an_id_that_stands_twice_is_refused(rows_of, raw_folder):
    one, two = (raw_folder("english_samples") / "allennlp" / name for name in ("squad.json", "squad2.json"))
    other = squad(*AWKWARD)
    made = rows_of("squad1", {"dev-v1.1.json": one.read_bytes(), "train-v1.1.json": other})
    wanted = expected(one)
    assert len(wanted) == 5
    assert [{key: row[key] for key in wanted[0]} for row in made if row["split"] == "dev"] == wanted
    with pytest.raises(UserError, match=r"eng_Latn 5733be284776f41900661182\): column id stands twice"):
        rows_of("squad2", {"dev-v2.0.json": two.read_bytes(), "train-v2.0.json": other})
    assert [len(q["answers"]) for q in expected(two)] == [0, 1, 3, 1, 1, 1]
    assert ["plausible_answers" in q for q in questions(two)] == [True] + 5 * [False]


@pytest.mark.parametrize("name", ["jsquad", "tquad", "persianqa", "parsinlu_rc", "cmrc2018"])
def test_the_cards_generated_block_is_what_the_files_give(card_is_up_to_date, name):
    assert card_is_up_to_date(name)
