"""Scores of whole test sets, as MTEB and lm-evaluation-harness keep them: described, and never tested."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness import languages as lang
from harness.analysis.compare import Comparer
from harness.analysis.outside import imported
from harness.analysis.ranking import rankings
from harness.analysis.results import Results
from harness.analysis.terminal import lines, print_ranking
from harness.errors import UserError
from tests.analysis.test_outside import SEVEN

Report = dict[str, Any]

GAINS = dict(zip(SEVEN, (0.02, 0.05, -0.01, 0.03, 0.04, 0.0, 0.01), strict=True))
"""What model a gains over b in each language."""


def subset(language: str, score: float | None, *others: str, name: str | None = None) -> Report:
    """Return the scores of one subset as MTEB writes them."""
    codes = [code.replace("_", "-") for code in (language, *others)]
    return {"main_score": score, "accuracy": score, "hf_subset": name or "-".join(codes), "languages": codes}


def task(folder: Path, model: str, scores: list[Report], revision: str = "c007d7", **more: Any) -> None:
    """Write a TaskResult; a score that is no number stands there bare, as Python's json writes it."""
    told = {"dataset_revision": "a74d7350ea12", "task_name": "SIB200Classification", "mteb_version": "2.2.0"}
    told |= {"scores": {"test": scores}, "evaluation_time": 1.5, **more}
    place = folder / model / revision
    place.mkdir(parents=True, exist_ok=True)
    (place / f"{told['task_name']}.json").write_text(json.dumps(told), encoding="utf-8")
    (place / "model_meta.json").write_text('{"name": "a"}', encoding="utf-8")


def both(folder: Path, **more: Any) -> Results:
    """Return models a and b, where a gains what :data:`GAINS` says."""
    task(folder, "org__a", [subset(code, 0.5 + gain) for code, gain in GAINS.items()], **more)
    task(folder, "org__b", [subset(code, 0.5) for code in SEVEN], "no_revision_available", **more)
    return imported(folder, "mteb")


def rows(results: Results, columns: str) -> list[tuple[Any, ...]]:
    return results.con.execute(f"select {columns} from results order by all").fetchall()


# -- what whole scores allow -------------------------------------------------------------------------------------------


def test_whole_scores_are_described_by_family(tmp_path: Path) -> None:
    (report,) = Comparer(both(tmp_path)).between("org__a", "org__b", None)
    assert report["estimate"] == pytest.approx(np.mean([*GAINS.values()]))
    assert {row["family"]: row["gain"] for row in report["families"]} == pytest.approx(
        {lang.cluster(code): gain for code, gain in GAINS.items()}
    )
    assert (report["suite"], report["role"]) == (f"{tmp_path.name} (imported)", "exploratory")


def test_nothing_that_depends_on_items_is_tested_and_the_sentence_says_why(tmp_path: Path) -> None:
    (report,) = Comparer(both(tmp_path)).between("org__a", "org__b", None)
    assert (report["verdict"], report["reason"], report["n"]["items"]) == ("no_items", "no_items", 0)
    keys = ("p", "p_t", "p_skew", "p_flip", "min_p", "df", "mde80", "variance", "these_languages", "at_least_better")
    assert {key: report[key] for key in keys} == dict.fromkeys(keys)
    assert (report["language_macro"]["p"], report["leave_one_out"]["without_largest"]["p"]) == (None, None)
    assert {(row["p"], row["interval"], row["n"]) for row in report["languages"]} == {(None, None, 0)}
    assert {level["mde80"] for b in report["breakdowns"] for level in b["levels"]} == {None}
    assert report["statement"] == (
        "The gain of org__a over org__b is 2.00 points on average over 7 families (0.00 to 4.00). Nothing is tested: "
        "only scores of whole test sets are known, and the interval leaves out what other items or other runs would "
        "change."
    )
    json.dumps(report, allow_nan=False)


def test_a_screen_names_no_number_of_items_and_no_language_as_better(tmp_path: Path) -> None:
    (report,) = Comparer(both(tmp_path)).between("org__a", "org__b", None)
    shown = lines(report)
    assert "  tested on         7 languages, 7 families, scores of whole test sets" in shown
    assert shown[-1] == "  single languages  not tested, as nothing is known of their items"


def test_no_pair_of_arms_has_a_rank(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (ranking,) = rankings(Comparer(both(tmp_path)))
    assert [(row["arm"], row["rank"]) for row in ranking["arms"]] == [("org__a", [1, 2]), ("org__b", [1, 2])]
    assert [(pair["p"], pair["reason"], pair["mde80"]) for pair in ranking["pairs"]] == [(None, "no_items", None)]
    print_ranking([ranking], "table")
    assert "no pair of arms could be tested, since only scores of whole test sets are known" in capsys.readouterr().out


# -- MTEB --------------------------------------------------------------------------------------------------------------


def test_a_result_of_mteb_has_a_folder_a_model_and_a_score_a_language(tmp_path: Path) -> None:
    results = both(tmp_path)
    told = rows(results, "distinct arm, target, dataset, split, metric, direction, seed")
    fixed = ("SIB200Classification", "SIB200Classification@a74d7350", "test", "main_score", None, 0)
    assert told == [("org__a", *fixed), ("org__b", *fixed)]
    assert {code for _, code in rows(results, "arm, language")} == set(SEVEN)


def test_a_pair_with_english_is_a_target_of_its_own_in_two_directions(tmp_path: Path) -> None:
    scores = [subset("swh_Latn", 0.5, "swh_Latn"), subset("swh_Latn", 0.6, "eng_Latn"), subset("eng_Latn", 0.7)]
    task(tmp_path, "a", [*scores, subset("eng_Latn", 0.8, "swh_Latn")])
    assert rows(imported(tmp_path, "mteb"), "target, language, direction, value") == [
        ("SIB200Classification", "eng_Latn", None, 0.7),
        ("SIB200Classification", "swh_Latn", None, 0.5),
        ("SIB200Classification with eng_Latn", "swh_Latn", "from", 0.8),
        ("SIB200Classification with eng_Latn", "swh_Latn", "to", 0.6),
    ]


def test_what_cannot_be_compared_is_left_out_and_counted_by_reason(tmp_path: Path) -> None:
    kept = [subset("fas_Arab", 0.25), subset("tam_Taml", float("nan"))]
    several = [subset("deu_Latn", 0.5, "fra_Latn")]
    twice = [subset("jpn_Jpan", 0.5, name="ja"), subset("jpn_Jpan", 0.6, name="ja-ext")]
    task(tmp_path, "a", [*kept, *several, *twice, subset("qqq_Qqqq", 0.5), subset("bew_Latn", 0.5)])
    task(tmp_path, "a", [subset("deu_Latn", -0.1), subset("fra_Latn", 0.2)], task_name="STS")
    results = imported(tmp_path, "mteb")
    assert results.suite.name == (
        f"{tmp_path.name} (imported; left out: 2 scores not from 0 to 1, 2 scores of a language with several subsets, "
        "2 scores of no language that is known, 1 score of several languages)"
    )
    assert [code for (code,) in rows(results, "language")] == ["pes_Arab", "tam_Taml"]


def test_scores_of_two_revisions_of_the_data_are_never_compared(tmp_path: Path) -> None:
    task(tmp_path, "a", [subset(code, 0.5) for code in SEVEN])
    task(tmp_path, "b", [subset(code, 0.4) for code in SEVEN], dataset_revision="b85e8461fb23")
    reports = Comparer(imported(tmp_path, "mteb")).between("a", "b", None)
    assert [(r["dataset"], r["verdict"]) for r in reports] == [
        ("SIB200Classification@a74d7350", "no_overlap"),
        ("SIB200Classification@b85e8461", "no_overlap"),
    ]


def test_a_revision_that_names_a_seed_is_a_run(tmp_path: Path) -> None:
    for model, gains in (("a", GAINS), ("b", dict.fromkeys(SEVEN, 0.0))):
        for seed in (0, 1):
            scores = [subset(code, 0.5 + gain + seed / 100) for code, gain in gains.items()]
            task(tmp_path / "results", model, scores, f"4f1967-seed{seed}")
    (report,) = Comparer(imported(tmp_path, "mteb")).between("a", "b", None)
    assert (report["scope"], report["n"]["seeds_a"], report["estimate"]) == ("recipe", 2, pytest.approx(0.02))
    assert report["statement"].endswith("the interval leaves out what other items would change.")


def test_a_folder_with_nothing_to_compare_or_of_another_layout_is_refused(tmp_path: Path) -> None:
    task(tmp_path / "r", "a", [subset("deu_Latn", 0.5, "fra_Latn")])
    with pytest.raises(UserError, match="r: holds no score that can be compared, but 1 score of several languages"):
        imported(tmp_path / "r", "mteb")
    (tmp_path / "other").mkdir()
    with pytest.raises(UserError, match="other: not laid out as mteb: "):
        imported(tmp_path / "other", "mteb")
    (tmp_path / "other" / "package.json").write_text('{"name": "other"}')
    for layout in ("mteb", "eee"):
        with pytest.raises(UserError, match=r"other: holds no score that can be compared$"):
            imported(tmp_path / "other", layout)
    with pytest.raises(UserError, match=r"mteb_.*the nearest are mteb"):
        imported(tmp_path / "r", "mteb_")


# -- lm-evaluation-harness ---------------------------------------------------------------------------------------------

Sums = Callable[..., None]


@pytest.fixture
def sums(tmp_path: Path) -> Sums:
    """Return a writer of what a run of lm-evaluation-harness sums up for a model."""

    def write(model: str, results: dict[str, Report], *, n: int = 900, **more: Any) -> None:
        told = {"results": results, "n-samples": {t: {"original": 900, "effective": n} for t in results}, **more}
        (tmp_path / model).mkdir(exist_ok=True)
        file = tmp_path / model / "results_2026-08-21T00-00-00.000000.json"
        file.write_text(json.dumps(told), encoding="utf-8")

    return write


def test_each_metric_of_a_task_is_a_score_and_what_groups_sum_up_is_none(sums: Sums, tmp_path: Path) -> None:
    one = {"alias": " - belebele_swh_Latn", "acc,none": 0.25, "acc_stderr,none": 0.01, "acc_norm,none": 0.5}
    mgsm = {"exact_match,strict-match": 0.125, "exact_match_stderr,strict-match": "N/A"}
    results = {"belebele": {"acc,none": 0.9, "alias": "belebele"}, "belebele_swh_Latn": one, "mgsm_de": mgsm}
    sums("org__a", results, group_subtasks={"belebele": ["belebele_swh_Latn"], "mgsm_de": []})
    assert rows(imported(tmp_path, "lm_eval_aggregate"), "arm, target, language, metric, value, id") == [
        ("org__a", "belebele", "swh_Latn", "acc", 0.25, "(whole test set)"),
        ("org__a", "belebele", "swh_Latn", "acc_norm", 0.5, "(whole test set)"),
        ("org__a", "mgsm", "deu_Latn", "exact_match,strict-match", 0.125, "(whole test set)"),
    ]


def test_the_report_of_sums_is_that_of_whole_scores(sums: Sums, tmp_path: Path) -> None:
    for model, gains in (("a", GAINS), ("b", dict.fromkeys(SEVEN, 0.0))):
        sums(model, {f"belebele_{code}": {"acc,none": 0.5 + gain} for code, gain in gains.items()})
    (report,) = Comparer(imported(tmp_path, "lm_eval_aggregate")).between("a", "b", None)
    assert (report["target"], report["metric"], report["verdict"]) == ("belebele", "acc", "no_items")
    assert report["estimate"] == pytest.approx(0.02)


def test_metrics_on_another_scale_and_tasks_without_a_language_are_left_out_whole(sums: Sums, tmp_path: Path) -> None:
    scores = {"flores_deu_Latn": {"acc,none": 0.5, "bleu,none": 31.5}, "flores_nso_Latn": {"bleu,none": 0.75}}
    sums(
        "a",
        scores | {"piqa": {"acc,none": 0.5}, "asr_fr": {"wer,none": 0.5}},
        higher_is_better={"asr_fr": {"wer": False}},
    )
    results = imported(tmp_path, "lm_eval_aggregate")
    assert results.suite.name == (
        f"{tmp_path.name} (imported; left out: 2 scores not from 0 to 1, 1 score of metrics where less is better, "
        "1 score of no language that is known)"
    )
    assert rows(results, "language, metric") == [("deu_Latn", "acc")]


def test_arms_that_were_scored_on_unlike_numbers_of_items_are_refused(sums: Sums, tmp_path: Path) -> None:
    sums("a", {"belebele_swh_Latn": {"acc,none": 0.5}})
    sums("b", {"belebele_swh_Latn": {"acc,none": 0.5}}, n=10)
    with pytest.raises(UserError) as error:
        imported(tmp_path, "lm_eval_aggregate")
    assert str(error.value) == (
        f"{tmp_path}: a, belebele: swh_Latn (whole test set) is of 900 items, and of another number in another arm; "
        "compare the same items"
    )
