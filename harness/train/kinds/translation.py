"""One language into another, by an encoder–decoder whose decoder is the head: all of it that is not the encoder.

The decoder and its output are the folder's, pretrained; word embeddings that they share with the encoder belong to the
encoder. A tokenizer with tokens for languages (NLLB's, mBART's) frames each text with its own language's, and the
hypothesis is made to begin with that of the language to translate into.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray
from torch import nn
from transformers import AutoConfig, AutoModelForSeq2SeqLM

from harness.errors import UserError, unknown
from harness.languages import languages, resolve
from harness.store import Spec
from harness.train import device
from harness.train.batches import Indices, reading_batches, reading_padding
from harness.train.encoder import Encoder
from harness.train.ground import Ground
from harness.train.kinds import predictions
from harness.train.kinds.retrieval import ParallelRows
from harness.train.kinds.task import IGNORED
from harness.train.states import READING_TOKENS, Inputs
from harness.train.tokens import tokenizer, wrapped

LEAST = 20
"""Tokens that any hypothesis may have; each 16 of its source add 24."""


class Decoder(nn.Module):
    """An encoder–decoder that stands on an :class:`Encoder`; its parameters are those that the encoder has not."""

    def __init__(self, encoder: Encoder, whole: Any) -> None:
        super().__init__()
        whole.set_encoder(encoder.body)
        whole.set_input_embeddings(encoder.body.get_input_embeddings())  # type: ignore[operator]
        whole.tie_weights()
        self.whole = whole
        self._encoders = {id(tensor) for tensor in encoder.parameters()}

    def named_parameters(self, *args: Any, **how: Any) -> Iterator[tuple[str, nn.Parameter]]:
        """Yield the parameters that are not the encoder's."""
        every = super().named_parameters(*args, **how)
        return ((name, tensor) for name, tensor in every if id(tensor) not in self._encoders)


def new_head(ground: Ground, labels: Sequence[str] = (), seed: int = 0) -> nn.Module:  # noqa: ARG001 - nothing is fresh
    """Return the decoder that the model's folder holds.

    :raises UserError: where it holds none
    """
    if not AutoConfig.from_pretrained(ground.folder).is_encoder_decoder:
        raise UserError(f"{ground.model.name}: no decoder; translation needs an encoder–decoder, such as tiny-seq2seq")
    whole = AutoModelForSeq2SeqLM.from_pretrained(ground.folder, use_safetensors=True).float()
    return Decoder(ground.encoder, whole).eval()


class Translation:
    """Rows with a source in `text` and its translation in `text_pair`.

    A row names its source's language alone; its translation is taken to be in the one that the tokenizer begins with,
    which in NLLB's and mBART's is English.
    """

    def __init__(self, ground: Ground, rows: pa.Table, labels: Sequence[str], head: nn.Module) -> None:  # noqa: ARG002
        self.ground, self.head = ground, head
        self.sources = _framed(ground, ground.texts(rows), rows["language"].to_pylist())
        targets = ground.encode(rows["text_pair"].to_pylist())
        self.targets = ground.inputs(targets)
        self.costs = self.tokens = self.sources.encoded.lengths + targets.lengths

    @property
    def weights(self) -> NDArray[np.float64]:
        """Number of tokens of each translation [n]."""
        return self.targets.encoded.lengths.astype(np.float64)

    def loss(self, batch: Indices) -> torch.Tensor:
        """Return the mean cross-entropy over the tokens of some translations, each told those before it."""
        self.head.train(self.ground.encoder.training)
        ids, mask = self.sources.batch(batch)
        gold, there = self.targets.batch(batch)
        told = self.head.whole(input_ids=ids, attention_mask=mask, labels=gold.masked_fill(~there, IGNORED))  # type: ignore[operator]
        loss: torch.Tensor = told.loss
        return loss

    def say(self) -> list[str]:
        """Return a translation of each source, without a search."""
        into = getattr(wrapped(self.ground.folder), "src_lang", None)
        return translate(self.ground, self.head, self.sources, np.arange(len(self.costs)), into, 1)


def predict(ground: Ground, rows: pa.Table, spec: Spec, job: str, head: nn.Module) -> tuple[pa.Table, Indices, float]:
    """Return the hypotheses of every language and direction, the lengths of their sources, and their padding.

    ``to`` the pivot, the language's rows are sources; ``from`` it, the pivot's rows of the same ids.
    """
    asked, codes = spec["task"], rows["language"].to_pylist()
    places = ParallelRows(codes, rows["id"].to_pylist())
    sources = _framed(ground, [ground.model.prefix + text for text in ground.texts(rows)], codes)
    tables, lengths, pivot = [], [], asked["pivot"]
    for code in spec["data"]["languages"]:
        own, other = places.shared(code, pivot)
        for direction in asked["directions"]:
            which, into = (own, pivot) if direction == "to" else (other, code)
            said = translate(ground, head, sources, which, into, asked["beams"])
            tables.append(predictions.table(job, rows.take(own), said, other=pivot, direction=direction))
            lengths.append(sources.encoded.lengths[which])
    read = np.concatenate(lengths)
    return pa.concat_tables(tables), read, reading_padding(read, int(read.sum()), READING_TOKENS)


@torch.inference_mode()
def translate(
    ground: Ground, head: nn.Module, sources: Inputs, which: Indices, into: str | None, beams: int
) -> list[str]:
    """Return hypotheses of some sources in the language ``into``, by beam search (1: the best token at each step).

    A hypothesis ends after some 1.5 times its source's tokens; how many depends on the source alone, so sources that
    may become equally long are read together. The rest of how to generate is as the folder's configuration has it.
    """
    head.eval()
    backend, begin = tokenizer(ground.folder), _language_token(ground.folder, into)
    how = {"num_beams": beams, "do_sample": False, **({} if begin is None else {"forced_bos_token_id": begin})}
    lengths = sources.encoded.lengths[which]
    most, said = LEAST + 24 * np.ceil(lengths / 16).astype(np.int64), np.empty(len(which), object)
    for length in np.unique(most):
        alike = np.flatnonzero(most == length)
        for batch in reading_batches(lengths[alike], READING_TOKENS // beams):
            ids, mask = sources.batch(which[alike[batch]])
            with device.computing(ground.precision):
                found = head.whole.generate(  # type: ignore[operator,union-attr]
                    input_ids=ids, attention_mask=mask, max_new_tokens=int(length), **how
                )
            said[alike[batch]] = [text.strip() for text in backend.decode_batch(found.tolist())]
    hypotheses: list[str] = said.tolist()
    return hypotheses


def _framed(ground: Ground, texts: Sequence[str], codes: Sequence[str]) -> Inputs:
    """Return texts as the encoder reads them, each with its own language's token where the tokenizer has put one."""
    encoded = ground.encode(texts)
    if tongues(ground.folder):
        own = wrapped(ground.folder).convert_tokens_to_ids(wrapped(ground.folder).src_lang)
        right = np.repeat([_language_token(ground.folder, code) for code in codes], encoded.lengths)
        encoded = replace(encoded, ids=np.where(encoded.ids == own, right, encoded.ids).astype(np.int32))
    return ground.inputs(encoded)


def _language_token(folder: Path, code: str | None) -> int | None:
    """Return the id of the token that stands for a language; None where the tokenizer has none for any."""
    known = tongues(folder)
    if not known or code is None:
        return None
    if code not in known:
        raise unknown("language", code, known, f"{folder}: the tokenizer's tokens for languages")
    return known[code]


@lru_cache(maxsize=2)
def tongues(folder: Path) -> dict[str, int]:
    """Return FLORES code → the token id that stands for the language: NLLB's is its code, mBART's `en_XX`."""
    wrapper, found = wrapped(folder), {}
    if getattr(wrapper, "src_lang", None) is None:
        return {}
    for token, number in zip(wrapper.all_special_tokens, wrapper.all_special_ids, strict=True):
        if token in languages():
            found[token] = number
        elif "_" in token:
            found[resolve(token.strip("_").partition("_")[0])] = number
    return found
