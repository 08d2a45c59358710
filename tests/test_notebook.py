"""The guide is run as it stands, and what its cells hold is what was worked out beside it."""

from __future__ import annotations

import csv
import json
from typing import Any

import pytest

from harness import resources

GUIDE = resources.PACKAGE.parent / "docs" / "guide.ipynb"

ASKED = """
import json
print(json.dumps({
    "suite": suite.name, "outline": outline.to_pylist(), "did": len(ran.did), "failed": ran.failed,
    "progress": progress.to_pylist(), "scores": scores.to_pylist(), "report": found.to_pylist()[0],
    "gains": gains.to_pylist(), "figure": figure,
}))
"""
"""A last cell, which tells what the others left."""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Run the guide in an empty folder; return what its variables hold."""
    nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed")
    nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed")
    pytest.importorskip("ipykernel", reason="ipykernel is not installed")
    guide = nbformat.read(GUIDE, as_version=4)
    guide.cells.append(nbformat.v4.new_code_cell(ASKED))
    place = {"metadata": {"path": str(tmp_path_factory.mktemp("guide"))}}
    nbclient.NotebookClient(guide, timeout=600, kernel_name="python3", resources=place).execute()
    said = "".join(output["text"] for output in guide.cells[-1].outputs if output["name"] == "stdout")
    answers: dict[str, Any] = json.loads(said)
    shown = [output["data"] for cell in guide.cells for output in cell.get("outputs", ()) if "data" in output]
    return answers | {"pictures": [data["image/svg+xml"] for data in shown if "image/svg+xml" in data]}


def languages() -> dict[str, dict[str, str]]:
    """Return code → row of the shipped table, as it stands in its file."""
    with (resources.folder("datacards") / "languages.csv").open(encoding="utf-8", newline="") as file:
        return {row["code"]: row for row in csv.DictReader(file)}


def test_no_output_is_kept_in_the_file() -> None:
    cells = json.loads(GUIDE.read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert [(cell["outputs"], cell["execution_count"]) for cell in code] == [([], None)] * len(code)


def test_the_plan_is_run_as_a_whole(told: dict[str, Any]) -> None:
    # Five arms and three seeds. Retrieval is predicted and scored, once for `none`, which trains nothing before; kind
    # is trained as well, in every arm; the intermediate task of four arms is trained, predicted and scored.
    jobs = {"retrieval": 2 * (1 + 4 * 3), "kind": 3 * 5 * 3, "intermediate": 3 * 4 * 3}
    assert told["suite"].startswith("quickstart@model=tiny@")
    assert told["suite"].endswith("@limit=16")
    assert told["outline"][-1]["jobs"] == told["did"] == sum(jobs.values())
    assert told["failed"] == {}
    assert {row["phase"]: (row["jobs"], row["done"]) for row in told["progress"]} == {
        "intermediate": (12, 12),
        "target": (15, 15),
        "predict": (40, 40),
        "score": (40, 40),
    }


def test_scores_are_shares_of_sixteen_examples_of_three_seeds(told: dict[str, Any]) -> None:
    arms = {row["arm"] for row in told["scores"]}
    assert arms == {"none", "english", "diverse", "all", "shuffled"}
    for row in told["scores"]:
        asked = 16 * 3 * row["languages"]
        assert row["languages"] in (1, 2)
        assert row["accuracy"] * asked == pytest.approx(round(row["accuracy"] * asked), abs=1e-9)


def test_the_gains_are_the_means_of_the_languages_of_each_family(told: dict[str, Any]) -> None:
    report, table = told["report"], languages()
    table["nqo_Nkoo"]["family"] = "Mande"  # by datacards/clusters.csv
    met = {"eng_Latn", "rus_Cyrl", "arb_Arab", "hin_Deva"}
    assert {row["code"] for row in report["languages"] if not row["unseen"]} <= met
    of: dict[str, list[float]] = {}
    for row in report["languages"]:
        if row["unseen"]:
            for name in ("family", "name"):  # of a language whose family is no genealogy (Esperanto), its own
                of.setdefault(table[row["code"]][name], []).append(row["gain"])
    gains = {row["family"]: row["gain"] for row in told["gains"]}
    assert gains == pytest.approx({family: sum(of[family]) / len(of[family]) for family in gains}, abs=1e-12)
    assert {"Indo-European", "Uralic", "Esperanto"} <= set(gains)
    assert len(gains) == report["n"]["families"]
    assert report["estimate"] == pytest.approx(sum(gains.values()) / len(gains), abs=1e-12)


def test_the_figure_has_a_dot_for_every_family(told: dict[str, Any]) -> None:
    assert told["figure"].count("<circle") == len(told["gains"]) > 10
    assert len(told["pictures"]) == 1
    assert told["pictures"][0].count("<circle") == len(told["gains"])
