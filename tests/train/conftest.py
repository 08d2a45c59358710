"""The tiny model, its own tokenizer and its own code to compare with, and rows to encode."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import torch

from harness import cache, schema
from harness.models.find import find, folder
from harness.train.encoder import Encoder
from harness.train.ground import Ground


@pytest.fixture(scope="session")
def tiny() -> Path:
    """The folder of the model `tiny`: two layers, 64 wide."""
    return folder(find("tiny"), cache.root())


@pytest.fixture(scope="session")
def reference(tiny: Path) -> Any:
    """The library's own whole model, without dropout."""
    from transformers import AutoModel

    return AutoModel.from_pretrained(tiny, add_pooling_layer=False).eval()


@pytest.fixture(scope="session")
def tokenizer(tiny: Path) -> Any:
    """The library's own tokenizer."""
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(tiny)


Alone = Callable[..., torch.Tensor]


@pytest.fixture(scope="session")
def alone(reference: Any, tokenizer: Any) -> Alone:
    """Return what gives the states [length, 64] of one text at a layer by the library's own code."""

    def states(text: Any, layer: int = 2, **how: Any) -> torch.Tensor:
        with torch.no_grad():
            told = tokenizer(text, return_tensors="pt", **how)
            found: torch.Tensor = reference(**told, output_hidden_states=True).hidden_states[layer][0]
        return found

    return states


Stand = Callable[..., Ground]


@pytest.fixture
def stand(tiny: Path) -> Stand:
    """Return a maker of grounds on the tiny model, cut at a level and not yet training."""

    def make(level: int = 0, **changes: Any) -> Ground:
        return Ground(Encoder(tiny, level, {}).eval(), changes.pop("model", find("tiny")), tiny, "fp32", **changes)

    return make


Rows = Callable[..., pa.Table]


@pytest.fixture(scope="session")
def rows() -> Rows:
    """Return a maker of examples: lists for some columns, and NULL in every other."""

    def make(**columns: Sequence[Any]) -> pa.Table:
        wanted, n = schema.arrow("examples"), len(next(iter(columns.values())))
        assert set(columns) <= set(wanted.names)
        arrays = [pa.array(columns.get(field.name, [None] * n), field.type) for field in wanted]
        return pa.table(arrays, schema=pa.schema([field.with_nullable(True) for field in wanted]))

    return make
