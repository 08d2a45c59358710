"""Answers that are spans of a text: exact match and F1 as SQuAD defines them, on words normalised as a data set's own.

SQuAD (Rajpurkar et al. 2016, 2018) lowers case, drops ASCII punctuation and English articles, and splits at blanks,
whatever the language; XTREME scores XQuAD and TyDi QA by it. MLQA (Lewis et al. 2020) drops all of Unicode's
punctuation and each language's own articles, and takes every Chinese character for a word. Where a text is written
without blanks, SQuAD's F1 is hardly more than its exact match.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Normalise = Callable[[str], str]

Gold = tuple[Normalise, Sequence[str]]
"""How a question's answers are normalised, and its right ones; none: it has no answer."""

ENGLISH = r"\b(a|an|the)\b"

MLQA_ARTICLES = {
    "arb_Arab": "ال",
    "deu_Latn": r"\b(ein|eine|einen|einem|eines|einer|der|die|das|den|dem|des)\b",
    "eng_Latn": ENGLISH,
    "spa_Latn": r"\b(un|una|unos|unas|el|la|los|las)\b",
    "vie_Latn": r"\b(của|là|cái|chiếc|những)\b",
}
"""Language → pattern of what MLQA drops: articles, and in Arabic these two letters wherever they stand."""


def normaliser(dataset: str, language: str) -> Normalise:
    """Return how answers of a data set are normalised: MLQA's own way, every other's SQuAD's."""
    if dataset != "mlqa":
        return _squad
    return lambda text: _mlqa(text, language)


def exact_match(gold: Sequence[Gold], said: Sequence[str]) -> NDArray[np.float64]:
    """Return 1 where the answer is one of the right ones, else 0 [n]."""
    return _best(gold, said, lambda a, b: float(a == b))


def f1(gold: Sequence[Gold], said: Sequence[str]) -> NDArray[np.float64]:
    """Return the F1 of the words that the answer shares with the right one that it is most like [n]."""
    return _best(gold, said, _overlap)


def _best(gold: Sequence[Gold], said: Sequence[str], measure: Callable[[str, str], float]) -> NDArray[np.float64]:
    """Score each answer by the right one that serves it best; as in SQuAD 2.0, one of no words is no answer."""
    return np.asarray(
        [
            max(measure(normalise(text), right) for right in [*filter(None, map(normalise, answers))] or [""])
            for (normalise, answers), text in zip(gold, said, strict=True)
        ],
        np.float64,
    )


def _overlap(a: str, b: str) -> float:
    ours, theirs = Counter(a.split()), Counter(b.split())
    if not ours or not theirs:
        return float(a == b)
    return 2 * (ours & theirs).total() / (ours.total() + theirs.total())


_ASCII = str.maketrans("", "", string.punctuation)


def _squad(text: str) -> str:
    return " ".join(re.sub(ENGLISH, " ", text.lower().translate(_ASCII)).split())


def _mlqa(text: str, language: str) -> str:
    bare = "".join(c for c in text.lower().translate(_ASCII) if unicodedata.category(c)[0] != "P")
    if language in MLQA_ARTICLES:
        bare = re.sub(MLQA_ARTICLES[language], " ", bare)
    if language == "zho_Hans":
        bare = re.sub("([\u4e00-\u9fa5])", r" \1 ", bare)
    return " ".join(bare.split())
