"""A full disk under safetensors is the error that it is under any other file."""

from __future__ import annotations

import errno

import pytest
from safetensors import SafetensorError

from harness.train.files import saving


def test_what_the_disk_refuses_keeps_its_number() -> None:
    with pytest.raises(OSError, match="No space left") as caught, saving():
        raise SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")
    assert caught.value.errno == errno.ENOSPC


def test_any_other_error_stays_what_it_is() -> None:
    with pytest.raises(SafetensorError, match="invalid header"), saving():
        raise SafetensorError("invalid header")
