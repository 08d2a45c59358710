"""The encoder in two parts: frozen lower layers, whose states are computed once, and the layers above them.

A Hugging Face body is cut at a ``level`` (0 keeps it whole). The part above reads states of the layer below instead
of token ids and is otherwise the library's own code; tests hold its outputs and gradients equal to the whole body's.
Of an encoder–decoder the encoder alone is taken, and it is not cut.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from torch import nn
from transformers import AutoConfig, AutoModel
from transformers.utils import logging

from harness.errors import UserError
from harness.train import device, lora, packing, vocabulary

logging.set_verbosity_error()  # layers above a cut are "unexpected" on purpose; what is missing is refused below
logging.disable_progress_bar()

Tensors = dict[str, torch.Tensor]

LAYER = re.compile(r"(?:encoder\.layer|^block|^layers|^h)\.(\d+)\.")
"""Where a tensor's name holds the number of its layer, from 0: in BERT's names, T5's, most others' and GPT-2's."""

FEED_FORWARD = ("intermediate_size", "encoder_ffn_dim", "d_ff")
"""What configurations call the width of the feed-forward layers."""


class _States(nn.Module):
    """Stands where the embeddings were: hands on the states that it is given."""

    def forward(self, inputs_embeds: torch.Tensor, **_: Any) -> torch.Tensor:
        return inputs_embeds


class Encoder(nn.Module):
    """Layers ``level + 1`` to the top of a Hugging Face encoder; with ``level`` 0, the whole of it.

    ``changed`` holds tensors that training changed, under the body's own names; they replace the folder's.
    """

    def __init__(self, folder: Path, level: int, changed: Tensors) -> None:
        super().__init__()
        self.level = level
        config = AutoConfig.from_pretrained(folder)
        self.layers: int = config.num_hidden_layers
        self.hidden: int = config.hidden_size
        widths = (getattr(config, name, None) for name in FEED_FORWARD)
        self.feed_forward: int = next(filter(None, widths), 4 * self.hidden)
        if not 0 <= level < self.layers:
            raise UserError(f"{folder}: {self.layers} layers; trainable_layers must be 'all' or 1 to {self.layers}")
        self.body = _whole(folder) if level == 0 else _above(folder, config, level)
        self.packs = False
        self.put(changed)

    def put(self, changed: Tensors) -> None:
        """Put what a checkpoint holds of the body in place of what it is now."""
        own: Tensors = {self.full_name(name): tensor for name, tensor in self.body.named_parameters()}
        vocabulary.put(own, lora.merged(own, changed))

    def pack(self) -> None:
        """From now on, read the texts of a training batch end to end, without padding, if the body allows it."""
        self.packs = packing.prepare(self.body)

    def full_name(self, name: str) -> str:
        """Return the name that a tensor of the cut body has in the whole one."""
        return _full_name(name, self.level)

    def train_top(self, count: int | None) -> Tensors:
        """Let the top ``count`` layers learn (None: everything) and nothing else; return what learns, by full name."""
        learning: Tensors = {}
        for name, tensor in self.body.named_parameters():
            full = self.full_name(name)
            found = LAYER.search(full)
            layer = int(found[1]) if found else -1
            tensor.requires_grad_(count is None or layer >= self.layers - count)
            if tensor.requires_grad:
                learning[full] = tensor
        return learning

    def forward(self, inputs: torch.Tensor, mask: torch.Tensor) -> list[torch.Tensor]:
        """Return the states of layers ``level`` to the top, each [batch, length, hidden].

        ``inputs`` are token ids [batch, length], or with ``level`` > 0 states [batch, length, hidden]. In training, a
        body that reads texts end to end gives the top layer's alone.
        """
        name = "inputs_embeds" if self.level else "input_ids"
        if self.packs and self.training:
            return [self._read_packed(name, inputs, packing.Layout(mask))]
        found = self.body(**{name: inputs}, attention_mask=mask, output_hidden_states=True)
        return list(found.hidden_states)

    def _read_packed(self, name: str, inputs: torch.Tensor, layout: packing.Layout) -> torch.Tensor:
        embeddings = getattr(self.body, "embeddings", None)
        first = getattr(embeddings, "padding_idx", -1) + 1  # RoBERTa counts from the one after padding
        found = self.body(
            **{name: inputs.flatten(0, 1)[layout.rows][None]},
            position_ids=layout.positions[None] + first,
            attention_mask=packing.UNREAD,
            packed=layout,
        )
        return layout.batch(found.last_hidden_state)


def _full_name(name: str, level: int) -> str:
    head, found, rest = name.partition("encoder.layer.")
    if not found or not level:
        return name
    index, _, tail = rest.partition(".")
    return f"{head}encoder.layer.{int(index) + level}.{tail}"


def lower_body(folder: Path, level: int) -> nn.Module:
    """Return embeddings and layers 1 to ``level``: its last hidden state is what :class:`Encoder` reads."""
    return _whole(folder, num_hidden_layers=level).eval()


def _whole(folder: Path, **changes: Any) -> nn.Module:
    config = AutoConfig.from_pretrained(folder, **changes)
    pooler = {"add_pooling_layer": False} if _takes_pooler(config) else {}
    body, report = AutoModel.from_pretrained(
        folder, config=config, use_safetensors=True, output_loading_info=True, **pooler, **device.spread()
    )
    _refuse_missing(folder, report["missing_keys"])
    body.config.use_cache = False  # a decoder would keep its keys and values for a token that never comes
    whole: nn.Module = (body.get_encoder() if config.is_encoder_decoder else body).float()
    return whole


def _refuse_missing(folder: Path, names: Iterable[str]) -> None:
    if missing := sorted(names):
        raise UserError(f"{folder}: {len(missing)} tensors are missing, as {missing[0]}; import the model again")


def _takes_pooler(config: Any) -> bool:
    from transformers import MODEL_MAPPING

    return "add_pooling_layer" in inspect.signature(MODEL_MAPPING[type(config)].__init__).parameters


def _above(folder: Path, config: Any, level: int) -> nn.Module:
    """Build the layers above ``level`` alone, so that a job that trains two layers reads two layers."""
    config.num_hidden_layers -= level
    with torch.device("meta"):
        body = AutoModel.from_config(config, **({"add_pooling_layer": False} if _takes_pooler(config) else {}))
    if not hasattr(body, "embeddings") or not hasattr(getattr(body, "encoder", None), "layer"):
        raise UserError(f"{folder}: {config.model_type} bodies cannot be cut; set trainable_layers = 'all'")
    body.embeddings = _States()
    body.load_state_dict(_layer_tensors(folder, level, set(body.state_dict())), assign=True)
    above: nn.Module = body.float()
    return above


def _layer_tensors(folder: Path, level: int, wanted: set[str]) -> Tensors:
    """Read the tensors of the layers above ``level``, renumbered from 0, whatever prefix the folder uses."""
    found = {}
    for file in sorted(folder.glob("*.safetensors")):
        with safe_open(file, framework="pt") as tensors:
            for name in tensors.keys():  # noqa: SIM118 - safe_open is no dict
                index, _, tail = name.partition("encoder.layer.")[2].partition(".")
                renamed = f"encoder.layer.{int(index) - level}.{tail}" if index.isdigit() else ""
                if renamed in wanted:
                    found[renamed] = tensors.get_tensor(name)
    _refuse_missing(folder, (_full_name(name, level) for name in wanted - set(found)))
    return found
