"""A Hub on loopback: as much of its interface as a download of a data set asks for."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

REVISION = "0123456789abcdef0123456789abcdef01234567"


@contextmanager
def serving(repositories: Path, gated: bool = False) -> Iterator[str]:
    """Serve every folder OWNER/NAME below ``repositories`` as a data set at :data:`REVISION`; yield the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(body=True)

        def do_HEAD(self) -> None:
            self._answer(body=False)

        def _answer(self, body: bool) -> None:
            parts = self.path.partition("?")[0].strip("/").split("/")
            if parts[:2] == ["api", "datasets"]:
                return self._listing("/".join(parts[2:4]), parts[4:], body)
            if gated:
                return self._send(403, b"terms", body, {"X-Error-Code": "GatedRepo"})
            return self._file(repositories.joinpath(*parts[1:3], *parts[5:]), body)

        def _listing(self, repository: str, rest: list[str], body: bool) -> None:
            root = repositories / repository
            if not root.is_dir():
                return self._send(404, b"{}", body, {"X-Error-Code": "RepoNotFound"})
            files = sorted(path for path in root.rglob("*") if path.is_file())
            names = [path.relative_to(root).as_posix() for path in files]
            if rest[:1] == ["tree"]:
                found = [
                    {"type": "file", "path": name, "size": path.stat().st_size, "oid": _etag(path)}
                    for name, path in zip(names, files, strict=True)
                ]
                return self._send(200, json.dumps(found).encode(), body)
            facts = {"id": repository, "sha": REVISION, "siblings": [{"rfilename": name} for name in names]}
            return self._send(200, json.dumps(facts).encode(), body)

        def _file(self, path: Path, body: bool) -> None:
            if not path.is_file():
                return self._send(404, b"", body, {"X-Error-Code": "EntryNotFound"})
            return self._send(200, path.read_bytes(), body, {"ETag": f'"{_etag(path)}"', "X-Repo-Commit": REVISION})

        def _send(self, code: int, content: bytes, body: bool, headers: dict[str, str] | None = None) -> None:
            self.send_response(code)
            for key, value in (headers or {}).items():
                self.send_header(key, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if body:
                self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


def _etag(path: Path) -> str:
    content = path.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
