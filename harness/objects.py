"""Objects of an S3 bucket below one prefix: read, written, listed, and written on a condition.

A condition is what machines without a common file system agree by: of all that `create` an object one succeeds, and
`replace` succeeds only on the version that was seen. Endpoint and credentials come from the environment, as AWS names
them. What a server refuses is one sentence; a server that says nothing is given up within a minute.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from harness.errors import UserError

if TYPE_CHECKING:
    from obstore import PutMode

T = TypeVar("T")

SCHEME = "s3://"

BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]+[a-z0-9]")

ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
"""Where the environment may name a server other than AWS's own; the first one counts."""

CONNECT_SECONDS = 5
SILENT_SECONDS = 30
"""How long a server may say nothing before the request fails; a retry may follow within the same time."""

RETRIES = 3

AT_ONCE = 16
"""Requests under way at a time: each is short, and waits for the network."""

CLOCK = "work/clock"
"""An object that is written to see what time it is."""

NO_CREDENTIALS = "/latest/"
"""Where the search for credentials ends if the environment has none: a page that only a cloud's machine can ask for."""


@dataclass(frozen=True)
class Object:
    """What the server says of an object: bytes, when it was written by the server's clock, and its version (ETag)."""

    size: int
    written: datetime
    version: str

    @classmethod
    def of(cls, meta: Any) -> Object:
        """Return what obstore says of an object as one of ours."""
        return cls(meta["size"], meta["last_modified"], meta["e_tag"])


def each(work: Callable[[T], object], of: Iterable[T]) -> None:
    """Do something with many objects, several at a time; the first error is raised."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(work, of))


class Bucket:
    """The objects below ``s3://BUCKET/PREFIX``; names are relative to that."""

    def __init__(self, url: str) -> None:
        bucket, _, prefix = url.removeprefix(SCHEME).partition("/")
        if not url.startswith(SCHEME) or not BUCKET.fullmatch(bucket):
            raise UserError(f"{url}: expected s3://BUCKET or s3://BUCKET/PREFIX, a bucket in small letters")
        try:
            import obstore
            from obstore.store import S3Store
        except ModuleNotFoundError:
            raise UserError(f"{url}: obstore is not installed; pip install 'stiltbench[s3]'") from None
        self.url = url.rstrip("/")
        self.endpoint = next(filter(None, map(os.environ.get, ENDPOINTS)), "https://s3.amazonaws.com")
        if not self.endpoint.startswith(("http://", "https://")):
            raise UserError(f"{ENDPOINTS[1]}: expected http://… or https://…, saw {self.endpoint!r}")
        self._api: Any = obstore
        silent = timedelta(seconds=SILENT_SECONDS)
        with self._told():
            self._store: Any = S3Store(
                bucket,
                prefix=prefix.strip("/") or None,
                client_options={
                    "allow_http": self.endpoint.startswith("http://"),
                    "connect_timeout": timedelta(seconds=CONNECT_SECONDS),
                    "read_timeout": silent,
                    "timeout": timedelta(days=1),  # of a whole file, however large
                },
                retry_config={"max_retries": RETRIES, "retry_timeout": silent},
            )

    def read(self, name: str) -> bytes | None:
        """Return what an object holds; None where there is none."""
        with self._told():
            try:
                return bytes(self._api.get(self._store, name).bytes())
            except FileNotFoundError as e:
                self._refuse_no_bucket(e)
                return None

    def head(self, name: str) -> Object | None:
        """Return what is known of an object; None where there is none."""
        with self._told():
            try:
                return Object.of(self._api.head(self._store, name))
            except FileNotFoundError:
                return None

    def write(self, name: str, content: bytes | Path) -> None:
        """Write an object, or a file as one; it is seen whole or not at all."""
        self._put(name, content, "overwrite")

    def create(self, name: str, content: bytes) -> str | None:
        """Write an object where there is none; return its version, or None where there is one."""
        return self._put(name, content, "create")

    def replace(self, name: str, content: bytes, version: str) -> str | None:
        """Write an object over one version of it; return the new one, or None where another stands."""
        return self._put(name, content, {"e_tag": version})

    def _put(self, name: str, content: bytes | Path, mode: PutMode) -> str | None:
        refused = self._api.exceptions.AlreadyExistsError, self._api.exceptions.PreconditionError
        with self._told():
            try:
                put = self._api.put(self._store, name, content, mode=mode, max_concurrency=4)
            except refused:
                return None
            except FileNotFoundError as e:
                self._refuse_no_bucket(e)
                return None  # nothing to replace
        return str(put["e_tag"])

    def list(self, folder: str) -> dict[str, Object]:
        """Return what stands below a folder, by full name."""
        with self._told():
            found = self._api.list(self._store, folder).collect()
        return {meta["path"]: Object.of(meta) for meta in found}

    def now(self) -> datetime:
        """Return the time by the server's clock."""
        self.write(CLOCK, b"")
        found = self.head(CLOCK)
        assert found is not None
        return found.written

    def empty(self) -> bool:
        """Tell whether nothing stands below the prefix."""
        with self._told():
            return not next(iter(self._api.list(self._store, chunk_size=1)), [])

    def delete(self, names: Iterable[str]) -> None:
        """Delete objects; those that are not there do not matter."""
        if asked := list(names):
            with self._told():
                self._api.delete(self._store, asked)

    def download(self, name: str, path: Path) -> bool:
        """Bring an object to a file, whole; False where there is no such object."""
        handle, made = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file, self._told():
                try:
                    for chunk in self._api.get(self._store, name).stream():
                        file.write(chunk)
                except FileNotFoundError:
                    return False
            Path(made).replace(path)
        finally:
            Path(made).unlink(missing_ok=True)
        return True

    def _refuse_no_bucket(self, e: Exception) -> None:
        if "NoSuchBucket" in str(e):
            raise UserError(f"{self.url}: no such bucket; make it first, or name another store") from None

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn what the server refuses, or does not answer, into one sentence."""
        try:
            yield
        except self._api.exceptions.BaseError as e:
            self._refuse_no_bucket(e)
            raise UserError(f"{self.url}: {self._reason(e)}") from None

    def _reason(self, e: Exception) -> str:
        said = str(e).partition("\n\nDebug source")[0]
        if NO_CREDENTIALS in said:
            return "no credentials found; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        if "error sending request" in said or "timed out" in said or "timeout" in said:
            return f"no answer from {self.endpoint}; check AWS_ENDPOINT_URL and the network"
        code = re.search(r"<Code>(\w+)</Code>", said)
        refused = self._api.exceptions.PermissionDeniedError, self._api.exceptions.UnauthenticatedError
        if isinstance(e, refused):
            return f"refused ({code[1] if code else 'no leave'}); check the credentials and what they may do"
        seen = code[1] if code else said.splitlines()[0][:200]
        return f"the server said {seen}; check AWS_REGION and AWS_ENDPOINT_URL"
