"""The benchmark of encoding: what it compares is the same sentences, and its rows follow from its rounds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from harness import cache
from harness.bench import encode
from harness.data.adapt import Adapted
from harness.models.find import find, folder
from harness.train.encoder import Encoder
from harness.train.tokens import Encoded


def test_the_sample_is_the_same_sentences_in_every_language(monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [str(i) for i in range(40)]
    rows = pa.table({"id": ids * 2, "language": ["deu_Latn"] * 40 + ["yor_Latn"] * 40})
    monkeypatch.setattr(Adapted, "rows", lambda *_: rows)
    monkeypatch.setattr(encode.adapt, "adapted", lambda *_, **__: Adapted.__new__(Adapted))
    found = encode.sample(Path("data"))
    by_language = {
        code: found.filter(pa.compute.equal(found["language"], code))["id"].to_pylist()
        for code in ("deu_Latn", "yor_Latn")
    }
    assert len(by_language["deu_Latn"]) == encode.SENTENCES
    assert by_language["deu_Latn"] == by_language["yor_Latn"]


def test_a_row_divides_within_rounds() -> None:
    encoded = Encoded(np.zeros(60, np.int32), np.array([0, 20, 60]), np.zeros(60, np.int32), "d")
    rounds = [
        {
            "seconds": {("stiltbench", "fp32"): ours, ("sentence-transformers", "fp32"): theirs},
            "cosines": {"fp32": cosine},
            "rates": {"fp32": 100.0},
        }
        for ours, theirs, cosine in ((2.0, 3.0, 0.99999), (4.0, 8.0, 0.9999), (1.0, 1.0, 1.0))
    ]
    row = encode._row(("stiltbench", "fp32"), rounds, encoded, work=50.0, padding=0.01)
    # ratios 1.5, 2, 1; shares .25, .125, .5
    assert row == {
        "encoder": "stiltbench",
        "precision": "fp32",
        "sentences": 2,
        "seconds": 2.0,
        "tokens_per_second": 30.0,
        "times": 1.5,
        "cosine": 0.9999,
        "peak": 0.25,
        "padding": 0.01,
    }


def test_both_encoders_make_the_same_vectors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = find("tiny")
    where = folder(model, cache.root())
    texts = ["one two three", "Grüße", "a", "ein längerer Satz, der noch ein wenig weitergeht"]
    rows = pa.table({"text": texts})
    monkeypatch.setenv("STILTBENCH_CACHE", str(tmp_path))
    ours = encode._ours(rows, model, where, "fp32")()
    theirs = encode._theirs(rows, model, where, "fp32")()
    assert ours.shape == (4, Encoder(where, 0, {}).hidden)
    np.testing.assert_allclose(ours, theirs, atol=1e-5)
