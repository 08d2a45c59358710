"""Snapshots laid out as on the Hub, read by the real `datasets`: Parquet, JSON lines, configurations, class labels."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from harness.data import hub_rows
from harness.data.cards import Hub
from harness.errors import UserError

datasets = pytest.importorskip("datasets")

README = """---
configs:
- config_name: sw
  data_files:
  - split: test
    path: sw/test-*
- config_name: yo
  data_files:
  - split: train
    path: yo/train-*
  - split: test
    path: yo/test-*
---
# Two languages
"""


def written(root: Path, files: dict[str, dict[str, list[object]]]) -> Hub:
    """Write a snapshot of Parquet files with a class label and a list of class labels."""
    features = datasets.Features(
        {
            "text": datasets.Value("string"),
            "label": datasets.ClassLabel(names=["good", "bad"]),
            "ner_tags": datasets.List(datasets.ClassLabel(names=["O", "B-PER"])),
        }
    )
    for name, columns in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        datasets.Dataset.from_dict(columns, features=features).to_parquet(str(root / name))
    (root / "README.md").write_text(README)
    return Hub(id="acme/two", revision="unpinned")


@pytest.fixture
def snapshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STILTBENCH_CACHE", str(tmp_path / "cache"))
    root = tmp_path / "hub" / "acme" / "two"
    written(
        root,
        {
            "sw/test-00000-of-00001.parquet": {"text": ["moja"], "label": [1], "ner_tags": [[0, 1]]},
            "yo/train-00000-of-00001.parquet": {"text": ["ọ̀kan", "èjì"], "label": [0, -1], "ner_tags": [[1], []]},
            "yo/test-00000-of-00001.parquet": {"text": ["ẹ̀ta"], "label": [0], "ner_tags": [[0]]},
        },
    )
    return root


def test_every_configuration_and_split_is_read_with_labels_by_name(snapshot: Path) -> None:
    assert hub_rows.rows(Hub(id="acme/two", revision="unpinned"), snapshot).to_pylist() == [
        {"config": "sw", "split": "test", "row": 0, "text": "moja", "label": "bad", "ner_tags": ["O", "B-PER"]},
        {"config": "yo", "split": "train", "row": 0, "text": "ọ̀kan", "label": "good", "ner_tags": ["B-PER"]},
        {"config": "yo", "split": "train", "row": 1, "text": "èjì", "label": None, "ner_tags": []},
        {"config": "yo", "split": "test", "row": 0, "text": "ẹ̀ta", "label": "good", "ner_tags": ["O"]},
    ]


def test_only_the_named_configurations_are_read(snapshot: Path) -> None:
    rows = hub_rows.rows(Hub(id="acme/two", revision="unpinned", configs=("sw",)), snapshot)
    assert rows["text"].to_pylist() == ["moja"]


def test_json_lines_without_a_readme_are_read_by_their_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STILTBENCH_CACHE", str(tmp_path / "cache"))
    (tmp_path / "lines").mkdir()
    (tmp_path / "lines" / "train.jsonl").write_text('{"split": "mine", "n": 1}\n{"split": "mine", "n": 2}\n')
    assert hub_rows.rows(Hub(id="acme/lines", revision="unpinned"), tmp_path / "lines").to_pylist() == [
        {"config": "default", "split": "train", "row": 0, "own_split": "mine", "n": 1},
        {"config": "default", "split": "train", "row": 1, "own_split": "mine", "n": 2},
    ]


def test_nothing_stays_in_the_cache(snapshot: Path, tmp_path: Path) -> None:
    hub_rows.rows(Hub(id="acme/two", revision="unpinned"), snapshot)
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_script_of_the_repository_is_not_run(snapshot: Path, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    (snapshot / "two.py").write_text(f"open({str(ran)!r}, 'w').write('ran')\n")
    with pytest.raises(UserError, match=r"acme/two: datasets cannot read it \(Dataset scripts are no longer supported"):
        hub_rows.rows(Hub(id="acme/two", revision="unpinned"), snapshot)
    assert not ran.exists()


def test_a_damaged_file_is_one_sentence(snapshot: Path) -> None:
    (snapshot / "sw" / "test-00000-of-00001.parquet").write_bytes(b"PAR1 no more")
    with pytest.raises(UserError, match=r"two: datasets cannot read it \(.*\); fetch it again") as caught:
        hub_rows.rows(Hub(id="acme/two", revision="unpinned"), snapshot)
    assert "\n" not in str(caught.value)


def test_an_unknown_configuration_is_one_sentence(snapshot: Path) -> None:
    with pytest.raises(UserError, match="BuilderConfig 'zu' not found"):
        hub_rows.rows(Hub(id="acme/two", revision="unpinned", configs=("zu",)), snapshot)


def test_columns_of_several_configurations_are_united(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STILTBENCH_CACHE", str(tmp_path / "cache"))
    root = tmp_path / "two"
    root.mkdir()
    (root / "README.md").write_text(
        "---\nconfigs:\n- config_name: a\n  data_files: a.parquet\n- config_name: b\n  data_files: b.parquet\n---\n"
    )
    pq.write_table(pa.table({"x": ["1"]}), root / "a.parquet")
    pq.write_table(pa.table({"x": ["2"], "y": [3]}), root / "b.parquet")
    rows = hub_rows.rows(Hub(id="acme/two", revision="unpinned"), root)
    assert rows.select(["config", "x", "y"]).to_pylist() == [
        {"config": "a", "x": "1", "y": None},
        {"config": "b", "x": "2", "y": 3},
    ]
