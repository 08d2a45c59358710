"""What is pinned before a job, so that one machine gives the same bytes twice."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from harness.errors import UserError
from harness.train import device
from harness.train.encoder import Encoder


def test_chance_begins_anew_from_the_seed() -> None:
    drawn = []
    for seed in (3, 3, 4):
        device.pin(1, seed)
        drawn.append((float(torch.rand(())), float(np.random.rand())))
    assert drawn[0] == drawn[1] != drawn[2]


def test_what_cannot_be_deterministic_is_refused_and_fp32_is_not_rounded() -> None:
    """Asked of a process of its own: what is pinned stays so for the rest of one."""
    asked = (
        "import torch; from harness.train import device; device.pin(1, 0); import os\n"
        "print(torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled())\n"
        "print(torch.backends.cuda.matmul.fp32_precision, torch.backends.cudnn.conv.fp32_precision)\n"
        "print(torch.backends.cuda.matmul.allow_tf32, os.environ['CUBLAS_WORKSPACE_CONFIG'])"
    )
    ran = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True, env=os.environ)
    assert ran.stdout.splitlines() == ["True False", "ieee ieee", "False :4096:8"]


@pytest.mark.parametrize(("precision", "dtype"), [("fp32", torch.float32), ("bf16", torch.bfloat16)])
def test_precision_is_that_of_matrix_products(precision: str, dtype: torch.dtype) -> None:
    ones = torch.ones(2, 2, device=device.device())
    with device.computing(precision):
        assert (ones @ ones).dtype == dtype
    assert device.storage(precision) == dtype


def test_a_model_that_accelerate_spread_stays_where_it_is() -> None:
    body = torch.nn.Linear(2, 2, device="meta")
    body.hf_device_map = {"embeddings": 0, "encoder": 1}
    assert next(device.placed(torch.nn.Sequential(body)).parameters()).is_meta


def test_what_has_no_room_on_the_gpus_is_refused(tiny: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    layers = {"embeddings": "cpu", "encoder.layer.0": "cpu", "encoder.layer.1": "disk"}
    monkeypatch.setattr(device, "spread", lambda: {"device_map": layers, "offload_folder": tmp_path})
    with pytest.raises(UserError, match="does not fit on the GPUs that there are"):
        device.placed(Encoder(tiny, 0, {}))


def test_accelerate_is_asked_for_the_way_that_the_environment_names(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = Encoder(tiny, 0, {}).state_dict()
    monkeypatch.setenv("STILTBENCH_DEVICE_MAP", "balanced")
    found = device.placed(Encoder(tiny, 0, {})).state_dict()
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], expected[name]) for name in expected)
    monkeypatch.setenv("STILTBENCH_DEVICE_MAP", "sideways")
    with pytest.raises(ValueError, match="device_map"):
        Encoder(tiny, 0, {})
