"""Translations against one reference: the statistics of chrF++, BLEU and spBLEU as sacrebleu counts them (Post 2018).

What is counted here is scored by :mod:`harness.score.corpus`, so that any set of sentences scores as sacrebleu scores
it. BLEU splits every language the same way (13a): where a language is written without blanks, read chrF++ or spBLEU.
spBLEU needs the file of a tokenizer that sacrebleu does not carry: it is counted where that file is in sacrebleu's
cache, and left out where it is not.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from harness.errors import UserError

if TYPE_CHECKING:
    from sacrebleu.metrics.base import Metric


METRICS = ("chrf", "bleu", "spbleu")


def counts(metric: str, references: Sequence[str], said: Sequence[str]) -> NDArray[np.float64]:
    """Return the statistics of each sentence: [n, 24] of chrF++, [n, 10] of BLEU and spBLEU.

    :raises UserError: as :func:`why_not` says
    """
    # sacrebleu names this for internal use and offers no other way to its statistics; constraints.txt pins it
    return np.asarray(_metric(metric)._extract_corpus_statistics(said, [references]), np.float64)


def signatures() -> dict[str, str]:
    """Return metric → sacrebleu's signature, which says all that its figure depends on; else why it is not counted."""
    return {metric: why_not(metric) or str(_metric(metric).get_signature()) for metric in METRICS}


def why_not(metric: str) -> str | None:
    """Return why a metric cannot be counted on this machine, and what to do; None where it can."""
    needed = ["sacrebleu", *(["sentencepiece"] if metric == "spbleu" else [])]
    for package in needed:
        if importlib.util.find_spec(package) is None:
            return f"{metric}: {package} is not installed; pip install {package}"
    if metric == "spbleu" and not _model().is_file():
        return (
            f"spbleu: {_model()}: no such file; put the tokenizer of FLORES-200 there, or run "
            "`sacrebleu --tokenize flores200` once where there is a network"
        )
    return None


def _model() -> Path:
    """Return where sacrebleu looks for the tokenizer of spBLEU."""
    from sacrebleu import utils
    from sacrebleu.tokenizers.tokenizer_spm import SPM_MODELS

    return Path(utils.SACREBLEU_DIR, "models", Path(SPM_MODELS["flores200"]["url"]).name)


@cache
def _metric(metric: str) -> Metric:
    missing = why_not(metric)
    if missing:
        raise UserError(missing)
    from sacrebleu.metrics import BLEU, CHRF

    found = CHRF(word_order=2) if metric == "chrf" else BLEU(tokenize={"bleu": "13a", "spbleu": "flores200"}[metric])
    found.num_refs = 1  # for the signature of a metric that has counted nothing yet
    return found
