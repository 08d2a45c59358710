"""The benchmark of adapting: its ways read the same rows, and its ratios are those of a round."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pyarrow as pa
import pytest

from harness.bench import adapt, adapt_files, adapt_ways
from harness.errors import UserError

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


@pytest.mark.parametrize("name", ["flores200", "sib200"])
def test_the_ways_read_the_same_of_real_files(data, capsys, name):
    for way in ("select", "adapted", "loop"):
        adapt.time_one(name, way, str(data))
    select, adapted, loop = map(json.loads, capsys.readouterr().out.splitlines())
    assert select["rows"] == adapted["rows"] == loop["rows"] == 8
    assert select["digest"] == adapted["digest"] == loop["digest"]
    assert all(0 < found["seconds"] < 60 for found in (select, adapted, loop))


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    adapt_files.write(folder, pairs=201, questions=2040)
    return folder


@pytest.mark.parametrize("name", ["pairs", "xquad"])
def test_every_way_reads_the_same_of_files_that_are_made_up(made, name, monkeypatch, tmp_path):
    datasets = pytest.importorskip("datasets")
    pytest.importorskip("polars")
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path)
    ways = set(adapt_ways.WAYS) - {"adapted"}
    found = {way: adapt_ways.lines(name, adapt_ways.WAYS[way](name, made)) for way in ways}
    assert all(lines == found["loop"] for lines in found.values())
    rows = [json.loads(line) for line in found["select"]]
    if name == "xquad":
        assert len(rows) == 2040
        assert {row[1] for row in rows} == set(adapt_files.LANGUAGES)
        assert all(text_pair[a["start"] :].startswith(a["text"]) for *_, text_pair, (a,) in rows)
    else:
        assert sorted(int(row[2]) for row in rows) == [i for i in range(201) if i % 100]  # three have no label
        assert {row[-1] for row in rows} == set(adapt_files.LABELS)


def test_what_differs_in_one_value_is_not_equal():
    table = pa.table({column: ["a", "b"] for column in adapt_ways.COLUMNS["sib200"]})
    assert adapt_ways.lines("sib200", table) == adapt_ways.lines("sib200", table.take([1, 0]))
    other = table.set_column(4, "text", pa.array(["a", "c"]))
    assert adapt_ways.lines("sib200", table) != adapt_ways.lines("sib200", other)


def measured(monkeypatch, data: Path | None, seconds: dict[str, list[float]]) -> dict[tuple[str, str], dict]:
    """Measure with made-up times: way → what its runs take, of each data set in turn."""
    times = {way: iter(values) for way, values in seconds.items()}

    def run(name: str, way: str, root: Path) -> dict[str, object]:  # noqa: ARG001
        digest = "other" if way == "adapted" else "same"
        return {"seconds": next(times[way]), "rows": 6, "peak_mb": 7.0, "digest": digest}

    monkeypatch.setattr(adapt, "_run", run)
    monkeypatch.setattr(adapt_files, "write", lambda folder: None)  # noqa: ARG005
    return {(row["data"], row["way"]): row for row in adapt.measure(data)}


def test_a_round_is_compared_within_itself_and_the_slowest_way_takes_part_in_one(monkeypatch):
    monkeypatch.setattr(adapt, "ROUNDS", 3)
    seconds = dict.fromkeys(adapt_ways.WAYS, [1.0] * 6) | {
        "select": [1.0, 1.0, 2.0, 1.0, 4.0, 1.0],  # pairs and xquad in turn
        "loop": [8.0, 1.0, 10.0, 1.0, 12.0, 1.0],
        adapt.ONCE: [30.0, 1.0],
    }
    rows = measured(monkeypatch, None, seconds)
    assert {name for name, _ in rows} == {"pairs", "xquad"}
    assert rows["pairs", "loop"] == {
        "data": "pairs", "way": "loop", "rows": 6, "seconds": 10.0, "rows_a_second": 0.6, "times": 5.0,
        "peak_mb": 7.0, "equal": True, "rounds": 3,
    }  # fmt: skip
    assert (rows["pairs", adapt.ONCE]["times"], rows["pairs", adapt.ONCE]["rounds"]) == (30.0, 1)


def test_real_files_are_measured_where_they_are_at_hand(data, monkeypatch):
    monkeypatch.setattr(adapt, "ROUNDS", 1)
    rows = measured(monkeypatch, data, dict.fromkeys(adapt_ways.WAYS, [1.0] * 5))
    assert [key for key in rows if key[0] not in ("pairs", "xquad")] == [
        ("flores200 devtest", "select"),
        ("flores200 devtest", "loop"),
        *[(name, way) for name in ("flores200", "sib200") for way in ("select", "adapted", "loop")],
    ]
    assert not rows["sib200", "adapted"]["equal"]
    assert rows["sib200", "loop"]["equal"]


def test_real_files_that_are_not_there_are_said(tmp_path):
    with pytest.raises(UserError, match=r"flores200: no file .*; --data DIR is expected to hold DIR/flores200/"):
        adapt.measure(tmp_path)


def test_what_is_not_installed_is_said(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)  # noqa: ARG005
    with pytest.raises(UserError, match=r"bench adapt: datasets is not installed; pip install 'stiltbench\[dev\]'"):
        adapt.measure(None)
