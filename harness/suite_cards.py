"""What a suite's tables mean, read with the cards: task kinds, splits by their use, heads, and what sets arms apart."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from harness.data import cards
from harness.data.cards import DatasetCard
from harness.suite import Arm, Aspect, Mix, Suite, Target

ENGLISH = "eng_Latn"

LABELLED = ("classification", "tagging")
"""Task kinds whose head has an output for each label."""

TRAINED = (*LABELLED, "span", "choice")
"""Task kinds that a target is trained on."""

TEXT = ("retrieval", "mlm")
"""Kinds of cards whose rows are text alone, which `mlm` and `translation` may read as well."""


def kind_of(target: Target) -> str:
    """Return a target's task kind: what it says, else what the card of its first test set says."""
    return target.kind or cards.dataset_card(target.test[0].data).kind


def labels_of(card: DatasetCard) -> list[str]:
    """Return the labels that a head of this data set has an output for."""
    return list(card.labels) if card.kind in LABELLED else []


def head_name(card: DatasetCard, chosen: str | None = None) -> str:
    """Return which head reads a data set: the one it names, else that of its labels, else that of its kind."""
    if chosen:
        return f"{card.kind}:{chosen}"
    if card.kind not in LABELLED:
        return card.kind
    labels = "\n".join(sorted(card.labels))
    return f"{card.kind}:{hashlib.sha1(labels.encode()).hexdigest()[:8]}"


def split_for(card: DatasetCard, wanted: str) -> str | None:
    """Return the split of that name, else the first split that the card says is for that use; None without either."""
    named = [wanted] if wanted in card.splits else []
    return next((name for name in (*named, *(n for n, s in card.splits.items() if s.use == wanted))), None)


def aspects(suite: Suite, a: str, b: str) -> list[Aspect]:
    """Return in which aspects two arms with a mix differ, as they are declared."""
    one, other = _facts(suite.arms[a]), _facts(suite.arms[b])
    found: list[Aspect] = [name for name in one if one[name] != other[name]]
    comparable = _sampled(suite.arms[a]) == _sampled(suite.arms[b])
    return [name for name in found if name != "sampling" or comparable]


def _facts(arm: Arm) -> dict[Aspect, Any]:
    return {
        "data": sorted({(m.data, m.split) for m in arm.mix}),
        "languages": _spoken(arm.mix),
        "sampling": [arm.sampling, *(m.sampling for m in arm.mix)],
        "control": arm.control == "shuffled-labels",
        "mlm": ([(m.data, m.split, _spoken([m])) for m in arm.mlm], arm.mlm_ratio),
        "pretrain": arm.pretrain,
        "transliterate": sorted(arm.transliterate),
        "budget": arm.like,
    }


def _sampled(arm: Arm) -> tuple[int, bool]:
    """Return how many entries an arm has to sample from, and whether it has languages to sample from."""
    return len(arm.mix), len(_spoken(arm.mix)) > 1


def _spoken(mixes: Sequence[Mix]) -> list[str]:
    """Return the languages that mixes name; those of "all" are the card's, or "all" where the card lists none."""
    listed = (
        cards.dataset_card(m.data).languages.codes or ("all",) if m.languages == "all" else m.languages for m in mixes
    )
    return sorted({code for codes in listed for code in codes})
