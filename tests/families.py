"""A tiny random model of each family that people use, as its own library saves it: with a tokenizer of its kind."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

from harness import cache
from harness.models.find import find, folder

WIDE = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48}
GROUPED = {**WIDE, "num_key_value_heads": 2}
T5 = {"d_model": 32, "d_kv": 8, "d_ff": 48, "num_layers": 2, "num_heads": 4}
BART = {f"{stack}_{size}": n for stack in ("encoder", "decoder") for size, n in (("layers", 2), ("ffn_dim", 48))}
BART |= {"d_model": 32, "encoder_attention_heads": 4, "decoder_attention_heads": 4}

KINDS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "llama": ("Llama", "ForCausalLM", GROUPED),
    "qwen3": ("Qwen3", "ForCausalLM", GROUPED | {"head_dim": 8}),
    "gemma3": ("Gemma3", "ForCausalLM", GROUPED | {"head_dim": 8, "sliding_window": 4}),
    "modernbert": ("ModernBert", "ForMaskedLM", WIDE | {"local_attention": 8, "global_attn_every_n_layers": 2}),
    "mt5": ("MT5", "ForConditionalGeneration", T5),
    "umt5": ("UMT5", "ForConditionalGeneration", T5),
    "mbart": ("MBart", "ForConditionalGeneration", BART),
}
"""Family → its name in the library, the head with which it is released, and small sizes."""

DECODERS = ("llama", "qwen3", "gemma3")
WORDS = ["Finnland und Schweden", "Vereinigte Staaten von Amerika", "日本", "eins zwei drei vier", "km"]


def made(kind: str, place: Path) -> Path:
    """Save a family's model below ``place``, once; its weights are drawn wide enough for texts to differ."""
    target = place / kind
    if target.exists():
        return target
    family, head, sizes = KINDS[kind]
    config = getattr(transformers, f"{family}{'Text' * (kind == 'gemma3')}Config")
    torch.manual_seed(1)
    tiny = folder(find("tiny"), cache.root())
    model = getattr(transformers, family + head)(
        config(vocab_size=4000, max_position_embeddings=512, pad_token_id=1, **sizes)
    )
    with torch.no_grad():
        for tensor in model.parameters():
            tensor += 0.2 * torch.randn(tensor.shape)
    model.save_pretrained(target)
    if kind in DECODERS:
        _decoders(kind == "llama").save_pretrained(target)
    else:
        for name in ("tokenizer.json", "tokenizer_config.json"):
            shutil.copy(tiny / name, target)
    return target


def _decoders(begins: bool) -> Any:
    """Return bytes in pairs, as decoders spell: no pad, mask or closing token; only Llama's opens a text with one."""
    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    how: dict[str, Any] = {"special_tokens": ["<s>"], "initial_alphabet": alphabet, "show_progress": False}
    backend.train_from_iterator(WORDS * 2, trainers.BpeTrainer(vocab_size=300, **how))
    if begins:
        backend.post_processor = processors.TemplateProcessing(
            single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", 0)]
        )
    return transformers.PreTrainedTokenizerFast(tokenizer_object=backend, eos_token="<s>")
