"""MTEB's results: one file for each arm, seed, target, test set and layer, with a score for each language.

The fields of `mteb.TaskResult`, laid out as `mteb.ResultCache` reads a folder: `results/MODEL/REVISION/TASK.json`
(https://github.com/embeddings-benchmark/mteb). Tasks have names of ours, and none of MTEB's: a target is trained and
tested by another protocol. A seed is a revision of an arm's model.
"""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import quote

from harness.analysis.results import Results
from harness.exchange import said
from harness.exchange.files import write_json

SCORES = """
    select arm, seed, target, dataset, layer, split, "language", other, direction,
        map(list(metric order by metric), list(value order by metric)) as metrics
    from scores where value is not null and list_contains($targets, target) group by all order by all
"""

TASK = ("arm", "seed", "target", "dataset", "layer")
"""What a file is of."""

NO_REVISION = "no_revision_available"
"""What MTEB calls a revision that is not known."""


def write(results: Results, made: Path) -> None:
    """Write a `TaskResult` for every test of every seed, and beside it the `model_meta.json` that MTEB looks for."""
    main = {(m.target, m.dataset, m.split): m.metric for t in results.suite.targets for m in results.headlines(t)}
    rows = results.con.sql(SCORES, params={"targets": list(results.suite.targets)}).to_arrow_table().to_pylist()
    ended = datetime.fromisoformat(results.facts["ended"]).replace(tzinfo=UTC)
    for (arm, seed, target, dataset, layer), group in groupby(rows, lambda row: [row[name] for name in TASK]):
        scores: dict[str, list[dict[str, Any]]] = {}
        for row in group:
            scores.setdefault(row["split"], []).append(_score(row, main[target, dataset, row["split"]]))
        model, revision = f"{said.DEVELOPER}/{said.model_name(results, arm)}", f"{results.hash}-seed{seed}"
        task = "-".join([target, dataset, *([f"layer{layer}"] if layer is not None else [])])
        place = made / "results" / model.replace("/", "__") / revision
        told = {
            "task_name": task,
            "dataset_revision": said.revision(said.card_source(dataset)) or NO_REVISION,
            "mteb_version": None,
            "evaluation_time": None,
            "kg_co2_emissions": None,
            "date": ended.timestamp(),
            "scores": scores,
        }
        write_json(place / f"{quote(task, safe='')}.json", told)
        write_json(place / "model_meta.json", {"name": model, "revision": revision, **said.base_model(results)})


def _score(row: dict[str, Any], main: str) -> dict[str, Any]:
    """Return the scores of one language; of a pair the language that is asked in comes first."""
    codes = [row["language"], *filter(None, [row["other"]])]
    if row["direction"] == "from":
        codes.reverse()
    metrics = dict(row["metrics"])
    names = {"hf_subset": "-".join(codes), "languages": [code.replace("_", "-") for code in codes]}
    return names | {"main_score": metrics[main]} | metrics
