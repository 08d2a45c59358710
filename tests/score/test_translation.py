"""Translations: what is counted scores as sacrebleu scores it, under sacrebleu's own signatures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import sacrebleu
from sacrebleu.metrics import BLEU, CHRF

from harness.errors import UserError
from harness.score import translation
from harness.score.metrics import of_counts
from harness.score.score import scorers

PAIRS = [
    ("The cat sat on the mat.", "The cat is on the mat."),
    ("there is a dog here now", "There's a dog, here!"),
    ("", "Nothing was said of this."),
    ("Das ist ein Haus, 3,5 m hoch", "Das Haus ist 3,5 m hoch."),
    ("我们去北京。", "我们明天去北京。"),
    ("Nothing at all", "Något helt annat"),
]


def sacrebleus(metric: str) -> BLEU | CHRF:
    return {"chrf": CHRF(word_order=2), "bleu": BLEU()}[metric]


@pytest.mark.parametrize("metric", ["chrf", "bleu"])
def test_sums_of_any_sentences_score_as_sacrebleu_scores_them(metric: str) -> None:
    said, references = map(list, zip(*PAIRS, strict=True))
    counts = translation.counts(metric, references, said)
    for some in np.random.default_rng(0).integers(len(PAIRS), size=(30, 4)):
        theirs = sacrebleus(metric).corpus_score([said[i] for i in some], [[references[i] for i in some]])
        assert 100 * of_counts(metric, counts[some].sum(0)) == pytest.approx(theirs.score, abs=1e-9)


def test_signatures_are_those_of_sacrebleus_scores() -> None:
    expected = {}
    for metric in ("chrf", "bleu"):
        theirs = sacrebleus(metric)
        theirs.corpus_score(["a"], [["a"]])
        expected[metric] = str(theirs.get_signature())
    found = translation.signatures()
    assert {metric: found[metric] for metric in expected} == expected
    assert f"nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:{sacrebleu.__version__}" == found["bleu"]


def test_spbleu_is_left_out_and_refused_in_a_sentence_where_its_tokenizer_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("sacrebleu.utils.SACREBLEU_DIR", str(tmp_path))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name)
    model = tmp_path / "models" / "flores200sacrebleuspm"
    assert list(scorers("translation")) == ["chrf", "bleu"]
    assert translation.signatures()["spbleu"] == translation.why_not("spbleu")
    with pytest.raises(UserError, match=f"spbleu: {model}: no such file; .* or run `sacrebleu --tokenize flores200`"):
        translation.counts("spbleu", ["a"], ["a"])
    model.parent.mkdir()
    model.touch()
    assert translation.why_not("spbleu") is None
    assert list(scorers("translation")) == ["chrf", "bleu", "spbleu"]


def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert translation.why_not("bleu") == "bleu: sacrebleu is not installed; pip install sacrebleu"
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name if name == "sacrebleu" else None)
    assert translation.why_not("bleu") is None
    assert translation.why_not("spbleu") == "spbleu: sentencepiece is not installed; pip install sentencepiece"


@pytest.mark.skipif(translation.why_not("spbleu") is not None, reason=str(translation.why_not("spbleu")))
def test_spbleu_is_sacrebleus() -> None:
    said, references = map(list, zip(*PAIRS, strict=True))
    theirs = BLEU(tokenize="flores200").corpus_score(said, [references]).score
    counts = translation.counts("spbleu", references, said).sum(0)
    assert 100 * of_counts("spbleu", counts) == pytest.approx(theirs, abs=1e-9)
    assert "tok:flores200" in translation.signatures()["spbleu"]
