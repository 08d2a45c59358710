"""A suite to begin with: a few answers become an annotated file that a plan accepts.

What nobody answered is asked where there is somebody to ask, and is otherwise as usual. `text.py` writes the file.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from harness import languages as lang
from harness.data import cards
from harness.data.cards import DatasetCard
from harness.errors import UserError, unknown
from harness.listing import write
from harness.models.find import find
from harness.scaffold.text import Answers, main_language, suite_text
from harness.suite_cards import ENGLISH, TRAINED, labels_of, split_for
from harness.suite_checks import check
from harness.suite_file import shipped
from harness.suite_words import convert

Taken = dict[str, Any]
"""What was answered so far, read."""

Ask = Callable[[str, str], str]
"""Answers a key of :data:`QUESTIONS`, of which the usual answer is given; "" is the usual one."""


def new_suite(file: str, answers: Mapping[str, str], data: Path | None = None, ask: Ask | None = None) -> Path:
    """Write a suite to ``file`` (`.toml` is added); return its path.

    ``answers`` are to :data:`QUESTIONS`, as words: `{"arms": "english=eng_Latn diverse=rus_Cyrl,hin_Deva"}`. Those that
    are missing are as usual, unless there is somebody to ``ask``. Raw files below ``data`` say how many items the arms
    share.

    :raises UserError: for names that are unknown, and for a file that exists
    """
    path = Path(file if file.endswith(".toml") else f"{file}.toml")
    name = re.sub("[^a-z0-9]+", "-", path.stem.lower()).strip("-")
    if path.exists() or name in shipped():
        raise UserError(f"{path}: {'exists' if path.exists() else 'a suite of this name ships'}; name another file")
    taken: Taken = {}
    for key, question in QUESTIONS.items():
        usual, given = question.usual(taken), answers.get(key)
        taken[key] = question.read(given or usual, taken) if given or not ask else _asked(key, usual, taken, ask)
    text = suite_text(path, name, Answers(**taken), data)
    check(convert(tomllib.loads(text), path), path)
    write(path, text)
    return path


def _asked(key: str, usual: str, taken: Taken, ask: Ask) -> Any:
    """Return the answer of somebody, who is asked again after one that cannot be."""
    while True:
        try:
            return QUESTIONS[key].read(ask(key, usual).strip() or usual, taken)
        except UserError as error:
            print(error, file=sys.stderr)
        except EOFError:
            raise UserError("suites new: no more answers; nothing was written") from None


def _model(text: str, _: Taken) -> str:
    if "@" not in text:  # a model of the Hub would be downloaded
        find(text, "model")
    return text


def _intermediate(text: str, _: Taken) -> DatasetCard:
    card = cards.dataset_card(text, "intermediate")
    if card.kind not in TRAINED:
        raise UserError(f"intermediate: {text} is {card.kind}; name a data set of kind {', '.join(TRAINED)}")
    if not (split_for(card, "train") or split_for(card, "dev")):
        raise UserError(f"intermediate: {text} is for tests alone; name a data set with a split to train on")
    return card


def _usual_arms(taken: Taken) -> str:
    """Return English against three languages of other families, the best resourced that the data set has."""
    card: DatasetCard = taken["intermediate"]
    first, table = main_language(card), lang.languages()
    best: dict[str | None, str] = {}
    for code in sorted(set(card.languages.codes) & set(table), key=lambda c: (-int(table[c]["joshi_class"] or 0), c)):
        best.setdefault(table[code]["cluster"], code)
    others = [code for code in best.values() if lang.cluster(code) != table.get(first, {}).get("cluster")][:3]
    one = f"{'english' if first == ENGLISH else first}={first}"
    return f"{one} diverse={','.join(others)}" if others else one


def _arms(text: str, taken: Taken) -> dict[str, list[str]]:
    arms: dict[str, list[str]] = {}
    for name, _, spoken in (word.partition("=") for word in text.split()):
        if not re.fullmatch("[A-Za-z0-9_-]+", name) or name in ("none", *arms) or not spoken:
            raise UserError(f"arms: {text}: expected NAME=LANGUAGE,LANGUAGE, each with a name of its own but `none`")
        arms[name] = _codes(spoken.split(","), f"arms: {name}", taken["intermediate"].languages.codes)
    return arms


def _codes(names: Sequence[str], where: str, known: Sequence[str] = ()) -> list[str]:
    """Return the codes of languages, which must be among those ``known``, if any are."""
    codes = [lang.resolve(name, where=where) for name in names]
    for code in codes:
        if known and code not in known:
            raise unknown("language of the data set", code, known, where)
    return codes


def _targets(text: str, _: Taken) -> dict[str, tuple[DatasetCard, DatasetCard | None]]:
    """Return target → the card of its test set, and of what it is trained on, if at all."""
    words = [word.partition(":") for word in text.split()]
    return {name: _target(cards.dataset_card(name, "targets"), train) for name, _, train in words}


def _target(card: DatasetCard, train: str) -> tuple[DatasetCard, DatasetCard | None]:
    if train:
        return card, cards.dataset_card(train, f"targets: {card.name}")
    if card.kind not in TRAINED:
        return card, None
    every = [cards.dataset_card(name) for name in cards.dataset_names()]
    trained = [c for c in every if c.kind == card.kind and split_for(c, "train")]
    for name in (card.name, *card.derived_from):
        if found := next((c for c in trained if c.name == name), None):
            return card, found
    like = ", ".join(c.name for c in trained if labels_of(c) == labels_of(card)) or "none"
    raise UserError(
        f"targets: {card.name} has no split to train on; say {card.name}:TRAIN, where TRAIN has its labels ({like})"
    )


def _languages(text: str, _: Taken) -> str | list[str]:
    return text if text == "all" else _codes(text.replace(",", " ").split(), "languages")


def _seeds(text: str, _: Taken) -> list[int]:
    if not text.isdigit() or int(text) == 0:
        raise UserError(f"seeds: expected how many, from 1 on, saw {text!r}")
    return list(range(int(text)))


def _usual_contrasts(taken: Taken) -> str:
    """Return every later arm over the first, and that one over none."""
    first, *later = taken["arms"]
    return " ".join([*(f"{arm}:{first}" for arm in later), f"{first}:none"])


def _contrasts(text: str, taken: Taken) -> list[tuple[str, str]]:
    pairs = [(a, b) for a, _, b in (word.partition(":") for word in text.split())]
    for arm in (arm for pair in pairs for arm in pair):
        if arm not in ("none", *taken["arms"]):
            raise unknown("arm", arm, ("none", *taken["arms"]), f"contrasts: {text}")
    return pairs


class Question(NamedTuple):
    """The usual answer to a question, which may rest on what was answered before, and how an answer is read."""

    usual: Callable[[Taken], str]
    read: Callable[[str, Taken], Any]


QUESTIONS = {
    "model": Question(lambda _: "e5-small", _model),
    "intermediate": Question(lambda _: "cldr_phrases", _intermediate),
    "arms": Question(_usual_arms, _arms),
    "targets": Question(lambda _: "cldr_terms cldr_kind", _targets),
    "languages": Question(lambda _: "all", _languages),
    "seeds": Question(lambda _: "3", _seeds),
    "contrasts": Question(_usual_contrasts, _contrasts),
}
"""What is asked, in this order: a model; the data set of the intermediate task; NAME=LANGUAGE,LANGUAGE of every arm but
`none`; DATASET or TEST:TRAIN of every target; languages to test in; how many seeds; ARM:ARM of every contrast, first
the primary one."""
