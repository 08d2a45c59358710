"""What a plan amounts to, by arm and target, counted by hand for the small suite."""

from __future__ import annotations

from harness.data import adapt
from harness.outline import mixes, outline
from harness.plan import make_plan
from harness.store import Store
from harness.suite import Suite
from harness.suite_file import load
from tests.small import DIVERSE, Declare


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


def test_jobs_that_fill_the_cells_of_several_arms_are_told(declare: Declare) -> None:
    lapt = '[arms.%s]\npretrain = { data = "cldr_terms", languages = ["hin_Deva"], recipe = "short" }\n'
    mix = 'mix = [{ data = "cldr_kind", languages = ["eng_Latn"] }]\n'
    rows = outline(make_plan(load(declare((DIVERSE, lapt % "diverse" + lapt % "twin" + mix))), None))
    shared = {(row["arm"], row["target"]): (row["jobs"], row["shared"]) for row in rows}
    assert shared["diverse", "intermediate"] == (2, 2)  # the pretraining of two seeds
    assert shared["twin", "intermediate"] == (2 + 2 + 4, 2)  # and its own phase, with a check
    assert shared["none", "retrieval"] == (2, 0)
    assert shared["(all)", "(all)"][1] == 2


def test_what_an_arm_reads_is_told_by_task_and_language(declare: Declare) -> None:
    text = 'mlm = [{ data = "cldr_terms", languages = ["hin_Deva"] }]\nmlm_ratio = 0.25\n'
    plan = make_plan(load(declare((DIVERSE, DIVERSE + text), ('b = "english"', 'b = "none"'))), None)
    found = [tuple(row[c] for c in ("arm", "phase", "task", "data", "language", "rows")) for row in mixes(plan)]
    assert found == [
        ("english", "intermediate", "classification", "cldr_kind", "eng_Latn", 24),
        ("diverse", "intermediate", "classification", "cldr_kind", "nob_Latn", 12),
        ("diverse", "intermediate", "classification", "cldr_kind", "rus_Cyrl", 12),
        ("diverse", "intermediate", "mlm", "cldr_terms", "hin_Deva", 8),
    ]
    row = next(row for row in outline(plan) if (row["arm"], row["target"]) == ("diverse", "retrieval"))
    assert [row[c] for c in ("intermediate rows", "of tasks", "in languages", "in scripts")] == [32, 2, 3, 3]
