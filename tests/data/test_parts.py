"""The file of examples: digests of the written-out content, row groups within parts, and more rows than memory."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from harness import schema
from harness.data import adapter, parts
from harness.errors import UserError


def written_out(rows: list[dict]) -> str:
    """What a digest is of, in Python's own JSON: a line per column that has a value."""
    lines = ""
    for name in parts.CONTENT:
        values = [row[name] for row in rows]
        if any(value is not None for value in values):
            lines += json.dumps([name, values], ensure_ascii=False, sort_keys=True, separators=(",", ":")) + "\n"
    return lines


@pytest.mark.parametrize("group_rows", [1, 2, 10_000])
def test_a_parts_digest_is_that_of_its_rows_written_out_whatever_the_row_groups(toy, monkeypatch, group_rows):
    monkeypatch.setattr(parts, "GROUP_ROWS", group_rows)
    made = toy.adapted()
    swahili = '["id",["2","1"]]\n["text",["habari njema","habari mbaya"]]\n["label",["good","bad"]]\n'
    assert made.parts["train", "swh_Latn"] == (2, hashlib.sha256(swahili.encode()).hexdigest())
    sizes = [1] * 6 if group_rows == 1 else [1, 1, 2, 2]
    file = pq.ParquetFile(made.path)
    assert [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)] == sizes
    assert made.rows("train", ["swh_Latn"], ["id"]).to_pydict() == {"id": ["2", "1"]}
    assert made.rows("train", columns=["id"]).to_pydict() == {"id": ["1", "2", "2", "1"]}
    assert file.schema_arrow.remove_metadata() == schema.arrow("examples").remove_metadata()


def test_a_digest_writes_every_kind_of_value_as_json_does(toy):
    """Control characters, quotes and slashes; lists; structs by name; a column of which a part has no value."""
    toy.spoil("toy.md", 'labels = ["good", "bad"]\n', "")
    toy.spoil("toy.md", 'kind = "classification"', 'kind = "span"')
    toy.spoil("toy.md", '["text", "label"]', '["text", "text_pair", "answers"]')
    odd = "list_aggregate([chr(i::int) for i in range(1, 256)], 'string_agg', '') || chr(8232) || chr(128512)"
    (toy.adapters / "toy.sql").write_text(
        f"""select unnest(['train', 'test']) as split, 'de' as language, '1' as id, {odd} as text,
            if(split = 'test', 'x', null) as source, 'a/"' || chr(10) || 'né' as text_pair, ['', 'a'] as choices,
            [{{text: 'né', start: 4}}, {{start: 0, text: 'a'}}]::struct("text" varchar, "start" int)[] as answers"""
    )
    made = toy.adapted()
    for split in ("train", "test"):
        (row,) = made.rows(split).to_pylist()
        assert len(row["text"]) == 257
        assert made.parts[split, "deu_Latn"].digest == hashlib.sha256(written_out([row]).encode()).hexdigest()


LIMITED = """
import sys
from pathlib import Path
from harness.data import adapt, adapter
def most():  # not ru_maxrss, which a process takes over from the one that started it
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
small, large, adapter.MEMORY_LIMIT = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
adapt.adapted("toy", data=small)  # takes what libraries and tables of languages need
before = most()
found = adapt.adapted("toy", data=large)
print(most() - before, *(part.rows for part in found.parts.values()))
"""

NEWLINE_JSON = """
select 'train' as split, 'de' as language, id, text, 'good' as label
from read_json($root || '/*.tsv', format = 'newline_delimited', columns = {id: 'VARCHAR', text: 'VARCHAR'})
union all select 'test', 'de', '0', 'x', 'good'
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells a process its most memory")
@pytest.mark.parametrize(
    ("limit", "size"), [pytest.param(200, 250, id="small"), pytest.param(256, 800, marks=pytest.mark.slow, id="large")]
)
def test_a_file_larger_than_the_memory_limit_is_adapted_within_it(toy, tmp_path, limit, size):
    """All numbers are MB of 1,000 rows; all rows are in one part."""
    (toy.adapters / "toy.sql").write_text(NEWLINE_JSON)
    rows = "".join(f'{{"id": "%d-{i}", "text": "{i:0960d}"}}\n' for i in range(1000))
    for folder, blocks in (("small", 1), ("large", size)):
        (tmp_path / folder / "toy").mkdir(parents=True)
        with (tmp_path / folder / "toy" / "toy.tsv").open("w", encoding="utf-8") as file:
            file.writelines(rows.replace("%d", str(block)) for block in range(blocks))
    arguments = [tmp_path / "small", tmp_path / "large", f"{limit}MB"]
    told = subprocess.run([sys.executable, "-c", LIMITED, *arguments], check=True, capture_output=True, text=True)
    taken, *counts = map(int, told.stdout.split())
    assert counts == [1, 1000 * size]
    assert taken / 1024 < limit + 150  # the rows of some row groups, in Arrow and in Python
    assert not [p for p in (tmp_path / "cache").rglob("*") if p.is_file() and p.suffix != ".parquet"]


def test_too_little_memory_is_said(toy, monkeypatch):
    monkeypatch.setattr(adapter, "MEMORY_LIMIT", "1MB")
    with pytest.raises(UserError, match=r"^toy: 1MB of memory and what is free in .* do not hold its rows; free space"):
        toy.adapted()
