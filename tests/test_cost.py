"""What a plan costs, against sums by hand."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from harness import cost as costs
from harness.cost import cost
from harness.data import adapt
from harness.plan import make_plan
from harness.store import Store
from harness.suite import Suite
from harness.suite_file import load
from tests.small import Declare

LAYER = 4 * (64 * 64 + 64) + 2 * 64 * 256 + 64 + 256 + 4 * 64
"""Parameters of a layer of `tiny`: four projections, feed-forward, two norms."""


@pytest.fixture
def ten_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every row have ten tokens."""
    monkeypatch.setattr(costs, "lengths", lambda _, rows: np.full(len(rows), 10))


@pytest.mark.usefixtures("ten_each")
def test_tokens_are_rows_by_their_length_and_hours_those_at_the_stated_rate(small: Suite) -> None:
    rows = {row["phase"]: row for row in cost(make_plan(small, None), None, 100.0)}
    phrases = adapt.adapted("cldr_phrases").parts["train", "eng_Latn"].rows
    assert (rows["intermediate"]["jobs"], rows["intermediate"]["tokens"]) == (4, 4 * 24 * 10)
    assert (rows["target"]["jobs"], rows["target"]["tokens"]) == (6, 6 * phrases * 10)
    assert rows["target"]["hours"] == pytest.approx(6 * phrases * 10 / 100 / 3600)
    assert rows["predict"]["hours"] == pytest.approx(rows["predict"]["tokens"] / 3 / 100 / 3600)
    phases = [rows[name] for name in ("intermediate", "target", "predict")]
    assert rows["(all)"]["tokens"] == sum(row["tokens"] for row in phases)
    assert list(rows)[:4] == ["intermediate", "target", "predict", "(all)"]


@pytest.mark.usefixtures("ten_each")
def test_many_devices_take_as_long_as_an_arm_one_target_and_its_test(small: Suite) -> None:
    plan = make_plan(small, None)
    rows = {row["phase"]: row for row in cost(plan, None, 1 / 3600)}  # a token is an hour
    phrases = adapt.adapted("cldr_phrases")
    tested = max(plan.rows[key] for key, spec in plan.jobs.items() if spec.get("kind") == "tagging")
    longest = 10 * (24 + phrases.parts["train", "eng_Latn"].rows + tested / 3)
    assert rows["(longest path)"]["hours"] == pytest.approx(longest)
    assert rows["(on 64 devices)"]["hours"] == pytest.approx(longest)
    assert rows["(on 1 device)"]["hours"] == pytest.approx(rows["(all)"]["hours"])
    assert longest < rows["(on 8 devices)"]["hours"] + 1e-6 < rows["(all)"]["hours"] / 4


@pytest.mark.usefixtures("ten_each")
def test_a_phase_of_steps_costs_its_batches_and_a_longer_control_its_examples(declare: Declare) -> None:
    steps = cost(make_plan(load(declare(("epochs = 1", "steps = 7"))), None), None, 1.0)
    assert steps[0]["tokens"] == 4 * 7 * 128
    more = ("[arms.none]", '[arms.none]\ncontrol = "more-steps"')
    both = {
        row["phase"]: row for row in cost(make_plan(load(declare(("epochs = 1", "steps = 7"), more)), None), None, 1.0)
    }
    assert both["target"]["tokens"] == (6 + 2) * 7 * 128
    longer = make_plan(load(declare(more)), None)
    plain = make_plan(load(declare()), None)
    found = [next(r for r in cost(plan, None, 1.0) if r["phase"] == "target")["tokens"] for plan in (longer, plain)]
    assert found[0] - found[1] == 2 * 24 * 10


@pytest.mark.usefixtures("ten_each")
def test_disk_is_what_learns_and_memory_what_adamw_keeps_of_it(declare: Declare, small: Suite) -> None:
    every = 2 * LAYER + 4000 * 64
    top = {row["phase"]: row for row in cost(make_plan(small, None), None, 1.0)}
    assert top["intermediate"]["disk GB"] == pytest.approx(4 * LAYER * 4 / 1e9, rel=0.01)
    assert top["intermediate"]["memory GB"] == pytest.approx((every + 3 * LAYER) * 4 / 1e9, rel=0.01)
    assert top["predict"]["memory GB"] == pytest.approx(every * 4 / 1e9, rel=0.01)
    whole = cost(make_plan(load(declare(("trainable_layers = 1", 'trainable_layers = "all"'))), None), None, 1.0)
    (every_phase,) = (row for row in whole if row["phase"] == "(all)")
    assert every_phase["memory GB"] == pytest.approx(4 * every * 4 / 1e9, rel=0.01)


@pytest.mark.usefixtures("ten_each")
def test_what_is_done_costs_nothing(small: Suite, small_store: Store) -> None:
    (row,) = cost(make_plan(small, small_store), None, 1.0)
    assert (row["phase"], row["jobs"], row["tokens"], row["hours"]) == ("(all)", 0, 0, 0)


def test_without_a_tokenizer_four_bytes_are_a_token(small: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(costs, "at_hand", lambda _: False)
    plan = make_plan(small, None)
    names = adapt.adapted("cldr_kind").rows("train", None, ["text"])["text"].to_pylist()
    mean = np.mean([len(name.encode()) / 4 for name in names])
    (row,) = (row for row in cost(plan, None, 1.0) if row["phase"] == "intermediate")
    assert row["tokens"] / (4 * 24) == pytest.approx(2 + mean, rel=0.25)  # of a sample, and whole tokens


def test_xlmr_large_has_its_560_million_parameters(small: Suite) -> None:
    plan = make_plan(msgspec.structs.replace(small, model="xlmr-large"), None)
    assert costs._parameters(plan.model) == pytest.approx(560e6, rel=0.01)


@pytest.mark.usefixtures("ten_each")
def test_of_adapters_disk_and_optimizer_hold_no_more(declare: Declare) -> None:
    adapters = 'trainable_layers = "all"\nlora = { rank = 4, alpha = 8 }'
    rows = {r["phase"]: r for r in cost(make_plan(load(declare(("trainable_layers = 1", adapters))), None), None, 1.0)}
    learning = 2 * 2 * 4 * (64 + 64)  # two layers, of each query and value, rank 4
    assert rows["intermediate"]["disk GB"] == pytest.approx(4 * learning * 4 / 1e9)
    every = 2 * LAYER + 4000 * 64
    assert rows["intermediate"]["memory GB"] == pytest.approx((every + 3 * learning) * 4 / 1e9, rel=0.01)
