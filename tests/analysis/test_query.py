"""SQL over a store: its tables, the score of every cell, and what a query may not do."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from harness import languages as lang
from harness import schema
from harness.analysis import results
from harness.analysis.query import ask, connect, query
from harness.analysis.results import from_store
from harness.data import adapt
from harness.errors import UserError
from harness.score import metrics, translation
from harness.store import Store

TABLES = (
    "predictions", "example_scores", "jobs", "curves", "cells", "seen", "masked", "scores", "gains", "intermediate",
    "contrasts", "errata",
)  # fmt: skip

PUBLISHED = ("cells", "seen", "scores", "gains", "intermediate", "contrasts", "distances", "errata")
"""Tables that a published file has as well."""


DECLARED = {
    "name": "s", "title": "S", "model": "tiny", "seeds": [0], "arms": {"arm": {}}, "contrasts": [],
    "targets": {"task": {"test": [{"data": "cldr_kind", "split": "test"}], "recipe": "r"}},
}  # fmt: skip


def write(path: Path, table: str, rows: list[dict[str, Any]]) -> None:
    """Write rows of a table of the schema; columns that a row lacks are null."""
    wanted = schema.arrow(table)
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist([{f.name: r.get(f.name) for f in wanted} for r in rows], schema=wanted), path)


class Made:
    """A store filled by hand: example scores of jobs, and the cells that these fill."""

    def __init__(self, path: Path) -> None:
        self.store = Store(path)

    def job(self, key: str, rows: list[dict[str, Any]]) -> None:
        fixed = {"job": key, "dataset": "toy", "edition": "as-released", "split": "test"}
        write(self.store.folder(key) / "example_scores.parquet", "example_scores", [fixed | r for r in rows])
        (self.store.folder(key) / "job.json").write_text(json.dumps({"job": key, "phase": "score", "spec": {}}))

    def suite(self, name: str, cells: list[tuple[str, str, int, str]], seen: list[tuple[str, str, str]]) -> None:
        folder = self.store.path / "suites" / name
        keys = ("arm", "target", "seed", "job")
        full = [{"suite": name, "phase": "score", **dict(zip(keys, c, strict=True))} for c in cells]
        write(folder / "cells.parquet", "cells", full)
        told = [{"suite": name, **dict(zip(("arm", "target", "language"), s, strict=True))} for s in seen]
        write(folder / "seen.parquet", "seen", told)

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        return query(sql, self.store).fetchall()


@pytest.fixture
def made(tmp_path: Path) -> Made:
    return Made(tmp_path / "store")


def accuracies(values: list[float], language: str = "deu_Latn", **more: Any) -> list[dict[str, Any]]:
    return [
        {"language": language, "id": str(i), "metric": "accuracy", "value": v, **more} for i, v in enumerate(values)
    ]


# -- the tables


@pytest.fixture(scope="module")
def con(small_store: Store) -> duckdb.DuckDBPyConnection:
    return connect(small_store)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    return connect(Store(tmp_path_factory.mktemp("empty") / "store"))


@pytest.mark.parametrize("table", TABLES)
def test_a_table_has_the_columns_of_the_schema(con: duckdb.DuckDBPyConnection, table: str) -> None:
    found = ask(con, f"from {table}")
    wanted = schema.columns(table)
    assert found.columns == [c.name for c in wanted]
    types = {"VARCHAR[]": "VARCHAR[]", "DOUBLE[]": "DOUBLE[]"}
    assert [str(t) for t in found.types] == [types.get(c.type, schema.sql_type(c)) for c in wanted]
    assert len(found.fetchall()) > 0 or table in ("masked", "errata")


@pytest.mark.parametrize("table", TABLES)
def test_a_table_of_an_empty_store_is_empty_with_the_same_columns(empty: duckdb.DuckDBPyConnection, table: str) -> None:
    found = ask(empty, f"from {table}")
    assert found.columns == [c.name for c in schema.columns(table)]
    assert found.fetchall() == []


@pytest.fixture(scope="module")
def file(small_store: Store, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("[a'b]") / "results.parquet"
    results.write(from_store(small_store, "small"), small_store, path)
    return path


@pytest.fixture(scope="module")
def published(file: Path) -> duckdb.DuckDBPyConnection:
    return connect(file)


@pytest.mark.parametrize("table", PUBLISHED)
def test_a_published_file_has_the_tables_of_its_store(
    con: duckdb.DuckDBPyConnection, published: duckdb.DuckDBPyConnection, table: str
) -> None:
    lost = {"cells": {"job"}, "contrasts": {"declared"}}.get(table, set())
    columns = ", ".join(f'"{c.name}"' for c in schema.columns(table) if c.name not in lost)
    scored = "where phase = 'score' and target <> 'intermediate'" if table == "cells" else ""
    sql = f"select distinct {columns} from {table} {scored} order by all"
    found, ours = ask(published, sql), ask(con, sql)
    assert ask(published, "select declared > '2026-01-01' from contrasts").fetchall() == [(True,)]
    assert ask(published, f"from {table} limit 0").columns == [c.name for c in schema.columns(table)]
    assert found.types == ours.types
    rows = zip(found.fetchall(), ours.fetchall(), strict=True)
    assert all(a == b or a == tuple(pytest.approx(v) if isinstance(v, float) else v for v in b) for a, b in rows)


def test_a_suite_can_be_asked_alone(made: Made) -> None:
    made.job("a", accuracies([1, 0]))
    for name in ("s", "t[1]"):
        made.suite(name, [("arm", "task", 0, "a")], [("arm", "task", "deu_Latn")])
        (made.store.path / "suites" / name / "suite.json").write_text(json.dumps({"hash": "", "suite": DECLARED}))
    assert query("select distinct suite from scores", made.store, "t[1]").fetchall() == [("t[1]",)]
    assert len(query("select distinct suite from scores", made.store).fetchall()) == 2
    with pytest.raises(UserError, match=r"suite in the store.*'u'"):
        query("from scores", made.store, "u")


def test_a_published_file_knows_its_one_suite(file: Path) -> None:
    assert query("select distinct suite from scores", file, "small").fetchall() == [("small",)]
    with pytest.raises(UserError, match="holds the results of small, not of other"):
        query("from scores", file, "other")


def test_a_published_file_is_all_that_a_question_about_it_reads(file: Path, small_store: Store) -> None:
    store = small_store.path / "suites/small/cells.parquet"
    for place in ("/etc/passwd", str(store), str(file.with_name("other.parquet"))):
        with pytest.raises(UserError, match="Permission Error"):
            query(f"from read_blob('{place}')".replace("a'b", "a''b"), file)


def test_distances_stand_in_both_directions_and_from_a_language_to_itself(empty: duckdb.DuckDBPyConnection) -> None:
    found = ask(empty, "from distances")
    rows = {(row[0], row[1]): row[2:] for row in found.fetchall()}
    assert len(rows) == 205**2
    assert rows["fin_Latn", "ace_Arab"] == rows["ace_Arab", "fin_Latn"]
    assert rows["fin_Latn", "fin_Latn"] == (0, 0, 0, 0, 0, 0, 1, 1)
    assert rows["fin_Latn", "est_Latn"][0] == lang.distance("est_Latn", "fin_Latn", "syntactic")
    assert rows["nqo_Nkoo", "est_Latn"][5] is None


def test_languages_that_an_arm_trains_on_are_those_of_its_declaration(small_store: Store) -> None:
    found = query("select arm, language from intermediate order by all", small_store).fetchall()
    assert found == [("diverse", "nob_Latn"), ("diverse", "rus_Cyrl"), ("english", "eng_Latn")]


def test_languages_are_those_of_the_library_with_unit_and_cluster(small_store: Store) -> None:
    found = query('select code, unit, "cluster", script, joshi_class::varchar from languages', small_store).fetchall()
    assert sorted(found) == [
        (code, row["unit"], row["cluster"], row["script"], row["joshi_class"])
        for code, row in sorted(lang.languages().items())
    ]


def test_jobs_are_what_their_folders_say(small_store: Store) -> None:
    found = query("select job, phase, parent, seed, started, seconds, threads from jobs order by job", small_store)
    for row in found.fetchall():
        facts = small_store.job(row[0])
        assert row == tuple(
            datetime.fromisoformat(facts[c]) if c == "started" else facts[c]
            for c in ("job", "phase", "parent", "seed", "started", "seconds", "threads")
        )
    assert query("select count(*) from jobs", small_store).fetchall() == [(40,)]


# -- scores


def counted(rows: list[dict[str, Any]], metric: str) -> float:
    """Score example scores of one language by Python's metrics."""
    of = "masked_probability" if metric in ("bits_per_byte", "pseudo_perplexity") else metric
    mine = [r for r in rows if r["metric"] == of]
    if metric == "accuracy":
        return float(np.mean([r["value"] for r in mine]))
    return float(metrics.of_counts(metric, np.sum([r["stats"] for r in mine], axis=0)))


@pytest.mark.parametrize("seed", range(3))
def test_scores_are_pythons_metrics_of_the_same_rows(made: Made, seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels, tags = list("abcd"), ["O", "B-X", "I-X", "B-Y"]
    rows: list[dict[str, Any]] = []
    for code, n in (("deu_Latn", 30), ("fin_Latn", 7), ("swe_Latn", 1)):
        gold, said = rng.choice(labels[:3], n).tolist(), rng.choice(labels, n).tolist()
        sentences = [[rng.choice(tags, size).tolist() for size in rng.integers(1, 6, n)] for _ in range(2)]
        told = [json.dumps(s[: len(g)] + ["O"] * (len(g) - len(s))) for g, s in zip(*sentences, strict=True)]
        texts = [[" ".join(sentence) for sentence in side] for side in sentences]
        scored = {
            "chrf": translation.counts("chrf", *texts),
            "bleu": translation.counts("bleu", *texts),
            "spbleu": translation.counts("bleu", *texts),
            "xtreme_f1": metrics.run_counts(sentences[0], told),
            "mined_f1": metrics.pair_counts(gold, said),
            "masked_probability": np.column_stack([-rng.random(n), rng.integers(1, 9, n), rng.integers(9, 99, n)]),
            "accuracy": metrics.accuracy(gold, said),
            "macro_f1": metrics.class_counts(gold, said, labels),
            "f1": metrics.span_counts(sentences[0], told),
            "token_accuracy": metrics.tag_counts(sentences[0], told),
            "balanced_accuracy": metrics.tag_class_counts(sentences[0], told, tags),
        }
        for metric, values in scored.items():
            column = "value" if metric == "accuracy" else "stats"
            rows += [
                {"language": code, "id": str(i), "metric": metric, column: v.tolist()} for i, v in enumerate(values)
            ]
    made.job("a", rows)
    codes = ["deu_Latn", "fin_Latn", "swe_Latn"]
    made.suite("s", [("arm", "task", 0, "a")], [("arm", "task", code) for code in codes])
    found = made.ask("select language, metric, n, value from scores")
    assert len(found) == (len(scored) + 2) * 3
    for code, metric, n, value in found:
        mine = [r for r in rows if r["language"] == code]
        expected = counted(mine, metric)
        assert n == {"deu_Latn": 30, "fin_Latn": 7, "swe_Latn": 1}[code]
        assert value == pytest.approx(expected) or (value is None and np.isnan(expected))


def test_a_score_that_does_not_exist_is_null_and_enters_no_mean(made: Made) -> None:
    nothing = [{"language": "deu_Latn", "id": "1", "metric": "f1", "stats": [0, 0, 0]}]
    something = [{"language": "fin_Latn", "id": "1", "metric": "f1", "stats": [1, 1, 0]}]
    made.job("a", nothing + something)
    made.suite("s", [("arm", "task", 0, "a")], [("arm", "task", "deu_Latn"), ("arm", "task", "fin_Latn")])
    assert made.ask("select value from scores order by language") == [(None,), (pytest.approx(2 / 3),)]
    assert made.ask("select avg(value) from scores") == [(pytest.approx(2 / 3),)]


def test_a_class_without_gold_is_no_part_of_a_macro_mean(made: Made) -> None:
    # class a: 1 right of 2; class b: never gold, once predicted; class c: 1 right of 1
    stats = [1, 0, 1, 0, 1, 0, 1, 0, 0]
    rows = [{"language": "deu_Latn", "id": "1", "metric": m, "stats": stats} for m in ("macro_f1", "balanced_accuracy")]
    made.job("a", rows)
    made.suite("s", [("arm", "task", 0, "a")], [("arm", "task", "deu_Latn")])
    values = dict(made.ask("select metric, value from scores"))
    assert values == {"macro_f1": pytest.approx((2 / 3 + 1) / 2), "balanced_accuracy": pytest.approx(0.75)}


def test_bits_and_perplexity_are_scores_and_no_gains(made: Made) -> None:
    counts = {"a": [-2.0, 1, 4], "b": [-4.0, 2, 4]}
    for job, stats in counts.items():
        made.job(job, [{"language": "deu_Latn", "id": "1", "metric": "masked_probability", "stats": stats}])
    made.suite("s", [(job, "task", 0, job) for job in counts], [(job, "task", "deu_Latn") for job in counts])
    contrast = {"suite": "s", "contrast": "a over b", "a": "a", "b": "b", "targets": ["task"], "role": "primary"}
    contrast |= {"hash": "", "declared": datetime(2026, 1, 1)}
    write(made.store.path / "suites/s/contrasts.parquet", "contrasts", [contrast])
    found = made.ask("select metric, list(value order by arm) from scores group by metric order by metric")
    assert found == [
        ("bits_per_byte", [0.5, 1.0]), ("masked_probability", [0.25, 0.25]), ("pseudo_perplexity", [4.0, 4.0]),
    ]  # fmt: skip
    assert made.ask("select metric, gain from gains") == [("masked_probability", 0.0)]


def test_directions_and_layers_are_scores_of_their_own(made: Made) -> None:
    parts = [("to", 1, 1.0), ("from", 1, 0.0), ("to", 2, 0.5)]
    made.job("a", [accuracies([v], direction=d, layer=n, other="eng_Latn")[0] for d, n, v in parts])
    made.suite("s", [("arm", "task", 0, "a")], [("arm", "task", "deu_Latn")])
    found = made.ask("select direction, layer, n, value from scores order by all")
    assert found == [("from", 1, 1, 0.0), ("to", 1, 1, 1.0), ("to", 2, 1, 0.5)]


def test_jobs_that_cover_parts_of_the_languages_are_joined_in_one_cell(made: Made) -> None:
    made.job("a", accuracies([1, 0]))
    made.job("b", accuracies([1], "fin_Latn"))
    codes = ["deu_Latn", "fin_Latn"]
    made.suite("s", [("arm", "task", 0, "a"), ("arm", "task", 0, "b")], [("arm", "task", c) for c in codes])
    assert made.ask("select language, n, value from scores order by all") == [
        ("deu_Latn", 2, 0.5),
        ("fin_Latn", 1, 1.0),
    ]


def test_a_score_does_not_depend_on_how_many_cells_and_suites_ask_for_it(made: Made) -> None:
    made.job("a", accuracies([1, 0, 0]))
    cells = [("none", "task", 0, "a"), ("none", "task", 1, "a")]
    for name in ("s", "t"):
        made.suite(name, cells, [("none", "task", "deu_Latn")])
    assert made.ask("select suite, seed, n, value from scores order by all") == [
        (suite, seed, 3, pytest.approx(1 / 3)) for suite in ("s", "t") for seed in (0, 1)
    ]


def test_a_suite_shows_the_languages_that_it_asks_for(made: Made) -> None:
    made.job("a", accuracies([1]) + accuracies([0], "fin_Latn"))
    made.suite("s", [("arm", "task", 0, "a"), ("arm", "intermediate", 0, "a")], [("arm", "task", "fin_Latn")])
    found = made.ask("select target, language from scores order by all")
    # the arm's own task is checked in languages that no target need ask for
    assert found == [("intermediate", "deu_Latn"), ("intermediate", "fin_Latn"), ("task", "fin_Latn")]


def test_items_that_a_suite_masks_are_counted_by_no_arm_of_it(made: Made) -> None:
    made.job("a", accuracies([1, 0, 0]))
    made.job("b", [{**row, "metric": "f1", "value": None, "stats": [1, 0, 1]} for row in accuracies([1, 1, 0])])
    for name in ("s", "t"):
        cells = [("one", "task", 0, "a"), ("two", "task", 0, "a"), ("one", "other", 0, "a"), ("one", "task", 1, "b")]
        made.suite(name, cells, [(arm, target, "deu_Latn") for arm in ("one", "two") for target in ("task", "other")])
    masked = {"suite": "s", "target": "task", "dataset": "toy", "split": "test", "id": "0"}
    write(made.store.path / "suites/s/masked.parquet", "masked", [masked, {**masked, "split": "dev", "id": "1"}])
    found = made.ask("select suite, arm, target, seed, n, value from scores order by all")
    third, two_thirds = pytest.approx(1 / 3), pytest.approx(2 / 3)
    assert found == [
        ("s", "one", "other", 0, 3, third),
        ("s", "one", "task", 0, 2, 0.0),
        ("s", "one", "task", 1, 2, two_thirds),
        ("s", "two", "task", 0, 2, 0.0),
        ("t", "one", "other", 0, 3, third),
        ("t", "one", "task", 0, 3, third),
        ("t", "one", "task", 1, 3, two_thirds),
        ("t", "two", "task", 0, 3, third),
    ]


def test_a_cell_whose_job_is_missing_has_no_score(made: Made) -> None:
    made.job("a", accuracies([1]))
    made.suite("s", [("arm", "task", 0, "a"), ("arm", "task", 1, "lost")], [("arm", "task", "deu_Latn")])
    assert made.ask("select seed, value from scores") == [(0, 1.0)]


def test_an_example_that_was_scored_twice_is_refused(copied: Store) -> None:
    found = from_store(copied, "small")
    measure = found.measures("phrases")[0]
    assert found.cube("english", measure).seeds == [0, 1]
    cells = query("from cells where phase = 'score' and target = 'phrases' and arm = 'english' limit 1", copied)
    twin = copied.folder("f" * 16)
    original = copied.folder(cells.fetchall()[0][-1])
    twin.mkdir()
    for file in original.iterdir():
        (twin / file.name).write_bytes(file.read_bytes())
    table = pq.read_table(original / "example_scores.parquet")
    renamed = table.set_column(0, table.field(0), pa.array(["f" * 16] * len(table)).dictionary_encode())
    pq.write_table(renamed, twin / "example_scores.parquet")
    path = copied.path / "suites" / "small" / "cells.parquet"
    rows = pq.read_table(path).to_pylist()
    doubled = next(r for r in rows if r["job"] == original.name)
    write(path, "cells", [*rows, {**doubled, "job": "f" * 16}])
    with pytest.raises(UserError, match=r"small: english, phrases: .* was scored twice"):
        from_store(copied, "small").cube("english", measure)


def test_the_scores_of_a_run_are_those_of_its_predictions(small_store: Store) -> None:
    sql = """select c.job, s.seed, s.language, s.layer, s.direction, s.n, s.value from scores s
             join cells c on (c.arm, c.target, c.seed, c.phase) = (s.arm, s.target, s.seed, 'predict')
             where s.target = 'retrieval' and s.arm = 'diverse'"""
    found = query(sql, small_store).fetchall()
    assert len(found) == 2 * 4 * 2 * 2  # seeds, languages, layers, directions
    for job, _, *place, n, value in found:
        rows = pq.read_table(small_store.folder(job) / "predictions.parquet").to_pylist()
        right = [r["prediction"] == r["id"] for r in rows if [r["language"], r["layer"], r["direction"]] == place]
        assert (n, value) == (len(right), pytest.approx(np.mean(right)))


def test_every_language_is_scored_on_the_items_that_it_has(small_store: Store) -> None:
    terms, phrases = adapt.adapted("cldr_terms"), adapt.adapted("cldr_phrases")
    pivot = set(terms.rows("test", ["eng_Latn"])["id"].to_pylist())
    found = query("select distinct target, language, n from scores where target <> 'intermediate'", small_store)
    for target, code, n in found.fetchall():
        if target == "retrieval":
            assert n == len(pivot & set(terms.rows("test", [code])["id"].to_pylist()))
        else:
            assert n == phrases.parts["test", code].rows


# -- what a query may not do


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("selec 1", "Parser Error"),
        ("select nope from scores", 'Referenced column "nope" not found'),
        ("from scors", "Table with name scors does not exist"),
        ("", "expected one SELECT, saw 0"),
        ("select 1; select 2", "expected one SELECT, saw 2"),
        ("create table t as select 1", "expected one SELECT"),
        ("copy (select 1) to 'here.csv'", "expected one SELECT"),
        ("attach 'x.db'", "expected one SELECT"),
        ("set enable_external_access = true", "expected one SELECT"),
        ("from read_csv('/etc/passwd')", "Permission Error"),
        ("from '/etc/passwd'", ""),
        ("from glob('/etc/*')", "Permission Error"),
        ("from read_parquet('https://example.org/x.parquet')", ""),
    ],
)
def test_what_is_no_question_about_the_store_is_a_sentence(
    con: duckdb.DuckDBPyConnection, sql: str, message: str
) -> None:
    with pytest.raises(UserError) as caught:
        ask(con, sql).fetchall()
    assert str(caught.value).startswith("query: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("sql", ["select 'a'::int", "select error('no')", "select cast(language as int) from scores"])
def test_what_fails_on_a_row_is_a_sentence_too(con: duckdb.DuckDBPyConnection, sql: str) -> None:
    with pytest.raises(UserError):
        ask(con, sql).fetchall()


def test_no_python_variable_is_read(small_store: Store) -> None:
    secret = pa.table({"a": [1]})
    with pytest.raises(UserError, match="secret does not exist"):
        query("from secret", small_store)
    assert len(secret) == 1


def test_the_store_itself_may_be_read(small_store: Store) -> None:
    path = small_store.path / "suites" / "small" / "cells.parquet"
    assert query(f"select count(*) > 0 from read_parquet('{path}')", small_store).fetchall() == [(True,)]


def test_a_store_is_read_and_never_written(small_store: Store) -> None:
    before = sorted(p.name for p in small_store.path.rglob("*"))
    query("from scores", small_store).fetchall()
    assert sorted(p.name for p in small_store.path.rglob("*")) == before


def test_a_quote_in_the_stores_name_is_no_quote_in_sql(tmp_path: Path) -> None:
    made = Made(tmp_path / "o'clock; --")
    made.job("a", accuracies([1]))
    assert made.ask("select count(*) from example_scores") == [(1,)]


def test_brackets_in_the_stores_name_are_no_pattern(tmp_path: Path) -> None:
    made = Made(tmp_path / "store[1]")
    made.job("a", accuracies([1]))
    assert made.ask("select count(*) from example_scores") == [(1,)]


def test_the_connection_is_locked(small_store: Store) -> None:
    con = connect(small_store)
    with pytest.raises(duckdb.Error, match="locked"):
        con.execute("set enable_external_access = true")
