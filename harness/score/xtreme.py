"""XTREME's tasks and averages (Hu et al. 2020): languages make a task, tasks a group, and all nine tasks the whole.

As its program `evaluate.py` has them: a task's score is the mean over its languages, English among them; of questions
it is the mean of exact match and F1; the whole is the mean of the nine tasks and not of the four groups.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan
from statistics import fmean
from typing import Any, NamedTuple

Row = dict[str, Any]


class Task(NamedTuple):
    """One task: its data set here, group, metrics, and languages as XTREME spells them."""

    dataset: str
    group: str
    metrics: tuple[str, ...]
    languages: frozenset[str]


def _task(dataset: str, group: str, metrics: str, languages: str) -> Task:
    return Task(dataset, group, tuple(metrics.split()), frozenset(languages.split()))


_TAGGED = "af ar bg de el en es et eu fa fi fr he hi hu id it ja kk ko mr nl pt ru ta te th tl tr ur vi yo zh"
_NAMED = f"{_TAGGED} bn jv ka ml ms my sw"

TASKS = {
    "pawsx": _task("pawsx", "classification", "accuracy", "de en es fr ja ko zh"),
    "xnli": _task("xnli", "classification", "accuracy", "ar bg de el en es fr hi ru sw th tr ur vi zh"),
    "udpos": _task("udpos_xtreme", "tagging", "xtreme_f1", _TAGGED),
    "panx": _task("panx", "tagging", "f1", _NAMED),
    "xquad": _task("xquad", "qa", "exact_match f1", "ar de el en es hi ru th tr vi zh"),
    "mlqa": _task("mlqa", "qa", "exact_match f1", "ar de en es hi vi zh"),
    "tydiqa": _task("tydiqa", "qa", "exact_match f1", "ar bn en fi id ko ru sw te"),
    "bucc2018": _task("bucc2018", "retrieval", "mined_f1", "de fr ru zh"),
    "tatoeba": _task(
        "tatoeba",
        "retrieval",
        "accuracy",
        "af ar bg bn de el es et eu fa fi fr he hi hu id it ja jv ka kk ko ml mr nl pt ru sw ta te th tl tr ur vi zh",
    ),
}
"""Task → what it is."""


def averages(scores: Sequence[Row]) -> list[Row]:
    """Return XTREME's averages of the scores of whole tasks: `group`, `task`, `metric` and `value`, None for all.

    ``scores`` are rows of `task`, `metric` and `value`, one for each language and metric of the task. First come its
    metrics and the task itself (`metric` None), then the groups that are whole (`task` None), and last, where all nine
    tasks are there, their mean (`group` overall). A score that is 0/0 counts 0, as in XTREME's program.
    """
    rows, tasks = [], {}
    for name, task in TASKS.items():
        values = {
            m: [_known(r["value"]) for r in scores if (r["task"], r["metric"]) == (name, m)] for m in task.metrics
        }
        if all(values.values()):
            means = {metric: fmean(of_languages) for metric, of_languages in values.items()}
            tasks[name] = fmean(means.values())
            rows += [_row(mean, task.group, name, metric) for metric, mean in means.items()]
            rows.append(_row(tasks[name], task.group, name))
    for group in dict.fromkeys(task.group for task in TASKS.values()):
        of_group = [name for name, task in TASKS.items() if task.group == group]
        if tasks.keys() >= {*of_group}:
            rows.append(_row(fmean(tasks[name] for name in of_group), group))
    return [*rows, _row(fmean(tasks.values()), "overall")] if len(tasks) == len(TASKS) else rows


def _known(value: float) -> float:
    return 0.0 if isnan(value) else value


def _row(value: float, group: str, task: str | None = None, metric: str | None = None) -> Row:
    return {"group": group, "task": task, "metric": metric, "value": value}
