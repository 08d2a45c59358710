"""The pages that tell how something is done are done, as they stand there."""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[1] / "docs" / "new_data_set.md"
FILE = re.compile(r"^`([\w./]+)`\n\n```\w+\n(.*?)^```", re.DOTALL | re.MULTILINE)
COMMANDS = re.compile(r"^```sh\n(.*?)^```", re.DOTALL | re.MULTILINE)


@pytest.fixture
def said(tmp_path: Path) -> list[str]:
    """Write the page's files and run its commands in an empty folder; return what each block of commands printed."""
    text = PAGE.read_text(encoding="utf-8")
    for name, content in FILE.findall(text):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    ran = [
        subprocess.run(
            ["bash", "-euc", block], cwd=tmp_path, env=os.environ | {"PATH": path}, capture_output=True, text=True
        )
        for block in COMMANDS.findall(text)
    ]
    assert [run.returncode for run in ran] == [0] * len(ran), "".join(run.stderr for run in ran)
    return [run.stdout for run in ran]


def test_a_new_data_set_takes_thirty_lines(said: list[str], tmp_path: Path) -> None:
    written = (tmp_path / "mine" / name for name in ("phrasebook.sql", "phrasebook.md"))
    assert sum(len(path.read_text().splitlines()) for path in written) <= 30
    assert re.search(r"phrasebook\s+test\s+5\s+30", said[0])
    assert "files found there" in said[0]
    rows = list(csv.DictReader(said[1][said[1].index("arm,language") :].splitlines()))
    assert {(row["arm"], row["language"], row["direction"]) for row in rows} == {
        (arm, language, direction)
        for arm in ("english", "none")
        for language in ("deu_Latn", "spa_Latn", "swh_Latn", "tur_Latn")
        for direction in ("from", "to")
    }
    # Six phrases and two seeds: an accuracy is a number of twelfths.
    assert all((float(row["accuracy"]) * 12) % 1 == pytest.approx(0, abs=1e-9) for row in rows)
