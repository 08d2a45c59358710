"""Results as arrays: which measure is a target's headline, and what a metric's example values are."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from harness.analysis.results import Measure, Results

Made = Callable[..., Results]

ONE = [("a", 0, "deu_Latn", "1", 1.0)]


def filled(results: Results, rows: list[tuple[str, str | None, str, float | None, list[float] | None]]) -> Results:
    """Fill the target `t` with what arm `a` has of one language: (metric, direction, id, value, stats)."""
    results.con.execute("delete from results")
    for metric, direction, item, value, stats in rows:
        results.con.execute(
            "insert into results (arm, target, seed, dataset, split, language, metric, direction, id, value, stats) "
            "values ('a', 't', 0, 'cldr_kind', 'test', 'deu_Latn', ?, ?, ?, ?, ?)",
            [metric, direction, item, value, stats],
        )
    return results


@pytest.mark.parametrize(
    ("metrics", "headline"),
    [
        (["balanced_accuracy", "accuracy", "macro_f1"], "accuracy"),  # the card's own
        (["bleu", "chrf", "spbleu"], "chrf"),  # read for something else than its card says
        (["token_accuracy", "xtreme_f1", "balanced_accuracy"], "xtreme_f1"),
        (["exact_match", "f1"], "f1"),
        (["mean f1", "another"], "another"),  # of other programs: none is known to be first
    ],
)
def test_the_headline_is_the_cards_metric_or_that_of_what_was_asked(
    results_of: Made, metrics: list[str], headline: str
) -> None:
    results = filled(results_of(ONE), [(metric, None, "1", 0.5, None) for metric in metrics])
    found = [measure.metric for measure in results.measures("t")]
    assert found[0] == headline
    assert found[1:] == sorted({*metrics} - {headline})


def test_the_mean_of_both_directions_comes_before_each(results_of: Made) -> None:
    rows = [(m, d, "1", None, [1.0] * 24) for m in ("bleu", "chrf") for d in ("to", "from")]
    found = filled(results_of(ONE), rows).measures("t")
    assert [(m.metric, m.direction) for m in found] == [
        ("chrf", None), ("chrf", "from"), ("chrf", "to"), ("bleu", None), ("bleu", "from"), ("bleu", "to"),
    ]  # fmt: skip


def test_a_metric_of_one_name_is_a_mean_of_values_or_made_of_counts(results_of: Made) -> None:
    measure = Measure("t", "cldr_kind", "test", "f1")
    means = filled(results_of(ONE), [("f1", None, "1", 0.25, None), ("f1", None, "2", 1.0, None)])
    assert means.cube("a", measure).values.tolist() == [[[0.25], [1.0]]]
    counts = filled(results_of(ONE), [("f1", None, "1", None, [1, 0, 1]), ("f1", None, "2", None, [3, 1, 0])])
    found = counts.cube("a", measure).values[0, :, 0]
    assert found.mean() == pytest.approx(8 / 10)  # of tp 4, fp 1, fn 1
    left_out = np.array([2 * 3 / 7, 2 * 1 / 3])  # the score without the first, without the second
    assert found == pytest.approx(0.8 + left_out.mean() - left_out)
