"""Pages of suites that are small, odd or unfinished: nothing fails, and every sentence is one that a reader can use."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from harness.analysis.results import from_store
from harness.errors import UserError
from harness.publish import publish
from tests.publish.conftest import Page, counts, stored, values

NER = {"t": {"test": [{"data": "masakhaner2", "split": "test"}]}}
TWO = {"a": {}, "b": {}}

WOLOF = (0.806, 0.847, 0.821, 0.815, 0.833, 0.830, 0.0)
"""MasakhaNER 2.0's published Wolof runs of XLM-R large: six from .806 to .847, of mean .825, and one of 0."""


def contrast(a: str = "a", b: str = "b", **more: Any) -> dict[str, Any]:
    return {"name": f"{a} over {b}", "a": a, "b": b, "targets": ["t"], "role": "primary", **more}


def section(text: str, title: str) -> str:
    return text.split(f"## {title}\n")[1].split("\n## ")[0]


def test_the_run_that_collapsed_is_named_and_stays_in_the_mean(page: Page) -> None:
    runs = {
        ("a", "t", seed): counts("wol_Latn", [[500 * f1, 500 - 500 * f1, 500 - 500 * f1]] * 2)
        for seed, f1 in enumerate(WOLOF)
    }
    text = page({"arms": {"a": {}}, "targets": NER}, runs)
    assert "| 1 | a | none | 70.7 [" in text  # 4.952 / 7, the collapsed run in it
    (line,) = [line for line in section(text, "Doubts").splitlines() if "collapsed" in line]
    # the median of .806 .815 .821 .830 .833 .847 is .8255
    said = (
        r"- 1 cell collapsed, kept in every mean: a, t, seed 6: 0\.0 \(0\.0 without reading; median of its other seeds "
    )
    assert re.match(said + r"82\.[56]\)\. ", line)


@pytest.mark.parametrize("seeds", [1, 2])
def test_one_item_of_a_corpus_metric_in_one_language_makes_a_page(page: Page, seeds: int) -> None:
    scores = {
        (arm, "t", seed): counts("wol_Latn", [[hits, 4 - hits, 0]])
        for arm, hits in (("a", 3), ("b", 1))
        for seed in range(seeds)
    }
    text = page({"arms": TWO, "targets": NER, "contrasts": [contrast()]}, scores)
    # F1 of 3 right and 1 wrong is 6/7, of 1 right and 3 wrong 2/5
    assert "the gain of a over b is 45.7 points (no interval); not enough families (1)" in text
    assert "1 item a language" in text
    assert "1 family, 1 language unseen by both arms of the main contrast" in text
    assert "no p for a difference between areas" not in text
    assert "What it forgot" not in text


def test_arms_that_share_no_language_are_not_compared(page: Page) -> None:
    scores = {("a", "t", 0): counts("wol_Latn", [[1, 1, 1]] * 3), ("b", "t", 0): counts("yor_Latn", [[1, 1, 1]] * 3)}
    text = page({"arms": TWO, "targets": NER, "contrasts": [contrast()]}, scores)
    assert "A and b share no scored item; nothing can be compared." in text
    assert "gain_by_family.svg" not in text
    assert "## Where" not in text


def test_every_test_set_of_a_target_has_its_table_and_its_statement(page: Page) -> None:
    tests = [{"data": "xquad", "split": "test"}, {"data": "mlqa", "split": "test"}]
    scores = {
        (arm, "t", 0): values("spa_Latn", said, "f1") + values("arb_Arab", said[::-1], "f1", dataset="mlqa")
        for arm, said in (("a", [1.0, 0.5, 1.0]), ("b", [0.5, 0.5, 0.5]))
    }
    contrasts = [contrast(), {**contrast(), "name": "slope", "by": "joshi_class"}]
    text = page({"arms": TWO, "targets": {"t": {"test": tests}}, "contrasts": contrasts}, scores)
    assert text.index("### t: f1 (xquad test)") < text.index("### t: f1 (mlqa test)")
    rows = [line.split(" | ") for line in section(text, "Contrasts").splitlines() if line.startswith("| a over b |")]
    assert [row[1:3] for row in rows] == [["t (xquad)", "primary"], ["t (mlqa)", "exploratory"]]
    assert "**On t (xquad) (a against b): On these languages the gain of a over b is 33.3 points" in text
    assert "**On t (mlqa) (a against b):" in text


def test_a_page_of_many_claims_opens_with_their_sum(page: Page) -> None:
    names = [f"t{i}" for i in range(7)]
    scores = {(arm, name, 0): counts("wol_Latn", [[1, 1, 1]] * 3) for arm in TWO for name in names}
    asked = {"arms": TWO, "targets": dict.fromkeys(names, NER["t"]), "contrasts": [{**contrast(), "targets": names}]}
    text = page(asked, scores)
    said = "**Of 7 comparisons: 7 × too few families to speak of other languages.** Each in its own words stands under"
    assert text.count("On these languages the gain of a over b") == text.count(said) * 7 == 7
    assert text.index(said) < text.index("## Arms") < text.index("On these languages")
    fewer = {**asked, "contrasts": [{**contrast(), "targets": names[:6]}]}
    assert page(fewer, scores).count("(a against b): On these languages") == 6


def test_a_target_without_a_score_is_left_out(page: Page) -> None:
    targets = {**NER, "u": {"test": [{"data": "panx", "split": "dev"}]}}
    scores = {(arm, "t", 0): counts("wol_Latn", [[1, 1, 1]] * 3) for arm in TWO}
    text = page({"arms": TWO, "targets": targets, "contrasts": [{**contrast(), "targets": ["t", "u"]}]}, scores)
    assert "### u:" not in text
    assert "On u (" not in text


def test_a_smoke_lists_what_has_no_data_a_line_a_data_set_and_no_path(tmp_path: Path) -> None:
    missing = [
        ("arms.a.mix", "mnli", "mnli: no file /home/me/mnli/*.jsonl; --data DIR is expected to hold it"),
        ("targets.t.test", "tydiqa", "no dev rows"),
        ("arms.b.mix", "mnli", "mnli: no file /home/me/mnli/*.jsonl; --data DIR is expected to hold it"),
    ]
    scores = {("a", "t", 0): counts("wol_Latn", [[1, 1, 1]] * 3)}
    suite = {"arms": {"a": {}}, "targets": NER, "scale": "smoke"}
    store = stored(tmp_path / "store", suite, scores, missing=missing)
    with pytest.raises(UserError, match=r"a first look \(--scale smoke\) is never published"):
        publish("s", tmp_path / "page", store)
    text = publish("s", tmp_path / "page", store, first_look=True).read_text(encoding="utf-8")
    assert "Left out of the suite, 3 places:\n\n- mnli: no data here (arms.a.mix, arms.b.mix)\n- tydiqa: no dev" in text
    assert b"/home/me" not in (tmp_path / "page" / "results.parquet").read_bytes()
    assert "`stiltbench run s --scale smoke --out PAGE` makes its results anew" in text
    assert "renders this page again" not in text


def test_a_language_that_selected_the_model_is_not_zero_shot_and_not_trained_on(tmp_path: Path) -> None:
    seen = {("a", "t", "wol_Latn"): "selected", ("a", "t", "yor_Latn"): "target", ("b", "t", "yor_Latn"): "target"}
    codes = ("wol_Latn", "yor_Latn", "swh_Latn")
    scores = {(arm, "t", 0): [r for code in codes for r in counts(code, [[1, 1, 1]] * 3)] for arm in TWO}
    mix = [{"data": "cldr_phrases", "languages": "all"}]
    suite = {"arms": {"a": {"mix": mix}, "b": {"mix": mix}}, "targets": NER, "contrasts": [contrast()]}
    store = stored(tmp_path / "store", suite, scores, seen=seen, checked=[[2, 0.4], [4, 0.6], [6, 0.5]])
    text = publish("s", tmp_path / "page", store).read_text(encoding="utf-8")
    assert "1 family, 1 language unseen by both arms" in text
    left = "left out, as seen by an arm's training or since their dev set selected the model"
    assert f"a over b, t: {left} (with all scripts and standards of the language): wol_Latn, yor_Latn." in text
    chosen = "t: the model is chosen on dev in the languages under test (not zero-shot): the best of 3 checks"
    assert f"{chosen}, which scored 60.0 there and was the last one in 0 of 1 training." in text
    trained = from_store(store, "s").con.execute("select distinct language from intermediate").fetchall()
    assert trained == [("yor_Latn",)]


def test_masked_words_have_their_probability_and_translations_their_signature(page: Page) -> None:
    targets = {"t": {"kind": "mlm", "test": [{"data": "flores200", "split": "devtest"}]}}
    masked = counts("wol_Latn", [[-20.0, 10.0, 55.0], [-10.0, 5.0, 30.0]], "masked_probability")
    text = page({"arms": {"a": {}}, "targets": targets}, {("a", "t", 0): masked}, signed={"chrf": "nrefs:1|nw:2"})
    assert "### t: masked_probability (flores200 devtest)" in text
    assert "| 1 | a | none | 25.0 [" in text  # 2 ** (-30 / 15)
    assert "- chrf, by sacrebleu: `nrefs:1|nw:2`" in section(text, "Check it")


def test_retrieval_in_one_direction_is_named_by_it(page: Page) -> None:
    targets = {"t": {"test": [{"data": "tatoeba", "split": "test"}], "pivot": "eng_Latn", "directions": ["from"]}}
    place = {"direction": "from", "layer": 3}
    scores = {(arm, "t", 0): values("deu_Latn", said, **place) for arm, said in (("a", [1, 1]), ("b", [1, 0]))}
    mix = {"b": {"mix": [{"data": "cldr_phrases", "languages": ["eng_Latn"]}]}}
    text = page({"arms": {"a": {}, **mix}, "targets": targets}, scores)
    assert "### t: accuracy (from eng_Latn, tatoeba test, layer 3)" in text
    assert "| arm | from eng_Latn, layer 3 |" in section(text, "What it forgot")
    assert "`a` is the model before any training" in text
