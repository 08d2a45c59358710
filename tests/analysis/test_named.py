"""Named queries answer what numpy finds in the same example scores, of a store and of a published file alike."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from harness import languages as lang
from harness.analysis import results
from harness.analysis.compare import Comparer
from harness.analysis.named import SHIPPED, named_queries, named_query
from harness.analysis.query import query
from harness.errors import UserError
from harness.store import Store
from tests.analysis.test_query import Made, accuracies, write
from tests.analysis.test_words import FORBIDDEN

NAMES = sorted(path.stem for path in SHIPPED.glob("*.sql"))

Row = dict[str, Any]


@cache
def answer(name: str, source: Store | Path) -> list[Row]:
    """Return the rows of a named query's answer; of one source it is asked once."""
    found = query(named_query(name).sql, source)
    return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]


@pytest.fixture(scope="module")
def file(planted: Store, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("file") / "results.parquet"
    results.write(results.from_store(planted, "planted"), planted, path)
    return path


@pytest.fixture(scope="module")
def scored(planted: Store) -> dict[tuple[str, str, str], float]:
    """Return (arm, metric, language) → the mean over seeds of its score, from the jobs' files."""
    cells = [
        c for c in pq.read_table(planted.path / "suites/planted/cells.parquet").to_pylist() if c["phase"] == "score"
    ]
    found: dict[tuple[str, str, str], list[float]] = {}
    for cell in (c for c in cells if c["target"] == "kind"):
        table = pq.read_table(planted.folder(cell["job"]) / "example_scores.parquet")
        metrics, codes = (np.asarray(table[name].to_pylist()) for name in ("metric", "language"))
        for metric in np.unique(metrics):
            rows = table.filter(metrics == metric)
            values = np.stack(rows["value" if metric == "accuracy" else "stats"].to_numpy())
            for code in np.unique(codes):
                mine = values[codes[metrics == metric] == code]
                found.setdefault((cell["arm"], str(metric), str(code)), []).append(_score(metric, mine))
    return {place: float(np.mean(values)) for place, values in found.items()}


def _score(metric: str, rows: np.ndarray[Any, Any]) -> float:
    if metric == "accuracy":
        return float(rows.mean())
    by_class = rows.sum(0).reshape(-1, 3)
    tp, fp, fn = by_class[by_class[:, 0] + by_class[:, 2] > 0].T
    return float(np.mean(tp / (tp + fn) if metric == "balanced_accuracy" else 2 * tp / (2 * tp + fp + fn)))


def family_first(gains: dict[str, float]) -> float:
    families: dict[str, dict[str, list[float]]] = {}
    for code, gain in gains.items():
        families.setdefault(lang.cluster(code), {}).setdefault(lang.unit(code), []).append(gain)
    return float(np.mean([np.mean([np.mean(codes) for codes in units.values()]) for units in families.values()]))


def nearest(kind: str, code: str) -> float:
    return min(lang.distance(code, other, kind) for other in ("rus_Cyrl", "arb_Arab", "hin_Deva"))


def _column(*names: str) -> Callable[[str], list[tuple[Any, ...]]]:
    def level(code: str) -> list[tuple[Any, ...]]:
        values = [lang.languages()[code][name] for name in names]
        return [tuple(int(v) if v and v.isdigit() else v for v in values)]

    return level


def _bands(code: str) -> list[tuple[Any, ...]]:
    away = {kind: nearest(kind, code) for kind in lang.DISTANCES}
    km = away.pop("geographic_km")
    bands = [(kind, np.floor(value * 10) / 10) for kind, value in away.items()]
    return bands if np.isnan(km) else [*bands, ("geographic_km", np.floor(km / 1000) * 1000)]


QUESTIONS: dict[str, tuple[tuple[str, ...], Callable[[str], list[tuple[Any, ...]]]]] = {
    "gain_by_family": (("family",), _column("cluster")),
    "gain_by_script": (("script",), _column("script")),
    "gain_by_resource": (("joshi_class", "in_xlmr"), _column("joshi_class", "in_xlmr")),
    "gain_by_word_order": (("word_order", "affixing"), _column("word_order", "wals_26A_affixing")),
    "gain_by_distance": (("distance", "at_least"), _bands),
}
"""Query → the columns of its levels, and the levels that a language stands in."""


@pytest.mark.parametrize("metric", ["accuracy", "macro_f1", "balanced_accuracy"])
@pytest.mark.parametrize("name", QUESTIONS)
def test_gains_are_averaged_by_unit_family_and_level(
    name: str, metric: str, planted: Store, scored: dict[tuple[str, str, str], float]
) -> None:
    columns, levels = QUESTIONS[name]
    met = {"eng_Latn", "rus_Cyrl", "arb_Arab", "hin_Deva"}
    expected: dict[tuple[Any, ...], dict[str, float]] = {}
    for arm, m, code in scored:
        if (arm, m) == ("diverse", metric):
            gain = scored[arm, m, code] - scored["english", m, code]
            for level in levels(code):
                expected.setdefault((code in met, *level), {})[code] = gain
    rows = [r for r in answer(name, planted) if (r["contrast"], r["metric"]) == ("diverse over english", metric)]
    found = {(r["met"], *(r[c] for c in columns)): (r["gain"], r["languages"]) for r in rows}
    assert len(found) == len(rows)
    assert found == {k: (pytest.approx(family_first(gains)), len(gains)) for k, gains in expected.items()}


def test_gain_by_family_is_what_a_comparison_says_of_its_families(planted: Store, comparer: Comparer) -> None:
    report = comparer.between("diverse", "english", "kind")[0]
    rows = [r for r in answer("gain_by_family", planted) if r["contrast"] == "diverse over english" and not r["met"]]
    found = {r["family"]: (r["gain"], r["units"]) for r in rows if r["metric"] == "accuracy"}
    assert found == {f["family"]: (pytest.approx(f["gain"]), f["units"]) for f in report["families"]}


def test_every_declared_contrast_is_answered_also_where_every_language_was_met(planted: Store) -> None:
    rows = answer("gain_by_family", planted)
    contrasts = {"diverse over english", "twin over english", "all over english"}
    assert {r["contrast"] for r in rows} == contrasts
    assert {r["met"] for r in rows if r["contrast"] == "all over english"} == {True}


@pytest.mark.parametrize("name", NAMES)
def test_a_published_file_gives_the_answers_of_its_store(name: str, planted: Store, file: Path) -> None:
    ours, theirs = answer(name, planted), answer(name, file)
    assert ours == [{c: pytest.approx(v) if isinstance(v, float) else v for c, v in row.items()} for row in theirs]
    assert ours or name == "collapsed_seeds"


def test_scores_by_language_are_means_over_seeds(planted: Store, scored: dict[tuple[str, str, str], float]) -> None:
    rows = [r for r in answer("scores_by_language", planted) if r["target"] == "kind"]
    assert {(r["arm"], r["metric"], r["language"]): r["score"] for r in rows} == pytest.approx(scored)
    assert {r["seeds"] for r in rows} == {3}


# -- by hand


@pytest.fixture
def made(tmp_path: Path) -> Made:
    return Made(tmp_path / "store")


def declared(made: Made, suite: str, *rows: tuple[str, str, str, str | None]) -> None:
    keys = ("contrast", "a", "b", "by")
    fixed = {"suite": suite, "targets": ["task"], "role": "primary", "hash": "0", "declared": datetime(2026, 1, 2)}
    told = [fixed | dict(zip(keys, row, strict=True)) for row in rows]
    write(made.store.path / "suites" / suite / "contrasts.parquet", "contrasts", told)


def test_scripts_of_one_language_count_once_and_a_direction_of_two_is_half(made: Made) -> None:
    gains = {"ace_Arab": (1, 0), "ace_Latn": (0, 0), "jav_Latn": (1, 1), "fin_Latn": (0, 1)}  # to, from
    for arm, sign in (("one", 1), ("two", 0)):
        rows = [
            accuracies([sign * value], code, direction=direction, layer=3)[0]
            for code, values in gains.items()
            for direction, value in zip(("to", "from"), values, strict=True)
        ]
        made.job(arm, rows)
    made.suite("s", [("one", "task", 0, "one"), ("two", "task", 0, "two")], [("one", "task", c) for c in gains])
    declared(made, "s", ("one over two", "one", "two", None), ("steeper", "one", "two", "joshi_class"))
    rows = answer("gain_by_script", made.store)
    found = {(r["direction"], r["script"]): (r["gain"], r["families"], r["units"], r["languages"]) for r in rows}
    assert {r["contrast"] for r in rows} == {"one over two"}
    # Austronesian: Acehnese in Latin script and Javanese; Uralic: Finnish
    assert found == {
        ("to", "Arab"): (1, 1, 1, 1), ("from", "Arab"): (0, 1, 1, 1), (None, "Arab"): (0.5, 1, 1, 1),
        ("to", "Latn"): (0.25, 2, 3, 3), ("from", "Latn"): (0.75, 2, 3, 3), (None, "Latn"): (0.5, 2, 3, 3),
    }  # fmt: skip
    by_family = {(r["direction"], r["family"]): r["gain"] for r in answer("gain_by_family", made.store)}
    assert by_family["to", "Austronesian"] == 0.75  # Acehnese has 0.5 in its two scripts, Javanese 1
    assert by_family[None, "Austronesian"] == 0.625


F1 = (0.806, 0.847, 0.821, 0.815, 0.833, 0.830)
"""As the six trainings of seven that did not collapse, of MasakhaNER 2.0's XLM-R large in Wolof: mean .825."""


def _tagged(f1: float) -> list[Row]:
    right = round(1000 * f1)
    return [{"language": "wol_Latn", "id": "1", "metric": "f1", "stats": [right, 1000 - right, 1000 - right]}]


def test_a_training_far_below_its_siblings_is_named(made: Made) -> None:
    for seed, f1 in enumerate([*F1, 0.0]):
        made.job(str(seed), _tagged(f1))
    cells = [("arm", "task", seed, str(seed)) for seed in range(7)]
    made.suite("s", cells, [("arm", "task", "wol_Latn")])
    (row,) = answer("collapsed_seeds", made.store)
    assert (row["arm"], row["seed"], row["score"], row["floor"]) == ("arm", 6, 0, 0)
    assert row["siblings"] == pytest.approx(np.median(F1))


@pytest.mark.parametrize(
    ("right", "named"),
    [
        ((30, 0, 0), {"accuracy", "balanced_accuracy"}),  # always the commonest of 30, 20 and 10
        ((0, 20, 0), {"accuracy", "balanced_accuracy"}),
        ((25, 15, 5), set()),
        ((11, 8, 4), {"accuracy", "balanced_accuracy"}),  # below the share of the commonest class, and a bit above 1/3
    ],
)
def test_a_training_that_knows_no_more_than_the_commonest_class_is_named(
    made: Made, right: tuple[int, ...], named: set[str]
) -> None:
    for seed, hits in enumerate([(28, 18, 9), (28, 18, 9), right]):
        counts = [[h, 0, n - h] for h, n in zip(hits, (30, 20, 10), strict=True)]
        good = [1.0] * sum(hits) + [0.0] * (60 - sum(hits))
        stats = {"language": "fin_Latn", "id": "1", "metric": "balanced_accuracy", "stats": np.ravel(counts).tolist()}
        made.job(str(seed), [*accuracies(good, "fin_Latn"), stats])
    made.suite("s", [("arm", "task", seed, str(seed)) for seed in range(3)], [("arm", "task", "fin_Latn")])
    found = answer("collapsed_seeds", made.store)
    assert {(r["seed"], r["metric"]) for r in found} == {(2, metric) for metric in named}
    floors = {"accuracy": 0.5, "balanced_accuracy": pytest.approx(1 / 3)}
    assert all(r["floor"] == floors[r["metric"]] for r in found)


def test_coverage_counts_what_is_missing(made: Made) -> None:
    made.job("a", accuracies([1, 0, 1]) + accuracies([1, 1, 0], "fin_Latn"))
    made.job("b", accuracies([1, 0]) + accuracies([1, 1, 0], "fin_Latn"))
    cells = [("one", "task", 0, "a"), ("one", "task", 1, "a"), ("two", "task", 0, "b"), ("two", "task", 1, "lost")]
    codes = ("deu_Latn", "fin_Latn", "swe_Latn")
    made.suite("s", cells, [(arm, "task", code) for arm in ("one", "two") for code in codes])
    rows = answer("coverage", made.store)
    keys = ("arm", "language", "items", "seeds", "missing_items", "missing_seeds")
    assert [tuple(r[k] for k in keys) for r in rows] == [
        ("two", "deu_Latn", 2, 1, 1, 1),
        ("two", "fin_Latn", 3, 1, 0, 1),
        ("one", "swe_Latn", 0, 0, 0, 2),
        ("two", "swe_Latn", 0, 0, 0, 2),
        ("one", "deu_Latn", 3, 2, 0, 0),
        ("one", "fin_Latn", 3, 2, 0, 0),
    ]


# -- the files


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_query_says_what_it_asks_and_what_a_row_is(name: str) -> None:
    found = named_queries()[name]
    assert found.title[0].isupper()
    assert found.explanation.startswith("A row is ")
    said = f"{found.title} {found.explanation}".lower()
    assert [word for word in FORBIDDEN if word in said] == []


def test_a_users_folder_adds_queries_and_may_replace_one_that_ships(tmp_path: Path) -> None:
    (tmp_path / "tones.sql").write_text(
        "-- Gain by tone\n-- A row is one\n-- number.\nselect 1 as one", encoding="utf-8"
    )
    (tmp_path / "coverage.sql").write_text("-- Mine\nselect 2 as two")
    found = named_queries(tmp_path)
    assert set(found) == {*NAMES, "tones"}
    assert (found["tones"].title, found["tones"].explanation) == ("Gain by tone", "A row is one number.")
    assert found["coverage"].title == "Mine"
    assert named_queries()["coverage"].title != "Mine"


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"select 1", "tones.sql: line 1: expected a comment"), (b"-- \xff", "tones.sql: not UTF-8")],
)
def test_a_users_query_that_cannot_be_read_is_a_sentence(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "tones.sql").write_bytes(content)
    with pytest.raises(UserError, match=message):
        named_queries(tmp_path)


def test_names_and_folders_that_are_not_there_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="gain_by_family"):
        named_query("gain_by_famly")
    with pytest.raises(UserError, match="no such folder"):
        named_queries(tmp_path / "none")
