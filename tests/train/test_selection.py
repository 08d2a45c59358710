"""What dev says of a model under training is what its predictions score, as scikit-learn and seqeval count."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import seqeval.metrics
import torch
from sklearn.metrics import accuracy_score

from harness.data import adapt
from harness.data.cards import dataset_card
from harness.data.draw import item_order
from harness.train import selection
from harness.train.kinds import table
from harness.train.selection import dev_score


def part(dataset: str, split: str, codes: list[str]) -> dict[str, Any]:
    parts = adapt.adapted(dataset).parts
    languages = {code: parts[split, code].digest for code in codes}
    return {"dataset": dataset, "edition": "as-released", "split": split, "languages": languages}


@pytest.fixture
def heads(stand: Any) -> tuple[Any, dict[str, torch.nn.Module], list[dict[str, Any]]]:
    """Return a ground, a head for each of two kinds, and a job's tasks, whose labels are in another order."""
    ground, heads, tasks = stand(), {}, []
    for dataset, kind in (("cldr_kind", "classification"), ("cldr_phrases", "tagging")):
        labels = list(dataset_card(dataset).labels)[::-1]
        heads[kind] = table.HEADS[kind](ground, labels, 0)
        tasks.append({"kind": kind, "head": kind, "labels": labels})
    return ground, heads, tasks


def test_dev_is_the_mean_over_sets_and_languages_by_each_sets_own_metric(heads: Any) -> None:
    ground, modules, tasks = heads
    sets = (("cldr_kind", "classification", "test"), ("cldr_phrases", "tagging", "test"))
    codes = ["deu_Latn", "yor_Latn"]
    tests = [{"data": part(name, split, codes), "kind": kind, "head": kind, "task": {}} for name, kind, split in sets]
    spec = {"tasks": tasks, "select": {"how": "target-dev", "checks": 2, "tests": tests, "limit": 40}}
    check = dev_score(ground, spec, modules, None)

    expected = []
    for name, kind, split in sets:
        adapted = adapt.adapted(name)
        for code in codes:
            rows = adapted.rows(split, [code])
            wanted = item_order(rows["id"].to_pylist())[:40]
            rows = rows.filter([i in wanted for i in rows["id"].to_pylist()])
            labels = next(task["labels"] for task in tasks if task["head"] == kind)
            said = table.TASKS[kind](ground, rows, labels, modules[kind]).say()
            if kind == "classification":
                expected.append(accuracy_score(rows["label"].to_pylist(), said))
            else:
                gold = rows["tags"].to_pylist()
                expected.append(seqeval.metrics.f1_score(gold, [json.loads(tags) for tags in said]))
    assert check() == pytest.approx(np.mean(expected))
    assert len(set(expected)) > 1

    with torch.no_grad():  # the check reads the model as it is now
        modules["classification"].bias[0] += 100
    assert check() != pytest.approx(np.mean(expected))


def test_dev_is_asked_as_the_test_set_is(stand: Any, rows: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Questions without answers, of which a model that is told to doubt says so and is right."""
    ground, context = stand(), "Helsinki is the capital of Finland."
    given = rows(
        id=["a", "b"], language=["eng_Latn"] * 2, text=["Why?", "Who?"], text_pair=[context] * 2, answers=[[]] * 2
    )
    monkeypatch.setattr(selection, "tested", lambda *_: given)
    heads = {"span": table.HEADS["span"](ground, [], 0)}
    test = {"data": {"dataset": "squad2"}, "kind": "span", "head": "span"}

    def asked(task: dict[str, float]) -> float:
        select = {"how": "target-dev", "checks": 1, "tests": [{**test, "task": task}]}
        return dev_score(ground, {"tasks": [{"head": "span", "labels": []}], "select": select}, heads, None)()

    assert (asked({}), asked({"no_answer": -1e9})) == (0.0, 1.0)
