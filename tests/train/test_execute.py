"""Jobs of a real run, computed again by the library's own code: what a job's folder holds is what it declares."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from safetensors.torch import load_file

from harness.data import adapt
from harness.data.cards import dataset_card
from harness.data.draw import item_order
from harness.errors import UserError
from harness.models.find import find
from harness.plan import Plan, make_plan
from harness.store import Store
from harness.suite import Suite
from harness.suite_file import load
from harness.train.encoder import Encoder
from harness.train.execute import Bench, execute, flops


@pytest.fixture(scope="module")
def plan(small: Suite) -> Plan:
    return make_plan(small, None)


def job_of(plan: Plan, arm: str, target: str, phase: str, seed: int = 0) -> str:
    return next(c.job for c in plan.cells if c == (arm, target, seed, phase, c.job))


def head_of(plan: Plan, job: str) -> str:
    """Return the name of the head that a training job of one task has."""
    (task,) = plan.jobs[job]["tasks"]
    return str(task["head"])


def predictions(store: Store, key: str) -> pa.Table:
    return pq.read_table(store.folder(key) / "predictions.parquet")


def texts(data: str, split: str, language: str) -> dict[str, Any]:
    rows = adapt.adapted(data).rows(split, [language]).to_pylist()
    return {row["id"]: row for row in rows}


def test_a_checkpoint_holds_what_differs_from_its_parent_alone(small_store: Store, plan: Plan, tiny: Path) -> None:
    base = load_file(tiny / "model.safetensors")
    jobs = [job_of(plan, "english", "intermediate", "intermediate"), job_of(plan, "english", "phrases", "target")]
    first, second = (load_file(small_store.weights(job)) for job in jobs)
    heads = [head_of(plan, job) for job in jobs]
    top = {name for name in base if name.startswith("encoder.layer.1.")}
    assert heads[0] != heads[1]
    for head, found in zip(heads, (first, second), strict=True):
        assert set(found) == top | {f"head.{head}.weight", f"head.{head}.bias"}
    assert first[f"head.{heads[0]}.weight"].shape == (7, 64)  # the labels of cldr_kind
    for name in top:
        changed = not torch.equal(first[name], base[name])
        assert changed
        assert not torch.equal(first[name], second[name])


def test_retrieval_is_cosine_of_mean_states_over_shared_items(
    small_store: Store, plan: Plan, reference: Any, tokenizer: Any
) -> None:
    rows = predictions(small_store, job_of(plan, "none", "retrieval", "predict")).to_pylist()
    finnish, english = texts("cldr_terms", "test", "fin_Latn"), texts("cldr_terms", "test", "eng_Latn")
    shared = sorted(set(finnish) & set(english))
    assert len(shared) < len(english)  # CLDR lacks some in Finnish

    def vectors(of: dict[str, Any]) -> torch.Tensor:
        with torch.no_grad():
            told = [reference(**tokenizer(of[i]["text"], return_tensors="pt")).last_hidden_state[0] for i in shared]
        means = torch.stack([states.mean(0) for states in told])
        return means / means.norm(dim=1, keepdim=True)

    cosine = vectors(finnish) @ vectors(english).T
    said = {(r["direction"], r["id"]): r["prediction"] for r in rows if (r["language"], r["layer"]) == ("fin_Latn", 2)}
    assert set(said) == {(direction, i) for direction in ("to", "from") for i in shared}
    for at, item in enumerate(shared):
        for direction, line in (("to", cosine[at]), ("from", cosine[:, at])):
            best, second = line.topk(2).values
            if best - second > 1e-5:  # nearer than that, the order of additions decides
                assert said[direction, item] == shared[int(line.argmax())]


def test_every_language_layer_and_direction_is_predicted_once(small_store: Store, plan: Plan) -> None:
    rows = predictions(small_store, job_of(plan, "english", "retrieval", "predict")).to_pylist()
    keys = Counter((r["language"], r["layer"], r["direction"], r["id"]) for r in rows)
    assert set(keys.values()) == {1}
    assert {k[:3] for k in keys} == {
        (code, layer, direction)
        for code in ("deu_Latn", "fin_Latn", "hin_Deva", "nno_Latn")
        for layer in (1, 2)
        for direction in ("to", "from")
    }
    assert {(r["other"], r["dataset"], r["split"], r["edition"]) for r in rows} == {
        ("eng_Latn", "cldr_terms", "test", "as-released")
    }


def test_a_target_starts_from_its_arms_weights_and_says_its_own_labels(
    small_store: Store, plan: Plan, tiny: Path, tokenizer: Any
) -> None:
    from transformers import AutoModel

    trained = job_of(plan, "diverse", "phrases", "target")
    target, head = load_file(small_store.weights(trained)), head_of(plan, trained)
    body = AutoModel.from_pretrained(tiny, add_pooling_layer=False).eval()
    body.load_state_dict({n: t for n, t in target.items() if not n.startswith("head.")}, strict=False)
    labels = dataset_card("cldr_phrases").labels
    rows = predictions(small_store, job_of(plan, "diverse", "phrases", "predict")).to_pylist()
    gold = texts("cldr_phrases", "test", "deu_Latn")
    mine = [row for row in rows if row["language"] == "deu_Latn"]
    assert {row["id"] for row in mine} == set(gold)
    for row in mine[:20]:
        words = gold[row["id"]]["tokens"]
        told = tokenizer([words], is_split_into_words=True, return_tensors="pt")
        with torch.no_grad():
            states = body(**told).last_hidden_state[0]
        logits = states @ target[f"head.{head}.weight"].T + target[f"head.{head}.bias"]
        first = [told.word_ids(0).index(word) for word in range(len(words))]
        assert json.loads(row["prediction"]) == [labels[int(logits[at].argmax())] for at in first]


def test_a_jobs_facts_are_counted(small_store: Store, plan: Plan, tokenizer: Any) -> None:
    key = job_of(plan, "english", "intermediate", "intermediate")
    facts, spec = small_store.job(key), plan.jobs[key]
    drawn = plan.draws[spec["tasks"][0]["draw"]]["id"].to_pylist()
    english = texts("cldr_kind", "train", "eng_Latn")
    tokens = sum(len(tokenizer(english[i]["text"])["input_ids"]) for i in drawn)
    assert facts["spec"] == spec
    assert (facts["job"], facts["phase"], facts["seed"], facts["parent"]) == (key, "intermediate", 0, None)
    assert (facts["examples"], facts["tokens"], facts["threads"]) == (24, tokens, 1)
    assert facts["device"].endswith("fp32")
    assert {"torch", "transformers", "cpu", "machine"} <= set(json.loads(facts["versions"]))
    curve = pq.read_table(small_store.folder(key) / "curves.parquet").to_pylist()
    assert [row["step"] for row in curve] == list(range(1, len(curve) + 1))
    assert {row["job"] for row in curve} == {key}


def test_operations_are_those_of_the_matrix_products(tiny: Path) -> None:
    # One layer, 64 wide, 128 in its feed-forward part, a text of 3 tokens and one of 5, forward once.
    projections = 4 * (64 * 64) + 2 * (64 * 128)
    scores_and_sums = 2 * 64 * (3 * 3 + 5 * 5)
    assert flops(Encoder(tiny, 1, {}), np.array([3, 5]), 1) == 2 * (8 * projections + scores_and_sums)
    assert flops(Encoder(tiny, 0, {}), np.array([3, 5]), 3) == 3 * 2 * 2 * (8 * projections + scores_and_sums)


@pytest.fixture
def bench(copied: Store) -> Bench:
    return Bench(copied, find("tiny"), None)


def test_data_that_changed_since_the_plan_are_refused(bench: Bench, plan: Plan) -> None:
    spec = plan.jobs[job_of(plan, "none", "retrieval", "predict")]
    changed = {**spec, "data": {**spec["data"], "languages": {**spec["data"]["languages"], "fin_Latn": "old"}}}
    with pytest.raises(UserError, match="cldr_terms test fin_Latn: changed since the suite was planned; plan again"):
        execute(bench, "0" * 16, changed, lambda *_: None)
    assert not bench.store.done("0" * 16)


def test_a_limit_keeps_the_first_items_of_each_language_and_the_pivots_translations(
    bench: Bench, small_file: Path
) -> None:
    limited = make_plan(load(small_file, limit=40), None)
    key = job_of(limited, "none", "retrieval", "predict")
    execute(bench, key, limited.jobs[key], lambda *_: None)
    rows = predictions(bench.store, key).to_pylist()
    english = set(texts("cldr_terms", "test", "eng_Latn"))
    for code in limited.jobs[key]["data"]["languages"]:
        first = set(item_order(texts("cldr_terms", "test", code))[:40]) & english
        mine = [row for row in rows if row["language"] == code]
        assert {row["id"] for row in mine} == first
        assert {row["prediction"] for row in mine} <= first
    assert len({row["id"] for row in rows}) > 40  # CLDR lacks some in Finnish: it has others


def test_a_pivot_that_changed_since_it_was_planned_is_refused(bench: Bench, plan: Plan) -> None:
    spec = plan.jobs[job_of(plan, "none", "retrieval", "predict")]
    changed = {**spec, "task": {**spec["task"], "pivot_digest": "old"}}
    with pytest.raises(UserError, match="cldr_terms test eng_Latn: changed since the suite was planned; plan again"):
        execute(bench, "0" * 16, changed, lambda *_: None)


def test_labels_that_are_not_there_cannot_be_shuffled(bench: Bench, plan: Plan) -> None:
    spec = plan.jobs[job_of(plan, "english", "intermediate", "intermediate")]
    text = [{**task, "kind": "mlm", "head": "mlm", "labels": []} for task in spec["tasks"]]
    with pytest.raises(UserError, match="cldr_kind: mlm has no labels that could be shuffled"):
        execute(bench, "0" * 16, {**spec, "tasks": text, "control": "shuffled-labels"}, lambda *_: None)


def test_the_shuffled_control_trains_on_the_same_rows_and_ends_elsewhere(bench: Bench, plan: Plan) -> None:
    key = job_of(plan, "english", "intermediate", "intermediate")
    execute(bench, "0" * 16, {**plan.jobs[key], "control": "shuffled-labels"}, lambda *_: None)
    plain = bench.store.job(key)
    control = bench.store.job("0" * 16)
    assert (control["examples"], control["tokens"]) == (plain["examples"], plain["tokens"])
    heads = [
        load_file(bench.store.weights(job["job"]))[f"head.{head_of(plan, key)}.weight"] for job in (plain, control)
    ]
    assert not torch.equal(*heads)


def test_pooling_and_prefix_are_the_models_own(bench: Bench, plan: Plan) -> None:
    spec = plan.jobs[job_of(plan, "none", "retrieval", "predict")]
    execute(replace(bench, model=replace(bench.model, prefix="query: ")), "0" * 16, spec, lambda *_: None)
    execute(replace(bench, model=replace(bench.model, pooling="cls")), "1" * 16, spec, lambda *_: None)
    plain = job_of(plan, "none", "retrieval", "predict")
    said = [predictions(bench.store, key)["prediction"].to_pylist() for key in (plain, "0" * 16, "1" * 16)]
    assert said[0] != said[1]
    assert said[0] != said[2]


def job_of_several(plan: Plan, bench: Bench, *heads: str) -> tuple[Any, dict[str, torch.Tensor]]:
    """Run one phase over the rows of two arms and a target; return what it reports and what it learned."""
    jobs = [
        job_of(plan, "english", "intermediate", "intermediate"),
        job_of(plan, "diverse", "intermediate", "intermediate"),
    ]
    jobs.append(job_of(plan, "none", "phrases", "target"))
    tasks = [plan.jobs[key]["tasks"][0] for key in jobs]
    tasks = [{**task, "head": head} for task, head in zip(tasks, heads, strict=True)]
    execute(bench, "0" * 16, {**plan.jobs[jobs[0]], "tasks": tasks}, lambda *_: None)
    return bench.store.job("0" * 16), load_file(bench.store.weights("0" * 16))


def test_tasks_share_a_head_by_its_name(bench: Bench, plan: Plan) -> None:
    facts, learned = job_of_several(plan, bench, "a", "a", "b")
    assert {name for name in learned if name.startswith("head.")} == {
        "head.a.weight",
        "head.a.bias",
        "head.b.weight",
        "head.b.bias",
    }
    assert (len(learned["head.a.bias"]), len(learned["head.b.bias"])) == (7, len(dataset_card("cldr_phrases").labels))
    phrases = bench.store.job(job_of(plan, "none", "phrases", "target"))
    assert facts["examples"] == 24 + 24 + phrases["examples"]


def test_tasks_of_equal_labels_may_have_heads_of_their_own(bench: Bench, plan: Plan) -> None:
    _, learned = job_of_several(plan, bench, "a", "b", "c")
    assert learned["head.a.weight"].shape == learned["head.b.weight"].shape
    # heads begin apart and each learns: zero at first, their biases are not
    assert not torch.equal(learned["head.a.weight"], learned["head.b.weight"])
    assert all(learned[f"head.{name}.bias"].abs().max() > 0 for name in "abc")


def test_a_selected_phase_says_what_dev_said(bench: Bench, plan: Plan) -> None:
    key = job_of(plan, "english", "intermediate", "intermediate")
    parts = adapt.adapted("cldr_kind").parts
    data = {
        **plan.jobs[key]["tasks"][0]["data"],
        "split": "dev",
        "languages": {"eng_Latn": parts["dev", "eng_Latn"].digest},
    }
    test = {"data": data, "kind": "classification", "head": head_of(plan, key), "task": {}}
    select = {"how": "english-dev", "checks": 2, "tests": [test]}
    execute(bench, "0" * 16, {**plan.jobs[key], "select": select}, lambda *_: None)
    facts = bench.store.job("0" * 16)
    steps = len(pq.read_table(bench.store.folder("0" * 16) / "curves.parquet"))
    assert [step for step, _ in facts["checked"]] == [round(steps / 2), steps]
    best = max(score for _, score in facts["checked"])
    # asked again, by a job of its own, the weights that were kept score what dev said of them
    asked = plan.jobs[job_of(plan, "none", "phrases", "predict")] | test
    execute(bench, "1" * 16, asked | {"parent": "0" * 16, "limit": None}, lambda *_: None)
    said = {row["id"]: row["prediction"] for row in predictions(bench.store, "1" * 16).to_pylist()}
    rows = adapt.adapted("cldr_kind").rows("dev", ["eng_Latn"]).to_pylist()
    right = np.mean([said[row["id"]] == row["label"] for row in rows])
    assert dataset_card("cldr_kind").metric == "accuracy"
    assert best == pytest.approx(right)
