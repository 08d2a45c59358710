"""The device, its precision and its threads: pinned, so that one machine gives the same bytes twice."""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import platform
import random
from collections.abc import Iterator

import numpy as np
import torch

os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS is deterministic only with a fixed workspace


def device() -> torch.device:
    """Return the GPU if there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def pin(threads: int, seed: int) -> None:
    """Fix threads, algorithms and every random generator before a job."""
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True, warn_only=True)
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
    found = {p: importlib.metadata.version(p) for p in ("stiltbench", "torch", "transformers", "tokenizers", "numpy")}
    return found | {"python": platform.python_version(), "machine": platform.machine(), "cpu": _cpu()}


def _cpu() -> str:
    capability: str = torch.backends.cpu.get_cpu_capability()
    return capability
