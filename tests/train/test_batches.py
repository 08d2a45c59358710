from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from harness.train.batches import epoch_steps, padding, reading_batches, reading_padding, schedule, training_batches

LENGTHS = np.array([3, 9, 4, 4, 10, 3, 5, 9], np.int64)
OTHER = np.array([6, 6, 7, 2, 2], np.int64)
RECIPE = {"epochs": 2, "steps": None, "batch_tokens": 20}


def told(steps: Any) -> list[tuple[int, list[int]]]:
    return [(task, units.tolist()) for task, units in steps]


def test_every_text_is_trained_on_once_an_epoch() -> None:
    for epoch in range(3):
        batches = training_batches(LENGTHS, 20, seed=0, epoch=epoch)
        assert sorted(np.concatenate(batches).tolist()) == list(range(8))


def test_no_batch_holds_more_padded_tokens_than_asked_for() -> None:
    for batch in training_batches(LENGTHS, 20, seed=0, epoch=0):
        assert LENGTHS[batch].max() * len(batch) <= 20


def test_a_text_longer_than_a_batch_stands_alone() -> None:
    batches = reading_batches(np.array([30, 2, 3], np.int64), 20)
    assert [b.tolist() for b in batches] == [[0], [2, 1]]


def test_the_order_depends_on_seed_and_epoch_alone() -> None:
    lengths = np.random.default_rng(0).integers(3, 30, 500)
    orders = {
        (seed, epoch): np.concatenate(training_batches(lengths, 64, seed, epoch)).tolist()
        for seed in (0, 1)
        for epoch in (0, 1)
    }
    assert orders[0, 0] == np.concatenate(training_batches(lengths, 64, 0, 0)).tolist()
    assert len({tuple(order) for order in orders.values()}) == 4


def test_every_unit_of_every_task_is_read_once_an_epoch_in_steps_of_one_task() -> None:
    steps = told(epoch_steps([LENGTHS, OTHER], 20, seed=0, epoch=0))
    for task, costs in enumerate((LENGTHS, OTHER)):
        mine = [units for t, units in steps if t == task]
        assert sorted(unit for units in mine for unit in units) == list(range(len(costs)))
        assert all(costs[units].max() * len(units) <= 20 for units in mine)


def test_the_tasks_of_an_epoch_take_turns_by_chance() -> None:
    lengths = np.full(200, 5, np.int64)
    order = [task for task, _ in epoch_steps([lengths, lengths], 20, seed=0, epoch=0)]
    changes = sum(a != b for a, b in pairwise(order))
    assert 30 < changes < 70  # of 99; fair chance gives 50, with a deviation of 5


def test_tasks_of_equal_lengths_are_not_read_alike() -> None:
    lengths = np.full(40, 5, np.int64)
    steps = told(epoch_steps([lengths, lengths], 20, seed=0, epoch=0))
    assert [units for task, units in steps if task == 0] != [units for task, units in steps if task == 1]


def test_the_steps_of_a_phase_are_those_of_its_epochs() -> None:
    for costs in ([LENGTHS], [LENGTHS, OTHER]):
        epochs = [told(epoch_steps(costs, 20, 7, epoch)) for epoch in range(2)]
        assert told(schedule(costs, RECIPE, seed=7)) == epochs[0] + epochs[1]
        assert epochs[0] != epochs[1]
        assert told(schedule(costs, RECIPE, seed=8)) != epochs[0] + epochs[1]
    assert [units for _, units in told(schedule([LENGTHS], RECIPE, seed=7))] == [
        batch.tolist() for epoch in range(2) for batch in training_batches(LENGTHS, 20, 7, epoch)
    ]


def test_so_many_steps_go_through_as_many_epochs_as_it_takes() -> None:
    ten = told(schedule([LENGTHS, OTHER], {**RECIPE, "epochs": 10}, seed=0))
    for steps in (1, 5, 23):
        assert told(schedule([LENGTHS, OTHER], {**RECIPE, "epochs": None, "steps": steps}, seed=0)) == ten[:steps]


@pytest.mark.parametrize("more", [1, 8, 21])
def test_more_units_are_read_after_the_last_epoch(more: int) -> None:
    plain, longer = (told(schedule([LENGTHS, OTHER], RECIPE, 0, {"examples": n})) for n in (0, more))
    read = [len(units) for _, units in longer]
    assert longer[: len(plain)] == plain
    assert sum(read[:-1]) < 2 * 13 + more <= sum(read)


def test_an_example_counts_as_the_units_that_it_has_in_the_mean() -> None:
    # 13 units of 5 examples, such as windows of questions: 10 examples are 26 units, two epochs more
    longer = told(schedule([LENGTHS, OTHER], RECIPE, 0, {"examples": 10}, rows=5))
    assert longer == told(schedule([LENGTHS, OTHER], {**RECIPE, "epochs": 4}, 0))


def test_more_steps_are_taken_after_the_last_declared_one() -> None:
    ten = told(schedule([LENGTHS, OTHER], {**RECIPE, "epochs": 10}, seed=0))
    plain = told(schedule([LENGTHS, OTHER], RECIPE, 0))
    steps = {**RECIPE, "epochs": None, "steps": 4}
    assert told(schedule([LENGTHS, OTHER], RECIPE, 0, {"steps": 3})) == ten[: len(plain) + 3]
    assert told(schedule([LENGTHS, OTHER], steps, 0, {"steps": 3})) == ten[:7]
    assert len(told(schedule([LENGTHS, OTHER], steps, 0, {"examples": 1}))) == 5


def test_tasks_without_a_unit_are_refused() -> None:
    with pytest.raises(ValueError, match="no task has anything to read"):
        schedule([LENGTHS[:0]], RECIPE, 0)


def test_padding_is_the_share_of_positions_without_a_token() -> None:
    # 3 and 4 tokens padded to 4: 1 of 8 positions; 10 alone: none of 10.
    assert padding([LENGTHS[[0, 2]], LENGTHS[[4]]], 17) == pytest.approx(1 / 18)
    # read longest first: 10 and 9, 9 and 5, and 4, 4, 3 and 3 take 20, 18 and 16 positions for 47 tokens
    assert reading_padding(LENGTHS, 47, 20) == pytest.approx(7 / 54)
    assert padding([], 0) == 0


def test_length_buckets_keep_padding_under_three_percent() -> None:
    lengths = np.random.default_rng(1).integers(8, 80, 2000)
    batches = training_batches(lengths, 1024, seed=0, epoch=0)
    assert padding([lengths[batch] for batch in batches], int(lengths.sum())) < 0.03


def test_packed_batches_hold_real_tokens_and_texts_that_chance_brings() -> None:
    lengths = np.random.default_rng(1).integers(8, 80, 2000)
    batches = training_batches(lengths, 1024, seed=0, epoch=0, packed=True)
    assert sorted(np.concatenate(batches).tolist()) == list(range(2000))
    assert all(lengths[batch].sum() <= 1024 for batch in batches)
    assert all(lengths[a].sum() + lengths[b[0]] > 1024 for a, b in pairwise(batches))  # each is as full as can be
    # means of about 23 chance texts of 8 to 79 tokens spread by 20.8 / sqrt(23.5) = 4.3 around 43.5
    means = np.array([lengths[batch].mean() for batch in batches[:-1]])
    assert abs(means.mean() - 43.5) < 1.5
    assert 3.2 < means.std() < 5.4
    assert batches[0].tolist() != training_batches(lengths, 1024, seed=0, epoch=1, packed=True)[0].tolist()


def test_a_packed_text_longer_than_a_batch_stands_alone() -> None:
    batches = training_batches(np.array([30, 2, 3], np.int64), 20, 0, 0, packed=True)
    assert sorted(sorted(batch.tolist()) for batch in batches) in ([[0], [1, 2]], [[0], [1], [2]])
