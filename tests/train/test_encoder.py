"""The cut encoder is the whole one: outputs, gradients and names; and a folder that lacks tensors is refused."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from harness.errors import UserError
from harness.train import states
from harness.train.batches import reading_batches
from harness.train.encoder import Encoder, lower_body
from harness.train.states import Inputs, read_inputs
from harness.train.tokens import encode

TEXTS = ["Finnland", "Vereinigte Staaten von Amerika", "日本", "Südafrika und noch einiges mehr"]


@pytest.fixture
def encoded(tiny: Path) -> Any:
    return encode(TEXTS, tiny, "m", 512)


def damaged(tiny: Path, target: Path, lost: str) -> Path:
    shutil.copytree(tiny, target)
    tensors = load_file(target / "model.safetensors")
    del tensors[lost]
    save_file(tensors, target / "model.safetensors", {"format": "pt"})
    return target


@pytest.mark.parametrize("level", [0, 1])
def test_states_are_those_of_the_librarys_whole_model(
    encoded: Any, tiny: Path, reference: Any, tokenizer: Any, level: int
) -> None:
    inputs = read_inputs(encoded, tiny, "m", level, "fp32")
    encoder = Encoder(tiny, level, {}).eval()
    values, mask = inputs.batch(np.arange(4))
    with torch.no_grad():
        found = encoder(values, mask)
        assert len(found) == 3 - level  # layers `level` to 2, the embeddings being layer 0
        for i, text in enumerate(TEXTS):
            alone = reference(**tokenizer(text, return_tensors="pt"), output_hidden_states=True).hidden_states
            for layer in range(level, 3):
                real = found[layer - level][i, : encoded.lengths[i]]
                assert torch.allclose(real, alone[layer][0], atol=1e-5)


def test_outputs_and_gradients_of_the_cut_encoder_equal_the_whole_ones(encoded: Any, tiny: Path) -> None:
    batch = np.array([1, 3, 0])
    gradients, outputs = [], []
    for level in (0, 1):
        encoder = Encoder(tiny, level, {}).eval()
        learning = encoder.train_top(1)
        values, mask = read_inputs(encoded, tiny, "m", level, "fp32").batch(batch)
        last = encoder(values, mask)[-1]
        outputs.append(last[mask].detach())
        (last[mask] * torch.linspace(-1, 1, 64)).square().mean().backward()
        gradients.append({name: tensor.grad for name, tensor in learning.items()})
    whole, cut = gradients
    assert torch.allclose(outputs[0], outputs[1], atol=1e-6)
    assert whole.keys() == cut.keys()
    for name, gradient in whole.items():
        assert gradient is not None
        assert torch.allclose(gradient, cut[name], atol=1e-7), name
    assert max(float(g.abs().max()) for g in whole.values() if g is not None) > 1e-3


@pytest.mark.parametrize("level", [0, 1])
def test_the_top_layer_learns_under_its_name_in_the_whole_model(tiny: Path, level: int) -> None:
    learning = Encoder(tiny, level, {}).train_top(1)
    folder = set(load_file(tiny / "model.safetensors"))
    assert set(learning) == {name for name in folder if name.startswith("encoder.layer.1.")}


def test_more_layers_or_everything_learns(tiny: Path) -> None:
    encoder = Encoder(tiny, 0, {})
    folder = set(load_file(tiny / "model.safetensors"))
    assert set(encoder.train_top(2)) == {name for name in folder if name.startswith("encoder.layer.")}
    assert set(encoder.train_top(None)) == {name for name in folder if not name.startswith("pooler.")}
    encoder.train_top(1)  # what learned before is frozen again
    assert not encoder.body.get_parameter("encoder.layer.0.output.dense.bias").requires_grad


@pytest.mark.parametrize("level", [0, 1])
def test_changed_tensors_replace_the_folders(tiny: Path, level: int) -> None:
    name = "encoder.layer.1.output.dense.bias"
    encoder = Encoder(tiny, level, {name: torch.full((64,), 0.25)})
    found = dict(encoder.body.named_parameters())[f"encoder.layer.{1 - level}.output.dense.bias"]
    assert encoder.full_name(f"encoder.layer.{1 - level}.output.dense.bias") == name
    assert torch.equal(found, torch.full((64,), 0.25))


def test_the_lower_body_ends_where_the_upper_one_begins(encoded: Any, tiny: Path, reference: Any) -> None:
    ids = torch.from_numpy(encoded.ids[: encoded.lengths[0]])[None].long()
    with torch.no_grad():
        below = lower_body(tiny, 1)(input_ids=ids).last_hidden_state
        assert torch.allclose(below, reference(input_ids=ids, output_hidden_states=True).hidden_states[1], atol=1e-6)


@pytest.mark.parametrize("level", [-1, 2])
def test_a_level_that_leaves_nothing_to_train_is_refused(tiny: Path, level: int) -> None:
    with pytest.raises(UserError, match="2 layers; trainable_layers must be 'all' or 1 to 2"):
        Encoder(tiny, level, {})


@pytest.mark.parametrize("level", [0, 1])
def test_a_folder_that_lacks_a_tensor_is_refused(tiny: Path, tmp_path: Path, level: int) -> None:
    lost = "encoder.layer.1.attention.self.key.weight"
    folder = damaged(tiny, tmp_path / "damaged", lost)
    with pytest.raises(UserError, match=r"damaged: 1 tensors are missing, as encoder\.layer\..*key\.weight; import"):
        Encoder(folder, level, {})


def test_a_folder_that_lacks_a_tensor_below_the_cut_is_refused(tiny: Path, tmp_path: Path) -> None:
    folder = damaged(tiny, tmp_path / "damaged", "embeddings.word_embeddings.weight")
    with pytest.raises(UserError, match=r"1 tensors are missing, as embeddings\.word_embeddings\.weight"):
        lower_body(folder, 1)


def test_batches_are_padded_and_what_is_padding_is_masked(encoded: Any) -> None:
    inputs = Inputs(encoded, torch.from_numpy(encoded.ids), encoded.starts[:-1])
    values, mask = inputs.batch(np.array([2, 1]))
    short, long = encoded.lengths[[2, 1]]
    assert values.shape == mask.shape == (2, long)
    assert mask.sum(1).tolist() == [short, long]
    assert values[0, :short].tolist() == encoded.ids[encoded.starts[2] : encoded.starts[3]].tolist()
    assert values[1].tolist() == encoded.ids[encoded.starts[1] : encoded.starts[2]].tolist()


def test_states_are_computed_once(encoded: Any, tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = read_inputs(encoded, tiny, "once", 1, "fp32")
    monkeypatch.setattr(states, "_compute", lambda *_: pytest.fail("computed twice"))
    assert torch.equal(read_inputs(encoded, tiny, "once", 1, "fp32").values, first.values)
    assert first.values.shape == (len(encoded.ids), 64)


def test_states_lie_in_the_order_in_which_they_are_read(encoded: Any, tiny: Path) -> None:
    inputs = read_inputs(encoded, tiny, "m", 1, "fp32")
    order = np.concatenate(reading_batches(encoded.lengths, states.READING_TOKENS))
    ends = inputs.starts + encoded.lengths
    assert inputs.starts[order[0]] == 0
    assert inputs.starts[order[1:]].tolist() == ends[order[:-1]].tolist()
    assert ends[order[-1]] == len(inputs.values)


def test_states_in_half_precision_are_near_the_full_ones(encoded: Any, tiny: Path) -> None:
    full, half = (read_inputs(encoded, tiny, "m", 1, precision).values for precision in ("fp32", "bf16"))
    assert (full.dtype, half.dtype) == (torch.float32, torch.bfloat16)
    assert torch.allclose(full, half.float(), atol=0.05)
