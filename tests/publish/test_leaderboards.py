"""What is published in the repository renders again, to the byte, from the file beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.publish import publish

BOARDS = Path(__file__).resolve().parents[2] / "leaderboards"
PUBLISHED = sorted(path.parent for path in BOARDS.glob("*/results.parquet"))


def test_the_quickstart_is_published() -> None:
    assert BOARDS / "quickstart" in PUBLISHED


@pytest.mark.parametrize("board", PUBLISHED, ids=lambda p: p.name)
def test_a_published_page_renders_again_from_its_results(board: Path, tmp_path: Path) -> None:
    publish(board.name, tmp_path / board.name, None, board / "results.parquet")
    for file in sorted(board.iterdir()):
        assert (tmp_path / board.name / file.name).read_bytes() == file.read_bytes(), file.name
