"""Mined pairs against jiant's procedure written out in loops, and BUCC's own layout with sentences made up for it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sentence_transformers import util

from harness import rows as reading
from harness.data import adapt
from harness.data.draw import item_order
from harness.score.score import score
from harness.train.kinds.mining import pairs, predict, threshold
from harness.train.kinds.retrieval import ParallelRows

Pairs = dict[tuple[int, int], float]


def mined(own: torch.Tensor, pivot: torch.Tensor, k: int = 4) -> Pairs:
    """Return the pairs of sentences, which are all different, and their margins, by descending margin."""
    near, back = (
        [{hit["corpus_id"]: hit["score"] for hit in hits} for hits in util.semantic_search(a, b, top_k=k)]
        for a, b in ((own, pivot), (pivot, own))
    )
    means = [[sum(hits.values()) / len(hits) for hits in side] for side in (near, back)]

    def margin(i: int, j: int, cosine: float) -> float:
        return cosine / ((means[0][i] + means[1][j]) / 2)

    found = [max((margin(i, j, c), i, j) for j, c in hits.items()) for i, hits in enumerate(near)]
    found += [max((margin(i, j, c), i, j) for i, c in hits.items()) for j, hits in enumerate(back)]
    out: Pairs = {}
    for value, i, j in sorted(found, reverse=True):
        if i not in {a for a, _ in out} and j not in {b for _, b in out}:
            out[i, j] = value
    return out


def unit(n: int, seed: int) -> Any:
    found = np.random.default_rng(seed).normal(size=(n, 8)).astype(np.float32) + 0.3
    return found / np.linalg.norm(found, axis=1, keepdims=True)


@pytest.mark.parametrize(("n", "m", "k"), [(40, 30, 4), (30, 40, 1), (3, 25, 4), (25, 2, 8)])
def test_pairs_are_jiants(n: int, m: int, k: int) -> None:
    own, pivot = unit(n, 0), unit(m, 1)
    partners, scores = pairs(own, pivot, k)
    expected = {p: s for p, s in mined(torch.from_numpy(own), torch.from_numpy(pivot), k).items() if s > 0}
    found = {(i, int(j)): scores[i] for i, j in enumerate(partners) if j >= 0}
    assert found == pytest.approx(expected, abs=1e-5)
    assert 0 < len(found) <= min(n, m)


def test_of_nothing_there_are_no_pairs() -> None:
    for own, pivot in ((unit(3, 0), unit(0, 0)), (unit(0, 0), unit(3, 0))):
        partners, scores = pairs(own, pivot, 4)
        assert (partners.tolist(), scores.tolist()) == ([-1] * len(own), [0.0] * len(own))


def threshold_of(scores: Sequence[float], said: str, gold: str) -> float:
    """Return the threshold of sentences whose found and true partners are letters, ``.`` for none."""
    found, true = (np.array([letter.strip(".") for letter in word], np.str_) for word in (said, gold))
    return threshold(found, np.array(scores, np.float32), true)


def test_the_threshold_is_midway_below_the_last_pair_of_the_best_f1() -> None:
    # by descending score right, wrong, right, wrong, of 3 pairs: F1 is 2/4, 2/5, 4/6 and 4/7
    assert threshold_of([0.7, 0.9, 0.6, 0.8], "caxx", "caz.") == pytest.approx((0.7 + 0.6) / 2)
    # right, wrong, wrong, right of 2 pairs: F1 is 2/3, 2/4, 2/5 and 4/6, and of equal ones the first counts
    assert threshold_of([0.9, 0.8, 0.7, 0.6], "axxb", "a..b") == pytest.approx((0.9 + 0.8) / 2)


def test_where_all_are_right_the_last_score_is_the_threshold() -> None:
    assert threshold_of([0.9, 0.75], "ab", "ab") == pytest.approx(0.75)
    assert threshold_of([0.9, 0.75, 0.0], "ab.", "abc") == pytest.approx(0.75)  # the third found nothing


def test_where_none_is_right_everything_is_believed() -> None:
    assert threshold_of([0.9, 0.8], "xx", "a.") == 0
    assert threshold_of([], "", "") == 0


def test_no_other_threshold_has_a_higher_f1() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        gold = rng.choice(["", "a", "b"], 30)
        said = np.where(rng.random(30) < 0.5, gold, rng.choice(["", "a", "b"], 30))
        scores = np.where(said != "", rng.random(30), 0).astype(np.float32)

        def f1(least: float, gold: Any = gold, said: Any = said, scores: Any = scores) -> float:
            kept = (said != "") & (scores >= least)
            return 2 * np.sum(kept & (said == gold)) / (np.sum(kept) + np.sum(gold != ""))

        assert f1(threshold(said, scores, gold)) == pytest.approx(max(f1(s) for s in scores))


# A sentence and its translation are the same text, so that their vectors are; all others differ.
PLANTED = ["Berlin 1989", "Paris, 14. 7.", "Kyjiw 12:30 ?", "Roma & Napoli"]
DE = [f"Satz Nummer {i} ohne {'viel ' * i}Sinn" for i in range(7)]
EN = [f"some {'very ' * i}other line no. {i * i}" for i in range(9)]
FR = ["une phrase", "une autre", "encore une"]


def corpus(code: str, texts: Sequence[str]) -> str:
    return "".join(f"{code}-{i:09}\t{text}\n" for i, text in enumerate(texts))


@pytest.fixture
def bucc(tmp_path: Path) -> Path:
    """BUCC 2018 as its makers lay it out; German sentence 7 of the test stands, word for word, in French's English."""
    test_de = [*DE, "Ottawa 1867", PLANTED[0], PLANTED[1], PLANTED[1], PLANTED[2]]
    files = {
        "de-en/de-en.sample.de": corpus("de", [*DE[:4], *PLANTED[:3]]),
        "de-en/de-en.sample.en": corpus("en", [PLANTED[2], *EN[:5], PLANTED[0], PLANTED[1]]),
        "de-en/de-en.sample.gold": "".join(f"de-{4 + i:09}\ten-{j:09}\n" for i, j in enumerate((6, 7, 0))),
        "de-en/de-en.training.de": corpus("de", test_de),
        "de-en/de-en.training.en": corpus("en", [*EN, PLANTED[2], PLANTED[0], PLANTED[1]]),
        "de-en/de-en.training.gold": "".join(f"de-{i:09}\ten-{j:09}\n" for i, j in ((8, 10), (9, 11), (11, 9))),
        "fr-en/fr-en.sample.fr": corpus("fr", [*FR, PLANTED[3]]),
        "fr-en/fr-en.sample.en": corpus("en", [*EN[4:], PLANTED[3]]),
        "fr-en/fr-en.sample.gold": "fr-000000003\ten-000000005\n",
        "fr-en/fr-en.training.fr": corpus("fr", [PLANTED[3], *FR]),
        "fr-en/fr-en.training.en": corpus("en", [*EN[3:], "Ottawa 1867", PLANTED[3]]),
        "fr-en/fr-en.training.gold": "fr-000000000\ten-000000007\n",
    }
    for name, text in files.items():
        path = tmp_path / "bucc2018" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def asked(data: Path, *codes: str, **task: Any) -> dict[str, Any]:
    parts = adapt.adapted("bucc2018", data=data).parts

    def part(split: str) -> dict[str, Any]:
        return {"dataset": "bucc2018", "split": split, "languages": {c: parts[split, c].digest for c in codes}}

    tune = {"data": part("dev"), "pivot_digest": parts["dev", "eng_Latn"].digest}
    pivot = {"pivot": "eng_Latn", "pivot_digest": parts["test", "eng_Latn"].digest}
    task = {**pivot, "directions": ["to"], "layers": [1, 2], "tune": tune, **task}
    return {"task": task, "data": part("test"), "limit": None}


def said(ground: Any, data: Path, spec: dict[str, Any]) -> Any:
    return predict(ground, reading.tested(spec, data), spec, "job", data)[0]


def test_english_of_another_pair_is_no_candidate(bucc: Path) -> None:
    rows = adapt.adapted("bucc2018", data=bucc).rows("test", ["deu_Latn", "eng_Latn", "fra_Latn"])
    places = ParallelRows(rows["language"].to_pylist(), rows["id"].to_pylist())
    own, pivot = places.pair("deu_Latn", "eng_Latn")
    assert rows.take(own)["id"].to_pylist() == [f"de-{i:09}" for i in range(12)]
    texts = (bucc / "bucc2018/de-en/de-en.training.en").read_text().splitlines()
    assert rows.take(pivot)["text"].to_pylist() == [line.partition("\t")[2] for line in texts]
    assert len(places.pair("fra_Latn", "eng_Latn")[1]) == 8


def test_every_sentence_says_what_it_found_or_that_it_found_nothing(stand: Any, bucc: Path) -> None:
    table = said(stand(), bucc, asked(bucc, "deu_Latn", "fra_Latn"))
    told = {(r["language"], r["layer"], r["id"]): r["prediction"] for r in table.to_pylist()}
    assert len(told) == len(table) == 2 * (12 + 4)
    assert set(table["other"].to_pylist()) == {"eng_Latn"}
    for layer in (1, 2):
        german = {i: told["deu_Latn", layer, f"de-{i:09}"] for i in range(12)}
        for i in (8, 9, 11):
            assert german[i] == f"de-{i:09}"
        assert german[10] == german[9]  # the same sentence twice
        assert german[7] == "" or german[7].startswith("de:")  # its twin stands in the other pair's English
        assert told["fra_Latn", layer, "fr-000000000"] == "fr-000000000"
    assert {found[:2] for (code, _, _), found in told.items() if code == "fra_Latn"} <= {"", "fr"}


@pytest.mark.parametrize(("task", "k"), [({}, 4), ({"margin": 2}, 2)])
def test_the_threshold_of_dev_is_used_on_test(stand: Any, bucc: Path, alone: Any, task: Any, k: int) -> None:
    """The whole way again: sentences once, the library's own vectors, mining and F1 in loops."""
    corpora = {}
    for split, name in (("dev", "sample"), ("test", "training")):
        for side in ("de", "en"):
            lines = (bucc / f"bucc2018/de-en/de-en.{name}.{side}").read_text().splitlines()
            corpora[split, side] = list(dict.fromkeys(line.partition("\t")[2] for line in lines))
    found: dict[str, dict[str, tuple[str, float]]] = {}
    for split in ("dev", "test"):
        own, english = (torch.stack([alone(t, 2).mean(0) for t in corpora[split, side]]) for side in ("de", "en"))
        found[split] = {
            corpora[split, "de"][i]: (corpora[split, "en"][j], s) for (i, j), s in mined(own, english, k).items()
        }
    ranked = sorted(found["dev"].items(), key=lambda pair: -pair[1][1])
    f1 = [2 * sum(a == b for a, (b, _) in ranked[: n + 1]) / (n + 1 + 3) for n in range(len(ranked))]
    best = f1.index(max(f1))
    least = sum(value for _, (_, value) in ranked[best : best + 2]) / len(ranked[best : best + 2])

    rows = {r["id"]: r["text"] for r in adapt.adapted("bucc2018", data=bucc).rows("test", None).to_pylist()}
    table = said(stand(), bucc, asked(bucc, "deu_Latn", layers=[2], **task))
    for row in table.to_pylist():
        text, value = found["test"].get(rows[row["id"]], ("", 0.0))
        assert rows.get(row["prediction"], "") == (text if value >= least else "")
    assert "" in table["prediction"].to_pylist()


def test_f1_counts_pairs(stand: Any, bucc: Path) -> None:
    table = said(stand(), bucc, asked(bucc, "deu_Latn", layers=[2]))
    examples = adapt.adapted("bucc2018", data=bucc).rows("test", ["deu_Latn", "eng_Latn"])
    counted = np.sum(score(table, examples, "mined", [], "job")["stats"].to_pylist(), axis=0)
    wrong = sum(r["prediction"] not in ("", r["id"]) for r in table.to_pylist())
    assert counted.tolist() == [3, wrong, 0]
    assert wrong >= 1  # the sentence that stands twice, of which one is in the gold


def test_every_direction_says_the_same(stand: Any, bucc: Path) -> None:
    rows = said(stand(), bucc, asked(bucc, "deu_Latn", layers=[2], directions=["from", "to"])).to_pylist()
    sides = [{r["id"]: r["prediction"] for r in rows if r["direction"] == d} for d in ("from", "to")]
    assert sides[0] == sides[1]
    assert len(sides[0]) == 12


def test_a_limit_keeps_the_first_of_each_language_and_may_leave_it_no_candidate(stand: Any, bucc: Path) -> None:
    held = adapt.adapted("bucc2018", data=bucc)
    ids = {code: held.rows("test", [code])["id"].to_pylist() for code in ("deu_Latn", "eng_Latn", "fra_Latn")}
    left = []
    for limit in (1, 2, 5):
        spec = {**asked(bucc, "deu_Latn", "fra_Latn", layers=[2]), "limit": limit}
        own = {code: item_order(ids[code])[:limit] for code in ("deu_Latn", "fra_Latn")}
        found = said(stand(1), bucc, spec).to_pylist()
        assert sorted((r["language"], r["id"]) for r in found) == sorted((c, i) for c in own for i in own[c])
        left += [set(mine) & set(ids["eng_Latn"]) for mine in own.values()]
    assert set() in left
