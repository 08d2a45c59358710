"""What others published for a target's data sets, for the eye alone: no statement is made of it.

`datacards/published.csv` says where each figure was read. Theirs are means over languages, English among them.
"""

from __future__ import annotations

import csv

from harness.publish.tables import table
from harness.resources import folder
from harness.suite import Suite


def published(suite: Suite) -> str:
    """Return the section on published figures for the data sets that a suite is tested on; "" where there are none."""
    tested = {test.data for target in suite.targets.values() for test in target.test}
    with (folder("datacards") / "published.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["dataset"] in tested]
    if not rows:
        return ""
    head = ["data set", "split", "metric", "system", "intermediate training", "published", "read in"]
    columns = ("dataset", "split", "metric", "system", "intermediate", "value", "source")
    shown = [[row[column] for column in columns] for row in rows]
    said = (
        "*Means over XTREME's languages, English among them, by other recipes and perhaps on other splits than here: "
        "they stand beside the tables above, and are no part of the experiment.*"
    )
    return f"## Published by others\n\n{table(head, shown)}\n\n{said}"
