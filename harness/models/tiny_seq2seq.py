"""``tiny-seq2seq``: a small T5 with random weights beside ``tiny``, whose tokenizer it has.

Like ``tiny`` it comes from constants and a seed, the same bytes on every machine, and supports no claim. Embeddings are
shared by encoder, decoder and output, as in T5; parameters are drawn as T5's own code draws them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from harness.models import bert, manifest, tiny

CARD = "tiny-seq2seq"
VOCABULARY, HIDDEN, LAYERS, HEADS, WIDE, BUCKETS = tiny.SHAPE.vocabulary, 64, 2, 4, 128, 32
LENGTH = 512
ATTENTION = {"encoder": ("SelfAttention",), "decoder": ("SelfAttention", "EncDecAttention")}
"""Stack → the attentions of each of its blocks."""


def make_tiny_seq2seq(target: Path, source: str) -> None:
    """Write the model as a Hugging Face folder ``target`` (2 MB), or nothing; ``source`` is Babel's version.

    :raises UserError: where ``target`` exists or cannot be written
    """
    with manifest.whole(target) as folder:
        bert.save(folder, _config(), tiny.train_tokenizer(tiny.cldr_names()).to_str(), weights(), LENGTH)
        manifest.write(folder, CARD, CARD, source)


def weights() -> bert.Arrays:
    """Draw every parameter as T5 does: normal with the deviation of its place, LayerNorm weights 1."""
    random = np.random.default_rng(tiny.SEED)
    drawn = {name: scale * random.standard_normal(size) for name, (size, scale) in _drawn().items()}
    blocks = [(f"{stack}.block.{n}.layer", parts) for stack, parts in ATTENTION.items() for n in range(LAYERS)]
    norms = [f"{block}.{place}.layer_norm" for block, parts in blocks for place in range(len(parts) + 1)]
    ones = {f"{norm}.weight": np.ones(HIDDEN) for norm in (*norms, *(f"{s}.final_layer_norm" for s in ATTENTION))}
    return {name: values.astype(np.float32) for name, values in (drawn | ones).items()}


def _drawn() -> dict[str, tuple[tuple[int, int], float]]:
    """Return the shape and the deviation of every parameter that is drawn, by its Hugging Face name."""
    sizes = {"shared": ((VOCABULARY, HIDDEN), 1.0)}
    for stack, parts in ATTENTION.items():
        for block in (f"{stack}.block.{n}.layer" for n in range(LAYERS)):
            for place, part in enumerate(parts):
                sizes[f"{block}.{place}.{part}.q"] = (HIDDEN, HIDDEN), (HIDDEN * HIDDEN / HEADS) ** -0.5
                sizes |= {f"{block}.{place}.{part}.{name}": ((HIDDEN, HIDDEN), HIDDEN**-0.5) for name in "kvo"}
            sizes[f"{block}.{len(parts)}.DenseReluDense.wi"] = (WIDE, HIDDEN), HIDDEN**-0.5
            sizes[f"{block}.{len(parts)}.DenseReluDense.wo"] = (HIDDEN, WIDE), WIDE**-0.5
        sizes[f"{stack}.block.0.layer.0.SelfAttention.relative_attention_bias"] = (BUCKETS, HEADS), HIDDEN**-0.5
    return {f"{name}.weight": found for name, found in sizes.items()}


def _config() -> dict[str, object]:
    pad = bert.SPECIAL.index(bert.PAD)
    return {
        "architectures": ["T5ForConditionalGeneration"],
        "model_type": "t5",
        "is_encoder_decoder": True,
        "vocab_size": VOCABULARY,
        "d_model": HIDDEN,
        "d_kv": HIDDEN // HEADS,
        "d_ff": WIDE,
        "num_layers": LAYERS,
        "num_decoder_layers": LAYERS,
        "num_heads": HEADS,
        "relative_attention_num_buckets": BUCKETS,
        "feed_forward_proj": "relu",
        "dropout_rate": 0.1,
        "tie_word_embeddings": True,
        "pad_token_id": pad,
        "decoder_start_token_id": pad,
        "eos_token_id": bert.SPECIAL.index(bert.EOS),
        "dtype": "float32",
    }
