"""Safetensors on disk, where a full disk is the same error as with any other file."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

from safetensors import SafetensorError


@contextmanager
def saving() -> Iterator[None]:
    """Turn what safetensors says of a disk that refuses into the :class:`OSError` that it is."""
    try:
        yield
    except SafetensorError as e:
        number = re.search(r"os error (\d+)", str(e))
        if number is None:
            raise
        raise OSError(int(number[1]), os.strerror(int(number[1]))) from e
