"""A smoke takes its own settings, leaves out what it has no files for, and lists that."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import UserError
from harness.outline import outline
from harness.plan import make_plan
from harness.record import left_out, record, recorded
from harness.store import Store
from harness.suite_file import load
from tests.small import SUITE, Change, Declare

SMOKE = '[smoke]\nlimit = 8\nseeds = [4]\n"recipes.short.epochs" = 2\nrecipes.short.learning_rate = 2e-3\n\n[arms.none]'
ADD = ("[arms.none]", SMOKE)


def with_smoke(declare: Declare, *changes: Change) -> Path:
    return declare(*changes, ADD)


def test_a_smoke_has_the_settings_of_its_table_and_says_so_in_its_name(declare: Declare) -> None:
    path = with_smoke(declare)
    smoke, full = load(path, scale="smoke"), load(path)
    assert (smoke.name, smoke.scale, smoke.limit, smoke.seeds) == ("small@smoke", "smoke", 8, [4])
    assert (smoke.recipes["short"].epochs, smoke.recipes["short"].learning_rate) == (2, 2e-3)
    assert smoke.recipes["short"].batch_tokens == 128
    assert (full.name, full.scale, full.limit, full.seeds) == ("small", "full", None, [0, 1])
    assert smoke.hash != full.hash


def test_a_limit_of_ones_own_and_settings_go_before_those_of_the_smoke(declare: Declare) -> None:
    suite = load(with_smoke(declare), limit=5, changes=["seeds=[9]"], scale="smoke")
    assert (suite.name, suite.limit, suite.seeds) == ("small@smoke@seeds=[9]@limit=5", 5, [9])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (None, "no table [smoke]: it says what --scale smoke changes, as `seeds = [0]`"),
        (("limit = 8", "limit = 0"), "smoke.limit: expected a number from 1 on, saw 0"),
        (("seeds = [4]", '"model.x" = 1'), "smoke.model.x: model is no table of the suite"),
        (("seeds = [4]", "seed = [4]"), "top level: unknown key 'seed'; the nearest are seeds"),
    ],
)
def test_a_smoke_that_is_none_is_refused(declare: Declare, change: Change | None, message: str) -> None:
    path = declare(ADD, change) if change else declare()
    with pytest.raises(UserError) as caught:
        load(path, scale="smoke")
    assert str(caught.value).startswith(f"{path}: {message}")


def test_no_file_may_call_itself_a_smoke(declare: Declare) -> None:
    path = declare(("threads = 1", 'threads = 1\nscale = "smoke"'))
    with pytest.raises(UserError, match="`scale` is no key of a suite; give it as `run --scale smoke`"):
        load(path)


ABSENT = (
    # arms: one without files, one with a part of its mix; a target and a test set without files
    ('match = "items"', 'match = "rows"'),
    ('mix = [{ data = "cldr_kind", languages = ["eng_Latn"] }]', 'mix = [{ data = "mnli", languages = ["eng_Latn"] }]'),
    (
        'mix = [{ data = "cldr_kind", languages = ["rus_Cyrl", "nob_Latn"] }]',
        'mix = [{ data = "qqp", languages = ["eng_Latn"] }, { data = "cldr_kind", languages = ["rus_Cyrl"] }]\n'
        'sampling = { scheme = "explicit", rates = [1.0, 3.0] }',
    ),
    (
        '[targets.retrieval]\ntest = [{ data = "cldr_terms", split = "test" }]',
        '[targets.retrieval]\ntest = [{ data = "flores200", split = "devtest" }, '
        '{ data = "cldr_terms", split = "test" }]',
    ),
    (
        "[[contrasts]]",
        '[targets.nli]\ntrain = { data = "mnli", languages = ["eng_Latn"] }\n'
        'test = [{ data = "xnli", split = "test" }]\nrecipe = "short"\n\n[[contrasts]]',
    ),
    ('role = "primary"', 'role = "primary"\ndiffer = ["data", "languages"]'),
)  # fmt: skip


def test_what_has_no_files_is_left_out_of_a_smoke_and_listed(declare: Declare) -> None:
    plan = make_plan(load(with_smoke(declare, *ABSENT), scale="smoke"), None)
    assert list(plan.suite.arms) == ["none", "diverse"]
    assert list(plan.suite.targets) == ["retrieval", "phrases"]
    assert plan.suite.contrasts == []
    assert {(m.where, m.data) for m in plan.missing} == {
        ("arms.english.mix", "mnli"),
        ("arms.diverse.mix", "qqp"),
        ("targets.retrieval.test", "flores200"),
        ("targets.nli.train", "mnli"),
        ("targets.nli.test", "xnli"),
    }
    assert all("its raw files are needed; give --data DIR" in m.reason for m in plan.missing)
    assert {c.arm for c in plan.cells} == {"none", "diverse"}
    (task,) = next(s for s in plan.jobs.values() if s["phase"] == "intermediate")["tasks"]
    assert (task["data"]["dataset"], len(plan.draws[task["draw"]])) == ("cldr_kind", 8)


def test_what_was_left_out_and_the_scale_are_recorded(declare: Declare, tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    plan = make_plan(load(with_smoke(declare, *ABSENT), scale="smoke"), store)
    record(plan, store)
    assert left_out(store, "small@smoke") == plan.missing != []
    assert recorded(store, "small@smoke") == plan.suite
    assert recorded(store, "small@smoke").scale == "smoke"


def test_at_full_scale_missing_files_are_refused(declare: Declare) -> None:
    with pytest.raises(UserError, match="mnli: its raw files are needed"):
        make_plan(load(with_smoke(declare, *ABSENT)), None)


def test_a_plan_in_part_shows_at_full_scale_what_is_here_and_counts_the_cells_that_are_not(declare: Declare) -> None:
    plan = make_plan(load(with_smoke(declare, *ABSENT)), None, partial=True)
    assert (plan.suite.seeds, plan.suite.limit) == ([0, 1], None)
    assert {cell.arm for cell in plan.cells} == {"none", "diverse"}
    assert set(plan.absent) == {(a, "nli") for a in ("none", "english", "diverse")} | {
        ("english", "retrieval"),
        ("english", "phrases"),
    }
    rows = outline(plan)
    lacking = {(row["arm"], row["target"]) for row in rows[:-1] if row["no data here"]}
    assert (lacking, rows[-1]["no data here"]) == (set(plan.absent), 5)


def test_a_plan_in_part_of_what_is_all_here_is_the_whole_and_as_strict(declare: Declare) -> None:
    plan = make_plan(load(declare()), None, partial=True)
    assert plan == make_plan(load(declare()), None)
    assert "no data here" not in outline(plan)[0]
    with pytest.raises(UserError, match="9999 items asked for"):
        make_plan(load(declare(("examples = 24", "examples = 9999"))), None, partial=True)


def test_rows_and_languages_that_are_not_there_are_not_asked_for(declare: Declare) -> None:
    # Aymara is in the languages table, but CLDR names nothing in it
    path = with_smoke(declare, ("examples = 24", "examples = 9999"))
    plan = make_plan(load(path, scale="smoke"), None)
    assert len(next(iter(plan.draws.values()))) == 8
    text = SUITE.replace("deu_Latn", "ayr_Latn").replace("[arms.none]", SMOKE)
    path.write_text(text, encoding="utf-8")
    assert "ayr_Latn" not in {row[2] for row in make_plan(load(path, scale="smoke"), None).seen}
    with pytest.raises(UserError, match="no test rows in ayr_Latn"):
        make_plan(load(path), None)


def test_a_smoke_with_nothing_to_run_is_refused(declare: Declare) -> None:
    path = with_smoke(declare)
    only = path.read_text().replace('"cldr_terms"', '"flores200"').replace('"cldr_phrases"', '"sib200"')
    path.write_text(only.replace('split = "test" }]\npivot', 'split = "devtest" }]\npivot').replace("tagging", "x"))
    with pytest.raises(UserError, match="small@smoke: nothing to run here: flores200: its raw files are needed"):
        make_plan(load(path, scale="smoke"), None)
