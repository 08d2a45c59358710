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
from harness.errors import UserError
from harness.models.find import find
from harness.plan import Plan, make_plan
from harness.store import Store
from harness.suite import Suite
from harness.suite_file import load
from harness.train.encoder import Encoder
from harness.train.execute import Bench, execute, flops, shuffled
from harness.train.heads import IGNORED


@pytest.fixture(scope="module")
def plan(small: Suite) -> Plan:
    return make_plan(small, None)


def job_of(plan: Plan, arm: str, target: str, phase: str, seed: int = 0) -> str:
    return next(c.job for c in plan.cells if c == (arm, target, seed, phase, c.job))


def predictions(store: Store, key: str) -> pa.Table:
    return pq.read_table(store.folder(key) / "predictions.parquet")


def texts(data: str, split: str, language: str) -> dict[str, Any]:
    rows = adapt.adapted(data).rows(split, [language]).to_pylist()
    return {row["id"]: row for row in rows}


def test_a_checkpoint_holds_what_differs_from_its_parent_alone(small_store: Store, plan: Plan, tiny: Path) -> None:
    base = load_file(tiny / "model.safetensors")
    first = load_file(small_store.folder(job_of(plan, "english", "intermediate", "intermediate")) / "model.safetensors")
    second = load_file(small_store.folder(job_of(plan, "english", "phrases", "target")) / "model.safetensors")
    top = {name for name in base if name.startswith("encoder.layer.1.")}
    assert set(first) == set(second) == top | {"head.weight", "head.bias"}
    assert first["head.weight"].shape == (7, 64)  # the labels of cldr_kind
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

    target = load_file(small_store.folder(job_of(plan, "diverse", "phrases", "target")) / "model.safetensors")
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
        logits = states @ target["head.weight"].T + target["head.bias"]
        first = [told.word_ids(0).index(word) for word in range(len(words))]
        assert json.loads(row["prediction"]) == [labels[int(logits[at].argmax())] for at in first]


def test_a_jobs_facts_are_counted(small_store: Store, plan: Plan, tokenizer: Any) -> None:
    key = job_of(plan, "english", "intermediate", "intermediate")
    facts, spec = small_store.job(key), plan.jobs[key]
    drawn = plan.draws[spec["draw"]]["id"].to_pylist()
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


def test_shuffled_labels_are_the_same_labels_elsewhere() -> None:
    gold = torch.tensor([0, 1, IGNORED, 2, 2, 0, IGNORED, 1, 1, 1, 2, 0])
    moved = shuffled(gold, 0)
    assert sorted(moved.tolist()) == sorted(gold.tolist())
    assert torch.equal(moved == IGNORED, gold == IGNORED)
    assert not torch.equal(moved, gold)
    assert torch.equal(moved, shuffled(gold, 0))
    assert not torch.equal(moved, shuffled(gold, 1))
    assert gold.tolist() == [0, 1, IGNORED, 2, 2, 0, IGNORED, 1, 1, 1, 2, 0]


@pytest.fixture
def bench(copied: Store) -> Bench:
    return Bench(copied, find("tiny"), None)


def test_data_that_changed_since_the_plan_are_refused(bench: Bench, plan: Plan) -> None:
    spec = plan.jobs[job_of(plan, "none", "retrieval", "predict")]
    changed = {**spec, "data": {**spec["data"], "languages": {**spec["data"]["languages"], "fin_Latn": "old"}}}
    with pytest.raises(UserError, match="cldr_terms test fin_Latn: changed since the suite was planned; plan again"):
        execute(bench, "0" * 16, changed, lambda *_: None)
    assert not bench.store.done("0" * 16)


def test_a_limit_keeps_the_first_items_of_the_split_in_every_language(bench: Bench, small_file: Path) -> None:
    limited = make_plan(load(small_file, limit=5), None)
    key = job_of(limited, "none", "retrieval", "predict")
    execute(bench, key, limited.jobs[key], lambda *_: None)
    rows = predictions(bench.store, key).to_pylist()
    assert max(Counter((r["language"], r["layer"], r["direction"]) for r in rows).values()) == 5
    assert len({r["id"] for r in rows}) == 5


def test_a_limit_that_leaves_no_row_says_so(bench: Bench, plan: Plan) -> None:
    spec = plan.jobs[job_of(plan, "none", "phrases", "predict")]
    digest = adapt.adapted("cldr_phrases").parts["test", "sna_Latn"].digest  # Shona has half of the phrases
    few = {**spec, "data": {**spec["data"], "languages": {"sna_Latn": digest}}, "limit": 1}
    with pytest.raises(UserError, match="cldr_phrases test: none of the first items stands in sna_Latn; raise --limit"):
        execute(bench, "0" * 16, few, lambda *_: None)


def test_a_language_without_a_limited_item_is_left_out_and_the_others_are_not(bench: Bench, plan: Plan) -> None:
    spec = plan.jobs[job_of(plan, "none", "retrieval", "predict")]
    parts = adapt.adapted("cldr_terms").parts
    languages = {code: parts["test", code].digest for code in ("deu_Latn", "pap_Latn")}
    few = {**spec, "data": {**spec["data"], "languages": languages}, "limit": 1}
    execute(bench, "0" * 16, few, lambda *_: None)
    assert {r["language"] for r in predictions(bench.store, "0" * 16).to_pylist()} == {"deu_Latn"}


def test_the_shuffled_control_trains_on_the_same_rows_and_ends_elsewhere(bench: Bench, plan: Plan) -> None:
    spec = plan.jobs[job_of(plan, "english", "intermediate", "intermediate")]
    execute(bench, "0" * 16, {**spec, "control": "shuffled-labels"}, lambda *_: None)
    plain = bench.store.job(job_of(plan, "english", "intermediate", "intermediate"))
    control = bench.store.job("0" * 16)
    assert (control["examples"], control["tokens"]) == (plain["examples"], plain["tokens"])
    heads = [load_file(bench.store.folder(j["job"]) / "model.safetensors")["head.weight"] for j in (plain, control)]
    assert not torch.equal(*heads)


def test_pooling_and_prefix_are_the_models_own(bench: Bench, plan: Plan) -> None:
    spec = plan.jobs[job_of(plan, "none", "retrieval", "predict")]
    execute(replace(bench, model=replace(bench.model, prefix="query: ")), "0" * 16, spec, lambda *_: None)
    execute(replace(bench, model=replace(bench.model, pooling="cls")), "1" * 16, spec, lambda *_: None)
    plain = job_of(plan, "none", "retrieval", "predict")
    said = [predictions(bench.store, key)["prediction"].to_pylist() for key in (plain, "0" * 16, "1" * 16)]
    assert said[0] != said[1]
    assert said[0] != said[2]
