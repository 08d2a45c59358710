"""XTREME's averages: languages, tasks, groups, the whole."""

from __future__ import annotations

from typing import Any

import pytest

from harness.score.xtreme import TASKS, averages

Row = dict[str, Any]


def rows(task: str, metric: str, *values: float) -> list[Row]:
    return [{"task": task, "metric": metric, "value": value} for value in values]


TAGGING = [*rows("udpos", "xtreme_f1", 0.5, 0.7), *rows("panx", "f1", 0.2)]
REST = [
    *rows("pawsx", "accuracy", 0.9),
    *rows("xnli", "accuracy", 0.7),
    *(row for task in ("xquad", "mlqa", "tydiqa") for row in rows(task, "exact_match", 0.3) + rows(task, "f1", 0.5)),
    *rows("bucc2018", "mined_f1", 0.4),
    *rows("tatoeba", "accuracy", 0.8),
]


def value(of: list[Row], group: str, task: str | None = None, metric: str | None = None) -> float:
    found = [
        row["value"] for row in averages(of) if (row["group"], row["task"], row["metric"]) == (group, task, metric)
    ]
    assert len(found) == 1
    return float(found[0])


def test_a_task_is_the_mean_of_its_languages_and_a_group_that_of_its_tasks() -> None:
    assert value(TAGGING, "tagging", "udpos") == pytest.approx(0.6)
    assert value(TAGGING, "tagging") == pytest.approx((0.6 + 0.2) / 2)  # and not the mean of three languages


def test_a_question_answering_task_is_the_mean_of_exact_match_and_f1() -> None:
    answered = rows("mlqa", "exact_match", 0.2, 0.4) + rows("mlqa", "f1", 0.5, 0.9)
    assert value(answered, "qa", "mlqa", "exact_match") == pytest.approx(0.3)
    assert value(answered, "qa", "mlqa", "f1") == pytest.approx(0.7)
    assert value(answered, "qa", "mlqa") == pytest.approx(0.5)


def test_the_whole_is_the_mean_of_nine_tasks_and_not_of_four_groups() -> None:
    tasks = 0.9 + 0.7 + 0.6 + 0.2 + 3 * 0.4 + 0.4 + 0.8
    assert value(TAGGING + REST, "overall") == pytest.approx(tasks / 9)


def test_what_lacks_a_task_has_no_average() -> None:
    told = averages([row for row in TAGGING + REST if row["task"] != "panx"])
    assert [row["group"] for row in told if row["task"] is None] == ["classification", "qa", "retrieval"]


def test_a_score_that_is_0_over_0_counts_0_and_another_metric_does_not_count() -> None:
    found = rows("panx", "f1", 0.5, float("nan")) + rows("panx", "token_accuracy", 1.0)
    assert value(found, "tagging", "panx") == 0.25


def test_tasks_have_as_many_languages_as_xtreme_says() -> None:
    """Hu et al. 2020, table 1, as the evaluation script has them."""
    assert {name: len(task.languages) for name, task in TASKS.items()} == {
        "pawsx": 7, "xnli": 15, "udpos": 33, "panx": 40, "xquad": 11, "mlqa": 7, "tydiqa": 9, "bucc2018": 4,
        "tatoeba": 36,
    }  # fmt: skip
