"""The graph of a suite: what is shared, what is reused, what a change costs, and what would leak."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from dataclasses import replace

import pyarrow as pa
import pytest

from harness import plan as plans
from harness.data import adapt
from harness.data.adapt import Adapted
from harness.data.parts import Part
from harness.errors import UserError
from harness.plan import Plan, make_plan
from harness.store import Store
from harness.suite import Suite
from harness.suite_file import load
from tests.small import DIVERSE, Change, Declare

TWO_RECIPES = (
    ('"test" }]\nrecipe = "short"', '"test" }]\nrecipe = "long"'),
    (
        "[intermediate]",
        "[recipes.long]\nepochs = 2\nbatch_tokens = 256\nlearning_rate = 2e-3\ntrainable_layers = 1\n\n[intermediate]",
    ),
)
"""Targets get a recipe of their own."""


def phases(plan: Plan, keys: object = None) -> dict[str, int]:
    chosen = plan.jobs if keys is None else keys
    return dict(Counter(plan.jobs[key]["phase"] for key in chosen))  # type: ignore[attr-defined]


def jobs_of(plan: Plan, arm: str, target: str, phase: str) -> list[str]:
    return [c.job for c in plan.cells if (c.arm, c.target, c.phase) == (arm, target, phase)]


def rows_of(plan: Plan, arm: str, target: str = "intermediate", phase: str = "intermediate") -> pa.Table:
    """Return the draw of the one task that an arm's training has, in its first seed."""
    (task,) = plan.jobs[jobs_of(plan, arm, target, phase)[0]]["tasks"]
    return plan.draws[task["draw"]]


def planned(declare: Declare, *changes: Change, store: Store | None = None) -> Plan:
    return make_plan(load(declare(*changes)), store)


@pytest.fixture(scope="module")
def plan(small: Suite) -> Plan:
    return make_plan(small, None)


def test_every_cell_of_the_table_is_filled(plan: Plan) -> None:
    own = {("english", "intermediate"), ("diverse", "intermediate")}
    tasks = set(itertools.product(["none", "english", "diverse"], ["retrieval", "phrases"]))
    for arm, target in own | tasks:
        for phase in ("predict", "score"):
            assert [c.seed for c in plan.cells if c[:2] == (arm, target) and c.phase == phase] == [0, 1]
    assert {c[:2] for c in plan.cells} == own | tasks


def test_a_job_stands_after_its_parent_under_the_hash_of_its_declaration(plan: Plan) -> None:
    done: set[str | None] = {None}
    for key, spec in plan.jobs.items():
        assert spec["parent"] in done
        assert key == plans.job_key(spec)
        done.add(key)


def test_jobs_are_counted_once_where_cells_share_them(plan: Plan) -> None:
    # english and diverse by seed; phrases after each of three arms; check, retrieval (`none`: once) and phrases
    assert phases(plan) == {"intermediate": 4, "target": 6, "predict": 4 + 5 + 6, "score": 15}


def test_without_training_one_job_serves_all_seeds(plan: Plan) -> None:
    first, second = jobs_of(plan, "none", "retrieval", "predict")
    assert first == second
    assert plan.jobs[first]["parent"] is None


def test_what_follows_an_intermediate_phase_shares_it(plan: Plan) -> None:
    for seed, base in enumerate(jobs_of(plan, "english", "intermediate", "intermediate")):
        assert plan.jobs[base]["seed"] == seed
        below = [("intermediate", "predict"), ("retrieval", "predict"), ("phrases", "target")]
        for target, phase in below:
            assert plan.jobs[jobs_of(plan, "english", target, phase)[seed]]["parent"] == base


def test_arms_that_do_the_same_share_all_jobs(plan: Plan, declare: Declare) -> None:
    twin = planned(
        declare,
        ("[arms.diverse]", '[arms.twin]\nmix = [{ data = "cldr_kind", languages = ["eng_Latn"] }]\n\n[arms.diverse]'),
    )
    assert twin.jobs == plan.jobs
    assert jobs_of(twin, "twin", "phrases", "score") == jobs_of(twin, "english", "phrases", "score")


def test_the_control_reads_the_same_rows_and_is_another_job(declare: Declare) -> None:
    path = declare(
        (
            DIVERSE,
            '[arms.diverse]\ncontrol = "shuffled-labels"\nmix = [{ data = "cldr_kind", languages = ["eng_Latn"] }]\n',
        )
    )
    plan = make_plan(load(path), None)
    plain, control = (
        plan.jobs[jobs_of(plan, arm, "intermediate", "intermediate")[0]] for arm in ("english", "diverse")
    )
    assert {k for k in plain if plain[k] != control[k]} == {"control"}


def test_every_arm_draws_the_same_items(plan: Plan) -> None:
    drawn = {arm: rows_of(plan, arm) for arm in ("english", "diverse")}
    assert drawn["english"]["id"].to_pylist() == drawn["diverse"]["id"].to_pylist()
    assert len(set(drawn["english"]["id"].to_pylist())) == 24
    assert Counter(drawn["english"]["language"].to_pylist()) == {"eng_Latn": 24}
    assert Counter(drawn["diverse"]["language"].to_pylist()) == {"nob_Latn": 12, "rus_Cyrl": 12}


def test_the_pivot_is_read_and_not_scored(plan: Plan) -> None:
    spec = plan.jobs[jobs_of(plan, "none", "retrieval", "predict")[0]]
    assert sorted(spec["data"]["languages"]) == ["deu_Latn", "fin_Latn", "hin_Deva", "nno_Latn"]
    assert spec["task"]["pivot"] == "eng_Latn"
    assert spec["task"]["pivot_digest"] == adapt.adapted("cldr_terms").parts["test", "eng_Latn"].digest


def test_an_arm_of_many_languages_checks_itself_in_eight_of_them(declare: Declare) -> None:
    plan = planned(declare, ('["rus_Cyrl", "nob_Latn"]', '"all"'))
    spec = plan.jobs[jobs_of(plan, "diverse", "intermediate", "predict")[0]]
    drawn = rows_of(plan, "diverse")["language"].to_pylist()
    assert len(set(drawn)) == 24
    assert len(spec["data"]["languages"]) == 8
    assert set(spec["data"]["languages"]) < set(drawn)


# -- what a change costs


def test_a_second_seed_adds_the_jobs_of_that_seed_alone(plan: Plan, declare: Declare) -> None:
    one = planned(declare, ("seeds = [0, 1]", "seeds = [0]"))
    added = plan.jobs.keys() - one.jobs.keys()
    assert one.jobs.keys() < plan.jobs.keys()
    assert phases(plan, added) == {"intermediate": 2, "target": 3, "predict": 2 + 2 + 3, "score": 7}
    assert {plan.jobs[key]["seed"] for key in added if "seed" in plan.jobs[key]} == {1}


def test_a_new_language_costs_one_prediction_and_one_score_a_model(small_store: Store, declare: Declare) -> None:
    plan = planned(declare, ('"nno_Latn"]', '"nno_Latn", "swe_Latn"]'), store=small_store)
    # models that are tested: before targets 1 + 2 + 2, after the target 3 arms in 2 seeds
    assert phases(plan, plan.todo) == {"predict": 11, "score": 11}
    assert all(list(plan.jobs[key]["data"]["languages"]) == ["swe_Latn"] for key in plan.todo)
    for arm, target, seed in itertools.product(["none", "english", "diverse"], ["retrieval", "phrases"], [0, 1]):
        cells = [c.job for c in plan.cells if c[:4] == (arm, target, seed, "score")]
        covered = [code for job in cells for code in plan.jobs[job]["data"]["languages"]]
        pivot = {"eng_Latn"} if target == "retrieval" else set()
        assert sorted(covered) == sorted({*plan.languages} - pivot)


def test_what_is_finished_is_not_planned_again(small_store: Store, small: Suite) -> None:
    plan = make_plan(small, small_store)
    assert plan.todo == []
    assert plan.done == set(plan.jobs)


def test_a_lost_prediction_is_one_job(copied: Store, small: Suite) -> None:
    predictions = [k for k, spec in make_plan(small, copied).jobs.items() if spec["phase"] == "predict"]
    for key in predictions[::3]:
        kept = copied.folder(key).rename(copied.path / "kept")
        assert make_plan(small, copied).todo == [key]
        kept.rename(copied.folder(key))


def test_a_lost_prediction_of_a_language_that_came_later_is_one_job(copied: Store, declare: Declare) -> None:
    suite = load(declare(('"nno_Latn"]', '"nno_Latn", "swe_Latn"]')))
    plan = make_plan(suite, copied)
    for key in plan.todo:  # as if they had run
        copied.folder(key).mkdir()
        (copied.folder(key) / "job.json").write_text(json.dumps({"spec": plan.jobs[key]}))
    assert make_plan(suite, copied).todo == []
    lost = jobs_of(plan, "english", "phrases", "predict")
    for key in lost:
        kept = copied.folder(key).rename(copied.path / "kept")
        assert make_plan(suite, copied).todo == [key]
        kept.rename(copied.folder(key))


def test_a_prediction_whose_weights_were_dropped_asks_for_them_too(copied: Store, small: Suite) -> None:
    plan = make_plan(small, copied)
    for key in (k for k, spec in plan.jobs.items() if spec["phase"] == "target"):
        (copied.folder(key) / "model.safetensors").unlink()
    assert make_plan(small, copied).todo == []
    lost = jobs_of(plan, "diverse", "phrases", "predict")[1]
    copied.remove(lost)
    assert make_plan(small, copied).todo == [plan.jobs[lost]["parent"], lost]


def test_another_learning_rate_changes_training_and_all_below_and_nothing_above(declare: Declare) -> None:
    one = planned(declare, *TWO_RECIPES)
    other = planned(declare, *TWO_RECIPES, ("learning_rate = 2e-3", "learning_rate = 3e-3"))
    same = {(c.target, c.phase) for c, d in zip(one.cells, other.cells, strict=True) if c.job == d.job}
    changed = {(c.target, c.phase) for c, d in zip(one.cells, other.cells, strict=True) if c.job != d.job}
    assert changed == {("phrases", "target"), ("phrases", "predict"), ("phrases", "score")}
    own = {("intermediate", phase) for phase in ("intermediate", "predict", "score")}
    assert same == own | {("retrieval", "predict"), ("retrieval", "score")}


CHANGES = [
    (("threads = 1", "threads = 2"), {"intermediate", "target", "predict", "score"}),
    (('precision = "fp32"', 'precision = "bf16"'), {"intermediate", "target", "predict", "score"}),
    (("layers = [1, 2]", "layers = [2]"), {"predict", "score"}),
    (("epochs = 1", "epochs = 2"), {"intermediate", "target", "predict", "score"}),
]


@pytest.mark.parametrize(("change", "expected"), CHANGES, ids=[c[1] for c, _ in CHANGES])
def test_a_declaration_is_part_of_the_keys_it_bears_on(
    plan: Plan, declare: Declare, change: Change, expected: set[str]
) -> None:
    other = planned(declare, change)
    assert {c.phase for c, d in zip(plan.cells, other.cells, strict=True) if c.job != d.job} == expected


@pytest.mark.parametrize(
    "change",
    [
        ('name = "small"', 'name = "other"'),
        ('title = "', 'title = "Another '),
        ('role = "primary"', 'role = "secondary"'),
    ],
    ids=str,
)
def test_a_job_knows_no_suite(plan: Plan, declare: Declare, change: Change) -> None:
    assert planned(declare, change).jobs == plan.jobs


def test_other_data_are_other_jobs(plan: Plan, small: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    found = adapt.adapted

    def changed(name: str, **where: object) -> Adapted:
        data = found(name, **where)  # type: ignore[arg-type]
        part = {("test", "fin_Latn"): Part(1, "another digest")} if name == "cldr_phrases" else {}
        return replace(data, parts=data.parts | part)

    monkeypatch.setattr(adapt, "adapted", changed)
    other = make_plan(small, None)
    moved = {(c.target, c.phase) for c, d in zip(plan.cells, other.cells, strict=True) if c.job != d.job}
    assert moved == {("phrases", "predict"), ("phrases", "score")}


def test_a_raised_code_epoch_makes_the_phase_and_all_below_anew(
    plan: Plan, small: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(plans.EPOCHS, "predict", plans.EPOCHS["predict"] + 1)
    other = make_plan(small, None)
    assert {c.phase for c, d in zip(plan.cells, other.cells, strict=True) if c.job != d.job} == {"predict", "score"}


def test_one_arm_alone_is_its_cells_jobs(plan: Plan) -> None:
    mine = plan.todo_of("english")
    assert set(mine) == {c.job for c in plan.cells if c.arm == "english"}
    assert phases(plan, mine) == {"intermediate": 2, "target": 2, "predict": 6, "score": 6}
    with pytest.raises(UserError, match="small: unknown arm 'englis'; the nearest are english"):
        plan.todo_of("englis")


def test_a_limit_cuts_every_draw_and_marks_every_prediction(small_file: object) -> None:
    plan = make_plan(load(str(small_file), limit=8), None)
    assert [len(table) for table in plan.draws.values()] == [8, 8, 8]
    assert {spec["limit"] for spec in plan.jobs.values() if spec["phase"] == "predict"} == {8}


# -- what was seen, and what would leak


def test_seen_is_what_training_met_of_a_language_in_any_script_or_standard(plan: Plan) -> None:
    seen = {row[:3]: row[3] for row in plan.seen}
    # Both standards of Norwegian are one language; Hindi, German and Finnish were in no training.
    assert seen["diverse", "retrieval", "nno_Latn"] == "intermediate"
    assert seen["diverse", "phrases", "nno_Latn"] == "intermediate"
    assert seen["english", "phrases", "nno_Latn"] is None
    for arm in ("none", "english", "diverse"):
        assert seen[arm, "phrases", "eng_Latn"] == "target"
        assert {
            seen[arm, target, code]
            for target in ("retrieval", "phrases")
            for code in ("deu_Latn", "fin_Latn", "hin_Deva")
        } == {None}
    assert ("english", "retrieval", "eng_Latn") not in seen  # the pivot is not scored
    assert len(plan.seen) == len(seen) == 3 * (4 + 5)


def test_a_target_that_is_tested_on_what_it_trained_on_is_refused(declare: Declare) -> None:
    rows = adapt.adapted("cldr_phrases").rows("train", ["eng_Latn"], columns=["source"])
    tested = adapt.adapted("cldr_phrases").rows("train", columns=["source"])
    n, of = (len(set(t["source"].to_pylist())) for t in (rows, tested))
    with pytest.raises(UserError) as caught:
        planned(
            declare,
            (
                'test = [{ data = "cldr_phrases", split = "test" }]',
                'test = [{ data = "cldr_phrases", split = "train" }]',
            ),
        )
    assert str(caught.value) == (
        f"small: targets.phrases: {n} of {of} items of cldr_phrases train stand in cldr_phrases train, which the "
        'target phase trains on; change that, or mask them: leakage = "mask"'
    )


LEAK = ('test = [{ data = "cldr_terms", split = "test" }]', 'test = [{ data = "cldr_terms", split = "train" }]')


def test_an_item_met_by_an_ancestor_in_another_language_and_data_set_is_refused(declare: Declare) -> None:
    tested = set(adapt.adapted("cldr_terms").rows("train", columns=["source"])["source"].to_pylist())
    with pytest.raises(UserError) as caught:
        planned(declare, LEAK, ("[arms.english]\n", "[arms.english]\n#"))
    assert str(caught.value) == (
        f"small: targets.retrieval: 24 of {len(tested)} items of cldr_terms train stand in cldr_kind train, which the "
        'intermediate phase trains on; change that, or mask them: leakage = "mask"'
    )


def test_items_that_some_arm_met_are_masked_where_the_suite_says_so(declare: Declare) -> None:
    plan = planned(declare, LEAK, ("threads = 1", 'threads = 1\nleakage = "mask"'))
    met = rows_of(plan, "english")["id"].to_pylist()  # alike in the other arm; the keys of both data sets are CLDR's
    assert plan.masked == {("retrieval", "cldr_terms", "train", item) for item in met}
    assert len(plan.masked) == 24


def test_a_test_set_of_which_training_met_everything_is_refused(declare: Declare) -> None:
    spoken = sorted(code for split, code in adapt.adapted("cldr_phrases").parts if split == "train")
    train = ('"cldr_phrases", languages = ["eng_Latn"]', f'"cldr_phrases", languages = {json.dumps(spoken)}')
    leak = ('test = [{ data = "cldr_phrases", split = "test" }]', 'test = [{ data = "cldr_phrases", split = "train" }]')
    with pytest.raises(UserError, match=r"targets\.phrases: training met every item of cldr_phrases train"):
        planned(declare, train, leak, ("threads = 1", 'threads = 1\nleakage = "mask"'))


def test_the_same_items_may_be_tested_where_no_ancestor_met_them(declare: Declare) -> None:
    arms = (("[arms.english]\n", "[arms.english]\n#"), (DIVERSE, "[arms.diverse]\n"))
    phrases = (
        'test = [{ data = "cldr_phrases", split = "test" }]',
        'test = [{ data = "cldr_phrases", split = "dev" }]',
    )
    plan = planned(declare, LEAK, *arms, phrases)
    assert phases(plan) == {"target": 2, "predict": 3, "score": 3}


# -- what cannot be planned


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"fin_Latn"', '"ace_Latn"', "targets.retrieval: cldr_terms: no test rows in ace_Latn"),
        (
            'pivot = "eng_Latn"',
            'pivot = "ace_Latn"',
            "targets.retrieval.pivot: cldr_terms: no test rows in ace_Latn",
        ),
        ("examples = 24", "examples = 9999", "intermediate.examples: 9999 items asked for, but only "),
        ("layers = [1, 2]", "layers = [3]", "targets.retrieval.layers: [3], but tiny has 0 to 2"),
        ('model = "tiny"', 'model = "tinny"', "unknown model 'tinny'; the nearest are tiny, "),
    ],
)
def test_what_data_or_model_lack_is_refused(declare: Declare, old: str, new: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        planned(declare, (old, new))
    assert str(caught.value).startswith(f"small: {message}")


def test_more_trainable_layers_than_the_model_has_are_refused(declare: Declare) -> None:
    with pytest.raises(UserError, match="trainable_layers"):
        planned(declare, ("trainable_layers = 1", "trainable_layers = 5"))


def test_a_prediction_that_covers_more_is_taken_for_fewer_languages(declare: Declare, copied: Store) -> None:
    fewer = load(declare(('"hin_Deva", "nno_Latn"]', '"hin_Deva"]')))
    plan = make_plan(fewer, copied)
    assert plan.todo == []
    assert "nno_Latn" not in {code for _, _, code, _ in plan.seen}
