"""`.eval_results`: what the Hub's own client reads back."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from huggingface_hub import EvalResultEntry, eval_result_entries_to_yaml, parse_eval_result_entries

from harness.analysis.query import query
from harness.data.cards import Hub
from harness.exchange import export, said

RESULTS = Path(__file__).parents[2] / "leaderboards" / "quickstart" / "results.parquet"


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[EvalResultEntry]]:
    """The entries of each file, as `huggingface_hub` parses them."""
    out = tmp_path_factory.mktemp("hub") / "out"
    export("quickstart", "eval-results", out, source=RESULTS)
    found = {}
    for path in out.rglob("*.yaml"):
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
        found[path.relative_to(out).as_posix()] = parse_eval_result_entries(raw)
        assert eval_result_entries_to_yaml(found[path.relative_to(out).as_posix()]) == raw
    return found


def test_each_arm_has_a_file_for_each_target(exported: dict[str, list[EvalResultEntry]]) -> None:
    arms = ("none", "english", "diverse", "all", "shuffled")
    assert set(exported) == {f"e5-small-{arm}/.eval_results/{t}.yaml" for arm in arms for t in ("retrieval", "kind")}


def test_an_entry_has_the_score_of_its_language(exported: dict[str, list[EvalResultEntry]]) -> None:
    sql = """select language, avg(value) from scores where arm = 'all' and target = 'retrieval' and metric = 'accuracy'
             group by all"""
    wanted = dict(query(sql, RESULTS).fetchall())
    entries = {e.task_id: e for e in exported["e5-small-all/.eval_results/retrieval.yaml"]}
    assert {code: entries[code].value for code in wanted} == pytest.approx(wanted, abs=1e-9)
    assert set(entries) == {*wanted, "family-macro"}
    assert "19 families, 3 seeds; 95 % interval" in entries["family-macro"].notes
    assert "95 %" not in entries["swh_Latn"].notes


def test_the_languages_named_no_and_the_date_stay_text(exported: dict[str, list[EvalResultEntry]]) -> None:
    [entry] = [e for e in exported["e5-small-none/.eval_results/kind.yaml"] if e.task_id == "nno_Latn"]
    assert isinstance(entry.date, str)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", entry.date)
    assert entry.dataset_id == "cldr_kind"
    assert "not on the Hub" in entry.notes


@pytest.mark.parametrize(("pinned", "told"), [("0" * 40, "0" * 40), ("unpinned", None)])
def test_a_data_set_of_the_hub_has_its_name_and_revision_there(
    pinned: str, told: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(said, "card_source", lambda _: Hub(id="Davlan/sib200", revision=pinned))
    export("quickstart", "eval-results", tmp_path / "out", source=RESULTS)
    raw = yaml.safe_load((tmp_path / "out/e5-small-none/.eval_results/kind.yaml").read_text(encoding="utf-8"))
    for entry in parse_eval_result_entries(raw):
        assert (entry.dataset_id, entry.dataset_revision) == ("Davlan/sib200", told)
        assert "not on the Hub" not in str(entry.notes)


def test_the_card_says_first_where_a_data_set_is_on_the_hub() -> None:
    found = said.card_source("xquad")  # whose card names a URL before it
    assert isinstance(found, Hub)
    assert found.id == "google/xquad"
    assert said.card_source("of my own") is None
