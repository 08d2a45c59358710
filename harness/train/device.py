"""The device, its precision and its threads: pinned, so that one machine gives the same bytes twice."""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import platform
import random
import sys
from collections.abc import Iterator

import numpy as np
import torch
from torch import nn

from harness.errors import UserError
from harness.resources import DEVICE_MAP

os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS is deterministic only with a fixed workspace


def device() -> torch.device:
    """Return the GPU if there is one, else the CPU; CUDA_VISIBLE_DEVICES, set to nothing, hides all GPUs."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def spread() -> dict[str, str]:
    """Return how `accelerate` is to spread a body over all GPUs of this process, as `from_pretrained` is told.

    Empty unless the environment names one of its strategies, as `STILTBENCH_DEVICE_MAP=balanced`.
    """
    return {"device_map": os.environ[DEVICE_MAP]} if DEVICE_MAP in os.environ else {}


def placed(body: nn.Module) -> nn.Module:
    """Put a body on the device, unless it is spread: its inputs and outputs are on the first one all the same.

    :raises UserError: where parts of it had no room on any GPU
    """
    maps = [vars(module)["hf_device_map"] for module in body.modules() if "hf_device_map" in vars(module)]
    if {"cpu", "disk"} & {str(where) for devices in maps for where in devices.values()}:
        raise UserError(
            f"{DEVICE_MAP}: the model does not fit on the GPUs that there are; use more, or a smaller model"
        )
    return body if maps else body.to(device())


def pin(threads: int, seed: int) -> None:
    """Fix threads, algorithms and every random generator before a job.

    An operation that has no deterministic algorithm raises. Were it only warned of, a GPU's attention under a mask
    would take its other backward pass, which adds in any order.
    """
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True)
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]  # a fifth of a bf16 step
    # No TF32: a GPU would round factors to 10 bits and call it fp32.
    torch.backends.fp32_precision = "ieee"  # type: ignore[attr-defined]
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


@contextlib.contextmanager
def computing(precision: str) -> Iterator[None]:
    """Compute matrix products in ``fp32`` or, by autocast, in ``bf16``."""
    with torch.autocast(device().type, torch.bfloat16, enabled=precision == "bf16"):
        yield


def storage(precision: str) -> torch.dtype:
    """Return the type in which states of frozen layers are kept."""
    return torch.bfloat16 if precision == "bf16" else torch.float32


def name(precision: str) -> str:
    """Return the device and precision as `jobs` records them."""
    where = torch.cuda.get_device_name() if device().type == "cuda" else f"cpu {platform.machine()}"
    return f"{where} {precision}"


def versions() -> dict[str, str]:
    """Return what a result may depend on besides its declaration: libraries and machine."""
    used = ("stiltbench", "torch", "transformers", "tokenizers", "numpy", *(["peft"] if "peft" in sys.modules else []))
    found = {p: importlib.metadata.version(p) for p in used}
    found |= {"python": platform.python_version(), "machine": platform.machine(), "cpu": _cpu()}
    return found | ({"cuda": str(torch.version.cuda)} if device().type == "cuda" else {})


def _cpu() -> str:
    capability: str = torch.backends.cpu.get_cpu_capability()
    return capability
