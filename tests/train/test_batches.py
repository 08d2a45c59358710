import numpy as np
import pytest

from harness.train.batches import padding, reading_batches, training_batches

LENGTHS = np.array([3, 9, 4, 4, 10, 3, 5, 9], np.int64)


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


def test_padding_is_the_share_of_positions_without_a_token() -> None:
    # 3 and 4 tokens padded to 4: 1 of 8 positions; 10 alone: none of 10.
    batches = [np.array([0, 2]), np.array([4])]
    assert padding(LENGTHS, batches) == pytest.approx(1 / 18)


def test_length_buckets_keep_padding_under_three_percent() -> None:
    lengths = np.random.default_rng(1).integers(8, 80, 2000)
    assert padding(lengths, training_batches(lengths, 1024, seed=0, epoch=0)) < 0.03
