"""An S3 server on loopback, for tests of stores in object storage."""

from __future__ import annotations

import importlib.util
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest

from harness.remote import RemoteStore, open_store

START_SECONDS = 30

ROOT = Path(__file__).parents[1]

_NUMBERS = count()


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """The address of a server that was started for this session, and is stopped by its own id."""
    for package in ("moto", "obstore"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed")
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "tests.s3_server", "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(10)


def _wait(port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert time.monotonic() < deadline, "the S3 server did not start"
            time.sleep(0.05)


@pytest.fixture
def s3(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of an empty prefix in a bucket of its own; the environment names the server."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "name")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "word")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    bucket = f"bucket-{next(_NUMBERS)}"
    request = urllib.request.Request(f"{s3_server}/{bucket}", method="PUT")
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 200
    return f"s3://{bucket}/stores/mine"


Machine = Callable[..., RemoteStore]


@pytest.fixture
def machine(s3: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Open the store on a machine of some name: each has a cache of its own."""

    def opened(name: str = "here", *, create: bool = True) -> RemoteStore:
        with monkeypatch.context() as patched:
            patched.setenv("STILTBENCH_CACHE", str(tmp_path / name))
            store = open_store(s3, create=create)
        assert isinstance(store, RemoteStore)
        return store

    return opened
