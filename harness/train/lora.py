"""Low-rank adapters by `peft`: beside a frozen weight W learns the product of two thin matrices (Hu et al. 2022).

A checkpoint holds the adapters alone, and what reads it adds them to the weights: no later phase knows that there were
any. ``targets`` of a recipe are names of linear layers, or "all-linear"; by default those that peft adapts in a body
of that type, or all where it knows none.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from harness.errors import UserError
from harness.store import Spec

if TYPE_CHECKING:
    from harness.train.encoder import Encoder, Tensors

DOWN, UP = "@down", "@up"
"""Ends of the names under which a checkpoint keeps an adapter [rank, in] and [out, rank]: W + up · down, scaled."""


def adapt(encoder: Encoder, how: Spec, top: int | None, seed: int) -> Tensors:
    """Put adapters into the top layers (None: all) of an encoder, in place; return what learns, by full name.

    Each begins as zero: its one half is, and the other is drawn from ``seed``.

    :raises UserError: where peft is not installed, or the body has no layer to adapt
    """
    try:
        from peft import LoraConfig, inject_adapter_in_model
    except ModuleNotFoundError:
        raise UserError("lora: peft is not installed; pip install 'stiltbench[lora]'") from None
    names = _layers(encoder, how["targets"], encoder.train_top(top))
    torch.manual_seed(seed)
    config = LoraConfig(
        r=how["rank"], lora_alpha=how["alpha"], lora_dropout=how["dropout"], target_modules=names, bias="none"
    )
    inject_adapter_in_model(config, encoder.body)
    named = encoder.body.named_parameters()
    return {encoder.full_name(name): tensor for name, tensor in named if tensor.requires_grad}


def _layers(encoder: Encoder, wanted: list[str] | str | None, free: Tensors) -> list[str]:
    """Return the names of the linear layers that get an adapter, of those whose weights are ``free`` to learn."""
    from peft.utils import TRANSFORMERS_MODELS_TO_LORA_TARGET_MODULES_MAPPING as KNOWN

    body: Any = encoder.body
    called: Any = wanted or KNOWN.get(body.config.model_type, "all-linear")
    named = called if isinstance(called, str) else rf"(.*\.)?({'|'.join(map(re.escape, called))})"
    pattern = ".*" if called == "all-linear" else named
    linear = [name for name, module in body.named_modules() if isinstance(module, nn.Linear)]
    found = [n for n in linear if re.fullmatch(pattern, n) and encoder.full_name(f"{n}.weight") in free]
    if not found:
        close = ", ".join(dict.fromkeys(name.rpartition(".")[2] for name in linear)) or "none"
        raise UserError(f"lora: no linear layer that may learn is called {called}; the body's are: {close}")
    return found


def to_save(tensors: Tensors, how: Spec) -> Tensors:
    """Return what learned as a checkpoint holds it: the scale of the adapters is in their second halves."""
    found = {}
    for name, tensor in tensors.items():
        weight, half, _ = re.split(r"\.lora_([AB])\.", name) if ".lora_" in name else (name, "", "")
        ends = {"A": f".weight{DOWN}", "B": f".weight{UP}", "": ""}[half]
        found[weight + ends] = tensor * (how["alpha"] / how["rank"]) if half == "B" else tensor
    return found


def merged(own: Tensors, changed: Tensors) -> Tensors:
    """Return what a checkpoint holds, each adapter added to the weight of a body's ``own`` that it stood beside."""
    whole = {name: tensor for name, tensor in changed.items() if not name.endswith((DOWN, UP))}
    for name in (n.removesuffix(UP) for n in changed if n.endswith(UP)):
        whole[name] = own[name].detach().cpu() + changed[name + UP] @ changed[name + DOWN]
    return whole
