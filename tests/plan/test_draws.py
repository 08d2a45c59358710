"""What each arm reads under every way to match arms, and under every control, counted in its draws."""

from __future__ import annotations

from collections import Counter
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from harness.data import adapt
from harness.errors import UserError
from harness.plan import draws, make_plan
from harness.plan.graph import Plan
from harness.store import Spec
from harness.suite_file import load
from tests.small import DIVERSE, Change, Declare

ROWS = ('match = "items"', 'match = "rows"')
TOKENS = ('match = "items"', 'match = "tokens"')

MULTI = """[arms.diverse]
mix = [{ data = "cldr_kind", languages = ["rus_Cyrl"] }, { data = "cldr_phrases", languages = ["eng_Latn"] }]
sampling = { scheme = "explicit", rates = [3.0, 1.0] }
"""
LIKE = """[arms.diverse]
control = "token-matched"
like = "english"
mix = [{ data = "%s", languages = ["%s"] }]
"""
DIFFER = (
    'role = "primary"',
    'role = "primary"\ndiffer = ["data", "languages", "sampling", "control", "mlm", "budget"]',
)


def instead(arm: str) -> Change:
    return DIVERSE, arm


def planned(declare: Declare, *changes: Change) -> Plan:
    return make_plan(load(declare(*changes, DIFFER)), None)


def jobs(plan: Plan, arm: str, phase: str = "intermediate", target: str = "intermediate") -> list[Spec]:
    return [plan.jobs[c.job] for c in plan.cells if (c.arm, c.target, c.phase) == (arm, target, phase)]


def reads(plan: Plan, arm: str, phase: str = "intermediate") -> dict[str, pa.Table]:
    """Return what an arm's first seed reads: data set (`mlm` before masked text) → rows."""
    tasks = jobs(plan, arm, phase)[0]["tasks"]
    text = {"mlm": "mlm "}
    return {text.get(t["kind"], "") + t["data"]["dataset"]: plan.draws[t["draw"]] for t in tasks}


def sizes(plan: Plan, arm: str, phase: str = "intermediate") -> dict[str, int]:
    return {name: len(rows) for name, rows in reads(plan, arm, phase).items()}


@pytest.fixture
def by_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the length of a row's id for its tokens."""
    monkeypatch.setattr(draws, "lengths", lambda _, rows: np.asarray([len(i) for i in rows["id"].to_pylist()]))


def tokens(plan: Plan, arm: str) -> int:
    return sum(len(i) for rows in reads(plan, arm).values() for i in rows["id"].to_pylist())


def test_items_are_the_same_in_all_arms_at_rates_of_their_languages(declare: Declare) -> None:
    tilted = DIVERSE.replace("] }]", '], sampling = { scheme = "explicit", rates = [5.0, 1.0] } }]')
    plan = planned(declare, ("examples = 24", "examples = 200"), instead(tilted))
    found = reads(plan, "diverse")["cldr_kind"]
    assert found["id"].to_pylist() == reads(plan, "english")["cldr_kind"]["id"].to_pylist()
    counted = Counter(found["language"].to_pylist())
    assert counted["rus_Cyrl"] > 140 > counted["nob_Latn"] > 10  # 167 and 33 are expected


PUBLISHED = {
    "english": "3b6e5639b8e6a991",
    "shuffled": "3b6e5639b8e6a991",
    "diverse": "f88c5e34608bf9a3",
    "all": "7bb6c89aa000f1e5",
}
"""Arm of `quickstart` → digest of its draw, as the published page has it."""


@pytest.mark.skipif(version("babel") != "2.18.0", reason="other names in CLDR, other draws")
def test_the_published_draws_are_still_drawn() -> None:
    plan = make_plan(load("quickstart"), None)
    assert {arm: jobs(plan, arm)[0]["tasks"][0]["draw"] for arm in PUBLISHED} == PUBLISHED
    assert jobs(plan, "none", "target", "kind")[0]["tasks"][0]["draw"] == "5542126912c9f565"


def test_rows_are_as_many_in_every_arm_of_whatever_data_sets(declare: Declare) -> None:
    plan = planned(declare, ROWS, instead(MULTI))
    assert sizes(plan, "english") == {"cldr_kind": 24}
    found = sizes(plan, "diverse")
    assert sum(found.values()) == 24
    assert found["cldr_kind"] > found["cldr_phrases"] > 0
    assert [t["head"].partition(":")[0] for t in jobs(plan, "diverse")[0]["tasks"]] == ["classification", "tagging"]
    assert [len(t["labels"]) for t in jobs(plan, "diverse")[0]["tasks"]] == [7, 21]


def test_each_own_task_of_a_mix_is_checked_with_its_own_head(declare: Declare) -> None:
    plan = planned(declare, ROWS, instead(MULTI))
    checked = {p["data"]["dataset"]: p for p in jobs(plan, "diverse", "predict")}
    heads = {t["data"]["dataset"]: t["head"] for t in jobs(plan, "diverse")[0]["tasks"]}
    assert {name: spec["head"] for name, spec in checked.items()} == heads
    assert {name: list(spec["data"]["languages"]) for name, spec in checked.items()} == {
        "cldr_kind": ["rus_Cyrl"],
        "cldr_phrases": ["eng_Latn"],
    }


def test_data_sets_with_the_same_labels_share_a_head_or_the_one_they_name(declare: Declare) -> None:
    twice = MULTI.replace("cldr_phrases", "cldr_kind")
    plan = planned(declare, ROWS, instead(twice))
    (one, two) = jobs(plan, "diverse")[0]["tasks"]
    assert one["head"] == two["head"] == jobs(plan, "english")[0]["tasks"][0]["head"]
    ids = [set(plan.draws[t["draw"]]["id"].to_pylist()) for t in (one, two)]
    assert not ids[0] & ids[1]
    named = planned(declare, ROWS, instead(twice.replace('["eng_Latn"]', '["eng_Latn"], head = "own"')))
    assert [t["head"] for t in jobs(named, "diverse")[0]["tasks"]] == [one["head"], "classification:own"]


def test_too_few_rows_are_refused_with_what_is_there(declare: Declare) -> None:
    with pytest.raises(UserError) as caught:
        planned(declare, ROWS, ("examples = 24", "examples = 9999"))
    said = "small: arms.english: intermediate.examples: 9999 rows of cldr_kind train asked for, but only 711 are there"
    assert str(caught.value).startswith(said)


def test_where_steps_count_an_arm_reads_what_it_has(declare: Declare) -> None:
    steps = ("epochs = 1", "steps = 40")
    plan = planned(declare, steps, ('match = "items"', 'match = "steps"'), ("examples = 24", "examples = 800"))
    both = set(adapt.adapted("cldr_kind").rows("train", ["rus_Cyrl", "nob_Latn"], ["id"])["id"].to_pylist())
    assert (sizes(plan, "english"), sizes(plan, "diverse")) == ({"cldr_kind": 711}, {"cldr_kind": len(both)})
    assert {(s["recipe"]["epochs"], s["recipe"]["steps"]) for s in jobs(plan, "english")} == {(None, 40)}


@pytest.mark.usefixtures("by_letters")
def test_tokens_are_those_of_the_arm_that_has_fewest(declare: Declare) -> None:
    plan, rows = planned(declare, TOKENS, instead(MULTI)), planned(declare, ROWS, instead(MULTI))
    fewest = min(tokens(rows, "english"), tokens(rows, "diverse"))
    for arm in ("english", "diverse"):
        assert fewest - 12 < tokens(plan, arm) <= fewest  # no id of theirs is longer than 12 letters
        for name, found in reads(plan, arm).items():
            assert found.equals(reads(rows, arm)[name].slice(0, len(found)))
    assert fewest in (tokens(plan, "english"), tokens(plan, "diverse"))


@pytest.mark.usefixtures("by_letters")
def test_a_token_matched_arm_reads_as_many_tokens_as_the_arm_it_is_like(declare: Declare) -> None:
    plan = planned(declare, ROWS, instead(LIKE % ("cldr_scrambled", "eng_Latn")))
    goal = tokens(plan, "english")
    assert goal - 12 < tokens(plan, "diverse") <= goal
    assert jobs(plan, "diverse")[0]["control"] is None


@pytest.mark.usefixtures("by_letters")
def test_a_token_matched_arm_that_runs_out_is_refused(declare: Declare) -> None:
    rows = {code: part.rows for (split, code), part in adapt.adapted("cldr_kind").parts.items() if split == "train"}
    scarce = min(rows, key=lambda code: rows[code])
    with pytest.raises(UserError, match=r"small: arms\.diverse: has \d+ tokens, but 'english' reads \d+; lower"):
        planned(declare, ROWS, ("examples = 24", "examples = 711"), instead(LIKE % ("cldr_kind", scarce)))


def test_more_steps_are_as_many_examples_as_the_intermediate_phase_reads(declare: Declare) -> None:
    plan = planned(declare, ("epochs = 1", "epochs = 3"), instead('[arms.diverse]\ncontrol = "more-steps"\n'))
    longer, plain = jobs(plan, "diverse", "target", "phrases")[0], jobs(plan, "none", "target", "phrases")[0]
    assert longer["more"] == {"examples": 24 * 3}
    assert {**longer, "more": 0} == {**plain, "more": 0}
    retrieval = {c.arm: c.job for c in plan.cells if c.target == "retrieval" and c.phase == "predict"}
    assert retrieval["diverse"] == retrieval["none"]


def test_where_the_intermediate_phase_counts_steps_more_steps_are_its_steps(declare: Declare) -> None:
    plan = planned(declare, ("epochs = 1", "steps = 7"), instead('[arms.diverse]\ncontrol = "more-steps"\n'))
    assert jobs(plan, "diverse", "target", "phrases")[0]["more"] == {"steps": 7}


@pytest.mark.parametrize(("ratio", "text"), [("0.5", 24), ("0.25", 8), ("0.1", 3)])
def test_text_comes_on_top_of_an_arms_rows_at_its_ratio(declare: Declare, ratio: str, text: int) -> None:
    mixed = DIVERSE + f'mlm = [{{ data = "cldr_terms", languages = "all" }}]\nmlm_ratio = {ratio}\n'
    plan = planned(declare, instead(mixed))
    assert sizes(plan, "diverse") == {"cldr_kind": 24, "mlm cldr_terms": text}
    task = jobs(plan, "diverse")[0]["tasks"][1]
    assert (task["kind"], task["head"], task["labels"]) == ("mlm", "mlm", [])
    assert {p["data"]["dataset"] for p in jobs(plan, "diverse", "predict")} == {"cldr_kind"}  # text is not checked


LAPT = '[arms.diverse]\npretrain = { data = "cldr_terms", languages = ["hin_Deva", "eng_Latn"], recipe = "short" }\n'


def test_pretraining_comes_first_and_arms_that_declare_the_same_share_it(declare: Declare) -> None:
    twin = LAPT.replace("arms.diverse", "arms.twin") + 'mix = [{ data = "cldr_kind", languages = ["eng_Latn"] }]\n'
    plan = planned(declare, instead(LAPT + twin))
    own, shared = ([c.job for c in plan.cells if c.arm == a and c.phase == "pretrain"] for a in ("diverse", "twin"))
    assert own == shared
    assert [jobs(plan, "twin")[seed]["parent"] for seed in (0, 1)] == own
    assert [s["parent"] for s in jobs(plan, "diverse", "target", "phrases")] == own
    assert [s["parent"] for s in jobs(plan, "diverse", "predict", "retrieval")] == own
    spec = plan.jobs[own[0]]
    assert (spec["parent"], [t["kind"] for t in spec["tasks"]], "control" in spec) == (None, ["mlm"], False)


def test_pretraining_reads_every_row_or_so_many_in_turns_of_its_languages(declare: Declare) -> None:
    (every,) = reads(planned(declare, instead(LAPT)), "diverse", "pretrain").values()
    pairs = list(zip(every["language"].to_pylist(), every["id"].to_pylist(), strict=True))
    assert len(set(pairs)) == len(pairs) > len(set(every["id"].to_pylist()))
    some = instead(LAPT.replace('recipe = "short"', 'recipe = "short", examples = 30'))
    (few,) = reads(planned(declare, some), "diverse", "pretrain").values()
    assert Counter(few["language"].to_pylist()) == {"hin_Deva": 15, "eng_Latn": 15}


def test_scripts_that_are_romanised_stand_in_every_job_of_their_arm(declare: Declare) -> None:
    plan = planned(declare, instead(LAPT + 'transliterate = ["Deva", "Cyrl"]\n'))
    told = {(c.arm, c.phase): plan.jobs[c.job].get("transliterate") for c in plan.cells if c.phase != "score"}
    romanised = {place for place, scripts in told.items() if scripts == ["Cyrl", "Deva"]}
    assert romanised == {("diverse", "pretrain"), ("diverse", "target"), ("diverse", "predict")}
    assert {told[place] for place in told.keys() - romanised} == {None}


def test_a_limit_keeps_the_first_items_of_each_language(small_file: Path) -> None:
    plan = make_plan(load(small_file, limit=8), None)
    (target,) = {t["draw"] for s in jobs(plan, "none", "target", "phrases") for t in s["tasks"]}
    assert len(plan.draws[target]) == 8
