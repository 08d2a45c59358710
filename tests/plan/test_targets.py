"""What targets of every kind ask of a model, by which dev sets training is selected, and what counts as seen then."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from harness.data import adapt
from harness.errors import UserError
from harness.plan import make_plan
from harness.plan.graph import Plan
from harness.plan.sets import Sets
from harness.store import Spec, Store
from harness.suite_file import load
from tests.small import DIVERSE, Change, Declare

RETRIEVAL = (
    '[targets.retrieval]\ntest = [{ data = "cldr_terms", split = "test" }]\npivot = "eng_Latn"\nlayers = [1, 2]\n'
)
FIRST = "[recipes.short]\nepochs = 1\n"
ENGLISH_DEV = (FIRST, FIRST + 'select = "english-dev"\nchecks = 3\n')


def planned(declare: Declare, *changes: Change) -> Plan:
    return make_plan(load(declare(*changes)), None)


def asked(plan: Plan, target: str, arm: str = "none", phase: str = "predict") -> Spec:
    return next(plan.jobs[c.job] for c in plan.cells if (c.arm, c.target, c.phase) == (arm, target, phase))


def digest(split: str, code: str, data: str = "cldr_terms") -> str:
    return adapt.adapted(data).parts[split, code].digest


def test_retrieval_may_be_pooled_and_measured_otherwise(declare: Declare) -> None:
    plain = asked(planned(declare), "retrieval")["task"]
    keys = ("layers = [1, 2]", 'layers = [1, 2]\npooling = "cls"\nmargin = 4')
    assert asked(planned(declare, keys), "retrieval")["task"] == plain | {"pooling": "cls", "margin": 4}


def test_mined_pairs_bring_the_split_that_their_threshold_is_set_on(declare: Declare) -> None:
    spec = asked(planned(declare, ("layers = [1, 2]", 'layers = [2]\ntune = "dev"')), "retrieval")
    tune = spec["task"]["tune"]
    assert tune["data"]["split"] == "dev"
    assert tune["data"]["languages"] == {c: digest("dev", c) for c in spec["data"]["languages"]}
    assert tune["pivot_digest"] == digest("dev", "eng_Latn")


def test_a_new_language_of_a_mined_target_costs_only_itself(declare: Declare, tmp_path: Path) -> None:
    mined = ("layers = [1, 2]", 'layers = [2]\ntune = "dev"')
    store = Store(tmp_path / "store")
    done = make_plan(load(declare(mined)), store)
    for key, spec in done.jobs.items():
        store.folder(key).mkdir()
        (store.folder(key) / "job.json").write_text(json.dumps({"spec": spec}))
    assert make_plan(load(declare(mined)), store).todo == []
    more = make_plan(load(declare(mined, ('"nno_Latn"]', '"nno_Latn", "swe_Latn"]'))), store)
    fresh = [more.jobs[k] for k in more.todo if more.jobs[k]["phase"] == "predict" and more.jobs[k]["task"]]
    assert len(fresh) == 1 + 2 + 2  # `none`, and two arms in two seeds
    assert {tuple(spec["task"]["tune"]["data"]["languages"]) for spec in fresh} == {("swe_Latn",)}


def test_text_is_read_by_masking_in_every_language_without_a_head(declare: Declare) -> None:
    text = (RETRIEVAL, '[targets.retrieval]\nkind = "mlm"\ntest = [{ data = "cldr_terms", split = "test" }]\n')
    spec = asked(planned(declare, text, ('model = "tiny"', 'model = "xlmr-base"')), "retrieval")
    assert (spec["kind"], spec["task"], "head" in spec) == ("mlm", {}, False)
    assert "eng_Latn" in spec["data"]["languages"]


def test_pairs_are_translated_from_and_into_the_pivot(declare: Declare) -> None:
    head = '[targets.retrieval]\nkind = "translation"\nbeams = 4\n'
    spec = asked(
        planned(
            declare,
            ('model = "tiny"', 'model = "tiny-seq2seq"'),
            ("trainable_layers = 1", 'trainable_layers = "all"'),
            (
                RETRIEVAL,
                RETRIEVAL.replace("[targets.retrieval]\n", head).replace("layers = [1, 2]", 'directions = ["from"]'),
            ),
        ),
        "retrieval",
    )
    task = {"pivot": "eng_Latn", "directions": ["from"], "pivot_digest": digest("test", "eng_Latn"), "beams": 4}
    assert (spec["kind"], spec["task"], spec["cut"], "head" in spec) == ("translation", task, 0, False)


def test_the_head_that_speaks_is_that_of_the_targets_training(declare: Declare) -> None:
    plan = planned(declare)
    assert asked(plan, "phrases")["head"] == asked(plan, "phrases", phase="target")["tasks"][0]["head"]
    assert "head" not in asked(plan, "retrieval")


# -- selection ---------------------------------------------------------------------------------------------------


def test_by_default_nothing_is_selected(declare: Declare) -> None:
    assert not any("select" in spec for spec in planned(declare).jobs.values())


def test_english_dev_is_that_of_what_is_trained_on(declare: Declare) -> None:
    plan = planned(declare, ENGLISH_DEV)
    own, target = asked(plan, "intermediate", "diverse", "intermediate"), asked(plan, "phrases", phase="target")
    for spec, name in ((own, "cldr_kind"), (target, "cldr_phrases")):
        (test,) = spec["select"]["tests"]
        assert (spec["select"]["how"], spec["select"]["checks"]) == ("english-dev", 3)
        assert (test["kind"], test["head"]) == (spec["tasks"][0]["kind"], spec["tasks"][0]["head"])
        assert test["task"] == {}
        assert (test["data"]["dataset"], test["data"]["split"]) == (name, "dev")
        assert test["data"]["languages"] == {"eng_Latn": digest("dev", "eng_Latn", name)}


def of_target(select: str) -> list[Change]:
    long = FIRST.replace("short", "long") + "batch_tokens = 256\nlearning_rate = 1e-3\ntrainable_layers = 1\n"
    return [
        (FIRST, f'{long}select = "{select}"\n{FIRST}'),
        ('"test" }]\nrecipe = "short"', '"test" }]\nrecipe = "long"'),
    ]


def test_target_dev_is_that_of_every_test_set_in_the_scored_languages(declare: Declare) -> None:
    plan = planned(declare, *of_target("target-dev"))
    (test,) = asked(plan, "phrases", phase="target")["select"]["tests"]
    assert sorted(test["data"]["languages"]) == ["deu_Latn", "eng_Latn", "fin_Latn", "hin_Deva", "nno_Latn"]


def test_a_language_whose_dev_selected_is_never_zero_shot(declare: Declare) -> None:
    met = {select: planned(declare, *of_target(select)).seen for select in ("last", "english-dev", "target-dev")}
    seen = {how: {row[:3]: row[3] for row in rows} for how, rows in met.items()}
    assert seen["last"]["none", "phrases", "deu_Latn"] is None
    assert seen["english-dev"] == seen["last"]  # English is what the target trains on
    counted = Counter(what for (_, target, _), what in seen["target-dev"].items() if target == "phrases")
    # German, Finnish, Hindi in three arms, Norwegian in two: the third has trained on it; English in all
    assert counted == {"selected": 3 * 3 + 2, "intermediate": 1, "target": 3}
    assert {what for (_, target, _), what in seen["target-dev"].items() if target == "retrieval"} == {
        None,
        "intermediate",
    }


def test_english_counts_as_selected_where_no_training_was_in_it(declare: Declare) -> None:
    german = (
        'train = { data = "cldr_phrases", languages = ["eng_Latn"] }',
        'train = { data = "cldr_phrases", languages = ["deu_Latn"] }',
    )
    seen = {row[:3]: row[3] for row in planned(declare, *of_target("english-dev"), german).seen}
    assert seen["none", "phrases", "eng_Latn"] == "selected"
    assert seen["none", "phrases", "deu_Latn"] == "target"


def test_what_has_no_dev_split_or_no_english_cannot_be_selected_by_it(
    declare: Declare, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoken = Sets.spoken
    monkeypatch.setattr(
        Sets, "spoken", lambda s, name, split: spoken(s, name, split) - ({"eng_Latn"} if split == "dev" else set())
    )
    with pytest.raises(UserError) as caught:
        planned(declare, *of_target("english-dev"))
    said = "small: targets.phrases: select = 'english-dev': cldr_phrases has no dev split in eng_Latn; select by "
    assert str(caught.value).startswith(said)


def test_text_without_labels_is_not_seen(declare: Declare) -> None:
    lapt = '[arms.diverse]\npretrain = { data = "cldr_terms", languages = ["hin_Deva"], recipe = "short" }\n'
    plan = planned(declare, (DIVERSE, lapt))
    assert {row[3] for row in plan.seen if row[:2] == ("diverse", "retrieval")} == {None}


def test_text_that_is_tested_leaks_from_pretraining_too(declare: Declare) -> None:
    read = 'data = "cldr_terms", split = "test", languages = ["hin_Deva"], recipe = "short"'
    lapt = f"[arms.diverse]\npretrain = {{ {read} }}\n"
    with pytest.raises(UserError, match=r"stand in cldr_terms test, which the pretrain phase trains on; change that"):
        planned(declare, (DIVERSE, lapt))
