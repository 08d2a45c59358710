"""Which module does a task kind; those that are read but not trained have no entry."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pyarrow as pa
from torch import nn

from harness.store import Spec
from harness.train.batches import Indices
from harness.train.ground import Ground
from harness.train.kinds import choice, classification, mlm, span, tagging, translation
from harness.train.kinds.task import Task

TASKS: dict[str, Callable[..., Task]] = {
    "choice": choice.Choice,
    "classification": classification.Classification,
    "mlm": mlm.Mlm,
    "span": span.Span,
    "tagging": tagging.Tagging,
    "translation": translation.Translation,
}
"""Task kind → what makes a task of a ground, rows, labels and a head, and of what a spec asks of its predictions."""

HEADS: dict[str, Callable[[Ground, Sequence[str], int], nn.Module]] = {
    "choice": choice.new_head,
    "classification": classification.new_head,
    "mlm": mlm.new_head,
    "span": span.new_head,
    "tagging": tagging.new_head,
    "translation": translation.new_head,
}
"""Task kind → what makes the head that a phase begins with, for labels and from a seed: fresh, or the model's own."""

OWN: dict[str, Callable[[Ground], nn.Module]] = {"mlm": mlm.own_head, "translation": translation.new_head}
"""Task kind → what gives the head that a model brings, of kinds that can be asked of one that no phase trained."""

PREDICT: dict[str, Callable[[Ground, pa.Table, Spec, str, nn.Module], tuple[pa.Table, Indices, float]]] = {
    "mlm": mlm.predict,
    "translation": translation.predict,
}
"""Task kind → what gives predictions, lengths of what was read and padding, of kinds that do not read row by row."""
