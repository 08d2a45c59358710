"""The Hub's `.eval_results/*.yaml`: the headline of every target, for the repository of each arm's model.

The Hub takes such a file where `dataset.id` is a data set of the Hub and `task_id` a task of its `eval.yaml`
(https://huggingface.co/docs/hub/eval-results). Which tasks a data set's owner registered is not known here: a task is
called as the language that it is in, or `family-macro`. A data set that is not on the Hub has its own name here, and
the entry's notes say so.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

from harness.analysis.arms import arm_scores
from harness.analysis.compare import Comparer
from harness.analysis.numbers import rounded
from harness.analysis.results import Measure, Results
from harness.data.cards import Hub
from harness.errors import UserError
from harness.exchange import said

Entry = dict[str, Any]
"""Arguments of `huggingface_hub.EvalResultEntry`."""


def write(results: Results, made: Path) -> None:
    """Write `MODEL/.eval_results/TARGET.yaml` for every arm.

    :raises UserError: where `huggingface_hub` is not installed
    """
    try:
        from huggingface_hub import EvalResultEntry, eval_result_entries_to_yaml
        from huggingface_hub.utils import yaml_dump
    except ModuleNotFoundError:
        raise UserError("export: huggingface_hub is not installed; pip install 'stiltbench[hub]'") from None
    for (arm, target), entries in _entries(results).items():
        path = made / said.model_name(results, arm) / ".eval_results" / f"{quote(target, safe='')}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        found = eval_result_entries_to_yaml([EvalResultEntry(**rounded(entry)) for entry in entries])
        path.write_text(yaml_dump(found), encoding="utf-8")


def _entries(results: Results) -> dict[tuple[str, str], list[Entry]]:
    """Return arm and target → the arguments of its entries: over families, then language by language."""
    comparer, languages = Comparer(results), said.by_language(results)
    found: dict[tuple[str, str], list[Entry]] = {}
    for measure in (m for target in results.suite.targets for m in results.headlines(target)):
        for row in arm_scores(comparer, measure):
            if row["family_macro"] is not None:
                entries = found.setdefault((row["arm"], measure.target), [])
                entries.append(_entry(results, measure, "family-macro", row["family_macro"], _over(row)))
                for one in languages[row["arm"], measure]:
                    n = f"{one['n']} items, {len(one['seeds'])} seeds"
                    entries.append(_entry(results, measure, one["language"], one["value"], n))
    return found


def _entry(results: Results, measure: Measure, task: str, value: float, n: str) -> Entry:
    source = said.card_source(measure.dataset)
    hub = isinstance(source, Hub)
    notes = [
        f"{measure.metric} on {measure.split}, target {measure.target}; {n}",
        f"stiltbench {results.facts['version']}, suite {results.suite.name} {results.hash}",
        *([] if hub else [f"{measure.dataset} is not on the Hub under this name"]),
    ]
    return {
        "dataset_id": source.id if isinstance(source, Hub) else measure.dataset,
        "dataset_revision": said.revision(source) if hub else None,
        "task_id": task,
        "value": value,
        "date": f"{results.facts['ended']}Z",
        "notes": "; ".join(notes),
    }


def _over(row: said.Row) -> str:
    """Say what a score over families rests on, with the interval of the page."""
    counts = f"{row['languages']} languages, {row['families']} families, {row['seeds']} seeds"
    if not row["interval"]:
        return counts
    low, high = row["interval"]
    return f"{counts}; 95 % interval {low:.4f} to {high:.4f} ({said.INTERVAL})"
