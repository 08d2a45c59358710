from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

import pytest

from harness import schema
from harness.data import adapt, cards, croissant, fetch, upkeep
from harness.errors import UserError

mlc = pytest.importorskip("mlcroissant")


def made(name: str, data: Path | None = None) -> dict:
    return json.loads(croissant.croissant(name, data))


def beside(toy, folder: Path) -> Path:
    """Write the examples of the toy and its document into a folder, as a user does; return the document."""
    folder.mkdir()
    adapt.copy_to(toy.adapted(), folder)
    path = folder / "croissant.json"
    path.write_text(croissant.croissant("toy", toy.data), encoding="utf-8")
    return path


def test_the_document_says_what_the_card_says_and_no_more(toy):
    toy.spoil("toy.md", 'creation = "written"', 'creation = "written"\ndefects = ["one sentence is odd"]')
    upkeep.write_block("toy", toy.data)
    said = made("toy")
    shape = ("@context", "@type", "distribution", "recordSet", "conformsTo")
    assert {key: value for key, value in said.items() if key not in shape} == {
        "name": "Six sentences",
        "description": "Six sentences.",
        "license": "Apache-2.0",
        "citeAs": "written for this project's tests",
        "inLanguage": ["deu-Latn", "pcm-Latn", "swh-Latn"],
        "keywords": "text-classification",
        "rai:dataCollection": "written",
        "rai:dataLimitations": "one sentence is odd",
    }
    toy.spoil("toy.md", '"Apache-2.0"', '"none stated in the files"')
    assert "license" not in made("toy")


def test_every_column_of_the_examples_is_a_field_with_its_meaning():
    (records,) = made("xcopa")["recordSet"]
    fields = {field["name"]: field["description"] for field in records["field"]}
    assert list(fields) == schema.arrow("examples").names
    assert fields["text_pair"] == "second text, or the context that answers point into"
    assert [field["@id"] for field in records["key"]] == ["examples/split", "examples/language", "examples/id"]


def test_a_reader_of_croissant_reads_the_examples_beside_the_document(toy, tmp_path):
    read = mlc.Dataset(jsonld=beside(toy, tmp_path / "upload"))
    plain = [column.name for column in schema.columns("examples") if column.type in ("VARCHAR", "DICT")]
    rows = [[row[f"examples/{name}"] for name in plain] for row in read.records("examples")]
    given = [row for split in ("train", "test") for row in toy.adapted().rows(split, columns=plain).to_pylist()]
    texts = [[None if value is None else value.decode() for value in row] for row in rows]
    assert sorted(texts, key=str) == sorted(([row[name] for name in plain] for row in given), key=str)


def test_lists_and_answers_are_read_as_what_they_are(toy, tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    document = beside(toy, tmp_path / "upload")
    row = {column.name: None if column.null else "x" for column in schema.columns("examples")}
    row |= {"tokens": ["a", "b"], "answers": [{"text": "b", "start": 2}]}
    for split in ("train", "test"):
        pq.write_table(pa.Table.from_pylist([row], schema.arrow("examples")), document.with_name(f"{split}.parquet"))
    (read, _) = mlc.Dataset(jsonld=document).records("examples")
    assert read["examples/tokens"] == [b"a", b"b"]
    assert read["examples/answers"] == [{"examples/answers/text": b"b", "examples/answers/start": 2}]


def test_the_makers_files_have_the_digest_of_the_lock(toy):
    assert [node["@type"] for node in made("toy", toy.data)["distribution"]] == ["cr:FileSet"]
    fetch.fetch("toy", toy.data, offline=True)
    raw, _ = made("toy", toy.data)["distribution"]
    assert (raw["name"], raw["contentUrl"]) == ("toy.tsv", "toy.tsv")
    assert raw["sha256"] == hashlib.sha256(toy.raw.read_bytes()).hexdigest()


def test_the_makers_files_have_the_address_and_the_digest_of_the_card(toy):
    pins = {"a.tsv": "a" * 64, "b.tsv": "unpinned"}
    listed = "\n".join(f'"{file}" = "{pin}"' for file, pin in pins.items())
    toy.spoil(
        "toy.md", 'kind = "folder"\norigin = "written for this project\'s tests"',
        f'kind = "url"\nbase = "https://example.org/toy/"\n[sources.files]\n{listed}',
    )  # fmt: skip
    said = made("toy")
    raw, examples = said["distribution"]
    assert (raw["contentUrl"], raw["sha256"]) == ("https://example.org/toy/a.tsv", "a" * 64)
    assert (examples["includes"], said["url"]) == (["train.parquet", "test.parquet"], "https://example.org/toy/")


def test_a_card_of_every_task_and_every_kind_of_source_has_a_valid_document():
    shipped = map(cards.dataset_card, cards.dataset_names())
    shapes = {(card.kind, type(card.sources[0])): card for card in shipped}
    assert {name for name, _ in shapes} >= {"classification", "tagging", "span", "choice", "retrieval", "mlm"}
    assert [made(card.name)["name"] for card in shapes.values()] == [card.title for card in shapes.values()]


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ((), "the data set"),
        (("distribution", 0), "distribution[0]"),
        (("recordSet", 0), "recordSet[0]"),
        (("recordSet", 0, "field", 3), "recordSet[0].field[3]"),
    ],
)
def test_what_has_no_name_is_refused_though_the_library_takes_it(place, said):
    document = node = made("cldr_kind")
    for step in place:
        node = node[step]
    del node["name"]
    mlc.Dataset(jsonld=document)
    with pytest.raises(UserError) as error:
        croissant.validate(json.dumps(document))
    assert str(error.value) == f"Croissant: {said} has no name, and mlcroissant does not look; give it one"


def test_what_the_library_finds_wrong_is_one_sentence(toy):
    fetch.fetch("toy", toy.data, offline=True)
    document = made("toy", toy.data)
    del document["distribution"][0]["sha256"]
    with pytest.raises(UserError, match=r"^Croissant: .*should be defined: \['md5', 'sha256'\]") as error:
        croissant.validate(json.dumps(document))
    assert "\n" not in str(error.value)


def test_without_the_library_it_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "mlcroissant", None)
    with pytest.raises(UserError, match=r"mlcroissant is not installed; pip install 'stiltbench\[croissant\]'"):
        croissant.croissant("xcopa")
