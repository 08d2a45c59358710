"""``tiny``: a small BERT with random weights, for tests and as a floor that supports no claim.

Everything comes from constants, a seed and the names of territories and languages that Babel carries from
CLDR: the same bytes on every machine. The vocabulary is byte-level BPE because its trainer gives the same
pieces every time; WordPiece's and Unigram's follow the order of a hash table, which processes differ in.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from babel import localedata
from numpy.typing import NDArray
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

from harness.data.cldr.table import load_alone
from harness.models import bert, manifest

CARD = "tiny"
SEED = 20200501
SHAPE = bert.Shape(vocabulary=4000, hidden=64, layers=2, heads=4, intermediate=128)


def make_tiny(target: Path, source: str) -> None:
    """Write the model as a Hugging Face folder ``target`` (2 MB), or nothing; ``source`` is Babel's version.

    :raises UserError: where ``target`` exists or cannot be written
    """
    with manifest.whole(target) as folder:
        bert.write(folder, SHAPE, train_tokenizer(cldr_names()).to_str(), weights())
        manifest.write(folder, CARD, "tiny", source)


def cldr_names() -> Iterator[str]:
    """Yield the names of territories and languages in the main locale of every language of CLDR."""
    for locale in sorted(localedata.locale_identifiers()):
        if "_" not in locale:
            data = load_alone(locale)
            for kind in ("territories", "languages"):
                yield from (name for _, name in sorted(data.get(kind, {}).items()))


def train_tokenizer(texts: Iterator[str]) -> Tokenizer:
    """Train a byte-level BPE of 4,000 pieces in XLM-R's frame; no text has an unknown token."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=SHAPE.vocabulary,
        special_tokens=[*bert.SPECIAL, bert.MASK],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    offsets = processors.ByteLevel(trim_offsets=True)
    tokenizer.post_processor = processors.Sequence([offsets, bert.template(tokenizer)])
    return tokenizer


def weights() -> dict[str, NDArray[np.float32]]:
    """Draw every parameter as BERT does: normal of 0.02, biases and padding 0, LayerNorm weights 1."""
    random = np.random.default_rng(SEED)
    drawn = {name: _initial(name, size, random) for name, size in bert.parameters(SHAPE).items()}
    drawn["embeddings.word_embeddings.weight"][bert.SPECIAL.index(bert.PAD)] = 0
    return drawn


def _initial(name: str, size: tuple[int, ...], random: np.random.Generator) -> NDArray[np.float32]:
    if name.endswith("LayerNorm.weight"):
        return np.ones(size, np.float32)
    if name.endswith("bias"):
        return np.zeros(size, np.float32)
    return (0.02 * random.standard_normal(size)).astype(np.float32)
