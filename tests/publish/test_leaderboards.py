"""What is published in the repository renders again, to the byte, from the file beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.publish import publish

ROOT = Path(__file__).resolve().parents[2]
BOARDS = ROOT / "leaderboards"
PUBLISHED = sorted(path.parent for path in BOARDS.glob("*/results.parquet"))


def test_the_quickstart_is_published() -> None:
    assert BOARDS / "quickstart" in PUBLISHED


@pytest.mark.parametrize("board", PUBLISHED, ids=lambda p: p.name)
def test_a_published_page_renders_again_from_its_results(board: Path, tmp_path: Path) -> None:
    publish(board.name, tmp_path / board.name, None, board / "results.parquet", html=(board / "index.html").exists())
    for file in sorted(board.iterdir()):
        assert (tmp_path / board.name / file.name).read_bytes() == file.read_bytes(), file.name


def test_what_the_readme_quotes_stands_on_a_page() -> None:
    blocks = (ROOT / "README.md").read_text(encoding="utf-8").split("\n\n")
    quotes = [" ".join(line.removeprefix("> ") for line in b.split("\n")) for b in blocks if b.startswith("> ")]
    pages = "".join((board / "index.md").read_text(encoding="utf-8") for board in PUBLISHED)
    assert len(quotes) == 3
    assert [quote for quote in quotes if quote not in pages] == []
