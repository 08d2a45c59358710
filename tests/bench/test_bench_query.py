"""The benchmark of questions: its store has the size and the gains that it says, the same each time."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.analysis.query import query
from harness.bench.query import make_store, measure

ITEMS = {"retrieval": 12, "topic": 8}
ROWS = 4 * 5 * (204 * 2 * 12 + 205 * 3 * 8)
"""Arms × seeds × (languages × directions × items, and languages × metrics × items)."""


@pytest.mark.slow
def test_every_question_is_timed_over_the_whole_store() -> None:
    rows = measure(ITEMS, rounds=1)
    assert [row["question"] for row in rows] == [
        "query --named gain_by_family",
        "compare diverse english --target retrieval",
        "publish",
        "publish --from",
        "query --named gain_by_family --from",
    ]
    assert all(row["example_scores"] == ROWS and row["seconds"] > 0 for row in rows)


def test_the_store_is_made_the_same_again_with_the_gains_that_were_planted(tmp_path: Path) -> None:
    found = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        store = make_store(tmp_path / name, ITEMS)
        scores = "select arm, target, avg(value) from scores where metric = 'accuracy' group by all order by all"
        found.append(query(scores, store).fetchall())
    values, again = ({(arm, target): value for arm, target, value in rows} for rows in found)
    assert values == pytest.approx(again)
    for target in ("retrieval", "topic"):
        gain = values["diverse", target] - values["shuffled", target]
        assert gain == pytest.approx(0.05, abs=0.025)  # three standard errors of 8,200 items
