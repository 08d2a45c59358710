"""A job that asks a model, behind phases whose folders are made by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as pq
import pytest
import torch
from safetensors.torch import save_file

from harness.data import adapt
from harness.models.find import find
from harness.store import Store
from harness.train.execute import Bench, execute

Behind = tuple[str, str, dict[str, torch.Tensor]]
"""The kind of a phase's task, the name of its head, and what it left."""


@pytest.fixture
def ask(tmp_path: Path) -> Callable[..., list[dict[str, Any]]]:
    """Return what runs the job that asks a model about three items in German, and gives its predictions."""
    (tmp_path / "store").mkdir()
    store = Store(tmp_path / "store")

    def asked(folder: Path, *behind: Behind, kind: str, **task: Any) -> list[dict[str, Any]]:
        parent = None
        for number, (trained, head, tensors) in enumerate(behind):
            with store.finishing(str(number)) as made:
                spec = {"parent": parent, "tasks": [{"kind": trained, "head": head, "labels": ["a"]}], "recipe": {}}
                (made / "job.json").write_bytes(msgspec.json.encode({"spec": spec}))
                save_file(tensors, made / "model.safetensors")
            parent = str(number)
        spoken = {"deu_Latn": adapt.adapted("cldr_terms").parts["test", "deu_Latn"].digest}
        data = {"dataset": "cldr_terms", "edition": "as-released", "split": "test", "languages": spoken}
        how = {"cut": 0, "precision": "fp32", "threads": 1, "limit": 3}
        spec = {"phase": "predict", "parent": parent, "data": data, "kind": kind, "task": task, **how}
        execute(Bench(store, find(str(folder)), None), "asked", spec, lambda *_: None)
        rows: list[dict[str, Any]] = pq.read_table(store.folder("asked") / "predictions.parquet").to_pylist()
        return rows

    return asked
