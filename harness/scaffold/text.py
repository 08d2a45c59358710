"""The text of a new suite: `suite.toml` with what was answered, and a comment for each key of the grammar, once."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

from harness.data import draw
from harness.data.adapt import adapted
from harness.data.cards import DatasetCard
from harness.data.upkeep import at_hand
from harness.models.find import find
from harness.suite_cards import ENGLISH, split_for

EXAMPLES = 700
"""Of the intermediate task, where there are as many: what the quickstart reads."""

SMALL = 768
"""A model whose states are narrower is trained in its two highest layers, and faster."""

KINDS = {"retrieval": "the nearest text is found, nothing is trained", "mlm": "masked words are foreseen"}
"""Task kind that nothing is trained for → what is done."""

RETRIEVAL = """
pivot = "{pivot}" ## the language that the others are paired with
# directions = ["to", "from"] ## into the pivot, and out of it
# layers = [2, 1] ## whose states are compared, the headline's first; by default the last
# pooling = "mean" ## or "cls", "last"; by default as the model was trained
# margin = 4 ## neighbours of the ratio margin, instead of the plain cosine
# tune = "dev" ## pairs are mined, and this split sets the threshold"""

CONTRAST = """\
[[contrasts]] ## what is claimed, declared before it can be seen
name = "{a} over {b}" ## how the page calls it
a = "{a}" ## a gain is this arm's score
b = "{b}" ## less that of this one
targets = {targets} ## it is tested on
role = "{role}" ## "primary", "secondary" (Holm is over each), or "exploratory\""""


@dataclass(frozen=True)
class Answers:
    """What a suite is made of: ``targets`` with the cards of test and training data, contrasts of two arms."""

    model: str
    intermediate: DatasetCard
    arms: Mapping[str, list[str]]
    targets: Mapping[str, tuple[DatasetCard, DatasetCard | None]]
    languages: str | list[str]
    seeds: list[int]
    contrasts: Sequence[tuple[str, str]]


def suite_text(path: Path, name: str, of: Answers, data: Path | None) -> str:
    """Return the text of the file ``path``; raw files of the intermediate task below ``data`` say what arms share."""
    card = of.intermediate
    dev = split_for(card, "dev")
    split = split_for(card, "train") or str(dev)
    mixes = [f"[{_table(data=card.name, split=split, languages=codes)}]" for codes in of.arms.values()]
    match, examples = _budget(card, split, of.arms, data)
    small = "@" not in of.model and find(of.model).hidden < SMALL
    checked = (
        f"check = {_toml(dev)} ## split on which each arm's own task is scored\n" if dev not in (None, split) else ""
    )
    places = {
        **{key: _toml(getattr(of, key)) for key in ("model", "seeds", "languages")},
        **{"file": path, "name": _toml(name), "match": _toml(match), "examples": examples, "check": checked},
        "title": _toml(f"{', '.join(of.arms)} on {card.name}, then {', '.join(of.targets)}"),
        "layers": "2" if small else _toml("all"),
        "intermediate_rate": "1e-4" if small else "2e-5",
        "target_rate": "3e-4" if small else "2e-5",
        "arms": "\n".join(_arm_text(arm, mix) for arm, mix in zip(of.arms, mixes, strict=True)),
        "arm": _toml(next(iter(of.arms))),
        "mix": mixes[0],
        "targets": "\n".join(_target_text(name, *both) for name, both in of.targets.items()),
        "contrasts": "\n".join(_contrast_text(i, a, b, list(of.targets)) for i, (a, b) in enumerate(of.contrasts)),
    }
    template = Template(Path(__file__).with_name("suite.toml").read_text(encoding="utf-8"))
    return _said_once(template.substitute(places))


def main_language(card: DatasetCard) -> str:
    """Return English, or the first language of a data set that has none."""
    codes = card.languages.codes or (ENGLISH,)
    return ENGLISH if ENGLISH in codes else codes[0]


def _budget(card: DatasetCard, split: str, arms: Mapping[str, list[str]], data: Path | None) -> tuple[str, int]:
    """Return by what arms are matched, and how much they read: the same items where they share enough of them."""
    if not at_hand(card, data):
        return "items", EXAMPLES
    found = adapted(card.name, data=data)
    items = [set(draw.pool(found, split, codes)) for codes in arms.values()]
    fewest, shared = min(map(len, items)), len(set.intersection(*items))
    return ("items", min(shared, EXAMPLES)) if 2 * shared > fewest else ("rows", min(fewest, EXAMPLES))


def _arm_text(name: str, mix: str) -> str:
    return f'[arms.{name}] ## reads rows of a data set, in these languages in turn or in "all"\nmix = {mix}'


def _target_text(name: str, card: DatasetCard, train: DatasetCard | None) -> str:
    split = next(found for use in ("test", "dev", "train") if (found := split_for(card, use)))
    head = f"[targets.{name}] ## of kind {card.kind}: {KINDS.get(card.kind, 'trained in one language, tested in all')}"
    test = f"test = [{_table(data=card.name, split=split)}] ## of several, the first is what claims are made of"
    if train is None:
        return f"{head}\n{test}" + (RETRIEVAL.format(pivot=main_language(card)) if card.kind == "retrieval" else "")
    read = _table(data=train.name, split=split_for(train, "train"), languages=[main_language(train)])
    return f'{head}\ntrain = {read} ## what is read before\n{test}\nrecipe = "target"'


def _contrast_text(place: int, a: str, b: str, targets: Sequence[str]) -> str:
    return CONTRAST.format(a=a, b=b, targets=_toml(targets), role="secondary" if place else "primary")


def _said_once(text: str) -> str:
    """Return a text with its comments, behind ` ## `, below each other; one that was said before is left out."""
    said: set[str] = set()
    lines = []
    for line, _, comment in (whole.partition(" ## ") for whole in text.splitlines()):
        if comment not in said:
            lines.append(f"{line:<39} # {comment}" if comment else line)
        elif not line.startswith("#"):
            lines.append(line)
        said |= {comment} - {""}
    return "\n".join([*lines, ""])


def _table(**values: Any) -> str:
    """Return a table in one line."""
    return "{ " + ", ".join(f"{key} = {_toml(value)}" for key, value in values.items()) + " }"


def _toml(value: Any) -> str:
    """Return a string, a number or a list as TOML writes it."""
    return json.dumps(value, ensure_ascii=False)
