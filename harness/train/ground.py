"""What every task of a job stands on: one encoder, how its model's card says to read, and at which precision."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import torch
from torch import nn

from harness.models.find import Model
from harness.train import device
from harness.train.batches import Indices
from harness.train.encoder import Encoder, lower_body
from harness.train.romanise import romanised
from harness.train.states import Inputs, Tick, read_inputs, unheard
from harness.train.tokens import Encoded, Texts, encode

MAX_LENGTH = 512
"""Most positions that an encoder reads unless its recipe says fewer; longer texts are cut."""


@dataclass(frozen=True)
class Ground:
    """The encoder of a job, its model's folder and card, and how texts are read.

    ``transliterate`` names the scripts whose rows are romanised before they are tokenised.
    """

    encoder: Encoder
    model: Model
    folder: Path
    precision: str
    max_length: int = MAX_LENGTH
    transliterate: tuple[str, ...] = ()
    tick: Tick = unheard
    met: list[Encoded] = field(default_factory=list)
    """All that was made an input of."""

    def texts(self, rows: pa.Table, column: str = "text") -> list[str]:
        """Return a column of texts [n], romanised where the suite asks for it."""
        texts: list[str] = rows[column].to_pylist()
        if not self.transliterate:
            return texts
        return [self._latin(text, script) for text, script in zip(texts, rows["script"].to_pylist(), strict=True)]

    def words(self, rows: pa.Table, column: str = "tokens") -> list[list[str]]:
        """Return a column of lists of texts [n], such as words, romanised where the suite asks for it."""
        sentences: list[list[str]] = rows[column].to_pylist()
        if not self.transliterate:
            return sentences
        scripts = rows["script"].to_pylist()
        return [[self._latin(word, s) for word in words] for words, s in zip(sentences, scripts, strict=True)]

    def _latin(self, text: str, script: str) -> str:
        return romanised(text) if script in self.transliterate else text

    def encode(self, texts: Texts, lead: int | None = None) -> Encoded:
        """Encode texts, pairs of texts, or with ``lead`` sentences of words that begin with so many of a prefix."""
        causal = self.model.body == "decoder"
        return encode(texts, self.folder, self.model.digest, self.max_length, lead, causal)

    @cached_property
    def below(self) -> nn.Module | None:
        """The frozen layers below the encoder's cut, for token ids that no cache can know; None where none is."""
        if not self.encoder.level:
            return None
        return device.placed(lower_body(self.folder, self.encoder.level).requires_grad_(False))

    def inputs(self, encoded: Encoded) -> Inputs:
        """Return what the encoder reads: token ids, or the states of the frozen layers below its cut."""
        self.met.append(encoded)
        return read_inputs(encoded, self.folder, self.model.digest, self.encoder.level, self.precision, self.tick)

    def read(self, inputs: Inputs, batch: Indices) -> tuple[list[torch.Tensor], torch.Tensor]:
        """Return states [batch, length, hidden] of some texts for each layer from the cut up, and the mask."""
        values, mask = inputs.batch(batch)
        with device.computing(self.precision):
            return self.encoder(values, mask), mask
