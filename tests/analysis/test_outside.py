"""Results of other programs through the one report: tables, lm-evaluation-harness logs, answers in words."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from scipy import stats

from harness import languages as lang
from harness.analysis.compare import Comparer
from harness.analysis.outside import imported
from harness.analysis.results import Results
from harness.data.adapt import adapted
from harness.errors import UserError
from harness.resources import PACKAGE
from harness.score.answers import RULES

Report = dict[str, Any]
Row = dict[str, object]

SEVEN = ["deu_Latn", "arb_Arab", "swh_Latn", "tur_Latn", "fin_Latn", "tam_Taml", "jpn_Jpan"]
"""Seven languages of seven families."""


def rows(codes: list[str], right: dict[str, int], items: int = 20) -> list[Row]:
    """Return accuracies of arms: of ``items`` so many right, from another item on in each language."""
    return [
        {"arm": arm, "language": code, "id": i, "value": int((i - 3 * k) % items < right[arm] + k % 3 * (arm == "a"))}
        for arm, (k, code), i in product(right, enumerate(codes), range(items))
    ]


def write(path: Path, table: list[Row]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(table[0]))
        writer.writeheader()
        writer.writerows(table)
    return path


def one(results: Results, a: str = "a", b: str = "b") -> Report:
    return Comparer(results).between(a, b, None)[0]


@pytest.fixture
def compared(tmp_path: Path) -> Callable[[list[Row]], Report]:
    return lambda table: one(imported(write(tmp_path / "mine.csv", table)))


@pytest.fixture
def refused(tmp_path: Path) -> Callable[..., str]:
    def message(table: list[Row], **how: Any) -> str:
        with pytest.raises(UserError) as error:
            one(imported(write(tmp_path / "mine.csv", table), **how))
        assert "\n" not in str(error.value)
        return str(error.value).removeprefix(f"{tmp_path}/")

    return message


# -- tables ------------------------------------------------------------------------------------------------------------


def test_a_table_goes_through_the_report_of_ones_own_runs(compared: Callable[[list[Row]], Report]) -> None:
    report = compared(rows(SEVEN, {"a": 12, "b": 10}))
    gains = [(2 + k % 3) / 20 for k in range(7)]
    assert report["code_macro"] == pytest.approx(np.mean(gains))
    assert report["naive"]["t_p"] == pytest.approx(stats.ttest_1samp(gains, 0).pvalue)
    assert {f["family"]: f["gain"] for f in report["families"]} == pytest.approx(
        {lang.cluster(code): gain for code, gain in zip(SEVEN, gains, strict=True)}
    )
    assert (report["n"]["families"], report["n"]["items"], report["scope"]) == (7, 20, "models")


def test_an_import_says_so_and_is_exploratory(compared: Callable[[list[Row]], Report]) -> None:
    report = compared(rows(SEVEN, {"a": 12, "b": 10}))
    assert (report["suite"], report["target"], report["metric"]) == ("mine.csv (imported)", "mine", "accuracy")
    assert (report["role"], report["verdict"], report["p_holm"]) == ("exploratory", "exploratory", None)


def test_columns_of_other_names_and_languages_of_other_spellings(tmp_path: Path) -> None:
    table = rows(SEVEN, {"a": 12, "b": 10})
    short = dict(zip(SEVEN, ["de", "arb-Arab", "sw", "tr", "Finnish", "ta", "jpn"], strict=True))
    mine = [{"system": r["arm"], "lang": short[str(r["language"])], "n": r["id"], "acc": r["value"]} for r in table]
    names = {"arm": "system", "language": "lang", "id": "n", "value": "acc"}
    report = one(imported(write(tmp_path / "other.tsv", mine), columns=names))
    assert [row["code"] for row in report["languages"]] == sorted(SEVEN)
    assert report["estimate"] == one(imported(write(tmp_path / "same.csv", table)))["estimate"]


@pytest.mark.parametrize("form", ["parquet", "jsonl"])
def test_a_table_says_the_same_in_every_form(form: str, tmp_path: Path) -> None:
    file = write(tmp_path / "mine.csv", rows(SEVEN, {"a": 12, "b": 10}))
    duckdb.sql(f"copy (select * replace (value = 1 as value) from '{file}') to '{tmp_path}/mine.{form}'")
    text, other = one(imported(file)), one(imported(tmp_path / f"mine.{form}"))
    assert other | {"suite": None} == text | {"suite": None}


def test_optional_columns_are_taken(tmp_path: Path) -> None:
    table: list[Row] = [
        {**row, "target": target, "dataset": "d", "split": "dev", "seed": seed, "metric": metric, "block": f"b{block}"}
        for row in rows(SEVEN, {"a": 12, "b": 10})
        for target, seed, metric in product(("t", "u"), (3, 4), ("accuracy", "f1"))
        for block in [int(str(row["id"])) // 2]
    ]
    reports = Comparer(imported(write(tmp_path / "all.csv", table))).between("a", "b", None)
    assert [(r["target"], r["metric"]) for r in reports] == [(t, m) for t in "tu" for m in ("accuracy", "mean f1")]
    assert {(r["dataset"], r["scope"], r["n"]["seeds_a"], r["n"]["groups"]) for r in reports} == {
        ("d", "recipe", 2, 10)
    }


def test_a_published_file_keeps_what_it_declares() -> None:
    file = PACKAGE.parent / "leaderboards" / "quickstart" / "results.parquet"
    assert imported(file).suite.contrasts[0].role == "primary"


# -- degenerate input (statistics §11.3) -------------------------------------------------------------------------------


def changed(table: list[Row], keep: Callable[[Row], bool] = lambda _: True, **values: Any) -> list[Row]:
    """Return the rows to keep; ``values`` are put in the first of them."""
    kept = [row for row in table if keep(row)]
    return [kept[0] | values, *kept[1:]]


FULL = rows(SEVEN, {"a": 12, "b": 10})

DEGENERATE: dict[str, tuple[list[Row], Report]] = {
    "one family": (
        rows(["deu_Latn", "fra_Latn", "hin_Deva"], {"a": 12, "b": 10}),
        {"verdict": "languages_only", "p": None, "interval": None, "reason": "too_few_families"},
    ),
    "three families": (
        rows(SEVEN[:3], {"a": 12, "b": 10}),
        {"verdict": "languages_only", "estimate": pytest.approx(0.15), "reason": "too_few_families"},
    ),
    "one language": (
        rows(SEVEN[:1], {"a": 12, "b": 10}),
        {"verdict": "languages_only", "p": None, "estimate": pytest.approx(0.1)},
    ),
    "all gains equal": (
        [row | {"value": {"a": 0.75, "b": 0.5}[str(row["arm"])]} for row in FULL],
        {"verdict": "undefined", "estimate": 0.25, "p": None, "interval": None, "reason": "constant"},
    ),
    "no difference at all": (
        [row | {"value": 0.5} for row in FULL],
        {"verdict": "undefined", "estimate": 0, "p": 1, "interval": None, "reason": "constant"},
    ),
    "a missing value": (
        changed(FULL, value="nan"),
        {"verdict": "exploratory", "dropped": {"codes": [], "items": 1, "reasons": ["item_missing"], "masked": 0}},
    ),
    "partial overlap": (
        changed(FULL, lambda row: not (row["arm"] == "b" and int(str(row["id"])) >= 15)),
        {"verdict": "exploratory", "warnings": ["missing_items", "partial_overlap"]},
    ),
    "a language in one arm": (
        changed(FULL, lambda row: not (row["arm"] == "b" and row["language"] == "tam_Taml")),
        {"verdict": "exploratory", "dropped": {
            "codes": ["tam_Taml"], "items": 0, "reasons": ["language_missing_in_one_arm"], "masked": 0}},
    ),
    "no common items": (
        [row | {"id": f"{row['arm']}{row['id']}"} for row in FULL],
        {"verdict": "no_overlap", "estimate": None, "reason": "no_overlap"},
    ),
    "a constant arm": (
        [row | {"value": 0} if row["arm"] == "b" else row for row in FULL],
        {"verdict": "exploratory", "warnings": ["constant_arm"]},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", DEGENERATE)
def test_input_without_an_answer_gets_none(case: str, compared: Callable[[list[Row]], Report]) -> None:
    table, expected = DEGENERATE[case]
    report = compared(table)
    assert {key: report[key] for key in expected} == expected
    json.dumps(report, allow_nan=False)


# -- what is refused ---------------------------------------------------------------------------------------------------


REFUSED: dict[str, tuple[list[Row], str]] = {
    "a missing column": (
        [{k: v for k, v in row.items() if k != "language"} for row in FULL],
        "mine.csv: no column 'language' among arm, id, value; say with --columns language=NAME",
    ),
    "an unknown code": (
        changed(FULL, language="deu_Ltan"),
        "mine.csv: unknown language 'deu_Ltan'; the nearest are deu_Latn, eus_Latn, dyu_Latn",
    ),
    "a row twice": (
        [*FULL, FULL[0]],
        "mine.csv: a, mine: deu_Latn 0 stands twice with metric accuracy and seed 0",
    ),
    "percent": (
        changed(FULL, value=54.5),
        "mine.csv: a, mine: deu_Latn 0 has value 54.5, expected one from 0 to 1; give ratios, not percent",
    ),
    "an infinite value": (
        changed(FULL, value="inf"),
        "mine.csv: a, mine: deu_Latn 0 has value inf, expected one from 0 to 1; give ratios, not percent",
    ),
    "no number": (
        changed(FULL, value="good"),
        "mine.csv: a, mine: deu_Latn 0 has value good, expected a number from 0 to 1",
    ),
    "a seed of words": (
        [row | {"seed": "first"} for row in FULL],
        "mine.csv: a, mine: arb_Arab 0 has seed first, expected a number from 0",
    ),
    "an unknown arm": (
        [row | {"arm": f"model-{row['arm']}"} for row in FULL],
        "mine.csv (imported): unknown arm 'a'; the nearest are model-a, model-b",
    ),
    "values and answers": (
        [row | {"answer": "place"} for row in FULL],
        "mine.csv: has a column of values and one of answers; leave out one of them",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_mistake_is_one_sentence(case: str, refused: Callable[..., str]) -> None:
    table, expected = REFUSED[case]
    assert refused(table) == expected


def test_what_is_asked_of_a_table_must_be_in_it(refused: Callable[..., str]) -> None:
    assert refused(FULL, columns={"value": "vlue"}).startswith("mine.csv: unknown column 'vlue'; the nearest are value")
    assert refused(FULL, columns={"langage": "language"}).startswith("mine.csv: --columns: unknown column 'langage'")
    assert refused(FULL, parse="first") == "mine.csv: holds values and no answers; leave out --parse first"
    assert refused(FULL, layout="lm_eval").startswith("mine.csv: a file, and --as lm_eval reads a folder")


def test_a_place_that_is_no_source_is_refused(tmp_path: Path) -> None:
    (tmp_path / "broken.parquet").write_text("no", encoding="utf-8")
    (tmp_path / "notes.txt").write_text("no", encoding="utf-8")
    for name, layout, expected in (
        ("absent.csv", None, "no such file or folder"),
        ("broken.parquet", None, "not a Parquet file"),
        ("notes.txt", None, "expected a table named .csv, .tsv, .jsonl, .parquet, saw suffix '.txt'"),
        ("", None, "a folder; say with --as how it is laid out"),
        ("", "lm_evel", "unknown layout 'lm_evel'; the nearest are lm_eval"),
        ("", "lm_eval", "not laid out as lm_eval: .*samples_"),
    ):
        with pytest.raises(UserError, match=expected):
            imported(tmp_path / name, layout)


# -- answers -----------------------------------------------------------------------------------------------------------


def answers(said: Callable[[str], str]) -> list[Row]:
    """Return answers to `cldr_kind`, which needs no files: arm a says ``said`` of the right label, arm b nothing."""
    gold = adapted("cldr_kind").rows("test", SEVEN, ["language", "id", "label"]).to_pylist()
    return [
        {
            "arm": arm,
            "dataset": "cldr_kind",
            "language": g["language"],
            "id": g["id"],
            "gold": g["label"],
            "answer": text,
        }
        for g in gold
        for arm, text in (("a", said(g["label"])), ("b", ""))
    ]


def test_answers_are_read_by_the_rule_and_scored_against_the_examples(tmp_path: Path) -> None:
    file = write(
        tmp_path / "said.csv", answers(lambda label: f"A {label.upper()}, not a unit" if label != "month" else "")
    )
    months = {
        code: np.mean([row["label"] == "month" for row in adapted("cldr_kind").rows("test", [code]).to_pylist()])
        for code in SEVEN
    }
    first, unique = (one(imported(file, parse=rule)) for rule in RULES)
    assert {row["code"]: row["a"] for row in first["languages"]} == pytest.approx({c: 1 - m for c, m in months.items()})
    assert {row["a"] for row in unique["languages"]} == {0.0}  # every answer names two labels, or none
    assert {row["b"] for row in first["languages"]} == {0.0}
    assert first["suite"] == "said.csv (imported; answers read by rule first)"


def test_answers_that_do_not_fit_their_data_set_are_refused(refused: Callable[..., str]) -> None:
    table = answers(str)
    code, item, gold = (table[0][name] for name in ("language", "id", "gold"))
    assert refused(table).startswith("mine.csv: holds answers; say with --parse how they are read (first, unique)")
    assert refused(changed(table, gold="plaice"), parse="first") == (
        f"mine.csv: a, cldr_kind: {code} {item} has gold plaice, and in cldr_kind it is {gold}"
    )
    assert refused(changed(table, id="nowhere"), parse="first").endswith("nowhere is no example of cldr_kind test")
    assert "unknown data set" in refused([row | {"dataset": "cldr_kin"} for row in table], parse="first")


# -- lm-evaluation-harness ---------------------------------------------------------------------------------------------


def log(root: Path, model: str, task: str, samples: list[Row], time: str = "2026-08-21T19-56-54.123456") -> None:
    """Write a log as `lm_eval/loggers/evaluation_tracker.py` does (0.4)."""
    fixed: Row = {"target": "1", "arguments": {"gen_args_0": {}}, "resps": [["1"]], "filtered_resps": ["1"]}
    folder = root / model
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"results_{time}.json").write_text("{}", encoding="utf-8")
    lines = [json.dumps({"doc": {}, **fixed, "filter": "none", **sample}) for sample in samples]
    (folder / f"samples_{task}_{time}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_logs_of_lm_eval_have_models_for_arms_and_languages_in_task_names(tmp_path: Path) -> None:
    for model, right in (("org__a", 12), ("org__b", 10)):
        for code in SEVEN:
            metrics = [{"acc": float(i < right), "acc_norm": i < right - 1, "bleu": ["x", "y"]} for i in range(20)]
            log(tmp_path, model, f"belebele_{code}", [{"doc_id": i, **m} for i, m in enumerate(metrics)])
    reports = Comparer(imported(tmp_path, "lm_eval")).between("org__a", "org__b", None)
    assert [(r["target"], r["metric"], r["estimate"]) for r in reports] == [
        ("belebele", "acc", pytest.approx(0.1)),
        ("belebele", "acc_norm", pytest.approx(0.1)),
    ]
    assert [row["code"] for row in reports[0]["languages"]] == sorted(SEVEN)


def test_a_question_of_belebele_is_known_by_page_and_number(tmp_path: Path) -> None:
    # In each language the questions come in another order; what they share must be found again.
    for model, code in product(("a", "b"), SEVEN):
        order = range(8) if code < "m" else reversed(range(8))
        docs = [{"link": f"page{i // 2}", "question_number": i % 2 + 1} for i in order]
        log(tmp_path, model, f"belebele_{code}", [{"doc_id": i, "doc": d, "acc": 1.0} for i, d in enumerate(docs)])
    cube = (results := imported(tmp_path, "lm_eval")).cube("a", results.measures("belebele")[0])
    assert cube.ids == [f"page{page} {number}" for page in range(4) for number in (1, 2)]
    assert cube.blocks == [f"page{page}" for page in range(4) for _ in (1, 2)]


@pytest.mark.parametrize(
    ("task", "target", "code"),
    [
        ("belebele_khm_Khmr", "belebele", "khm_Khmr"),
        ("xnli_sw", "xnli", "swh_Latn"),
        ("lambada_openai_mt_fr", "lambada_openai_mt", "fra_Latn"),  # mt is Maltese elsewhere
        ("afrixnli_en_direct_amh", "afrixnli_en_direct", "amh_Ethi"),
        ("afrixnli_yor_prompt_3", "afrixnli_prompt_3", "yor_Latn"),
        ("global_mmlu_full_sw_high_school_us_history", "global_mmlu_full_high_school_us_history", "swh_Latn"),
        ("global_piqa_parallel_cloze_cmn_hant", "global_piqa_parallel_cloze", "zho_Hant"),
    ],
)
def test_the_language_is_found_in_a_tasks_name(task: str, target: str, code: str, tmp_path: Path) -> None:
    log(tmp_path, "a", task, [{"doc_id": 0, "acc": 1.0}])
    results = imported(tmp_path, "lm_eval")
    assert results.con.execute("select target, language from results").fetchall() == [(target, code)]


def test_a_task_of_two_languages_or_none_is_refused(tmp_path: Path) -> None:
    for task, saw in (("flores_eng_Latn-ibo_Latn_prompt_2", "eng_Latn and ibo_Latn"), ("piqa", "no language")):
        log(tmp_path / task, "a", task, [{"doc_id": 0, "acc": 1.0}])
        with pytest.raises(UserError, match=f"task '{task}' has {saw}.*; put one FLORES code at its end"):
            imported(tmp_path / task, "lm_eval")


def test_each_filter_of_a_log_is_a_metric_and_a_second_run_is_refused(tmp_path: Path) -> None:
    samples: list[Row] = [{"doc_id": 0, "filter": f, "exact_match": v} for f, v in (("strict", 0.0), ("flexible", 1.0))]
    log(tmp_path, "a", "mgsm_de", samples)
    found = imported(tmp_path, "lm_eval").con.execute("select metric, value from results order by all").fetchall()
    assert found == [("exact_match,flexible", 1.0), ("exact_match,strict", 0.0)]
    log(tmp_path, "a", "mgsm_de", samples, time="2026-08-22T00-00-00.000000")
    with pytest.raises(UserError, match="deu_Latn 0 stands twice with metric exact_match,flexible"):
        imported(tmp_path, "lm_eval")
