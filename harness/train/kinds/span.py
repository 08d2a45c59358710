"""The span of a context that answers a question: a linear layer says of each token whether it begins or ends one.

A context that is too long is read window by window (:mod:`harness.train.windows`). Decoding is that of SQuAD's scripts.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray
from torch import nn

from harness.train.batches import Indices, reading_batches
from harness.train.ground import Ground
from harness.train.kinds import task
from harness.train.states import READING_TOKENS
from harness.train.windows import in_own_script, windows

BEST, LONGEST = 20, 30
"""First and last tokens of a window that make answers, and most tokens of an answer: those of SQuAD's scripts."""


def new_head(ground: Ground, _labels: Sequence[str], seed: int) -> nn.Module:
    """Return a fresh head: one output for the first token of an answer, one for its last."""
    return task.linear(ground.encoder.hidden, 2, seed)


class Span:
    """Rows with `text`, a question, `text_pair`, its context, and `answers`, of which the first is learned.

    A unit is a window. Some answer is always given, but with ``no_answer`` none where the score of none exceeds that
    of the best by more.
    """

    def __init__(
        self, ground: Ground, rows: pa.Table, _labels: Sequence[str], head: nn.Module, no_answer: float | None = None
    ) -> None:
        self.ground, self.rows, self.head, self.no_answer = ground, rows, head, no_answer
        questions = [ground.model.prefix + question for question in ground.texts(rows)]
        contexts = ground.texts(rows, "text_pair")
        found = windows(questions, contexts, ground.folder, ground.model.digest, ground.max_length)
        self.windows = in_own_script(found, rows, ground.transliterate)
        self.inputs = ground.inputs(found.encoded)
        self.costs = self.tokens = found.encoded.lengths

    @cached_property
    def spans(self) -> torch.Tensor:
        """First and last token of the answer [windows, 2]; where a window does not hold it, its opening token twice."""
        starts, answers = self.windows.encoded.starts, self.rows["answers"].to_pylist()
        places = zip(self.windows.rows, starts[:-1], starts[1:], strict=True)
        begins, ends = self.windows.begins, self.windows.ends
        return torch.tensor([tokens_of(answers[row], begins[a:b], ends[a:b]) for row, a, b in places])

    @property
    def weights(self) -> NDArray[np.float64]:
        """One for each window [windows]."""
        return np.ones(len(self.costs))

    def loss(self, batch: Indices) -> torch.Tensor:
        """Return the mean cross-entropy of the first and the last tokens of some windows' answers."""
        logits = self._logits(batch)
        return task.cross_entropy(logits, self.spans[torch.from_numpy(batch)].to(logits.device))

    @torch.inference_mode()
    def say(self) -> list[str]:
        """Return the answer to each question as its context writes it, "" for none."""
        starts = self.windows.encoded.starts[:-1]
        best, none = np.empty(len(starts)), np.empty(len(starts))
        at = np.empty((len(starts), 2), np.int64)
        for batch in reading_batches(self.costs, READING_TOKENS):
            logits = self._logits(batch)
            along = np.arange(logits.shape[-1])
            tokens = (starts[batch, None] + along).clip(max=len(self.windows.begins) - 1)
            context = torch.from_numpy(self.windows.begins[tokens] >= 0).to(logits.device)
            scores, places = best_spans(logits, context)
            best[batch], at[batch] = scores.cpu().numpy(), places.cpu().numpy()
            none[batch] = logits[..., 0].sum(-1).cpu().numpy()
        return self._answers(best, none, at + starts[:, None])

    def _logits(self, batch: Indices) -> torch.Tensor:
        """Return how much each token of some windows is first and last [windows, 2, tokens]; padding is neither."""
        states, mask = self.ground.read(self.inputs, batch)
        logits: torch.Tensor = self.head(states[-1]).float().transpose(1, 2)
        return logits.masked_fill(~mask[:, None], -torch.inf)

    def _answers(self, best: NDArray[Any], none: NDArray[Any], at: Indices) -> list[str]:
        """Return the answers of the best of each question's windows, given scores [windows] and tokens [windows, 2]."""
        rows = self.windows.rows
        firsts = np.flatnonzero(np.diff(rows, prepend=-1))
        chosen = np.lexsort((-best, rows))[firsts]
        silent = best[chosen] == -np.inf
        if self.no_answer is not None:
            silent |= np.minimum.reduceat(none, firsts) - best[chosen] > self.no_answer
        begins, ends = self.windows.begins[at[chosen, 0]], self.windows.ends[at[chosen, 1]]
        spoken = zip(self.rows["text_pair"].to_pylist(), silent, begins, ends, strict=True)
        return ["" if nothing else context[a:b].strip() for context, nothing, a, b in spoken]


def tokens_of(answers: Sequence[dict[str, Any]] | None, begins: NDArray[Any], ends: NDArray[Any]) -> tuple[int, int]:
    """Return the first and last token of the first answer; (0, 0) for none, or in a window that has not all of it.

    ``begins`` and ``ends`` [tokens] are those of :class:`~harness.train.windows.Windows`, of one window.
    """
    if not answers:
        return 0, 0
    text = answers[0]["text"]
    start = answers[0]["start"] + len(text) - len(text.lstrip())
    end = start + len(text.strip())
    touched = np.flatnonzero((begins >= 0) & (begins < end) & (ends > start))
    if not len(touched) or begins[begins >= 0][0] > start or ends.max() < end:
        return 0, 0
    return int(touched[0]), int(touched[-1])


def best_spans(logits: torch.Tensor, context: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the score of the best span of each window [windows] and its first and last token [windows, 2].

    ``logits`` [windows, 2, tokens] are of first and last tokens; ``context`` [windows, tokens] marks where they may be.
    A window without a span scores -inf.
    """
    count = min(BEST, logits.shape[-1])
    found, at = logits.masked_fill(~context[:, None], -torch.inf).topk(count)
    length = at[:, 1, None, :] - at[:, 0, :, None] + 1
    scores = found[:, 1, None, :] + found[:, 0, :, None]
    scores = scores.masked_fill((length < 1) | (length > LONGEST), -torch.inf)
    best, place = scores.flatten(1).max(1)
    first, last = at[:, 0].gather(1, place[:, None] // count), at[:, 1].gather(1, place[:, None] % count)
    return best, torch.cat([first, last], 1)
