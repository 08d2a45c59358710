"""Training files that a data set may come without: read where they are at hand, in the shape of the others."""

from __future__ import annotations

import json

import pytest

from harness.data import adapt, cards
from harness.errors import UserError

PAIR = {"premise": "a", "hypothesis": "b", "sentence1": "a", "sentence2": "b", "q1": "a", "q2": "b"}
FILES = {
    "klue_nli": (
        "klue_benchmark/klue-nli-v1.1/klue-nli-v1.1_{}.json",
        json.dumps([PAIR | {"guid": "g", "gold_label": "neutral"}]),
    ),
    "jnli": (
        "datasets/jnli-v1.3/{}-v1.3.json",
        json.dumps(PAIR | {"sentence_pair_id": "0", "yjcaptions_id": "1-2-3", "label": "neutral"}),
    ),
    "farstail": ("data/{}-word.csv", "premise\thypothesis\tlabel\na\tb\tn\n"),
    "parsinlu_entailment": ("data/entailment/{}.csv", ",sent1,sent2,label,source\n7,a,b,n,s\n"),
    "parsinlu_qqp": ("data/qqp/{}.jsonl", json.dumps(PAIR | {"label": "0"})),
    "pawsx": ("pawsx/{}-en.tsv", "a\tb\t0\n"),
}
"""Data set → the path of a split's file, and a file of one pair."""

SPELLED = {"jnli": {"dev": "valid"}, "farstail": {"dev": "Val", "train": "Train", "test": "Test"}}
"""Data set → split → its name in the path, where that is another."""

WIDE = "premise\thypothesis\tlabel\thard(hypothesis)\thard(overlap)\na\tb\tn\t0\t1\n"


def write(data, name, *splits):
    path, content = FILES[name]
    for split in splits:
        file = data / (cards.dataset_card(name).folder or name) / path.format(SPELLED.get(name, {}).get(split, split))
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(WIDE if (name, split) == ("farstail", "test") else content, encoding="utf-8")


@pytest.mark.parametrize("name", FILES)
def test_train_is_read_where_it_is_and_not_missed_where_it_is_not(name, tmp_path):
    own = [split for split, facts in cards.dataset_card(name).splits.items() if not facts.optional]
    write(tmp_path, name, *own)
    assert {split for split, _ in adapt.adapted(name, data=tmp_path).parts} == set(own)
    write(tmp_path, name, "train")
    made = adapt.adapted(name, data=tmp_path)
    assert {split for split, _ in made.parts} == {*own, "train"}
    wanted = {"text": "a", "text_pair": "b", "label": "different" if "different" in made.card.labels else "neutral"}
    assert made.rows("train", columns=[*wanted]).to_pylist() == [wanted]


def test_a_split_that_is_not_optional_is_missed(tmp_path):
    write(tmp_path, "parsinlu_entailment", "dev", "train")
    with pytest.raises(UserError, match="split test has no row"):
        adapt.adapted("parsinlu_entailment", data=tmp_path)
