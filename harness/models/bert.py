"""A BERT in Hugging Face's layout, written without torch: parameters, configuration, special tokens.

Both models that the project writes are such folders, with XLM-R's special tokens and template, so that
training loads them as it loads any other. There is no pooler: neither has weights for one.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import save_file
from tokenizers import Tokenizer
from tokenizers.processors import TemplateProcessing

BOS, PAD, EOS, UNK = "<s>", "<pad>", "</s>", "<unk>"
MASK = "<mask>"
SPECIAL = (BOS, PAD, EOS, UNK)
"""The special tokens in the order of their ids, 0 to 3; the mask's id differs between models."""


class Shape(NamedTuple):
    """The sizes that make a BERT: counts of rows, units, layers and heads."""

    vocabulary: int
    hidden: int
    layers: int
    heads: int
    intermediate: int
    positions: int = 512
    types: int = 2


def parameters(shape: Shape) -> dict[str, tuple[int, ...]]:
    """Return the shape of every parameter of ``BertModel`` without pooler, by its Hugging Face name."""
    hidden, wide = shape.hidden, shape.intermediate
    sizes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (shape.vocabulary, hidden),
        "embeddings.position_embeddings.weight": (shape.positions, hidden),
        "embeddings.token_type_embeddings.weight": (shape.types, hidden),
        **_normalisation("embeddings.LayerNorm", hidden),
    }
    for layer in (f"encoder.layer.{n}." for n in range(shape.layers)):
        for part in ("query", "key", "value"):
            sizes |= _linear(f"{layer}attention.self.{part}", hidden, hidden)
        sizes |= _linear(f"{layer}attention.output.dense", hidden, hidden)
        sizes |= _normalisation(f"{layer}attention.output.LayerNorm", hidden)
        sizes |= _linear(f"{layer}intermediate.dense", hidden, wide)
        sizes |= _linear(f"{layer}output.dense", wide, hidden)
        sizes |= _normalisation(f"{layer}output.LayerNorm", hidden)
    return sizes


def _linear(name: str, inputs: int, outputs: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (outputs, inputs), f"{name}.bias": (outputs,)}


def _normalisation(name: str, units: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (units,), f"{name}.bias": (units,)}


def template(tokenizer: Tokenizer) -> TemplateProcessing:
    """Return XLM-R's frame around one text or a pair; token type 0 throughout."""
    return TemplateProcessing(
        single=f"{BOS} $A {EOS}",
        pair=f"{BOS} $A {EOS} {EOS} $B {EOS}",
        special_tokens=[(token, tokenizer.token_to_id(token)) for token in (BOS, EOS)],
    )


Arrays = dict[str, NDArray[np.float32]]


def write(folder: Path, shape: Shape, tokenizer: str, tensors: Arrays) -> None:
    """Write a BERT of some shape as :func:`save` does."""
    save(folder, _config(shape), tokenizer, tensors, shape.positions)


def save(folder: Path, config: dict[str, object], tokenizer: str, tensors: Arrays, length: int) -> None:
    """Write config.json, tokenizer.json (given as its text), tokenizer_config.json and model.safetensors.

    ``length`` is the most tokens of a text.

    :raises OSError: where the file system refuses
    """
    (folder / "config.json").write_text(json.dumps(config, indent=1), encoding="utf-8")
    (folder / "tokenizer.json").write_text(tokenizer, encoding="utf-8")
    (folder / "tokenizer_config.json").write_text(json.dumps(_tokenizer_config(length), indent=1), encoding="utf-8")
    try:
        save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    except SafetensorError as error:
        raise OSError(str(error)) from error
    shutil.copymode(folder / "config.json", folder / "model.safetensors")  # safetensors leaves it to its owner alone


def _config(shape: Shape) -> dict[str, object]:
    return {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "vocab_size": shape.vocabulary,
        "hidden_size": shape.hidden,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "intermediate_size": shape.intermediate,
        "hidden_act": "gelu",
        "max_position_embeddings": shape.positions,
        "type_vocab_size": shape.types,
        "layer_norm_eps": 1e-12,
        "hidden_dropout_prob": 0.1,
        "attention_probs_dropout_prob": 0.1,
        "initializer_range": 0.02,
        # The tokenizer's: torch gives the padding row no gradient, and BERT's default 0 is <s> here.
        "pad_token_id": SPECIAL.index(PAD),
        "bos_token_id": SPECIAL.index(BOS),
        "eos_token_id": SPECIAL.index(EOS),
        "dtype": "float32",
    }


def _tokenizer_config(length: int) -> dict[str, object]:
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": length,
        "clean_up_tokenization_spaces": False,
        "bos_token": BOS,
        "cls_token": BOS,
        "eos_token": EOS,
        "sep_token": EOS,
        "pad_token": PAD,
        "unk_token": UNK,
        "mask_token": MASK,
    }
