"""States of frozen layers, computed once per data set and kept memory-mapped in the cache."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import torch

from harness import cache
from harness.train import device
from harness.train.batches import Indices, reading_batches
from harness.train.encoder import lower_body
from harness.train.tokens import Encoded

Tick = Callable[[int, int], None]
"""Called with (steps done, steps in all)."""


def unheard(done: int, total: int) -> None:
    """Tick where nobody listens."""


READING_TOKENS = 2048
"""Padded tokens of a forward batch: what keeps two cores busy and stays in their cache."""


class Inputs:
    """What an :class:`~harness.train.encoder.Encoder` reads of n texts: token ids, or states of the layer below it.

    ``values`` [tokens] int32 or [tokens, hidden], laid end to end as in :class:`~harness.train.tokens.Encoded`.
    """

    def __init__(self, encoded: Encoded, values: torch.Tensor) -> None:
        self.encoded = encoded
        self.values = values

    def batch(self, indices: Indices) -> tuple[torch.Tensor, torch.Tensor]:
        """Return padded inputs [batch, length(, hidden)] and the mask [batch, length] of some texts."""
        lengths = torch.from_numpy(self.encoded.lengths[indices])
        starts = torch.from_numpy(self.encoded.starts[:-1][indices])
        along = torch.arange(int(lengths.max()))
        mask = along < lengths[:, None]
        # What stands beyond a text's end is read too and masked: cheaper than to fill with zeros.
        values = self.values[(starts[:, None] + along).clamp_(max=len(self.values) - 1)]
        values = values.long() if values.dtype == torch.int32 else values.float()
        return values.to(device.device()), mask.to(device.device())


def read_inputs(encoded: Encoded, folder: Path, model: str, level: int, precision: str, tick: Tick = unheard) -> Inputs:
    """Return the inputs of an encoder cut at ``level``: token ids for 0, else states, from the cache if they are there.

    ``model`` is the digest of the whole model. Layers up to ``level`` must be frozen in every phase before.
    """
    if level == 0:
        return Inputs(encoded, torch.from_numpy(encoded.ids))
    spoken = f"{model} {encoded.digest} {level} {precision} {device.device().type} {torch.get_num_threads()}"
    key = f"{hashlib.sha256(spoken.encode()).hexdigest()[:32]}.bin"
    path = cache.find("states", key)
    if path is None:
        with cache.writing("states", key) as temporary:
            _compute(encoded, folder, level, precision, temporary, tick)
        path = cache.find("states", key)
        assert path is not None
    return Inputs(encoded, _map(path, len(encoded.ids), precision))


def _map(path: Path, tokens: int, precision: str) -> torch.Tensor:
    dtype = device.storage(precision)
    count = path.stat().st_size // dtype.itemsize
    return torch.from_file(str(path), shared=False, size=count, dtype=dtype).view(tokens, -1)


@torch.inference_mode()
def _compute(encoded: Encoded, folder: Path, level: int, precision: str, path: Path, tick: Tick) -> None:
    """Write the states of layer ``level`` of every text, in the order of the texts."""
    body = lower_body(folder, level).to(device.device())
    ids = Inputs(encoded, torch.from_numpy(encoded.ids))
    dtype = device.storage(precision)
    with path.open("wb") as file:  # not mapped: a mapped page that finds the disk full kills the process
        batches = reading_batches(encoded.lengths, READING_TOKENS)
        for done, batch in enumerate(batches):
            tick(done, len(batches))
            tokens, mask = ids.batch(batch)
            with device.computing(precision):
                found = body(input_ids=tokens, attention_mask=mask).last_hidden_state
            raw = found.to(dtype).cpu().view(torch.uint8).numpy()
            for row, text in enumerate(batch):
                file.seek(int(encoded.starts[text]) * raw.shape[-1])
                file.write(raw[row, : encoded.lengths[text]].tobytes())
