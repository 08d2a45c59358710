"""States of frozen layers, computed once per data set and kept memory-mapped in the cache.

They lie in the order in which a forward pass reads them, longest text first: a file larger than the memory that is
free for it is then read from end to end, and not page by page all over the disk.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
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


LAYOUT = 2
"""Of the files of states: raised when their bytes mean something else."""

READING_TOKENS = 2048
"""Padded tokens of a forward batch: what keeps two cores busy and stays in their cache."""


class Inputs:
    """What an :class:`~harness.train.encoder.Encoder` reads of n texts: token ids, or states of the layer below it.

    ``values`` [tokens] int32 or [tokens, hidden]; those of text i begin at ``starts[i]``.
    """

    def __init__(self, encoded: Encoded, values: torch.Tensor, starts: Indices) -> None:
        self.encoded = encoded
        self.values = values
        self.starts = starts

    def batch(self, indices: Indices) -> tuple[torch.Tensor, torch.Tensor]:
        """Return padded inputs [batch, length(, hidden)] and the mask [batch, length] of some texts."""
        lengths = torch.from_numpy(self.encoded.lengths[indices])
        starts = torch.from_numpy(self.starts[indices])
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
        return _token_ids(encoded)
    spoken = f"{LAYOUT} {model} {encoded.digest} {level} {precision} {device.device().type} {torch.get_num_threads()}"
    key = f"{hashlib.sha256(spoken.encode()).hexdigest()[:32]}.bin"
    path = cache.find("states", key)
    if path is None:
        with cache.writing("states", key) as temporary:
            _compute(encoded, folder, level, precision, temporary, tick)
        path = cache.find("states", key)
        assert path is not None
    return Inputs(encoded, _map(path, len(encoded.ids), precision), _reading_starts(encoded.lengths))


def _token_ids(encoded: Encoded) -> Inputs:
    return Inputs(encoded, torch.from_numpy(encoded.ids), encoded.starts[:-1])


def _reading_starts(lengths: Indices) -> Indices:
    """Return where each text [n] begins when texts lie end to end in the order of :func:`reading_batches`."""
    order = np.concatenate(reading_batches(lengths, READING_TOKENS))
    starts = np.empty_like(lengths)
    starts[order] = np.cumsum(lengths[order]) - lengths[order]
    return starts


def _map(path: Path, tokens: int, precision: str) -> torch.Tensor:
    dtype = device.storage(precision)
    count = path.stat().st_size // dtype.itemsize
    return torch.from_file(str(path), shared=False, size=count, dtype=dtype).view(tokens, -1)


@torch.inference_mode()
def _compute(encoded: Encoded, folder: Path, level: int, precision: str, path: Path, tick: Tick) -> None:
    """Write the states of layer ``level`` of every text, in the order of reading."""
    body = device.placed(lower_body(folder, level))
    ids = _token_ids(encoded)
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
                file.write(raw[row, : encoded.lengths[text]].tobytes())
