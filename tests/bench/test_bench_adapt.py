"""The benchmark of adapting: its three ways read the same, and its ratios are those of a round."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.bench import adapt

META = b"URL\tdomain\ttopic\thas_image\thas_hyperlink\nhttps://a\tx\ty\tno\tno\nhttps://b\tx\ty\tno\tno\n"
HEAD = b"index_id\tcategory\ttext\n"


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STILTBENCH_CACHE", str(tmp_path / "cache"))
    flores, sib = "flores200/flores200_dataset", "sib200/data/annotated"
    files = {f"{flores}/metadata_{split}.tsv": META for split in ("dev", "devtest")}
    for language in ("fra_Latn", "ace_Arab"):
        files |= {f"{flores}/{split}/{language}.{split}": b'"one\\n\ntwo \n' for split in ("dev", "devtest")}
        files |= {f"{sib}/{language}/{s}.tsv": HEAD + b'1\tsports\t"a ""b"""\n' for s in ("train", "dev", "test")}
        files[f"{sib}/{language}/test.tsv"] += b"997\ttravel\tc\n"
    for path, content in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    return tmp_path


@pytest.mark.parametrize(("name", "rows"), [("flores200", 8), ("sib200", 8)])
def test_the_ways_read_the_same(data, capsys, name, rows):
    for way in adapt.WAYS:
        adapt.time_one(name, way, str(data))
    select, adapted, loop = map(json.loads, capsys.readouterr().out.splitlines())
    assert select["rows"] == adapted["rows"] == loop["rows"] == rows
    assert select["digest"] == adapted["digest"] == loop["digest"]
    assert all(0 < found["seconds"] < 60 for found in (select, adapted, loop))


def test_a_round_is_compared_within_itself(data, monkeypatch):
    seconds = {"select": iter([1.0, 2.0, 4.0] * 3), "adapted": iter([10.0] * 6), "loop": iter([2.0, 8.0, 12.0] * 3)}

    def run(name: str, way: str, root: Path) -> dict[str, object]:  # noqa: ARG001
        return {"seconds": next(seconds[way]), "rows": 5, "digest": "other" if way == "adapted" else "same"}

    monkeypatch.setattr(adapt, "_run", run)
    monkeypatch.setattr(adapt, "ROUNDS", 1)
    rows = {(row["data"], row["way"]): row for row in adapt.measure(data)}
    assert list(rows) == [
        ("flores200 devtest", "select"),
        ("flores200 devtest", "loop"),
        *[(name, way) for name in ("flores200", "sib200") for way in ("select", "adapted", "loop")],
    ]
    assert [rows[name, "select"]["loop_over"] for name in ("flores200 devtest", "flores200", "sib200")] == [2, 4, 3]
    assert rows["sib200", "adapted"] == {
        "data": "sib200", "way": "adapted", "rows": 5, "seconds": 10.0, "loop_over": 1.2, "equal": False,
    }  # fmt: skip
    assert rows["sib200", "select"]["equal"]
