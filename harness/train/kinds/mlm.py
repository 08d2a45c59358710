"""Masked words: 15 % of a text's tokens are hidden and guessed (Devlin et al. 2019); to score a text, each by itself.

The head is the model's own where its folder holds one, and else a fresh one; either ends in the encoder's word
embeddings. It is read from the folder anew in each phase that trains it: of heads none crosses from one phase to the
next. What speaks is the head of the nearest phase behind that trained one, beside the encoder as it is now: an
intermediate phase on another task changes the encoder and not the words that it knew.

One text is one example, cut and never packed (as in jiant), and read without the prefix of the model's card. An unknown
token counts like any other: were it left out, a script that a model cannot read would cost it nothing.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray
from safetensors import safe_open
from torch import nn

from harness.errors import UserError
from harness.store import Spec
from harness.train import device
from harness.train.batches import Indices
from harness.train.encoder import Tensors
from harness.train.ground import Ground
from harness.train.kinds import predictions, task
from harness.train.states import READING_TOKENS, read_inputs
from harness.train.tokens import tokenizer, wrapped

RATE, MASKED, RANDOM = 0.15, 0.8, 0.1
"""Share of a text's tokens that are guessed, and of these the shares that stand masked or as any word of all."""

OWN = {
    "dense.weight": ("lm_head.dense.weight", "cls.predictions.transform.dense.weight"),
    "dense.bias": ("lm_head.dense.bias", "cls.predictions.transform.dense.bias"),
    "norm.weight": (
        "lm_head.layer_norm.weight",
        *(f"cls.predictions.transform.LayerNorm.{n}" for n in ("weight", "gamma")),
    ),
    "norm.bias": ("lm_head.layer_norm.bias", *(f"cls.predictions.transform.LayerNorm.{n}" for n in ("bias", "beta"))),
    "bias": ("lm_head.bias", "cls.predictions.bias"),
}
"""Tensor of :class:`Head` → what XLM-R and BERT call it."""

Places = tuple[torch.Tensor, ...]
"""Rows [places] and columns [places] of a batch."""


class Head(nn.Module):
    """A dense layer, gelu, LayerNorm, and a bias for each word; the words' vectors are the encoder's, and given."""

    def __init__(self, hidden: int, words: int, epsilon: float, seed: int) -> None:
        super().__init__()
        self.dense = task.linear(hidden, hidden, seed)
        self.norm = nn.LayerNorm(hidden, eps=epsilon)
        self.bias = nn.Parameter(torch.zeros(words))

    def forward(self, states: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
        """Return a logit for each word [n, words] from states [n, hidden] and the words' vectors [words, hidden]."""
        found = self.norm(nn.functional.gelu(self.dense(states)))
        return nn.functional.linear(found, words, self.bias)


def new_head(ground: Ground, labels: Sequence[str], seed: int) -> nn.Module:  # noqa: ARG001 - words are no labels
    """Return the head that the model's folder holds, or else a fresh one from ``seed``."""
    config: Any = ground.encoder.body.config
    head = Head(ground.encoder.hidden, config.vocab_size, getattr(config, "layer_norm_eps", 1e-5), seed)
    own = _own_tensors(ground.folder)
    if len(own) == len(OWN):
        if not getattr(config, "tie_word_embeddings", True):
            raise UserError(
                f"{ground.folder}: its MLM head has word vectors of its own; mlm needs one that shares them"
            )
        head.load_state_dict(own)
    return head


def own_head(ground: Ground) -> nn.Module:
    """Return the head that the model's folder holds.

    :raises UserError: where it holds none
    """
    if len(_own_tensors(ground.folder)) < len(OWN):
        raise UserError(
            f"{ground.model.name}: the model's folder holds no MLM head to test; give the arm a pretrain phase or mlm "
            "rows, which train one"
        )
    return new_head(ground, (), 0)


def _own_tensors(folder: Path) -> Tensors:
    mine = {theirs: name for name, names in OWN.items() for theirs in names}
    found: Tensors = {}
    for file in sorted(folder.glob("*.safetensors")):
        with safe_open(file, framework="pt") as tensors:
            found |= {mine[n]: tensors.get_tensor(n).float() for n in tensors.keys() if n in mine}  # noqa: SIM118
    return found


class Mlm:
    """Rows with `text`."""

    def __init__(self, ground: Ground, rows: pa.Table, labels: Sequence[str], head: nn.Module) -> None:  # noqa: ARG002
        self.ground, self.rows, self.head = ground, rows, head
        self.encoded = ground.encode(ground.texts(rows))
        self.inputs = read_inputs(self.encoded, ground.folder, ground.model.digest, 0, ground.precision)
        self.costs = self.tokens = self.encoded.lengths
        self.mask, self.frame = _special(ground)
        free = ~self.frame.numpy()[self.encoded.ids]
        self.free = np.add.reduceat(free, self.encoded.starts[:-1], dtype=np.int64)
        """Number of tokens of each text [n] that may be masked."""
        self.weights: NDArray[np.float64] = np.where(self.free > 0, np.maximum(1, np.rint(RATE * self.free)), 0)
        """Number that are guessed of each text [n]: 15 %, but one at least, as in BERT's own code."""

    def loss(self, batch: Indices) -> torch.Tensor:
        """Return the mean cross-entropy of the tokens that are masked, by torch's global generator, in some texts."""
        ids, mask = self.inputs.batch(batch)
        read, at = self.masked(ids, mask, batch)
        gold = ids[at]
        logits = self._logits(read, mask, at)
        return nn.functional.cross_entropy(logits.float(), gold, reduction="sum") / max(1, len(gold))

    def masked(self, ids: torch.Tensor, mask: torch.Tensor, batch: Indices) -> tuple[torch.Tensor, Places]:
        """Return token ids [batch, length] as the model reads them, and the places that it is asked about."""
        where = ids.device
        free = mask & ~self.frame.to(where)[ids]
        order = torch.rand(ids.shape, device=where).masked_fill(~free, 2.0).argsort(stable=True).argsort()
        chosen = order < torch.from_numpy(self.weights[batch]).to(where)[:, None]
        fate = torch.rand(ids.shape, device=where)
        other = torch.randint(len(self.frame), ids.shape, device=where)
        read = ids.masked_fill(chosen & (fate < MASKED), self.mask)
        read = torch.where(chosen & (fate >= 1 - RANDOM), other, read)
        return read, chosen.nonzero(as_tuple=True)

    @torch.inference_mode()
    def say(self) -> list[str]:
        """Return for each text the sum of log2 p of its tokens, their number, and the text's bytes in UTF-8, as JSON.

        Each token is masked by itself (Salazar et al. 2020), so that a text takes as many forward passes as it has
        tokens. The bytes are those of the original where a text is romanised, so that figures stay comparable.
        """
        pairs = zip(range(len(self.costs)), self.rows["text"].to_pylist(), strict=True)
        return [json.dumps([self._bits(i), int(self.free[i]), self._bytes(i, text)]) for i, text in pairs]

    def _bits(self, text: int) -> float:
        """Return the sum of log2 p of a text's tokens; copies of one text have one length, so nothing is padded."""
        start, end = self.encoded.starts[text], self.encoded.starts[text + 1]
        ids = torch.from_numpy(self.encoded.ids[start:end]).long()
        places, total = (~self.frame[ids]).nonzero()[:, 0], 0.0
        for part in torch.split(places, max(1, READING_TOKENS // len(ids))):
            at = (torch.arange(len(part)), part)
            copies = ids.repeat(len(part), 1).index_put(at, torch.tensor(self.mask)).to(device.device())
            logits = self._logits(copies, torch.ones_like(copies, dtype=torch.bool), at)
            lost = nn.functional.cross_entropy(logits, ids[part].to(logits.device), reduction="none")
            total -= float(lost.double().sum())
        return total / math.log(2)

    def _bytes(self, text: int, original: str) -> int:
        """Return the size of a text in bytes, or of the share of it that is read where it is cut."""
        if self.costs[text] < self.ground.max_length:
            return len(original.encode())
        backend = tokenizer(self.ground.folder)
        backend.enable_truncation(self.ground.max_length)
        given = self.ground.texts(self.rows.slice(text, 1))[0]
        read = max(end for _, end in backend.encode(given).offsets)
        return len(original[: round(len(original) * read / max(1, len(given)))].encode())

    def _logits(self, ids: torch.Tensor, mask: torch.Tensor, at: Places) -> torch.Tensor:
        """Return the logits [places, words] of some places alone: the words are many."""
        encoder, below = self.ground.encoder, self.ground.below
        with device.computing(self.ground.precision):
            lower = below(input_ids=ids, attention_mask=mask).last_hidden_state.float() if below else ids
            states = encoder(lower, mask)[-1]
        words = (below or encoder.body).get_input_embeddings().weight  # type: ignore[operator]
        logits: torch.Tensor = self.head(states[at].float(), words)
        return logits


def _special(ground: Ground) -> tuple[int, torch.Tensor]:
    """Return the mask's token id, and which ids [words] frame a text: special tokens but the unknown one."""
    wrapper = wrapped(ground.folder)
    if wrapper.mask_token_id is None:
        raise UserError(f"{ground.folder}: its tokenizer has no mask token, which mlm needs; use a model that has one")
    frame = torch.zeros(tokenizer(ground.folder).get_vocab_size(), dtype=torch.bool)
    frame[[i for i in wrapper.all_special_ids if i != wrapper.unk_token_id]] = True
    return wrapper.mask_token_id, frame


def predict(
    ground: Ground,
    rows: pa.Table,
    spec: Spec,  # noqa: ARG001 - as every kind's
    job: str,
    head: nn.Module,
) -> tuple[pa.Table, Indices, float]:
    """Return the predictions, the length of every text that was read, masked copies one by one, and their padding."""
    asked = Mlm(ground, rows, (), head)
    said = predictions.table(job, rows, asked.say())
    return said, np.repeat(asked.tokens, asked.free), 0.0
