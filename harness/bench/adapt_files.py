"""Raw files made up for the bench of adapting, always the same: pairs as XNLI lays them out, questions as XQuAD."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

PAIRS, QUESTIONS = 400_000, 100_000
QUESTIONS_A_PARAGRAPH, PARAGRAPHS_AN_ARTICLE = 5, 34
LABELS = ("entailment", "neutral", "contradiction")
LANGUAGES = ("ar", "de", "el", "en", "es", "hi", "ro", "ru", "th", "tr", "vi", "zh")
LETTERS = "abcdefghijklmnopqrstuvwxyzäéßабвгдежαβγδεअआइعسلم中文字"


def write(folder: Path, pairs: int = PAIRS, questions: int = QUESTIONS) -> None:
    """Write `pairs/xnli.train.jsonl` and, one file a language, `xquad/xquad.??.json` below ``folder``."""
    texts = _Texts()
    for name in ("pairs", "xquad"):
        (folder / name).mkdir()
    with (folder / "pairs" / "xnli.train.jsonl").open("w", encoding="utf-8") as file:
        for i in range(pairs):
            # One in ten is written in ASCII alone.
            file.write(json.dumps(texts.pair(i), ensure_ascii=i % 10 == 0) + "\n")
    articles = questions // len(LANGUAGES) // (QUESTIONS_A_PARAGRAPH * PARAGRAPHS_AN_ARTICLE)
    for language in LANGUAGES:
        document = {"data": [texts.article(f"Article {i}") for i in range(articles)], "version": "1.1"}
        text = json.dumps(document, ensure_ascii=False)
        (folder / "xquad" / f"xquad.{language}.json").write_text(text, encoding="utf-8")


class _Texts:
    """A seeded source of pairs and articles; it counts the questions, whose number is their id."""

    def __init__(self) -> None:
        self.draw = random.Random(0)
        self.words = ["".join(self.draw.choices(LETTERS, k=self.draw.randint(2, 9))) for _ in range(5000)]
        self.words[::200] = [f'"{word}\\' for word in self.words[::200]]  # JSON escapes both
        self.sentences = [self.text(self.draw.randint(10, 30)) for _ in range(20_000)]
        self.asked = 0

    def text(self, words: int) -> str:
        return " ".join(self.draw.choices(self.words, k=words))

    def pair(self, number: int) -> dict[str, Any]:
        """Return a pair; one in a hundred has no majority label."""
        return {
            "annotator_labels": [],
            "genre": "fiction",
            "gold_label": "-" if number % 100 == 0 else self.draw.choice(LABELS),
            "language": LANGUAGES[number % len(LANGUAGES)],
            "match": "True",
            "pairID": str(number),
            "promptID": str(number // 3),
            "sentence1": self.draw.choice(self.sentences),
            "sentence2": self.draw.choice(self.sentences),
        }

    def article(self, title: str) -> dict[str, Any]:
        return {"title": title, "paragraphs": [self.paragraph() for _ in range(PARAGRAPHS_AN_ARTICLE)]}

    def paragraph(self) -> dict[str, Any]:
        context = self.text(110)
        return {"context": context, "qas": [self.question(context) for _ in range(QUESTIONS_A_PARAGRAPH)]}

    def question(self, context: str) -> dict[str, Any]:
        self.asked += 1
        start = self.draw.randrange(len(context) - 20)
        answer = {"answer_start": start, "text": context[start : start + 20]}
        return {"id": f"{self.asked:024x}", "question": self.text(10), "answers": [answer]}
