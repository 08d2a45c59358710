"""What a plan amounts to, by arm and target, counted by hand for the small suite."""

from __future__ import annotations

from harness.data import adapt
from harness.outline import outline
from harness.plan import make_plan
from harness.store import Store
from harness.suite import Suite


def test_a_plan_is_described_by_arm_and_target(small: Suite, small_store: Store) -> None:
    rows = {(row["arm"], row["target"]): row for row in outline(make_plan(small, small_store))}
    assert [rows["none", "retrieval"][c] for c in ("jobs", "done", "intermediate rows", "unseen")] == [2, 2, 0, 4]
    assert [rows["diverse", "phrases"][c] for c in ("jobs", "done", "intermediate rows", "in languages", "unseen")] == [
        6,
        6,
        24,
        2,
        3,
    ]
    assert rows["(all)", "(all)"]["jobs"] == rows["(all)", "(all)"]["done"] == 40


def test_rows_still_to_read_count_every_epoch_and_every_seed(small: Suite) -> None:
    plan = make_plan(small, None)
    rows = {(row["arm"], row["target"]): row for row in outline(plan)}
    recipe, seeds = small.recipes[small.intermediate.recipe], len(small.seeds)
    assert rows["diverse", "intermediate"]["rows to train on"] == 24 * recipe.epochs * seeds
    parts = adapt.adapted("cldr_terms").parts
    asked = [c for c in plan.languages if ("test", c) in parts and c != "eng_Latn"]
    assert rows["none", "retrieval"]["rows to predict"] == sum(parts["test", c].rows for c in asked)
    assert rows["none", "retrieval"]["rows to train on"] == 0
    assert rows["(all)", "(all)"]["rows to predict"] == sum(
        n for key, n in plan.rows.items() if plan.jobs[key]["phase"] == "predict"
    )


def test_what_is_done_costs_nothing(small: Suite, small_store: Store) -> None:
    row = outline(make_plan(small, small_store))[-1]
    assert (row["rows to train on"], row["rows to predict"]) == (0, 0)
