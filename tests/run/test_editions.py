"""One set of predictions, two editions: what errata mark is scored both ways, and nothing is predicted twice."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest

from harness.analysis.compare import compare
from harness.analysis.query import query
from harness.analysis.terminal import lines
from harness.errors import UserError
from harness.plan import make_plan
from harness.publish import publish
from harness.run.local import run
from harness.store import Store
from harness.suite_file import load

SUITE = """
name = "flores"
title = "A few languages of FLORES-200, in small"
model = "tiny"
seeds = [0]
precision = "fp32"
threads = 1
[languages]
include = ["bam_Latn", "deu_Latn", "fin_Latn"]
[recipes.short]
epochs = 3
batch_tokens = 256
learning_rate = 1e-1
trainable_layers = 1
[intermediate]
match = "items"
examples = 4
recipe = "short"
[arms.none]
[arms.topics]
mix = [{ data = "sib200", languages = ["deu_Latn"] }]
[targets.retrieval]
test = [{ data = "flores200", split = "devtest" }]
pivot = "eng_Latn"
layers = [2]
[[contrasts]]
name = "topics over none"
a = "topics"
b = "none"
targets = ["retrieval"]
role = "primary"
"""

ERRATA = 'edition="errata"'

LINES = 162
"""Lines of devtest here. Of Bambara's 102 to 106 and 152 to 155 are marked as Kikuyu, and 159 and 160 as equal."""

DROPPED = {str(line) for line in (*range(102, 107), *range(152, 156))}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """FLORES-200 in one language, save that Bambara has 99 lines otherwise and line 159 twice; SIB-200 of its dev."""
    data = tmp_path_factory.mktemp("data")
    flores = data / "flores200" / "flores200_dataset"
    said = [f"{i * 37 % 1000} of {i * 91 % 777}" for i in range(LINES)]
    for split, count in (("dev", 1), ("devtest", LINES)):
        (flores / split).mkdir(parents=True)
        head, page = "URL\tdomain\ttopic\thas_image\thas_hyperlink\n", "https://a\twikinews\tx\tno\tno\n"
        (flores / f"metadata_{split}.tsv").write_text(head + page * count)
        for language in ("bam_Latn", "deu_Latn", "eng_Latn", "fin_Latn"):
            texts = said[:count]
            if language == "bam_Latn" and split == "devtest":
                texts = [*(" ".join(reversed(text.split())) for text in said[:99]), *said[99:160], said[159], said[161]]
            (flores / split / f"{language}.{split}").write_text("".join(f"{text}\n" for text in texts))
    for language in ("bam_Latn", "deu_Latn"):
        sib = data / "sib200" / "data" / "annotated" / language
        sib.mkdir(parents=True)
        for split, first in (("train", 37), ("dev", 500), ("test", 600)):  # Kikuyu: 37, 38, 39 and 41 of dev
            rows = (f"{i}\tsports\t{language} {i}\n" for i in range(first, first + 9))
            (sib / f"{split}.tsv").write_text("index_id\tcategory\ttext\n" + "".join(rows))
    return data


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("suite") / "flores.toml"
    path.write_text(SUITE)
    return path


@pytest.fixture(scope="module")
def released(file: Path, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Store:
    """The store in which the suite was run as released."""
    store = Store(tmp_path_factory.mktemp("ran") / "store")
    assert not run(load(file), store, data, quiet=True).failed
    return store


@pytest.fixture(scope="module")
def both(released: Store, file: Path, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Store:
    """The same, and then with errata."""
    shutil.copytree(released.path, path := tmp_path_factory.mktemp("both") / "store")
    assert not run(load(file, changes=[ERRATA]), Store(path), data, quiet=True).failed
    return Store(path)


def values(store: Store, suite: str, view: str, language: str) -> dict[str, float]:
    """Return item → value of arm `none`, towards English, in a language."""
    sql = f"select id, value from {view} where arm = 'none' and direction = 'to' and language = '{language}'"
    return dict(query(sql, store, suite).fetchall())


def test_a_twin_is_an_error_as_released_and_right_with_errata(released: Store) -> None:
    own, other = (values(released, "flores", view, "bam_Latn") for view in ("counted", "beside"))
    assert (own["159"], own["160"]) == (1, 0)
    assert (other["159"], other["160"]) == (1, 1)


def test_a_dropped_line_is_scored_as_released_alone(released: Store) -> None:
    own, other = (values(released, "flores", view, "bam_Latn") for view in ("counted", "beside"))
    assert len(own) == LINES
    assert own.keys() - other.keys() == DROPPED
    assert {item for item in other if own[item] != other[item]} == {"160"}


def test_languages_without_a_mark_are_scored_once_for_both(released: Store) -> None:
    assert values(released, "flores", "counted", "deu_Latn") == values(released, "flores", "beside", "deu_Latn") != {}
    scored = query(
        "select edition, language, count(distinct id) from example_scores group by all order by all", released
    )
    assert scored.fetchall() == [
        ("as-released", "bam_Latn", LINES), ("as-released", "deu_Latn", LINES), ("as-released", "fin_Latn", LINES),
        ("errata", "bam_Latn", LINES - len(DROPPED)),
    ]  # fmt: skip


def test_the_other_edition_is_scored_from_the_same_predictions(released: Store) -> None:
    specs = [released.job(key)["spec"] for key in released.finished()]
    assert Counter(spec["phase"] for spec in specs) == {"intermediate": 1, "predict": 2, "score": 6}
    parents = Counter(spec["parent"] for spec in specs if spec["phase"] == "score")
    assert set(parents.values()) == {3}  # of German and Finnish once, of Bambara in each edition


def test_marks_on_the_pivot_touch_every_language(file: Path, data: Path) -> None:
    plan = make_plan(load(file, changes=['targets.retrieval.pivot="bam_Latn"']), None, data)
    scores = [spec for spec in plan.jobs.values() if "errata" in spec]
    assert [list(spec["data"]["languages"]) for spec in scores] == [["deu_Latn", "fin_Latn"]] * 2
    assert {(language, effect, len(ids)) for language, effect, ids in scores[0]["errata"]} == {
        (language, *mark) for language in ("deu_Latn", "fin_Latn") for mark in (("drop", 9), ("same", 2))
    }


def test_a_store_finished_as_released_needs_scores_alone(
    file: Path, data: Path, released: Store, tmp_path: Path
) -> None:
    shutil.copytree(released.path, tmp_path / "store")
    store = Store(tmp_path / "store")
    for key in released.finished():
        if released.job(key)["phase"] == "score":
            store.remove(key)  # as where errata were changed since
    ran = run(load(file, changes=[ERRATA]), store, data, quiet=True)
    assert [store.job(key)["phase"] for key in ran.did] == ["score"] * 6
    assert run(load(file), store, data, quiet=True).did == []  # both suites name the same jobs


def test_an_edition_changes_the_draws_of_all_arms_where_a_marked_row_would_be_drawn(file: Path, data: Path) -> None:
    bambara, german = (f'[{{data="sib200",languages=["{code}"]}}]' for code in ("bam_Latn", "deu_Latn"))
    changes = ["intermediate.examples=5", f"arms.topics.mix={bambara}", f"arms.german={{mix={german}}}"]
    drawn = make_plan(load(file, changes=[*changes, ERRATA]), None, data).draws.values()
    assert [sorted(table["id"].to_pylist()) for table in drawn] == [["40", "42", "43", "44", "45"]] * 2
    drawn = make_plan(load(file, changes=["intermediate.examples=9", *changes[1:]]), None, data).draws.values()
    assert [len(table) for table in drawn] == [9, 9]
    with pytest.raises(UserError, match="9 items asked for, but only 5 stand in every arm"):
        make_plan(load(file, changes=["intermediate.examples=9", *changes[1:], ERRATA]), None, data)


def test_a_target_is_trained_without_the_marked_rows(file: Path, data: Path) -> None:
    topics = '{train={data="sib200",languages=["bam_Latn"]},test=[{data="sib200",split="test"}],recipe="short"}'
    changes = [f"targets.topics={topics}", 'leakage="mask"', 'languages.include=["deu_Latn"]']
    for more, ids in (([], [*map(str, range(37, 46))]), ([ERRATA], ["40", "42", "43", "44", "45"])):
        drawn = make_plan(load(file, changes=[*changes, *more]), None, data).draws.values()
        assert ids in [sorted(table["id"].to_pylist()) for table in drawn]


# -- what is said


def gain(store: Store, suite: str, view: str) -> float:
    """Return the mean over Bambara and Finnish, a family each, of one arm's scores less the other's."""
    sql = f"""select avg(value) filter (arm = 'topics') - avg(value) filter (arm = 'none') as gain from {view}
        where language <> 'deu_Latn' group by language"""
    return query(f"select avg(gain) from ({sql})", store, suite).fetchall()[0][0]


MARKED = [
    {"effect": "drop", "evidence": "Kikuyu: equal to the same line of kik_Latn", "language": "bam_Latn", "items": 9},
    {"effect": "same", "evidence": "the same text", "language": "bam_Latn", "items": 1},
]


def test_a_report_has_its_own_edition_and_the_other_beside(both: Store) -> None:
    names = {"flores": "errata", "flores@edition=errata": "as-released"}
    first, second = (compare(both, suite, "topics", "none")[0] for suite in names)
    for suite, report in zip(names, (first, second), strict=True):
        assert report["other_edition"]["edition"] == names[suite]
        assert report["other_edition"]["marked"] == MARKED
        assert report["estimate"] == pytest.approx(gain(both, suite, "counted"))
        assert report["other_edition"]["estimate"] == pytest.approx(gain(both, suite, "beside"))
    assert first["estimate"] == second["other_edition"]["estimate"] != second["estimate"]
    assert first["other_edition"]["n"] == {"codes": 2, "families": 2, "items": LINES}


def test_a_screen_shows_both_and_what_is_marked(both: Store) -> None:
    shown = " ".join(" ".join(lines(compare(both, "flores@edition=errata", "topics", "none")[0])).split())
    assert "as released −" in shown
    assert "bam_Latn 9 (Kikuyu: equal to the same line of kik_Latn): left out in the errata edition" in shown


@pytest.mark.parametrize("suite", ["flores", "flores@edition=errata"])
def test_a_page_shows_both_and_renders_again_from_its_file(both: Store, suite: str, tmp_path: Path) -> None:
    page = publish(suite, tmp_path / "page", both)
    text = page.read_text(encoding="utf-8")
    rows = [row.split(" | ") for row in text.splitlines() if row.startswith("| topics over none | retrieval |")]
    order = ["as released", "errata"] if suite == "flores" else ["errata", "as released"]
    assert [row[2] for row in rows if row[2] in order] == order
    assert "- retrieval: of flores200 devtest, bam_Latn 1 (the same text): right in the errata edition where" in text
    again = publish(suite, tmp_path / "again", None, page.with_name("results.parquet"))
    for file in page.parent.iterdir():
        assert (again.parent / file.name).read_bytes() == file.read_bytes(), file.name
