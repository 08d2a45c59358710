"""What data sets share: counted by hand on a small pair, and the published figures on the makers' files."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import resources
from harness.data import adapt, cards, lineage
from harness.data.adapt import Adapted
from harness.errors import UserError

CARD = """+++
name = "{name}"
title = "Sentences"
kind = "mlm"
metric = "perplexity"
columns = ["text"]
files = ["{name}.tsv"]
licence = "Apache-2.0"
citation = "written for this project's tests"
creation = "written"
derived_from = [{parents}]
[splits.train]
use = "train"
[splits.test]
use = "test"
[languages]
kind = "iso639_1"
[[sources]]
kind = "folder"
origin = "written for this project's tests"
+++
"""

SQL = """select split, language, row_number() over ()::varchar as id, source, text
from read_csv($root || '/{name}.tsv', delim = '\\t', header = true, all_varchar = true, quote = '')"""

HEAD = "split\tlanguage\tsource\ttext\n"


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Return what makes an adapted data set of lines split, language, source, text."""
    monkeypatch.setenv("STILTBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv(resources.ADAPTERS, str(tmp_path))

    def adapted(name: str, *lines: str, parents: str = "") -> Adapted:
        (tmp_path / name).mkdir()
        (tmp_path / f"{name}.md").write_text(CARD.format(name=name, parents=parents))
        (tmp_path / f"{name}.sql").write_text(SQL.format(name=name))
        (tmp_path / name / f"{name}.tsv").write_text(HEAD + "".join(f"{line}\n" for line in lines), encoding="utf-8")
        return adapt.adapted(name, data=tmp_path)

    return adapted


OWN = (
    "train\tde\ts:1\tcaf\u00e9  au\u00a0lait ",  # the pool's text once both are in NFC and folded
    "train\tde\ts:9\tin both",
    "train\tde\t\tonly here",
    "test\tde\ts:2\tCafe",  # its source stands in the pool, in another language
    "test\tsw\ts:3\tmoja",
)
POOL = (
    "train\tde\ts:1\tcafe\u0301 au lait",
    "train\tde\ts:4\tin both",
    "test\tde\ts:5\tin both",
    "test\tsw\ts:2\tcafe",
)


def test_sources_are_those_of_a_split_and_its_languages(made):
    own = made("own", *OWN)
    assert set(lineage.sources(own, "train")) == {"s:1", "s:9"}
    assert set(lineage.sources(own, "test")) == {"s:2", "s:3"}
    assert set(lineage.sources(own, "test", ["swh_Latn"])) == {"s:3"}
    with pytest.raises(UserError, match="unknown split 'dev'"):
        lineage.sources(own, "dev")


def test_an_audit_places_every_row_by_source_and_by_text(made):
    rows = lineage.audit(made("own", *OWN), [made("pool", *POOL)])
    assert {(row["dataset"], row["against"]) for row in rows} == {("own", "pool")}
    columns = ("split", "language", "rows", "found_in", "same_source", "same_text", "near_text")
    assert [tuple(row[c] for c in columns) for row in rows] == [
        ("test", "all", 2, "test", 1, 0, 0),
        ("test", "all", 2, "nowhere", 1, 2, 2),
        ("test", "deu_Latn", 1, "test", 1, 0, 0),
        ("test", "deu_Latn", 1, "nowhere", 0, 1, 1),
        ("test", "swh_Latn", 1, "nowhere", 1, 1, 1),
        ("train", "all", 3, "test + train", 0, 1, 0),
        ("train", "all", 3, "train", 1, 1, 0),
        ("train", "all", 3, "nowhere", 2, 1, 1),
        ("train", "deu_Latn", 3, "test + train", 0, 1, 0),
        ("train", "deu_Latn", 3, "train", 1, 1, 0),
        ("train", "deu_Latn", 3, "nowhere", 2, 1, 1),
    ]


SAID = "Der Minister sagte am Montag, dass die Fähre den Hafen kurz vor dem Sturm verlassen habe"
EDITED = SAID.replace("Minister", "Kanzler")


def test_a_text_that_stands_nowhere_is_placed_where_one_nearly_the_same_stands(made):
    own = made("own", f"train\tde\t\t{SAID}", f"train\tde\t\t{SAID} ", f"train\tsw\t\t{SAID}", f"test\tde\t\t{EDITED}")
    pool = made("pool", f"train\tde\t\t{EDITED}", f"test\tde\t\t{EDITED}.", "test\tsw\t\tmoja")
    rows = [row for row in lineage.audit(own, [pool]) if row["language"] != "all"]
    columns = ("split", "language", "found_in", "same_text", "near_text")
    assert [tuple(row[c] for c in columns) for row in rows] == [
        ("test", "deu_Latn", "train", 1, 0),  # and nearly, but not only nearly, in the pool's test
        ("test", "deu_Latn", "nowhere", 0, 0),
        ("train", "deu_Latn", "test + train", 0, 2),
        ("train", "deu_Latn", "nowhere", 2, 0),
        ("train", "swh_Latn", "nowhere", 1, 1),
    ]


def test_several_others_are_one_pool(made):
    halves = [made("one", *POOL[:2], "test\tsw\t\tx"), made("two", *POOL[2:], "train\tsw\t\ty")]
    rows = lineage.audit(made("own", *OWN), halves)
    whole = lineage.audit(made("again", *OWN), [made("pool", *POOL)])
    assert [list(row.values())[2:] for row in rows] == [list(row.values())[2:] for row in whole]
    assert rows[0]["against"] == "one, two"


def test_repeats_are_counted_between_splits_within_a_language(made):
    lines = ["train\tde\t\ta b", "train\tde\t\ta  b", "test\tde\t\ta b ", "test\tsw\t\ta b", "train\tsw\t\tc"]
    lines += [f"train\tde\t\t{SAID}", f"test\tde\t\t{SAID}", f"test\tde\t\t{EDITED}", f"test\tsw\t\t{EDITED}"]
    rows = lineage.repeats(made("own", *lines))
    assert [tuple(row.values()) for row in rows] == [
        ("own", "test", "deu_Latn", "train", 2, 1),
        ("own", "train", "deu_Latn", "test", 3, 0),
    ]


def test_what_is_at_hand_is_compared_with_its_ancestors_and_with_what_shares_its_sources(made, tmp_path, monkeypatch):
    made("alone", "train\tde\ta:1\tja", "test\tde\ta:2\tnein")
    made("base", "train\tde\tb:1\tja", "test\tde\tb:2\tnein")
    made("child", "train\tde\tc:1\tja", "test\tde\tc:2\tdoch", parents='"lost", "never adapted"')
    made("kin", "train\tsw\tb:1\tndiyo", "test\tsw\tb:3\tla")
    made("lost", "train\tde\td:1\tja", "test\tde\td:2\tnein", parents='"base"')
    (tmp_path / "lost" / "lost.tsv").unlink()
    monkeypatch.setattr(cards, "dataset_names", lambda: ["alone", "base", "child", "kin", "lost"])
    *rows, missing = lineage.audit_all(tmp_path)
    columns = ("dataset", "against", "split", "language", "found_in", "same_source", "same_text")
    assert [tuple(row[c] for c in columns) for row in rows] == [
        ("child", "base", "test", "all", "nowhere", 1, 1),
        ("child", "base", "train", "all", "train", 0, 1),
        ("child", "base", "train", "all", "nowhere", 1, 0),
        ("base", "kin", "test", "all", "nowhere", 1, 1),
        ("base", "kin", "train", "all", "train", 1, 0),
        ("base", "kin", "train", "all", "nowhere", 0, 1),
    ]
    assert missing["dataset"] == "lost"
    assert missing["note"].startswith("lost: ")
