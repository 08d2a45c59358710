"""MTEB's results: the fields of a `TaskResult`, by hand and, where `mteb` is installed, by its own class."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.analysis.query import query
from harness.exchange import export

RESULTS = Path(__file__).parents[2] / "leaderboards" / "quickstart" / "results.parquet"


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("mteb") / "out"
    export("quickstart", "mteb", found, source=RESULTS)
    return found


def tasks(out: Path) -> dict[Path, dict[str, Any]]:
    paths = (path for path in out.glob("results/*/*/*.json") if path.name != "model_meta.json")
    return {path: json.loads(path.read_bytes()) for path in paths}


def test_every_seed_of_an_arm_is_a_revision_of_its_model(out: Path) -> None:
    models = {path.parent for path in tasks(out)}
    assert {path.relative_to(out / "results").as_posix() for path in models} == {
        f"stiltbench__e5-small-{arm}/a4f1967fad9c-seed{seed}"
        for arm in ("none", "english", "diverse", "all", "shuffled")
        for seed in (0, 1, 2)
    }
    for path in models:
        meta = json.loads((path / "model_meta.json").read_bytes())
        assert (meta["name"].replace("/", "__"), meta["revision"]) == (path.parent.name, path.name)


def test_a_task_has_the_documented_fields(out: Path) -> None:
    for path, task in tasks(out).items():
        assert path.name == f"{task['task_name']}.json"
        assert task["dataset_revision"] == "2.18.0"
        assert {"mteb_version", "evaluation_time"} <= set(task)
        assert list(task["scores"]) == ["test"]
        subsets = task["scores"]["test"]
        assert len({score["hf_subset"] for score in subsets}) == len(subsets)
        for score in subsets:
            assert score["main_score"] == score["accuracy"]
            assert all(re.fullmatch(r"[a-z]{3}-[A-Z][a-z]{3}", code) for code in score["languages"])


def test_scores_are_those_of_the_seed(out: Path) -> None:
    sql = """select language, value from scores
             where arm = 'english' and target = 'kind' and seed = 1 and metric = 'macro_f1'"""
    place = out / "results" / "stiltbench__e5-small-english" / "a4f1967fad9c-seed1"
    scores = json.loads((place / "kind-cldr_kind.json").read_bytes())["scores"]["test"]
    found = {score["languages"][0]: score["macro_f1"] for score in scores}
    wanted = {code.replace("_", "-"): value for code, value in query(sql, RESULTS).fetchall()}
    assert found == pytest.approx(wanted, abs=1e-9)
    assert {"swh-Latn", "zho-Hans", "zho-Hant"} <= set(found)


def test_a_pair_is_named_in_the_order_in_which_it_was_asked(out: Path) -> None:
    place = out / "results" / "stiltbench__e5-small-none" / "a4f1967fad9c-seed0"
    scores = json.loads((place / "retrieval-cldr_terms-layer12.json").read_bytes())["scores"]["test"]
    found = {score["hf_subset"]: score for score in scores}
    assert found["deu_Latn-eng_Latn"]["languages"] == ["deu-Latn", "eng-Latn"]
    assert found["eng_Latn-deu_Latn"]["languages"] == ["eng-Latn", "deu-Latn"]
    sql = """select direction, value from scores where arm = 'none' and target = 'retrieval' and seed = 0
             and language = 'deu_Latn'"""
    wanted = dict(query(sql, RESULTS).fetchall())
    assert found["deu_Latn-eng_Latn"]["main_score"] == pytest.approx(wanted["to"], abs=1e-9)
    assert found["eng_Latn-deu_Latn"]["main_score"] == pytest.approx(wanted["from"], abs=1e-9)


@pytest.mark.skipif(importlib.util.find_spec("mteb") is None, reason="mteb is not installed")
def test_mteb_reads_its_own_format(out: Path) -> None:
    from mteb import ResultCache
    from mteb.languages import check_language_code
    from mteb.results import TaskResult

    wanted = tasks(out)
    paths = ResultCache(out).get_cache_paths(require_model_meta=True, include_remote=False)
    assert set(paths) == set(wanted)
    for path in sorted(paths)[:6]:
        task = TaskResult.from_disk(path, load_historic_data=False)
        subsets = wanted[path]["scores"]["test"]
        assert [dict(score) for score in task.scores["test"]] == subsets
        assert np.mean([s["main_score"] for s in subsets]) == pytest.approx(
            np.mean([s["main_score"] for s in task.scores["test"]])
        )
        for score in subsets:
            for code in score["languages"]:
                check_language_code(code)
