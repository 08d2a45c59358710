"""Texts laid end to end give the library's own states and gradients, text by text, at every level and position rule."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from transformers import BertConfig, BertModel, T5Config, T5EncoderModel, XLMRobertaConfig, XLMRobertaModel

from harness.train import dropout, packing
from harness.train.encoder import Encoder

LENGTHS = [3, 11, 1, 5, 2, 11]
SHAPE = {
    "vocab_size": 50,
    "hidden_size": 16,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "intermediate_size": 24,
    "max_position_embeddings": 20,
}
STILL = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
BODIES = {"bert": (BertConfig, BertModel), "xlm-roberta": (XLMRobertaConfig, XLMRobertaModel)}


def folder(path: Path, kind: str, **rates: float) -> Path:
    """Write a random body whose texts may not be mixed up: positions and attention are as strong as words."""
    torch.manual_seed(1)
    config, body = BODIES[kind]
    made = body(config(**SHAPE, **(rates or STILL), initializer_range=0.5, pad_token_id=1), add_pooling_layer=False)
    made.save_pretrained(path)
    return path


def batch() -> tuple[torch.Tensor, torch.Tensor]:
    ids = torch.randint(2, 50, (len(LENGTHS), max(LENGTHS)), generator=torch.Generator().manual_seed(2))
    return ids, torch.arange(max(LENGTHS)) < torch.tensor(LENGTHS)[:, None]


def test_a_layout_worked_out_by_hand() -> None:
    mask = torch.tensor([[1, 1, 0, 0, 0], [1, 1, 1, 1, 1], [1, 0, 0, 0, 0]], dtype=torch.bool)
    layout = packing.Layout(mask)
    assert layout.rows.tolist() == [10, 0, 1, 5, 6, 7, 8, 9]  # the third text, the first, the second
    assert layout.positions.tolist() == [0, 0, 1, 0, 1, 2, 3, 4]
    # of lengths 1, 2 and 5 the first two are alike, and stand in two rows of 2; then one of 5
    assert [(group.texts, group.length) for group in layout.groups] == [(2, 2), (1, 5)]
    assert layout.inner.tolist() == [0, 2, 3, 4, 5, 6, 7, 8]
    assert layout.room == 9
    first, second = (group.mask for group in layout.groups)
    assert second is None
    assert first is not None
    assert (first[:, 0, 0] == 0).tolist() == [[True, False], [True, True]]


def test_what_is_put_back_stands_where_the_batch_had_it() -> None:
    _, mask = batch()
    layout = packing.Layout(mask)
    values = torch.arange(mask.numel(), dtype=torch.float32).reshape(-1, 1)[layout.rows][None]
    back = layout.batch(values)
    assert back.shape == (*mask.shape, 1)
    assert torch.equal(back[..., 0], torch.arange(mask.numel()).view(mask.shape) * mask)


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("kind", BODIES)
def test_states_and_gradients_are_the_librarys_text_by_text(tmp_path: Path, kind: str, level: int) -> None:
    where = folder(tmp_path, kind)
    ids, mask = batch()
    theirs = BODIES[kind][1].from_pretrained(where, add_pooling_layer=False).train()
    encoder = Encoder(where, level, {})
    encoder.pack()
    encoder.train()
    weights = torch.randn(16, generator=torch.Generator().manual_seed(3))

    loss, inputs = torch.zeros(()), torch.zeros(*ids.shape, 16) if level else ids
    states = []
    for row, length in enumerate(LENGTHS):  # each text alone: nothing is padded
        found = theirs(ids[row : row + 1, :length], output_hidden_states=True).hidden_states
        states.append(found[-1][0])
        loss = loss + (found[-1] @ weights).square().sum()
        if level:
            inputs[row, :length] = found[level][0].detach()
    loss.backward()
    [mine] = encoder(inputs, mask)
    ((mine @ weights).square() * mask).sum().backward()

    assert all(torch.allclose(mine[row, :n], states[row], atol=1e-5) for row, n in enumerate(LENGTHS))
    expected = dict(theirs.named_parameters())
    learned = {encoder.full_name(name): tensor.grad for name, tensor in encoder.body.named_parameters()}
    assert len(learned) == len(expected) - (16 * level + 5 * bool(level))
    most = max(float(tensor.grad.abs().max()) for tensor in expected.values())
    for name, gradient in learned.items():
        assert torch.allclose(gradient, expected[name].grad, rtol=1e-4, atol=1e-6 * most), name


def test_without_training_a_packed_body_reads_padded_texts_as_before(tmp_path: Path) -> None:
    where = folder(tmp_path, "bert")
    ids, mask = batch()
    encoder = Encoder(where, 0, {}).eval()
    with torch.no_grad():
        before = encoder(ids, mask)
        encoder.pack()
        after = encoder(ids, mask)
    assert len(after) == len(before) == 4
    assert all(torch.allclose(a[mask], b[mask], atol=1e-5) for a, b in zip(after, before, strict=True))


def test_attention_drops_weights_in_training_by_the_seed(tmp_path: Path) -> None:
    where = folder(tmp_path, "bert", hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.5)
    ids, mask = batch()
    encoder = Encoder(where, 0, {})
    encoder.pack()
    encoder.train()
    found = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        found.append(encoder(ids, mask)[0][mask])
    assert torch.equal(found[0], found[1])
    assert not torch.allclose(found[0], found[2], atol=1e-3)
    assert not any(type(module) is nn.Dropout for module in encoder.body.modules())
    assert any(isinstance(module, dropout.Dropout) for module in encoder.body.modules())


def test_attention_written_out_is_that_of_a_gpu() -> None:
    q, k, v = (torch.randn(2, 3, 5, 4, generator=torch.Generator().manual_seed(i)) for i in range(3))
    mask = torch.zeros(2, 1, 1, 5)
    mask[0, ..., 3:] = torch.finfo(torch.float32).min
    mine = dropout.attention(q, k, v, mask, 0.5, 0.0)
    theirs = nn.functional.scaled_dot_product_attention(q, k, v, mask, scale=0.5)
    assert torch.allclose(mine, theirs, atol=1e-6)


def test_bodies_of_another_kind_stay_as_they_are() -> None:
    body: Any = T5EncoderModel(T5Config(vocab_size=20, d_model=8, d_ff=8, d_kv=4, num_heads=2, num_layers=1))
    before = body.config._attn_implementation
    assert not packing.prepare(body)
    assert body.config._attn_implementation == before
