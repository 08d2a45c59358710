"""What others published stands on a page for the data sets under test, as it was read, and in no statement."""

from __future__ import annotations

import csv

import msgspec

from harness.data.cards import dataset_card
from harness.publish.published import published
from harness.resources import folder
from harness.suite import Suite

READ = {
    "xnli": (65.4, 79.2, 80.4), "pawsx": (81.9, 86.4, 87.7), "panx": (62.2, 65.4, 64.7),
    "xquad": (64.5, 76.6, 77.2), "mlqa": (61.4, 71.6, 72.3), "tydiqa": (59.7, 65.1, 76.0),
}  # fmt: skip
"""mBERT, XLM-R Large and X-STILTs in the table of the README of mT5."""


def suite(*data: str) -> Suite:
    targets = {name: {"test": [{"data": name, "split": "test"}]} for name in data}
    raw = {"name": "s", "title": "S", "model": "tiny", "seeds": [0], "arms": {"none": {}}, "targets": targets}
    return msgspec.convert(raw, Suite)


def test_only_data_sets_under_test_are_shown_each_with_its_source() -> None:
    text = published(suite("xquad", "sib200"))
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| x")]
    source = "README of google-research/multilingual-t5"
    assert [(r[0], r[2], r[3], r[5], r[6]) for r in rows] == [
        ("xquad", "f1", "mBERT", "64.5", source),
        ("xquad", "f1", "XLM-R Large", "76.6", source),
        ("xquad", "f1", "X-STILTs (XLM-R Large)", "77.2", source),
    ]
    assert "no part of the experiment" in text


def test_a_suite_without_a_published_figure_has_no_section() -> None:
    assert published(suite("sib200")) == ""


def test_the_table_holds_what_was_read_of_data_sets_that_have_a_card() -> None:
    with (folder("datacards") / "published.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    found: dict[str, list[float]] = {}
    for row in rows:
        found.setdefault(row["dataset"], []).append(float(row["value"]))
        assert row["metric"] == dataset_card(row["dataset"]).metric
        assert all(row.values())
    assert {name: tuple(values) for name, values in found.items()} == READ
