"""Objects are written whole, on a condition by one alone, and what a server will not do is one sentence."""

from __future__ import annotations

import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from harness import objects
from harness.errors import UserError
from harness.objects import Bucket

NAMES = ["suites/small@seeds=[0]@limit=3/suite.json", 'suites/a#b%c d"ö~{}<>/x', "suites/%5B", "draws/d"]


def test_what_is_written_is_read_and_listed_under_any_name(s3: str) -> None:
    bucket = Bucket(s3)
    assert bucket.empty()
    for name in NAMES:
        bucket.write(name, name.encode())
    assert not bucket.empty()
    assert [bucket.read(name) for name in NAMES] == [name.encode() for name in NAMES]
    assert {name: found.size for name, found in bucket.list("suites").items()} == {
        name: len(name.encode()) for name in NAMES[:3]
    }
    bucket.delete([*NAMES, "never/there"])
    assert bucket.empty()
    assert bucket.read(NAMES[0]) is None
    assert bucket.head(NAMES[0]) is None


def test_one_prefix_does_not_see_another(s3: str) -> None:
    Bucket(f"{s3}/one").write("jobs/a", b"")
    assert Bucket(f"{s3}/on").empty()
    assert list(Bucket(s3).list("one")) == ["one/jobs/a"]


def test_a_file_travels_whole_and_leaves_nothing_beside_it(s3: str, tmp_path: Path) -> None:
    bucket, content = Bucket(s3), bytes(range(256)) * 50_000  # more than one part of an upload
    (tmp_path / "up").write_bytes(content)
    bucket.write("file", tmp_path / "up")
    assert bucket.download("file", tmp_path / "down")
    assert (tmp_path / "down").read_bytes() == content
    assert not bucket.download("none", tmp_path / "none")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["down", "up"]


def race(work: Callable[[int], object]) -> list[int]:
    """Let 16 threads do something at once; return those to whom something came back."""
    ready, won = threading.Barrier(16), []

    def run(number: int) -> None:
        ready.wait()
        if work(number):
            won.append(number)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return won


def test_of_16_that_create_one_object_one_does(s3: str) -> None:
    bucket = Bucket(s3)
    (winner,) = race(lambda number: bucket.create("job.json", b"%d" % number))
    assert bucket.read("job.json") == b"%d" % winner


def test_of_16_that_replace_one_version_one_does(s3: str) -> None:
    bucket = Bucket(s3)
    version = bucket.create("lease", b"first")
    assert version
    (winner,) = race(lambda number: bucket.replace("lease", b"%d" % number, version))
    assert bucket.read("lease") == b"%d" % winner
    assert bucket.replace("lease", b"late", version) is None
    assert bucket.replace("none", b"", version) is None


def test_the_time_is_the_servers(s3: str) -> None:
    bucket = Bucket(s3)
    first = bucket.now()
    time.sleep(1.1)
    assert 1 <= (bucket.now() - first).total_seconds() < 10


BAD_URLS = ["s3://", "s3:///prefix", "s3://Bucket", "s3://a", "gs://bucket/prefix", "S3://bucket"]


@pytest.mark.parametrize("url", BAD_URLS)
def test_what_is_no_bucket_is_refused(url: str) -> None:
    with pytest.raises(UserError, match=rf"^{url}: expected s3://BUCKET or s3://BUCKET/PREFIX, a bucket in small"):
        Bucket(url)


@pytest.mark.usefixtures("s3")
@pytest.mark.parametrize(
    "ask",
    [lambda b: b.read("x"), lambda b: b.list("x"), lambda b: b.write("x", b""), lambda b: b.create("x", b"")],
    ids=["read", "list", "write", "create"],
)
def test_a_bucket_that_is_not_there_is_named(ask: Callable[[Bucket], object]) -> None:
    with pytest.raises(UserError, match=r"^s3://nowhere/x: no such bucket; make it first, or name another store$"):
        ask(Bucket("s3://nowhere/x"))


def test_without_credentials_it_is_said_what_to_set(s3: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", "http://127.0.0.1:9")  # not that of the machine which tests
    with pytest.raises(UserError, match="no credentials found; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"):
        Bucket(s3).read("x")


def test_an_endpoint_that_is_none_is_refused(s3: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "localhost:9000")
    with pytest.raises(UserError, match="AWS_ENDPOINT_URL: expected http://… or https://…, saw 'localhost:9000'"):
        Bucket(s3)


@pytest.fixture
def silent() -> Iterator[str]:
    """A server that takes connections, and never says a word."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize("there", [True, False])
def test_a_server_that_does_not_answer_is_given_up(
    s3: str, silent: str, there: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = silent if there else "http://127.0.0.1:9"
    monkeypatch.setenv("AWS_ENDPOINT_URL", address)
    monkeypatch.setattr(objects, "SILENT_SECONDS", 1)
    began = time.monotonic()
    with pytest.raises(UserError, match=rf"no answer from {address}; check AWS_ENDPOINT_URL and the network"):
        Bucket(s3).read("x")
    assert time.monotonic() - began < 15


class Refuses(BaseHTTPRequestHandler):
    """Answers every request with the status and the code that its path ends in; what is 200 it cuts short."""

    def do_GET(self) -> None:
        status, code = self.path.split("/")[-2:]
        body = f"<Error><Code>{code}</Code></Error>".encode()
        self.send_response(int(status))
        self.send_header("Last-Modified", "Mon, 23 Nov 2026 05:00:00 GMT")
        self.send_header("Content-Length", str(len(body) + 10 * (status == "200")))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def refusing() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Refuses) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize(
    ("status", "code", "message"),
    [
        (403, "AccessDenied", r"refused \(AccessDenied\); check the credentials and what they may do"),
        (403, "InvalidAccessKeyId", r"refused \(InvalidAccessKeyId\)"),
        (400, "AuthorizationHeaderMalformed", "the server said AuthorizationHeaderMalformed; check AWS_REGION"),
    ],
)
def test_what_a_server_refuses_is_said(
    s3: str, refusing: str, status: int, code: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", refusing)
    with pytest.raises(UserError, match=message) as told:
        Bucket(s3).read(f"{status}/{code}")
    assert "\n" not in str(told.value)


def test_a_file_that_is_cut_short_is_no_file(
    s3: str, refusing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", refusing)
    monkeypatch.setattr(objects, "SILENT_SECONDS", 1)
    with pytest.raises(UserError, match=r"^s3://"):
        Bucket(s3).download("200/x", tmp_path / "x")
    assert not list(tmp_path.iterdir())


def test_without_obstore_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "obstore", None)
    with pytest.raises(UserError, match=r"^s3://bucket: obstore is not installed; pip install 'stiltbench\[s3\]'$"):
        Bucket("s3://bucket")
