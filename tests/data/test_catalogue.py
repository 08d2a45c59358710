from __future__ import annotations

import subprocess
import sys

import pytest

from harness.data import upkeep
from harness.data.catalogue import catalogue


def rows(data=None):
    return {row["dataset"]: row for row in catalogue(data)}


@pytest.mark.usefixtures("toy")
def test_there_is_a_row_for_each_data_set_with_what_its_card_says():
    assert {"toy", "cldr_terms"} <= set(rows())
    assert rows()["toy"] == {
        "dataset": "toy",
        "title": "Six sentences",
        "kind": "classification",
        "languages": "",  # its card lists none, and has no block
        "examples": "6",
        "left out": "",
        "licence": "Apache-2.0",
        "creation": "written",
        "derived from": "",
        "checked on real files": "yes",
        "here": "no",
    }
    assert rows()["cldr_kind"]["languages"] == "137"
    assert rows()["cldr_kind"]["here"] == "yes"


def test_counts_are_those_of_the_generated_block(toy):
    toy.spoil("toy.md", "rows = 4\n", "")
    toy.spoil("toy.sql", "text, label,", "text, label, if(label = 'bad', 'bad news', null) as skipped,")
    upkeep.write_block("toy", toy.data)
    row = rows(toy.data)["toy"]
    assert (row["examples"], row["left out"], row["languages"], row["here"]) == ("4", "2", "3", "yes")


def test_it_is_read_without_arrow_or_duckdb():
    listing = "from harness.data.catalogue import catalogue; catalogue()"
    heavy = "import sys; print({'pyarrow', 'duckdb'} & {*sys.modules})"
    ran = subprocess.run([sys.executable, "-c", f"{listing}; {heavy}"], capture_output=True, text=True, check=True)
    assert ran.stdout == "set()\n"
