"""Model folders are whole or not there."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest

from harness.errors import UserError
from harness.models import bert, manifest, tiny


def test_a_folder_appears_when_the_block_ends(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "model"
    with manifest.whole(target) as folder:
        (folder / "a").write_text("1")
        assert not target.exists()
        assert folder.parent == target.parent
    assert [p.name for p in target.iterdir()] == ["a"]
    assert list(target.parent.iterdir()) == [target]


def test_nothing_is_left_of_a_block_that_fails(tmp_path: Path) -> None:
    def interrupted() -> None:
        with manifest.whole(tmp_path / "model") as folder:
            (folder / "a").write_text("1")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(tmp_path.iterdir()) == []


def test_an_existing_folder_is_never_written_over(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    with pytest.raises(UserError, match="exists already"), manifest.whole(tmp_path / "model"):
        pytest.fail("the block must not run")


def test_a_full_disk_is_one_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, hard))  # the weights have 1.4 MB
    try:
        with (
            pytest.raises(UserError, match=r"model: cannot be written \(.*File too large.*free the space"),
            manifest.whole(tmp_path / "model") as folder,
        ):
            bert.write(folder, tiny.SHAPE, "{}", tiny.weights())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []


def test_of_two_processes_that_make_one_model_the_second_gives_way(tmp_path: Path) -> None:
    target = tmp_path / "model"
    with manifest.whole(target) as late:
        (late / "a").write_text("late")
        with manifest.whole(target) as early:
            (early / "a").write_text("early")
            manifest.write(early, "tiny", "tiny", "babel 1")
    assert (target / "a").read_text() == "early"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("damage", ["shorter", "missing", "no manifest"])
def test_a_damaged_folder_is_not_complete(tmp_path: Path, damage: str) -> None:
    with manifest.whole(tmp_path / "model") as folder:
        (folder / "a").write_text("12")
        manifest.write(folder, "tiny", "tiny", "babel 1")
    assert manifest.complete(tmp_path / "model")
    if damage == "shorter":
        (tmp_path / "model" / "a").write_text("1")
    else:
        (tmp_path / "model" / ("a" if damage == "missing" else manifest.NAME)).unlink()
    assert not manifest.complete(tmp_path / "model")


def test_the_digest_follows_source_and_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    before = manifest.digest("tiny", "babel 1")
    assert before == manifest.digest("tiny", "babel 1")
    assert before != manifest.digest("tiny", "babel 2")
    monkeypatch.setitem(manifest.EPOCHS, "tiny", manifest.EPOCHS["tiny"] + 1)
    assert before != manifest.digest("tiny", "babel 1")


def test_a_manifest_of_another_kind_is_named(tmp_path: Path) -> None:
    (tmp_path / manifest.NAME).write_text('{"model": 1}')
    with pytest.raises(UserError, match=r"stiltbench\.json: not a manifest of this project"):
        manifest.read(tmp_path)
