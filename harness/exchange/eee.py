"""Every Eval Ever: one record for each arm and target, and on demand a row for every item beside it.

Schema 0.3.0 of https://github.com/evaleval/every_eval_ever. A record holds every measure as one score over families,
with the interval of a leaderboard's page, and as one score for each language, without. Its name is a UUID made from
what it is a record of, so that a second export writes the same file.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec

from harness.analysis.arms import arm_scores
from harness.analysis.compare import Comparer
from harness.analysis.numbers import rounded
from harness.analysis.results import Measure, Results
from harness.data import cards
from harness.data.cards import Hub, Package, Url
from harness.exchange import said
from harness.exchange.files import write_json
from harness.exchange.samples import samples
from harness.store import Store

SCHEMA = "0.3.0"

CANONICAL = {"accuracy": "accuracy", "macro_f1": "f1_macro"}
"""Metrics that the schema has a global name for; the others are named as ours."""

Record = dict[str, Any]


def write(results: Results, made: Path) -> None:
    """Write `data/COLLECTION/DEVELOPER/MODEL/UUID4.json` for every arm and target that has scores."""
    comparer, languages = Comparer(results), said.by_language(results)
    for target, group in groupby(said.measures(comparer), lambda m: m.target):
        scored: dict[str, list[Record]] = {}
        for measure in group:
            for row in arm_scores(comparer, measure):
                if row["family_macro"] is not None:
                    each = languages[row["arm"], measure]
                    scored.setdefault(row["arm"], []).extend(_scores(results, measure, row, each))
        for arm, scores in scored.items():
            write_json(_path(results, made, arm, target), _record(results, arm, target, scores))


def add_instances(results: Results, store: Store, made: Path, data: Path | None) -> None:
    """Write `UUID4_samples.jsonl` beside each record whose items have scores of their own, and name it in the record.

    Texts are read anew from ``data``; predictions are the store's.
    """
    for target in results.suite.targets:
        for arm in results.suite.arms:
            path = _path(results, made, arm, target)
            if path.is_file():
                _write_samples(results, made, path, samples(results, store, arm, target, data))


def _write_samples(results: Results, made: Path, path: Path, found: Iterator[tuple[Measure, str, Record]]) -> None:
    record = json.loads(path.read_bytes())
    own = {"schema_version": SCHEMA, "evaluation_id": record["evaluation_id"], "model_id": record["model_info"]["id"]}
    file, count, checksum = path.with_name(f"{path.stem}_samples.jsonl"), 0, hashlib.sha256()
    with file.open("wb") as stream:
        for measure, language, row in found:
            names = {"evaluation_name": _name(results, measure), "evaluation_result_id": _result_id(measure, language)}
            line = json.dumps(rounded(own | names | row), ensure_ascii=False, allow_nan=False).encode() + b"\n"
            stream.write(line)
            checksum.update(line)
            count += 1
    if count:
        told = {"format": "jsonl", "file_path": file.relative_to(made).as_posix(), "hash_algorithm": "sha256"}
        record["detailed_evaluation_results"] = told | {"checksum": checksum.hexdigest(), "total_rows": count}
        write_json(path, record)
    else:
        file.unlink()


def _path(results: Results, made: Path, arm: str, target: str) -> Path:
    told = [results.suite.name, results.hash, arm, target, results.facts["ended"]]
    digest = hashlib.sha256(json.dumps(told).encode()).digest()
    place = made / "data" / _collection(results) / said.DEVELOPER / said.model_name(results, arm)
    return place / f"{uuid.UUID(bytes=digest[:16], version=4)}.json"


def _collection(results: Results) -> str:
    return f"stiltbench-{results.suite.name}"


def _record(results: Results, arm: str, target: str, scores: list[Record]) -> Record:
    suite, ended = results.suite, datetime.fromisoformat(results.facts["ended"]).replace(tzinfo=UTC)
    stamp = str(int(ended.timestamp()))
    model = f"{said.DEVELOPER}/{said.model_name(results, arm)}"
    return {
        "schema_version": SCHEMA,
        "evaluation_id": f"{_collection(results)}.{target}/{model}/{stamp}",
        "evaluation_timestamp": ended.isoformat(),
        "retrieved_timestamp": stamp,
        "source_metadata": {
            "source_name": suite.title,
            "source_type": "evaluation_run",
            "source_organization_name": "unknown",
            "evaluator_relationship": "first_party" if suite.trains(arm, target) else "third_party",
            "additional_details": {"suite": suite.name, "suite_hash": results.hash},
        },
        "eval_library": {"name": "stiltbench", "version": results.facts["version"]},
        "model_info": {
            "name": f"{suite.model}, arm {arm} of {suite.name}",
            "id": model,
            "developer": said.DEVELOPER,
            "additional_details": {
                "deployment_type": "self_deployed",
                "model_availability": "unknown",
                **said.base_model(results),
                "arm": _text(suite.arms[arm]),
                "target": _text(suite.targets[target]),
            },
        },
        "evaluation_results": scores,
    }


def _scores(results: Results, measure: Measure, arm: said.Row, languages: list[said.Row]) -> Iterator[Record]:
    """Yield one measure of one arm: the score over families, then that of every language."""
    counts = {name: str(arm[name]) for name in ("families", "languages", "seeds")}
    over = {"average": "of families, of languages in them, of seeds", **counts}
    codes = {"language_codes": " ".join(row["language"] for row in languages)}
    yield _score(results, measure, "families", arm["family_macro"], over | codes, _uncertainty(arm))
    for row in languages:
        told = {"language": row["language"], "items": str(row["n"]), "seeds": " ".join(map(str, row["seeds"]))}
        yield _score(results, measure, row["language"], row["value"], told, {})


def _score(
    results: Results, measure: Measure, part: str, value: float, details: dict[str, str], uncertainty: Record
) -> Record:
    return {
        "evaluation_result_id": _result_id(measure, part),
        "evaluation_name": _name(results, measure),
        "source_data": _source(results, measure),
        "metric_config": {
            "metric_id": CANONICAL.get(measure.metric, f"stiltbench.{measure.metric}"),
            "metric_name": measure.metric,
            "metric_unit": "proportion",
            "lower_is_better": False,
            "score_type": "continuous",
            "min_score": 0,
            "max_score": 1,
        },
        "score_details": {"score": value, "details": details} | ({"uncertainty": uncertainty} if uncertainty else {}),
    }


def _uncertainty(arm: said.Row) -> Record:
    """Return standard error and interval over families as the page has them; {} where it has none."""
    if not arm["interval"] or arm["se"] is None:
        return {}
    lower, upper = arm["interval"]
    interval = {"lower": lower, "upper": upper, "confidence_level": 0.95, "method": said.INTERVAL}
    error = {"value": arm["se"], "method": "analytic: variance of families, items and seeds"}
    return {"standard_error": error, "confidence_interval": interval, "num_samples": arm["families"]}


def _source(results: Results, measure: Measure) -> Record:
    """Return where a data set is from, in one of the schema's three forms."""
    details = {"split": measure.split, "edition": results.suite.edition}
    source = said.card_source(measure.dataset)
    if source is not None:
        details["licence"] = cards.dataset_card(measure.dataset).licence
    if found := said.revision(source):
        details["revision"] = found
    told = {"dataset_name": measure.dataset, "additional_details": details}
    if isinstance(source, Hub):
        return told | {"source_type": "hf_dataset", "hf_repo": source.id}
    if isinstance(source, Url):
        return told | {"source_type": "url", "url": [source.base]}
    if isinstance(source, Package):
        details["package"] = source.package
    elif source is not None:
        details["origin"] = source.origin
    return told | {"source_type": "other"}


def _name(results: Results, measure: Measure) -> str:
    return ".".join((results.suite.name, measure.target, measure.dataset, measure.split))


def _result_id(measure: Measure, part: str) -> str:
    """Return the name of one score in its record; ``part`` is a language, or `families`."""
    layer = f"layer{measure.layer}" if measure.layer is not None else ""
    direction = measure.direction or ""
    return "/".join(filter(None, (measure.dataset, measure.split, measure.metric, direction, layer, part)))


def _text(table: msgspec.Struct) -> str:
    return msgspec.json.encode(table).decode()
