"""Training files that a data set may come without: read where they are at hand, in the shape of the others."""

from __future__ import annotations

import json

import pytest

from harness.data import adapt, cards
from harness.errors import UserError

PAIR = {"premise": "a", "hypothesis": "b", "sentence1": "a", "sentence2": "b", "q1": "a", "q2": "b"}
TWO = {"text": "a", "text_pair": "b"}
WORDS = {"tokens": ["a", "b"]}
FILES = {
    "klue_nli": (
        "klue_benchmark/klue-nli-v1.1/klue-nli-v1.1_{}.json",
        json.dumps([PAIR | {"guid": "g", "gold_label": "neutral"}]),
        TWO | {"label": "neutral"},
    ),
    "jnli": (
        "datasets/jnli-v1.3/{}-v1.3.json",
        json.dumps(PAIR | {"sentence_pair_id": "0", "yjcaptions_id": "1-2-3", "label": "neutral"}),
        TWO | {"label": "neutral"},
    ),
    "farstail": ("data/{}-word.csv", "premise\thypothesis\tlabel\na\tb\tn\n", TWO | {"label": "neutral"}),
    "parsinlu_entailment": (
        "data/entailment/{}.csv",
        ",sent1,sent2,label,source\n7,a,b,n,s\n",
        TWO | {"label": "neutral"},
    ),
    "parsinlu_qqp": ("data/qqp/{}.jsonl", json.dumps(PAIR | {"label": "0"}), TWO | {"label": "different"}),
    "pawsx": ("pawsx/{}-en.tsv", "a\tb\t0\n", TWO | {"label": "different"}),
    "afrisenti": ("data/kin/{}.tsv", "tweet\tlabel\na\tneutral\n", {"id": "kin-0", "text": "a", "label": "neutral"}),
    "nusax": (
        "datasets/sentiment/ngaju/{}.csv",
        'id,text,label\n7,"a\nb",positive\n',
        {"id": "7", "text": "a\nb", "label": "positive"},
    ),
    "indonlu_smsa": (
        "dataset/smsa_doc-sentiment-prosa/{}_preprocess.tsv",
        "a b\tpositive\n",
        {"id": "0", "text": "a b", "label": "positive"},
    ),
    "masakhanews": (
        "data/lug/{}.tsv",
        "category\theadline\ttext\turl\nhealth\ta\tb\tu\n",
        TWO | {"id": "lug-0", "label": "health"},
    ),
    "masakhaner2": (
        "MasakhaNER2.0/data/bbj/{}.txt",
        "a O\nb B-LOC\n",
        WORDS | {"id": "bbj-0", "tags": ["O", "B-LOC"]},
    ),
    "masakhapos": ("data/bbj/{}.txt", "a X\nb NOUN\n", WORDS | {"id": "bbj-0", "tags": ["X", "NOUN"]}),
    "udpos_xtreme": ("udpos/{}-tl.tsv", "a\tX\nb\tNOUN\n", WORDS | {"id": "tl-0", "tags": ["X", "NOUN"]}),
    "mabsa_tagging": (
        "data/food/fr/{}.txt",
        "a b####[['b', 'c', 'POS']]\n",
        WORDS | {"id": "food-0", "tags": ["O", "B-ASPECT"]},
    ),
    "mabsa_polarity": (
        "data/food/fr/{}.txt",
        "a b####[['b', 'c', 'POS']]\n",
        {"id": "food-0-0", "text": "a b", "text_pair": "b", "label": "positive"},
    ),
}
"""Data set → the path of a split's file, a file of one item, and that item."""

SPELLED = {name: {"dev": "valid"} for name in ("jnli", "nusax", "indonlu_smsa")}
SPELLED["farstail"] = {"dev": "Val", "train": "Train", "test": "Test"}
"""Data set → split → its name in the path, where that is another."""

WIDE = "premise\thypothesis\tlabel\thard(hypothesis)\thard(overlap)\na\tb\tn\t0\t1\n"


def write(data, name, *splits):
    path, content, _ = FILES[name]
    for split in splits:
        file = data / (cards.dataset_card(name).folder or name) / path.format(SPELLED.get(name, {}).get(split, split))
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(WIDE if (name, split) == ("farstail", "test") else content, encoding="utf-8")


@pytest.mark.parametrize("name", FILES)
def test_train_is_read_where_it_is_and_not_missed_where_it_is_not(name, tmp_path):
    splits = {s: facts for s, facts in cards.dataset_card(name).splits.items() if "on the Hub alone" not in facts.note}
    own = [split for split, facts in splits.items() if not facts.optional]
    write(tmp_path, name, *own)
    assert {split for split, _ in adapt.adapted(name, data=tmp_path).parts} == set(own)
    write(tmp_path, name, *(set(splits) - set(own)))
    made = adapt.adapted(name, data=tmp_path)
    assert {split for split, _ in made.parts} == {*splits} > {*own}
    wanted = FILES[name][2]
    for split in splits:
        assert made.rows(split, columns=[*wanted]).to_pylist() == [wanted]
        (source,) = made.rows(split, columns=["source"])["source"].to_pylist()
        assert f":{split}:" in source or name in ("klue_nli", "jnli")  # their ids say the split


def test_a_split_that_is_not_optional_is_missed(tmp_path):
    write(tmp_path, "parsinlu_entailment", "dev", "train")
    with pytest.raises(UserError, match="split test has no row"):
        adapt.adapted("parsinlu_entailment", data=tmp_path)
