"""Raw files for adapters: a few written by a test itself, and the makers' own where they are at hand."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path

import duckdb
import pytest

from harness.data import adapt, cards, describe
from harness.data.adapt import Adapted
from tests.conftest import SHARED

ROOT = Path(__file__).resolve().parents[2]
ARCHIVES = SHARED / "data"
UNPACKED = ROOT / ".data"

Row = dict[str, object]


@pytest.fixture
def rows_of(tmp_path: Path) -> Callable[[str, Mapping[str, bytes]], list[Row]]:
    """Adapt files written by the test: (data set, path below the data set's folder → bytes) → rows of its card."""

    def adapted_rows(name: str, files: Mapping[str, bytes]) -> list[Row]:
        card = cards.dataset_card(name)
        for path, content in files.items():
            file = tmp_path / (card.folder or name) / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        made = adapt.adapted(name, data=tmp_path)
        columns = ["split", "language", "id", *card.columns]
        splits = dict.fromkeys(split for split, _ in made.parts)
        return [row for split in splits for row in made.rows(split, columns=columns).to_pylist()]

    return adapted_rows


@pytest.fixture
def left_out(tmp_path: Path) -> Callable[[str], dict[tuple[str, str, str], int]]:
    """Return what counts the rows left out of the files that :func:`rows_of` wrote, by split, language and reason."""
    return lambda name: adapt.adapted(name, data=tmp_path).skipped


@pytest.fixture(scope="session")
def raw_folder() -> Callable[[str], Path]:
    """Return what unpacks an archive of the makers' files once, and skips the test where there is none."""

    @cache
    def folder(name: str) -> Path:
        if not (ARCHIVES / f"{name}.tar.xz").is_file():
            pytest.skip(f"{name}: the makers' files are not at hand")
        subprocess.run([sys.executable, ARCHIVES / "unpack.py", UNPACKED, name], check=True, capture_output=True)
        return UNPACKED / name

    return folder


@pytest.fixture(scope="session")
def real(raw_folder: Callable[[str], Path]) -> Callable[[str], Adapted]:
    """Return what adapts a data set from the makers' files, or skips the test where they are not at hand."""

    def adapted(name: str) -> Adapted:
        raw_folder(cards.dataset_card(name).folder or name)
        return adapt.adapted(name, data=UNPACKED)

    return adapted


@pytest.fixture(scope="session")
def asked(real: Callable[[str], Adapted]) -> Iterator[Callable[..., list[tuple[object, ...]]]]:
    """Return what runs a query over adapted data sets, each a table of its name, with its texts `folded` as well."""
    columns = "split, language, id, source, block, text, text_pair, label"
    folded = r"trim(regexp_replace(nfc_normalize(text), '[\s\pZ]+', ' ', 'g')) as folded"
    with duckdb.connect() as connection:
        tables = set()

        def ask(query: str, *names: str) -> list[tuple[object, ...]]:
            for name in set(names) - tables:
                path = real(name).path
                connection.execute(f"create table {name} as select {columns}, {folded} from read_parquet('{path}')")
                tables.add(name)
            return connection.execute(query).fetchall()

        yield ask


@pytest.fixture(scope="session")
def card_is_up_to_date(real: Callable[[str], Adapted]) -> Callable[[str], bool]:
    """Return what compares the generated block of a card with the makers' files."""

    def check(name: str) -> bool:
        text = cards.card_path(name).read_text(encoding="utf-8")
        return describe.with_block(text, describe.generated_block(real(name))) == text

    return check
