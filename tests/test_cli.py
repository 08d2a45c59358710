"""Every command once: what it prints is what its call gives; every mistake is one sentence and exit status 2."""

from __future__ import annotations

import argparse
import csv
import io
import json
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import harness
from harness import cache, cli, schema
from harness.bench import startup
from harness.cli import main
from harness.data import adapt, cards
from harness.languages import languages
from harness.listing import FORMATS
from harness.plan import make_plan
from harness.store import Store
from harness.suite import Suite
from harness.suite_file import shipped
from tests.small import PART, Declare, stiltbench

Said = Callable[..., Any]


@pytest.fixture
def said(capfd: pytest.CaptureFixture[str], small_store: Store) -> Said:
    """Return a runner of commands that must end well; gives the rows of their JSON. STORE is the small store."""

    def run(*words: object, expected: int = 0) -> Any:
        given = [str(small_store.path) if word == "STORE" else str(word) for word in words]
        assert main(given) == expected
        out = capfd.readouterr().out
        return json.loads(out) if "json" in given else out

    return run


JSON = ("--format", "json")


# -- listings


def test_datasets_are_those_with_an_adapter(said: Said) -> None:
    rows = {row["dataset"]: row for row in said("datasets", *JSON)}
    assert sorted(rows) == cards.dataset_names()
    assert (rows["cldr_kind"]["kind"], rows["cldr_kind"]["languages"]) == ("classification", "137")


def test_languages_are_listed_and_one_is_explained(said: Said) -> None:
    rows = said("languages", *JSON)
    assert [row["code"] for row in rows] == list(languages())
    one = {row["column"]: row["value"] for row in said("languages", "Finnish", *JSON)}
    assert (one["code"], one["family"], one["script"]) == ("fin_Latn", "Uralic", "Latn")


def test_the_schema_is_printed_by_table(said: Said) -> None:
    rows = said("schema", *JSON)
    assert Counter(row["table"] for row in rows) == {t: len(columns) for t, columns in schema.TABLES.items()}
    assert [row["column"] for row in said("schema", "cells", *JSON)] == [
        "suite",
        "arm",
        "target",
        "seed",
        "phase",
        "job",
    ]


def test_a_data_set_is_adapted_and_written(said: Said, tmp_path: Path) -> None:
    rows = said("adapt", "cldr_kind", "--out", tmp_path / "kind.parquet", *JSON)
    parts = adapt.adapted("cldr_kind").parts
    for row in rows:
        mine = [part.rows for (split, _), part in parts.items() if split == row["split"]]
        assert (row["dataset"], row["languages"], row["rows"]) == ("cldr_kind", len(mine), sum(mine))
    written = pq.read_table(tmp_path / "kind.parquet")
    assert len(written) == sum(row["rows"] for row in rows)
    assert written.column_names == [c.name for c in schema.columns("examples")]


def test_suites_and_models_are_those_that_ship(said: Said) -> None:
    assert [row["suite"] for row in said("suites", *JSON)] == list(shipped())
    decoders = ["gemma-3-270m", "llama-3.2-1b", "qwen3-0.6b-base", "qwen3-embedding-0.6b"]
    encoders = ["e5-small", "mbert", "modernbert-base", "multilingual-e5-large", "tiny", "xlmr-base", "xlmr-large"]
    models = sorted([*decoders, *encoders, "mbart50-mmt", "tiny-seq2seq"])
    assert [row["model"] for row in said("model", "list", *JSON)] == models


def test_a_model_is_made_where_it_is_asked_for(said: Said, tmp_path: Path) -> None:
    assert said("model", "import", "tiny", "--out", tmp_path / "model").strip() == str(tmp_path / "model")
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= {p.name for p in (tmp_path / "model").iterdir()}
    place = Path(said("model", "import", "tiny").strip())
    assert place.is_relative_to(cache.root())
    assert (place / "model.safetensors").read_bytes() == (tmp_path / "model" / "model.safetensors").read_bytes()


LISTINGS = [
    ["datasets"],
    ["languages"],
    ["schema"],
    ["adapt", "cldr_kind"],
    ["suites"],
    ["model", "list"],
    ["plan", "SUITE", "--store", "STORE"],
    ["status", "--store", "STORE"],
    ["gc", "--store", "STORE"],
    ["query", "from cells order by all", "--store", "STORE"],
]


@pytest.mark.parametrize("words", LISTINGS, ids=[words[0] for words in LISTINGS])
def test_every_format_has_the_same_rows(
    words: list[str], capfdbinary: pytest.CaptureFixture[bytes], small_store: Store, small_file: Path
) -> None:
    places = {"STORE": str(small_store.path), "SUITE": str(small_file)}
    found = {}
    for form in FORMATS:
        assert main([*(places.get(word, word) for word in words), "--format", form]) == 0
        found[form] = capfdbinary.readouterr().out
    rows = json.loads(found["json"])
    table = pq.read_table(io.BytesIO(found["parquet"]))
    lines = list(csv.reader(io.StringIO(found["csv"].decode())))
    assert table.to_pylist() == rows
    assert len(lines) == len(rows) + 1
    assert lines[0] == table.column_names
    for line, row in zip(lines[1:], rows, strict=True):
        assert line == ["" if v is None else str(v) for v in row.values()]
    printed = found["table"].decode().splitlines()
    assert printed[0].split() == " ".join(table.column_names).split()
    assert len(printed) >= len(rows) + 1


# -- runs


def test_a_plan_counts_jobs_by_arm_and_target(said: Said, small_file: Path, small: Suite, tmp_path: Path) -> None:
    done = {
        (row["arm"], row["target"]): (row["jobs"], row["done"])
        for row in said("plan", small_file, "--store", "STORE", *JSON)
    }
    assert done["english", "phrases"] == (6, 6)
    assert done["(all)", "(all)"] == (40, 40)
    fresh = said("plan", small_file, "--store", tmp_path / "none", *JSON)
    assert fresh[-1]["jobs"] == len(make_plan(small, None).jobs)
    assert fresh[-1]["done"] == 0
    assert not (tmp_path / "none").exists()


def test_settings_may_differ_from_the_file(said: Said, small_file: Path) -> None:
    rows = said("plan", small_file, "--store", "STORE", "--set", "seeds=[0]", "--limit", "4", *JSON)
    assert rows[-1]["jobs"] == 21
    assert rows[-1]["done"] == 0  # other draws, and predictions of fewer items
    assert said("plan", small_file, "--store", "STORE", "--set", "seeds=[0]", *JSON)[-1]["done"] == 21


def test_a_run_tells_on_stderr_what_it_did(
    small_file: Path, small_store: Store, declare: Declare, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", str(small_file), "--store", str(small_store.path)]) == 0
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith("small: 0 jobs run, 40 found done, ")
    assert main(["run", str(declare(*PART)), "--store", str(tmp_path / "s"), "--only", "none", "--limit", "3"]) == 0
    err = capfd.readouterr().err
    assert err.splitlines()[-1].startswith("small@limit=3: 5 jobs run, 0 found done, ")
    assert "5/5 jobs" in err


def test_a_first_look_has_a_page_that_says_so(said: Said, small_file: Path, tmp_path: Path) -> None:
    look = [small_file, "--store", tmp_path / "store", "--limit", 6, "--out", tmp_path / "look", "--quiet"]
    assert said("run", *look).strip() == str(tmp_path / "look" / "index.md")
    page = (tmp_path / "look" / "index.md").read_text()
    assert "**A first look at the machinery: at most 6 items of each split and language." in page


def test_what_arms_read_and_what_it_costs_are_shown_before_anything_runs(
    said: Said, small_file: Path, tmp_path: Path
) -> None:
    nowhere = ["--store", tmp_path / "none", *JSON]
    rows = said("plan", small_file, "--mix", *nowhere)
    assert {(r["arm"], r["language"]): r["rows"] for r in rows} == {
        ("english", "eng_Latn"): 24,
        ("diverse", "nob_Latn"): 12,
        ("diverse", "rus_Cyrl"): 12,
    }
    slow, fast = (
        {r["phase"]: r for r in said("plan", small_file, "--tokens-per-second", n, *nowhere)} for n in (100, 200)
    )
    assert slow["(all)"]["hours"] == pytest.approx(2 * fast["(all)"]["hours"])
    assert slow["intermediate"]["hours"] == pytest.approx(slow["intermediate"]["tokens"] / 100 / 3600, rel=1e-3)


def test_predictions_made_elsewhere_are_scored(said: Said, tmp_path: Path) -> None:
    finnish = adapt.adapted("cldr_kind").rows("test", ["fin_Latn"]).to_pylist()
    place = {"dataset": "cldr_kind", "split": "test", "language": "fin_Latn"}
    right = [{**place, "id": row["id"], "prediction": row["label"]} for row in finnish]
    wrong = next(row["label"] for row in finnish if row["label"] != right[0]["prediction"])
    right[0]["prediction"] = wrong
    (tmp_path / "said.jsonl").write_text("\n".join(map(json.dumps, right)))
    rows = {row["metric"]: row for row in said("score", tmp_path / "said.jsonl", *JSON)}
    assert rows["accuracy"]["n"] == len(finnish)
    assert rows["accuracy"]["value"] == pytest.approx(1 - 1 / len(finnish))


def test_status_counts_what_stands(said: Said) -> None:
    rows = {row["phase"]: row for row in said("status", "--store", "STORE", *JSON)}
    assert rows["predict"] == {
        "suite": "small",
        "phase": "predict",
        "jobs": 15,
        "done": 15,
        "running": 0,
        "pending": 0,
        "failed": 0,
        "left": 0,
    }
    assert sum(row["jobs"] for row in rows.values()) == 40


def test_gc_removes_what_no_suite_names_only_when_told(said: Said, copied: Store) -> None:
    shutil.rmtree(copied.path / "suites" / "small")
    assert len([row for row in said("gc", "--store", copied.path, *JSON) if row["what"] == "job"]) == 40
    assert len(copied.finished()) == 40
    said("gc", "--store", copied.path, "--yes", *JSON)
    assert copied.finished() == []
    assert said("gc", "--store", copied.path, *JSON) == []


def test_gc_empties_the_cache_when_told(said: Said, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STILTBENCH_CACHE", str(tmp_path / "cache"))
    with cache.writing("states", "k") as path:
        path.write_bytes(b"123")
    said("gc", "--cache")
    assert len(cache.files()) == 1
    said("gc", "--cache", "--yes")
    assert cache.files() == []


def test_one_job_is_run_by_its_key(said: Said, copied: Store, small: Suite, capfd: pytest.CaptureFixture[str]) -> None:
    lost = next(c.job for c in make_plan(small, None).cells if c.phase == "score")
    copied.remove(lost)
    said("job", copied.path, lost)
    assert copied.done(lost)
    assert main(["job", str(copied.path), "f" * 16]) == 2
    assert "unknown planned job 'ffffffffffffffff'" in capfd.readouterr().err


# -- results


def test_a_query_prints_its_rows(said: Said) -> None:
    sql = "select arm, target, metric, count(distinct language) n, avg(value) v from scores group by all order by all"
    rows = said("query", sql, "--store", "STORE", *JSON)
    assert {(r["arm"], r["target"]) for r in rows} >= {
        (a, t) for a in ("none", "english", "diverse") for t in ("retrieval", "phrases")
    }
    assert {r["n"] for r in rows if r["target"] == "phrases"} == {5}
    assert all(0 <= r["v"] <= 1 for r in rows)
    assert said("query", "select 'ä' a, null b, 1.5 c", "--store", "STORE", "--format", "csv") == "a,b,c\nä,,1.5\n"


def test_no_column_of_a_query_is_lost(said: Said) -> None:
    rows = said("query", "select 1 a, 2 a", "--store", "STORE", *JSON)
    assert sorted(rows[0].values()) == [1, 2]


def test_two_arms_are_compared(said: Said) -> None:
    found = said("compare", "diverse", "english", "--suite", "small", "--store", "STORE", *JSON)
    reports = found if isinstance(found, list) else [found]
    assert {(r["a"], r["b"], r["target"]) for r in reports} >= {
        ("diverse", "english", t) for t in ("retrieval", "phrases")
    }
    table = said("compare", "diverse", "english", "--suite", "small", "--store", "STORE", "--target", "phrases")
    assert "diverse" in table
    assert "phrases" in table
    assert "retrieval" not in table


def test_a_page_is_written_and_written_again_from_its_results(said: Said, tmp_path: Path) -> None:
    page = Path(said("publish", "small", "--store", "STORE", "--out", tmp_path / "page").strip())
    assert page == tmp_path / "page" / "index.md"
    said("publish", "small", "--from", page.with_name("results.parquet"), "--out", tmp_path / "again")
    names = sorted(p.name for p in page.parent.iterdir())
    assert names == sorted(p.name for p in (tmp_path / "again").iterdir())
    for name in names:
        if name != "results.parquet":
            assert (tmp_path / "again" / name).read_bytes() == (page.parent / name).read_bytes()


def test_a_process_that_does_nothing_imports_nothing_heavy(said: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(startup, "ROUNDS", 1)
    rows = {row["command"]: row for row in said("bench", "startup", *JSON)}
    for command, base in (
        ("stiltbench --help", "python -c pass"),
        ('stiltbench query "select 1"', 'python -c "import duckdb"'),
    ):
        assert rows[command]["above"] == base
        assert rows[command]["heavy"] == ""
        assert rows[command]["added"] == pytest.approx(rows[command]["seconds"] - rows[base]["seconds"])
    monkeypatch.setattr(startup, "HEAVY", ("duckdb", "torch"))
    assert [r["heavy"] for r in said("bench", "startup", *JSON)][2:] == ["", "duckdb"]  # what is imported is seen


# -- mistakes


MISTAKES = [
    (["run", "quickstart", "--site", "site.toml"], "add --on slurm or --on ray"),
    (["run", "quickstart", "--on", "ray", "--print"], "add --on slurm"),
    (["run", "quickstart", "--on", "slurm", "--site", "TMP/bad.toml", "--print", "--store", "TMP/s"], "bad.toml"),
    (["run", "flores-offline", "--data", "TMP/nowhere", "--store", "TMP/s"], "--data DIR is expected to hold"),
    (["export", "small", "--to", "parquet", "--store", "STORE"], "expected store:DIR, eee, eval-results, mteb, csv"),
    (["export", "nosuch", "--to", "csv", "--store", "STORE"], "nosuch"),
    (["compare", "a", "b", "--from", "TMP/bad.toml", "--as", "eee"], "bad.toml"),
    (["compare", "a", "b", "--from", "TMP", "--as", "eee"], "not laid out as eee"),
    (["card", "--to", "croissant"], "name a data set"),
    (["suites", "new"], "name the file to write"),
    (["suites", "new", "TMP/bad.toml"], "bad.toml"),
    (["plan", "SUITE", "--store", "ftp://nowhere/x"], "ftp"),
    (["languages", "Finish"], "unknown language 'Finish'; the nearest are "),
    (["languages", "tg"], "language 'tg' is ambiguous ("),
    (["schema", "scors"], "unknown table 'scors'; the nearest are scores, "),
    (["adapt", "cldr"], "unknown data set 'cldr'; the nearest are cldr_"),
    (["adapt", "cldr_kind", "--out", "TMP/none/x.parquet"], "none/x.parquet: cannot write (No such file or directory)"),
    (["model", "import"], "name a model; there are e5-small, gemma-3-270m, "),
    (["model", "import", "tinny"], "unknown model 'tinny'; the nearest are tiny, "),
    (["plan", "nosuch"], "unknown suite 'nosuch'"),
    (["plan", "TMP/none.toml"], "no such suite file"),
    (["run", "TMP/bad.toml", "--store", "TMP/store"], "bad.toml: not TOML"),
    (["run", "SUITE", "--store", "TMP/bad.toml"], "cannot write (Not a directory)"),
    (["run", "SUITE", "--store", "TMP"], "a folder with other files, not a store"),
    (["run", "SUITE", "--store", "STORE", "--only", "englis"], "unknown arm 'englis'; the nearest are english"),
    (["run", "SUITE", "--store", "STORE", "--set", "seeds"], "--set seeds: expected KEY=VALUE"),
    (["run", "SUITE", "--store", "STORE", "--set", "seed=[0]"], "unknown key 'seed'; the nearest are seeds"),
    (["run", "SUITE", "--store", "STORE", "--set", "limit=3"], "`limit` is no key of a suite"),
    (["run", "SUITE", "--store", "STORE", "--out", "TMP/page"], "shows a first look (--scale smoke, --limit)"),
    (["run", "SUITE", "--limit", "3", "--only", "english", "--out", "TMP/page"], "a page needs every arm"),
    (["run", "SUITE", "--limit", "3", "--out", "TMP/leaderboards/x"], "a first look is no leaderboard"),
    (["run", "SUITE", "--store", "STORE", "--scale", "smoke"], "no table [smoke]"),
    (["bench", "train"], "reads real files; give --data DIR with sib200 in it"),
    (["bench", "startup", "--out", "TMP/page"], "writes no page"),
    (["score", "TMP/none.csv"], "none.csv: no such"),
    (["score", "TMP/bad.toml"], "bad.toml"),
    (["status", "--store", "TMP/none"], "no store here"),
    (["gc", "--store", "TMP"], "no store here"),
    (["query", "select nope", "--store", "STORE"], 'query: Binder Error: Referenced column "nope"'),
    (["query", "select 1", "--store", "TMP/none"], "no store here"),
    (["query", "select 1; select 2", "--store", "STORE"], "expected one SELECT"),
    (["compare", "diverse", "englis", "--suite", "small", "--store", "STORE"], "unknown arm 'englis'; the nearest"),
    (["compare", "diverse", "english", "--suite", "smal", "--store", "STORE"], "unknown suite in the store 'smal'"),
    (["compare", "diverse", "english", "--suite", "small", "--store", "STORE", "--target", "x"], "unknown target 'x'"),
    (["publish", "smal", "--store", "STORE", "--out", "TMP/page"], "unknown suite in the store 'smal'"),
    (["publish", "small", "--from", "TMP/none.parquet", "--out", "TMP/page"], "none.parquet: no such file"),
    (["publish", "small", "--from", "TMP/bad.toml", "--out", "TMP/page"], "not a leaderboard's results.parquet"),
]


@pytest.mark.parametrize(("words", "message"), MISTAKES, ids=[" ".join(words) for words, _ in MISTAKES])
def test_a_mistake_is_one_sentence_and_exit_2(
    words: list[str],
    message: str,
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
    small_store: Store,
    small_file: Path,
) -> None:
    (tmp_path / "bad.toml").write_text("name = \n")
    places = {"STORE": str(small_store.path), "SUITE": str(small_file)}
    assert main([places.get(word, word).replace("TMP", str(tmp_path)) for word in words]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1
    assert err.startswith("stiltbench: ")
    assert message in err
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bad.toml"]


def test_a_query_that_fails_on_a_row_is_one_sentence(capfd: pytest.CaptureFixture[str], small_store: Store) -> None:
    assert main(["query", "select 'a'::int", "--store", str(small_store.path)]) == 2
    assert len(capfd.readouterr().err.splitlines()) == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's /dev/full")
def test_a_full_disk_under_standard_output_is_one_sentence() -> None:
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "harness.cli", "languages"]
        ran = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    assert ran.returncode == 2
    assert len(ran.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "words", [[], ["nosuch"], ["run"], ["run", "quickstart", "--limit", "0"], ["query", "select 1", "--format", "xml"]]
)
def test_a_command_line_that_is_none_says_how_to_call_it(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == 2
    assert capsys.readouterr().err.startswith("usage: stiltbench")


def test_an_interrupt_is_130(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("harness.commands.runs.show", interrupted)
    assert main(["suites"]) == 130
    assert capfd.readouterr().err.startswith("stiltbench: interrupted")


@pytest.mark.parametrize("form", ["csv", "table"])
def test_a_reader_that_has_enough_ends_a_listing_quietly(form: str, small_store: Store) -> None:
    query = f"query 'select unnest(range(30000))' --store {small_store.path} --format {form}"
    script = f"set -o pipefail; {sys.executable} -m harness.cli {query} | head -1"
    ran = subprocess.run(["bash", "-c", script], capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert len(ran.stdout.splitlines()) == 1


# -- help


def commands() -> dict[str, argparse.ArgumentParser]:
    parser = cli._parser()
    return next(dict(a.choices) for a in parser._actions if isinstance(a, argparse._SubParsersAction))


def test_every_command_of_the_architecture_so_far_is_there() -> None:
    listings = {"datasets", "languages", "schema", "suites", "model"}
    runs = {"adapt", "plan", "run", "status", "gc"}
    assert listings | runs | {"query", "compare", "publish", "bench"} <= set(commands())


@pytest.mark.parametrize("name", sorted(commands()))
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main([name, "--help"])
    assert caught.value.code == 0
    said = capsys.readouterr().out
    assert said.startswith(f"usage: stiltbench {name}")
    for action in commands()[name]._actions:
        assert action.help or action.choices, f"{name}: {action.dest} is not explained"
        assert (action.option_strings or [action.metavar or action.dest])[-1] in said or action.choices


def test_help_lists_every_command() -> None:
    ran = stiltbench("--help")
    assert ran.returncode == 0
    assert set(commands()) <= {line.split()[0] for line in ran.stdout.splitlines() if line.startswith("    ")}


def test_every_command_is_one_python_call_too() -> None:
    for name in harness.__all__:
        assert callable(getattr(harness, name))
    with pytest.raises(AttributeError, match="no attribute 'nosuch'"):
        _ = harness.nosuch
