"""SQuAD's nested JSON for tests: written from a few values, and read by a plain loop to compare with."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

CONTEXT = '\U0001f43e «Ça»\nva, "ça" va. c\u0327 '
"""A character above U+FFFF before all answers, a line break, quotation marks, a text that is not in NFC."""

AWKWARD = [
    ("q1", "Où?\t", [("«Ça»\nva", 2), ("va", 7)]),
    ("q2", " 'c\u0327'? ", [("c\u0327 ", 20)]),
    ("q3", 'Qui dit "ça"?', [('"ça"', 11)]),
]
"""Id, question, answers with their starts in code points of :data:`CONTEXT`."""

AWKWARD_ROWS = [
    {"text": question, "text_pair": CONTEXT, "answers": [{"text": said, "start": start} for said, start in answers]}
    for _, question, answers in AWKWARD
]
"""The columns that every adapter must make of :data:`AWKWARD`."""

Question = tuple[Any, str, Sequence[tuple[str, Any]]]


def squad(*questions: Question, context: str = CONTEXT, title: str = "T", **more: Any) -> bytes:
    """Return a file of one article with one paragraph; ``more`` are further keys of every question."""
    qas = [
        {"id": name, "question": question, "answers": [{"answer_start": at, "text": said} for said, at in answers]}
        | more
        for name, question, answers in questions
    ]
    paragraphs = [{"context": context, "qas": qas}]
    return json.dumps({"version": "1.1", "data": [{"title": title, "paragraphs": paragraphs}]}, indent=1).encode()


def questions(path: Path) -> Iterator[dict[str, Any]]:
    """Yield each question of a file with its title and its paragraph's number and context, in the file's order."""
    number = 0
    for article in json.loads(path.read_bytes())["data"]:
        for paragraph in article["paragraphs"]:
            for question in paragraph["qas"]:
                yield {**question, "title": article.get("title"), "paragraph": number, "context": paragraph["context"]}
            number += 1


def expected(path: Path) -> list[dict[str, Any]]:
    """Return id, text, text_pair and answers of every question of a file, as `examples` should have them."""
    return [
        {
            "id": str(q["id"]),
            "text": q["question"],
            "text_pair": q["context"],
            "answers": [{"text": a["text"], "start": int(a["answer_start"])} for a in q["answers"]],
        }
        for q in questions(path)
    ]
