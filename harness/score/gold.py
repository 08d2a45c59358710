"""Predictions beside their gold, which is where the task kind says: in the example, in the pivot's, or in an id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa

from harness.errors import UserError
from harness.score import squad

COLUMNS = {"classification": "label", "choice": "label", "tagging": "tags", "span": "answers", "translation": "text"}
"""Kind → the column of examples that its gold is read from; the others' gold is in the ids, or there is none."""

PIVOTED = ("mined", "translation")
"""Kinds whose gold is read from the rows of the pivot as well."""


@dataclass(frozen=True)
class Answered:
    """Predictions, the examples that they are of, and the card's labels; every list is in the predictions' order.

    :raises UserError: by any gold, where an example is not there
    """

    predictions: pa.Table
    examples: pa.Table
    labels: Sequence[str]

    @cached_property
    def said(self) -> list[str]:
        """What the model said."""
        return self._column("prediction")

    @cached_property
    def ids(self) -> list[str]:
        """The id of each example: what retrieval should find."""
        return self._column("id")

    @cached_property
    def label(self) -> list[str]:
        """The gold class, or the position of the right choice."""
        return self._look_up("label", self._column("language"))

    @cached_property
    def tags(self) -> list[list[str]]:
        """The gold tags of each sentence."""
        return self._look_up("tags", self._column("language"))

    @cached_property
    def answers(self) -> list[squad.Gold]:
        """The right answers of each question, and how its data set normalises them."""
        sets, codes = self._column("dataset"), self._column("language")
        every = self._look_up("answers", codes)
        return [
            (squad.normaliser(dataset, code), [answer["text"] for answer in answers or ()])
            for dataset, code, answers in zip(sets, codes, every, strict=True)
        ]

    @cached_property
    def partners(self) -> list[str]:
        """The id of each sentence that has a translation in the pivot, which has the same id; "" of the others."""
        there = set(self._places)
        return [i if (pivot, i) in there else "" for pivot, i in zip(self._column("other"), self.ids, strict=True)]

    @cached_property
    def references(self) -> list[str]:
        """The text in the language that was translated into: the pivot, or (direction `from`) the one under test."""
        columns = (self._column(name) for name in ("language", "other", "direction"))
        into = [code if direction == "from" else pivot for code, pivot, direction in zip(*columns, strict=True)]
        return self._look_up("text", into)

    @cached_property
    def _places(self) -> list[tuple[str, str]]:
        return list(zip(self.examples["language"].to_pylist(), self.examples["id"].to_pylist(), strict=True))

    def _column(self, name: str) -> list[Any]:
        found: list[Any] = self.predictions[name].to_pylist()
        return found

    def _look_up(self, column: str, languages: Sequence[str]) -> list[Any]:
        found = dict(zip(self._places, self.examples[column].to_pylist(), strict=True))
        wanted = list(zip(languages, self.ids, strict=True))
        missing = next((place for place in wanted if place not in found), None)
        if missing:
            raise UserError(f"no gold for {missing[0]} {missing[1]}; its data changed since the prediction")
        return [found[place] for place in wanted]
