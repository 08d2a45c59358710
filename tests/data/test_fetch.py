"""Raw files come, whole or not at all, from a loopback server and a loopback Hub; locks hold them as they came."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from harness.data import adapt
from harness.data.fetch import fetch
from harness.errors import UserError
from tests.data.conftest import FILES, Toy
from tests.data.hub_server import REVISION, serving

TSV = (FILES / "toy" / "toy.tsv").read_bytes()
SHA256 = hashlib.sha256(TSV).hexdigest()


class _Silent(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def upstream(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder of files, and the address where they can be downloaded."""
    root = tmp_path / "upstream"
    root.mkdir()
    (root / "toy.tsv").write_bytes(TSV)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Silent, directory=str(root)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield root, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture
def absent(toy: Toy) -> Toy:
    """The toy data set without its raw file."""
    shutil.rmtree(toy.data)
    return toy


def from_url(toy: Toy, base: str, sha256: str = SHA256, file: str = "toy.tsv") -> None:
    source = f'[[sources]]\nkind = "url"\nbase = "{base}"\nfiles = {{ "{file}" = "{sha256}" }}\n\n[[sources]]'
    toy.spoil("toy.md", "[[sources]]", source)


def left(toy: Toy) -> list[str]:
    """Return every file below the folder of data, hidden ones too."""
    return sorted(p.relative_to(toy.data).as_posix() for p in toy.data.rglob("*") if p.is_file())


def test_a_pinned_file_is_downloaded_locked_and_adapted(absent: Toy, upstream: tuple[Path, str]) -> None:
    from_url(absent, upstream[1])
    found = fetch("toy", absent.data)
    assert (found["source"], found["files"], found["bytes"]) == (f"url {upstream[1]}", 1, len(TSV))
    assert json.loads((absent.data / "toy.lock").read_text()) == {
        "source": f"url {upstream[1]}",
        "files": {"toy.tsv": SHA256},
    }
    assert left(absent) == ["toy.lock", "toy/toy.tsv"]
    assert sum(part.rows for part in absent.adapted().parts.values()) == 6


def test_a_second_fetch_asks_no_server(absent: Toy, upstream: tuple[Path, str]) -> None:
    from_url(absent, upstream[1])
    first = fetch("toy", absent.data)
    (upstream[0] / "toy.tsv").unlink()
    assert fetch("toy", absent.data) == first
    assert fetch("toy", absent.data, offline=True) == first


def test_a_file_that_changed_upstream_is_refused_and_leaves_nothing(absent: Toy, upstream: tuple[Path, str]) -> None:
    from_url(absent, upstream[1])
    (upstream[0] / "toy.tsv").write_bytes(TSV + b"\n")
    with pytest.raises(UserError, match=rf"toy\.tsv: its SHA-256 is [0-9a-f]{{64}}, the card says {SHA256}"):
        fetch("toy", absent.data)
    assert left(absent) == []


def test_an_unpinned_file_is_pinned_by_its_lock_until_that_is_renewed(absent: Toy, upstream: tuple[Path, str]) -> None:
    from_url(absent, upstream[1], "unpinned")
    fetch("toy", absent.data)
    shutil.rmtree(absent.data / "toy")
    (upstream[0] / "toy.tsv").write_bytes(TSV.replace(b"good", b"bad"))
    with pytest.raises(UserError, match=r"toy: toy\.tsv has changed since .*toy\.lock was written.*fetch toy --renew"):
        fetch("toy", absent.data)
    assert left(absent) == ["toy.lock"]
    fetch("toy", absent.data, renew=True)
    assert (absent.data / "toy" / "toy.tsv").read_bytes() == TSV.replace(b"good", b"bad")
    assert "good" not in {row["label"] for row in absent.adapted().rows("train").to_pylist()}


def test_renewing_downloads_again_what_is_there(absent: Toy, upstream: tuple[Path, str]) -> None:
    from_url(absent, upstream[1], "unpinned")
    fetch("toy", absent.data)
    (upstream[0] / "toy.tsv").write_bytes(TSV.replace(b"good", b"bad"))
    assert fetch("toy", absent.data)["files"] == 1
    assert (absent.data / "toy" / "toy.tsv").read_bytes() == TSV
    fetch("toy", absent.data, renew=True)
    assert (absent.data / "toy" / "toy.tsv").read_bytes() != TSV


def test_a_file_that_is_missing_among_others_is_downloaded(toy: Toy, upstream: tuple[Path, str]) -> None:
    (upstream[0] / "more.tsv").write_bytes(TSV)
    two = 'toy.tsv" = "unpinned", "more.tsv'
    from_url(toy, upstream[1], "unpinned", two)
    assert fetch("toy", toy.data, offline=True)["files"] == 1
    (toy.data / "toy.lock").unlink()
    assert fetch("toy", toy.data)["files"] == 2


def test_a_folder_that_cannot_be_written_is_one_sentence(absent: Toy, upstream: tuple[Path, str]) -> None:
    from_url(absent, upstream[1])
    with pytest.raises(UserError, match=r"/proc/nowhere: cannot write \(.*\); name another folder"):
        fetch("toy", Path("/proc/nowhere"))


def test_files_put_there_by_hand_are_locked_as_they_are(toy: Toy) -> None:
    assert fetch("toy", toy.data, offline=True)["source"] == "files found there"
    assert json.loads((toy.data / "toy.lock").read_text())["files"] == {"toy.tsv": SHA256}


def test_a_file_put_there_by_hand_must_be_the_pinned_one(toy: Toy) -> None:
    from_url(toy, "http://127.0.0.1:9", "0" * 64)
    with pytest.raises(UserError, match=f"toy: toy.tsv: its SHA-256 is {SHA256}, the card says 0000"):
        fetch("toy", toy.data)
    assert left(toy) == ["toy/toy.tsv"]


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [("toy.tsv", TSV + b"\n", "toy.tsv has changed"), ("more.tsv", TSV, "more.tsv is new")],
)
def test_adapting_refuses_files_that_are_not_the_locks(toy: Toy, file: str, content: bytes, said: str) -> None:
    fetch("toy", toy.data)
    (toy.data / "toy" / file).write_bytes(content)
    with pytest.raises(UserError, match=f"toy: {said} since .*toy.lock was written"):
        toy.adapted()
    (toy.data / "toy.lock").unlink()
    if file == "toy.tsv":
        assert adapt.adapted("toy", data=toy.data).parts


def test_a_damaged_lock_is_one_sentence(toy: Toy) -> None:
    (toy.data / "toy.lock").write_text("{}")
    with pytest.raises(UserError, match=r"toy\.lock: not a lock \(.*\); fetch toy with --renew"):
        fetch("toy", toy.data)
    fetch("toy", toy.data, renew=True)


def test_offline_says_which_files_to_put_where(absent: Toy) -> None:
    from_url(absent, "http://127.0.0.1:9")
    where = rf"{absent.data}/toy/ with \*\.tsv \(from written"
    expected = rf"toy: nothing was downloaded; put the files there by hand, and fetch with --offline: {where}"
    with pytest.raises(UserError, match=expected):
        fetch("toy", absent.data, offline=True)
    assert not absent.data.exists()


def test_a_server_that_does_not_answer_is_said_with_the_way_by_hand(absent: Toy) -> None:
    from_url(absent, "http://127.0.0.1:9")
    with pytest.raises(UserError, match=r"toy: http://127\.0\.0\.1:9: cannot be downloaded \(.*refused.*\); put the"):
        fetch("toy", absent.data)
    assert left(absent) == []


@pytest.mark.parametrize("form", ["zip", "gztar", "xztar"])
def test_an_archive_is_unpacked_and_its_files_are_locked(absent: Toy, upstream: tuple[Path, str], form: str) -> None:
    made = shutil.make_archive(str(upstream[0] / "toy"), form, upstream[0], "toy.tsv")
    from_url(absent, upstream[1], "unpinned", Path(made).name)
    fetch("toy", absent.data)
    assert left(absent) == ["toy.lock", "toy/toy.tsv"]
    assert json.loads((absent.data / "toy.lock").read_text())["files"] == {"toy.tsv": SHA256}


def test_an_archive_cannot_write_beside_its_folder(absent: Toy, upstream: tuple[Path, str]) -> None:
    with zipfile.ZipFile(upstream[0] / "toy.zip", "w") as archive:
        archive.writestr("toy.tsv", TSV)
        archive.writestr("../../out.tsv", TSV)
    from_url(absent, upstream[1], "unpinned", "toy.zip")
    fetch("toy", absent.data)
    assert left(absent) == ["toy.lock", "toy/toy.tsv"]
    assert not (absent.data.parent / "out.tsv").exists()


def test_a_source_without_the_files_is_refused(absent: Toy, upstream: tuple[Path, str]) -> None:
    (upstream[0] / "toy.txt").write_bytes(TSV)
    from_url(absent, upstream[1], "unpinned", "toy.txt")
    with pytest.raises(UserError, match=r"toy: the source has no file \*\.tsv"):
        fetch("toy", absent.data)
    assert left(absent) == []


def test_what_needs_no_file_has_nothing_to_fetch(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cldr_terms: its rows need no file"):
        fetch("cldr_terms", tmp_path)


# -- the Hub, through the real huggingface_hub and datasets, in a process of its own: their settings are read on import


HUB_SQL = """select split, 'eng_Latn' as language, row::varchar as id, text, label from raw order by split, row"""

README = """---
configs:
- config_name: default
  data_files:
  - split: train
    path: data/train.jsonl
  - split: test
    path: data/test.jsonl
---
"""


@pytest.fixture
def hub(absent: Toy, tmp_path: Path) -> Path:
    """The toy data set as a repository of the Hub, with a script; its card names the source, and a select reads it."""
    pytest.importorskip("datasets")
    root = tmp_path / "repositories" / "acme" / "toy"
    (root / "data").mkdir(parents=True)
    (root / "README.md").write_text(README)
    (root / "toy.py").write_text("raise SystemExit('ran')\n")
    (root / "data" / "train.jsonl").write_text('{"text": "one", "label": "good"}\n{"text": "two", "label": "bad"}\n')
    (root / "data" / "test.jsonl").write_text('{"text": "three", "label": "good"}\n')
    source = '[[sources]]\nkind = "hub"\nid = "acme/toy"\nrevision = "unpinned"\n\n[[sources]]'
    absent.spoil("toy.md", "[[sources]]", source)
    (absent.adapters / "hub").mkdir()
    (absent.adapters / "hub" / "toy.sql").write_text(HUB_SQL)
    return tmp_path / "repositories"


def stiltbench(toy: Toy, endpoint: str, *words: str) -> subprocess.CompletedProcess[str]:
    settings = {"HF_ENDPOINT": endpoint, "HF_HUB_OFFLINE": "0", "HF_HUB_DISABLE_TELEMETRY": "1"}
    command = [sys.executable, "-m", "harness.cli", *words, "--adapters", str(toy.adapters), "--data", str(toy.data)]
    return subprocess.run(command, env=os.environ | settings, capture_output=True, text=True, check=False)


def test_a_hub_data_set_is_fetched_pinned_on_first_use_and_adapted(absent: Toy, hub: Path) -> None:
    with serving(hub) as endpoint:
        ran = stiltbench(absent, endpoint, "fetch", "toy", "--format", "json")
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)[0]["source"] == f"hub acme/toy@{REVISION}"
    locked = json.loads((absent.data / "toy.lock").read_text())
    assert (locked["source"], sorted(locked["files"])) == (
        f"hub acme/toy@{REVISION}",
        ["README.md", "data/test.jsonl", "data/train.jsonl"],
    )
    rows = absent.adapted().rows("train")
    assert list(zip(rows["id"].to_pylist(), rows["text"].to_pylist(), strict=True)) == [("0", "one"), ("1", "two")]


def test_a_gated_data_set_says_how_to_accept_its_terms(absent: Toy, hub: Path) -> None:
    with serving(hub, gated=True) as endpoint:
        ran = stiltbench(absent, endpoint, "fetch", "toy")
    assert ran.returncode == 2
    assert "acme/toy: its terms are to be accepted first" in ran.stderr
    assert "hf auth login" in ran.stderr
    assert f"or {absent.data}/hub/acme/toy/" in ran.stderr
    assert left(absent) == []


@pytest.mark.usefixtures("hub")
def test_a_hub_that_does_not_answer_is_one_sentence(absent: Toy) -> None:
    ran = stiltbench(absent, "http://127.0.0.1:9", "fetch", "toy")
    assert (ran.returncode, ran.stderr.count("\n")) == (2, 1), ran.stderr
    assert "stiltbench: toy: acme/toy: cannot be downloaded (" in ran.stderr
    assert left(absent) == []


def test_a_data_set_that_the_hub_lacks_is_one_sentence(absent: Toy, hub: Path) -> None:
    shutil.rmtree(hub / "acme")
    with serving(hub) as endpoint:
        ran = stiltbench(absent, endpoint, "fetch", "toy")
    assert (ran.returncode, ran.stderr.count("\n")) == (2, 1)
    assert "stiltbench: toy: acme/toy: cannot be downloaded (" in ran.stderr
