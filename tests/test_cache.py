"""The cache gives whole files or none, and the least recently used go first."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from harness import cache
from harness.errors import UserError


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STILTBENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def put(kind: str, key: str, size: int, used: int) -> None:
    with cache.writing(kind, key) as path:
        path.write_bytes(b"x" * size)
    os.utime(cache.root() / kind / key, (used, used))


def fail(failure: type[BaseException]) -> None:
    with cache.writing("states", "k") as path:
        path.write_bytes(b"1")
        raise failure


def names() -> list[str]:
    return [path.name for path, _ in cache.files()]


def test_the_folder_is_the_users_choice_then_xdgs_then_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert cache.root() == tmp_path / "cache"
    monkeypatch.delenv("STILTBENCH_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache.root() == tmp_path / "xdg" / "stiltbench"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache.root() == tmp_path / ".cache" / "stiltbench"


def test_a_file_is_found_once_its_block_has_ended(folder: Path) -> None:
    assert cache.find("states", "k") is None
    with cache.writing("states", "k") as path:
        path.write_bytes(b"12")
        assert cache.find("states", "k") is None
    assert cache.find("states", "k") == folder / "states" / "k"
    assert (folder / "states" / "k").read_bytes() == b"12"


def test_a_block_that_fails_leaves_nothing(folder: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        fail(KeyboardInterrupt)
    assert not list((folder / "states").iterdir())


def test_a_block_that_fails_leaves_the_older_file() -> None:
    put("states", "k", 3, 100)
    with pytest.raises(RuntimeError):
        fail(RuntimeError)
    found = cache.find("states", "k")
    assert found is not None
    assert found.read_bytes() == b"xxx"


def test_a_full_disk_names_the_cache_and_how_to_move_it(folder: Path) -> None:
    with pytest.raises(UserError) as caught, cache.writing("states", "k"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    sentence = f"{folder}/states: cannot write (No space left on device); free space, or set STILTBENCH_CACHE"
    assert str(caught.value) == sentence
    assert not list((folder / "states").iterdir())


def test_a_cache_that_cannot_be_made_is_a_sentence(folder: Path) -> None:
    folder.write_text("a file")
    with pytest.raises(UserError, match="cannot write"), cache.writing("states", "k"):
        pass


def test_the_least_recently_used_go_first_until_the_rest_fits() -> None:
    put("tokens", "old", 10, 100)
    put("states", "older", 10, 50)
    put("states", "new", 10, 200)
    assert names() == ["older", "old", "new"]
    assert cache.prune(30) == 0
    assert cache.prune(15) == 20
    assert names() == ["new"]


def test_what_is_found_counts_as_used() -> None:
    put("tokens", "a", 10, 100)
    put("tokens", "b", 10, 200)
    cache.find("tokens", "a")
    cache.prune(10)
    assert names() == ["a"]


def test_writing_keeps_the_cache_within_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "LIMIT_BYTES", 25)
    for used, key in enumerate("abcd"):
        put("states", key, 10, 100 + used)
    with cache.writing("states", "e") as path:
        path.write_bytes(b"x" * 10)
    assert names() == ["d", "e"]
