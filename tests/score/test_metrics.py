"""Metrics against scikit-learn and seqeval, on random data and on cases counted by hand."""

from __future__ import annotations

import fnmatch
import json
import tarfile
import warnings

import numpy as np
import pytest
import sklearn.metrics
from seqeval.metrics import f1_score as seqeval_f1
from seqeval.metrics.sequence_labeling import get_entities

from harness.score.metrics import (
    accuracy,
    balanced_accuracy,
    class_counts,
    macro_f1,
    mask_counts,
    of_counts,
    pair_counts,
    run_counts,
    runs,
    span_counts,
    spans,
    tag_class_counts,
    tag_counts,
)
from tests.conftest import SHARED

LABELS = ["place", "language", "money", "month"]
TAGS = ["O", "B-DAY", "I-DAY", "B-YEAR", "I-YEAR"]


@pytest.fixture(params=range(5))
def answers(request: pytest.FixtureRequest) -> tuple[list[str], list[str]]:
    """Gold and predicted classes of 60 examples; `month` is predicted and never gold."""
    rng = np.random.default_rng(request.param)
    return rng.choice(LABELS[:3], 60, p=[0.7, 0.2, 0.1]).tolist(), rng.choice(LABELS, 60).tolist()


@pytest.fixture(params=range(5))
def sentences(request: pytest.FixtureRequest) -> tuple[list[list[str]], list[list[str]]]:
    """Gold and predicted tags of 40 sentences, with every irregularity that BIO allows."""
    rng = np.random.default_rng(request.param)
    lengths = rng.integers(1, 9, 40)
    return [rng.choice(TAGS, n).tolist() for n in lengths], [rng.choice(TAGS, n).tolist() for n in lengths]


def told(said: list[list[str]]) -> list[str]:
    return [json.dumps(tags) for tags in said]


def test_accuracy_is_scikit_learns(answers: tuple[list[str], list[str]]) -> None:
    assert accuracy(*answers).mean() == pytest.approx(sklearn.metrics.accuracy_score(*answers))
    assert accuracy(["a", "b"], ["a", "c"]).tolist() == [1.0, 0.0]


def test_balanced_accuracy_is_scikit_learns(answers: tuple[list[str], list[str]]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "y_pred contains classes not in y_true": it does
        expected = sklearn.metrics.balanced_accuracy_score(*answers)
    assert balanced_accuracy(class_counts(*answers, LABELS).sum(0)) == pytest.approx(expected)


def test_macro_f1_is_scikit_learns_over_the_classes_of_the_gold(answers: tuple[list[str], list[str]]) -> None:
    gold, said = answers
    expected = sklearn.metrics.f1_score(gold, said, labels=sorted(set(gold)), average="macro")
    assert macro_f1(class_counts(gold, said, LABELS).sum(0)) == pytest.approx(expected)


def test_a_majority_answer_has_the_share_of_its_class_and_one_in_so_many_classes() -> None:
    gold, said = ["place"] * 7 + ["language"] * 2 + ["money"], ["place"] * 10
    counts = class_counts(gold, said, LABELS).sum(0)
    assert accuracy(gold, said).mean() == 0.7
    assert balanced_accuracy(counts) == pytest.approx(1 / 3)
    assert macro_f1(counts) == pytest.approx((2 * 7 / (2 * 7 + 3)) / 3)


def test_an_answer_that_is_no_label_is_wrong_and_blames_no_class() -> None:
    # [tp, fp, fn] of place, then of language: a right answer, a wrong one, and one that is no label
    counts = class_counts(["place", "place", "language"], ["place", "language", "???"], LABELS[:2])
    assert counts.tolist() == [[1, 0, 0, 0, 0, 0], [0, 0, 1, 0, 1, 0], [0, 0, 0, 0, 0, 1]]


def test_a_resample_that_lost_a_class_keeps_it_in_the_mean() -> None:
    # One example of each class; without that of language, its recall is 0 of 0 and stays a third of the mean.
    counts = class_counts(LABELS[:3], LABELS[:3], LABELS)
    all_but_each = counts.sum(0) - counts
    sums = np.concatenate([counts.sum(0, keepdims=True), all_but_each])
    assert balanced_accuracy(sums).tolist() == pytest.approx([1, 2 / 3, 2 / 3, 2 / 3])
    assert macro_f1(sums).tolist() == pytest.approx([1, 2 / 3, 2 / 3, 2 / 3])


def test_spans_are_seqevals(sentences: tuple[list[list[str]], list[list[str]]]) -> None:
    for tags in sentences[0]:
        assert spans(tags) == {(kind, start, end + 1) for kind, start, end in get_entities(tags)}


def test_span_f1_is_seqevals(sentences: tuple[list[list[str]], list[list[str]]]) -> None:
    gold, said = sentences
    tp, fp, fn = span_counts(gold, told(said)).sum(0)
    assert of_counts("f1", np.array([tp, fp, fn])) == pytest.approx(seqeval_f1(gold, said))


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (["B-DAY", "I-DAY", "O", "B-DAY"], {("DAY", 0, 2), ("DAY", 3, 4)}),
        (["B-DAY", "B-DAY"], {("DAY", 0, 1), ("DAY", 1, 2)}),
        (["I-DAY", "I-DAY"], {("DAY", 0, 2)}),  # an I that follows nothing opens a span
        (["B-DAY", "I-YEAR"], {("DAY", 0, 1), ("YEAR", 1, 2)}),
        (["B", "I", "O", "B"], {("_", 0, 2), ("_", 3, 4)}),  # tags without a type are of one
        (["O", "O"], set()),
        ([], set()),
    ],
)
def test_spans_of_regular_and_irregular_tags(tags: list[str], expected: set[tuple[str, int, int]]) -> None:
    assert spans(tags) == expected


def test_span_counts_are_of_whole_spans() -> None:
    gold = [["B-DAY", "I-DAY", "O", "B-YEAR"]]
    said = ['["B-DAY", "O", "O", "B-YEAR"]']  # half of the day, and the year
    assert span_counts(gold, said).tolist() == [[1, 1, 1]]
    assert of_counts("f1", span_counts(gold, said)).tolist() == [0.5]


def test_token_accuracy_is_the_share_of_right_words(sentences: tuple[list[list[str]], list[list[str]]]) -> None:
    gold, said = sentences
    counts = tag_counts(gold, told(said))
    expected = sklearn.metrics.accuracy_score(np.concatenate(gold), np.concatenate(said))
    assert of_counts("token_accuracy", counts.sum(0)) == pytest.approx(expected)
    assert counts[:, 1].tolist() == [len(tags) for tags in gold]


def test_balanced_accuracy_of_tags_is_over_words(sentences: tuple[list[list[str]], list[list[str]]]) -> None:
    gold, said = sentences
    counts = tag_class_counts(gold, told(said), TAGS)
    assert counts.shape == (40, 15)
    expected = sklearn.metrics.balanced_accuracy_score(np.concatenate(gold), np.concatenate(said))
    assert of_counts("balanced_accuracy", counts.sum(0)) == pytest.approx(expected)


def test_scores_are_computed_for_many_sums_at_once(answers: tuple[list[str], list[str]]) -> None:
    counts = class_counts(*answers, LABELS)
    draws = np.random.default_rng(1).integers(60, size=(2, 7, 60))
    sums = np.concatenate([counts.sum(0)[None], counts[draws].sum(2).reshape(14, -1)])
    for metric in ("macro_f1", "balanced_accuracy"):
        many = of_counts(metric, sums)
        assert many.shape == (15,)
        assert many[0] == pytest.approx(of_counts(metric, sums[:1])[0])


def test_an_unknown_metric_is_none() -> None:
    with pytest.raises(KeyError, match="rouge"):
        of_counts("rouge", np.zeros(3))


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (["NOUN", "NOUN", "VERB", "NOUN"], {("NOUN", 0, 2), ("VERB", 2, 3), ("NOUN", 3, 4)}),
        (["SYM", "SYM", "SCONJ"], {("SYM", 0, 1), ("SYM", 1, 2), ("SCONJ", 2, 3)}),  # S: "single" to old seqeval
        (["INTJ", "INTJ", "X", "X"], {("INTJ", 0, 2), ("X", 2, 4)}),
        ([], set()),
    ],
)
def test_runs_of_parts_of_speech_are_as_xtreme_reads_them(tags: list[str], expected: set[tuple[str, int, int]]) -> None:
    assert runs(tags) == expected


def test_runs_are_what_seqeval_read_of_bare_tags_before_1_0() -> None:
    """It took a bare tag's first letter for its mark and the whole for its type, which is said of 1.x by N-NOUN."""
    tags = np.random.default_rng(0).choice(["NOUN", "SYM", "SCONJ", "CCONJ", "INTJ", "X"], 400).tolist()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "N-NOUN seems not to be NE tag"
        theirs = get_entities([f"{tag[0]}-{tag}" for tag in tags])
    assert runs(tags) == {(tag, start, end + 1) for tag, start, end in theirs}


def test_xtreme_f1_is_of_runs_and_not_of_words() -> None:
    gold, said = [["DET", "NOUN", "NOUN", "SYM", "SYM"]], ['["DET", "NOUN", "VERB", "SYM", "NUM"]']
    # gold runs: DET, NOUN NOUN, SYM, SYM; said: DET, NOUN, VERB, SYM, NUM; in common: DET and the first SYM
    assert run_counts(gold, said).tolist() == [[2, 3, 2]]
    assert of_counts("xtreme_f1", run_counts(gold, said)).tolist() == [pytest.approx(4 / 9)]


@pytest.mark.skipif(not SHARED.is_dir(), reason="XTREME's mock submission is not at hand (../shared)")
def test_xtreme_f1_of_the_mock_submission_is_what_xtremes_program_gives() -> None:
    scores = []
    with tarfile.open(SHARED / "data" / "xtreme_mock.tar.xz") as archive:
        for name in fnmatch.filter(archive.getnames(), "*labels/udpos/test-*.tsv"):
            gold, said = (
                [block.split() for block in archive.extractfile(n).read().decode().strip().split("\n\n")]
                for n in (name, name.replace("labels", "predictions"))
            )
            scores.append(of_counts("xtreme_f1", run_counts(gold, told(said)).sum(0)))
    assert len(scores) == 33
    assert 100 * np.mean(scores) == pytest.approx(70.21746048354693, rel=1e-13)


def test_mined_pairs_are_counted_as_xtreme_counts_them() -> None:
    # a right pair, a wrong one, one where there is none, one that is missed, and a sentence rightly left alone
    counts = pair_counts(["1", "2", "", "4", ""], ["1", "3", "5", "", ""])
    assert counts.tolist() == [[1, 0, 0], [0, 1, 1], [0, 1, 0], [0, 0, 1], [0, 0, 0]]
    gold, mined = {("1", "1"), ("2", "2"), ("4", "4")}, {("1", "1"), ("2", "3"), ("3", "5")}
    precision, recall = len(gold & mined) / len(mined), len(gold & mined) / len(gold)
    expected = 2 * precision * recall / (precision + recall)
    assert of_counts("mined_f1", counts.sum(0)) == pytest.approx(expected)


def test_masked_tokens_have_a_mean_probability_bits_a_byte_and_a_perplexity() -> None:
    # p of 1/2, 1/4 and 1/8 in 12 bytes, then 1/4 in 4: log2 sums to -6 and -2
    counts = mask_counts(["[-6.0, 3, 12]", "[-2.0, 1, 4]"])
    scores = {m: of_counts(m, counts.sum(0)) for m in ("masked_probability", "bits_per_byte", "pseudo_perplexity")}
    assert scores == {"masked_probability": 0.25, "bits_per_byte": 0.5, "pseudo_perplexity": 4.0}
    assert scores["masked_probability"] == pytest.approx((1 / 2 * 1 / 4 * 1 / 8 * 1 / 4) ** (1 / 4))
