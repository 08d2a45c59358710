"""The ways that the bench of adapting compares: our select, a Python loop, `datasets` with its map, and polars.

Each reads one data set below a folder, and ends with an Arrow table in memory.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    import pyarrow as pa

COLUMNS = {
    "pairs": ("split", "language", "id", "source", "text", "text_pair", "label"),
    "xquad": ("split", "language", "id", "source", "block", "text", "text_pair", "answers"),
    "flores200": ("split", "language", "id", "source", "block", "text"),
    "sib200": ("split", "language", "id", "source", "text", "label"),  # its select finds the block among the pages
}
"""Data set → the columns that every way gives, and that are compared."""

PAIRS_SQL = """
select 'train' as split, language, pairID as id, 'xnli:train:' || pairID as source, sentence1 as text,
    sentence2 as text_pair, gold_label as label
from read_json($root || '/xnli.train.jsonl', format = 'newline_delimited', columns = {
    pairID: 'VARCHAR', language: 'VARCHAR', sentence1: 'VARCHAR', sentence2: 'VARCHAR', gold_label: 'VARCHAR'
})
where gold_label <> '-'
"""

PAIRS_FILE, QUESTIONS_FILES = "xnli.train.jsonl", "xquad.*.json"


def select(name: str, data: Path) -> pa.Table:
    """Read by SQL: by the adapter's select where the data set has one."""
    import duckdb

    from harness.data import cards

    sql = cards.adapter_path(name)
    text = sql.read_text(encoding="utf-8") if sql else PAIRS_SQL
    with duckdb.connect() as connection:
        connection.execute("set enable_progress_bar = false")  # it would go to standard output
        return connection.sql(text, params={"root": str(data / name)}).to_arrow_table()


def adapted(name: str, data: Path) -> pa.Table:
    """Read, check, digest and write as a run does, and read the columns from the file that is kept."""
    import pyarrow.parquet as pq

    from harness.data import adapt

    return pq.read_table(adapt.adapted(name, data=data).path, columns=list(COLUMNS[name]))


def loop(name: str, data: Path) -> pa.Table:
    """Read by a plain Python loop over the rows, which fills a list a column."""
    import pyarrow as pa

    rows = {"pairs": _pairs, "xquad": _questions, "flores200": _flores, "sib200": _sib}[name](data / name)
    columns: dict[str, list[Any]] = {column: [] for column in COLUMNS[name]}
    places = list(columns.values())
    for row in rows:
        for values, value in zip(places, row, strict=True):
            values.append(value)
    return pa.table(columns)


def _pairs(root: Path) -> Iterator[tuple[Any, ...]]:
    with (root / PAIRS_FILE).open(encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            if row["gold_label"] != "-":
                source = f"xnli:train:{row['pairID']}"
                texts = row["sentence1"], row["sentence2"]
                yield "train", row["language"], row["pairID"], source, *texts, row["gold_label"]


def _questions(root: Path) -> Iterator[tuple[Any, ...]]:
    for path in sorted(root.glob(QUESTIONS_FILES)):
        yield from _rows_of(json.loads(path.read_text(encoding="utf-8"))["data"], _language(path))


def _language(path: Path) -> str:
    return path.stem.split(".")[1]


def _rows_of(articles: list[dict[str, Any]], language: str) -> Iterator[tuple[Any, ...]]:
    for article in articles:
        block = f"squad:{article['title']}"
        for paragraph in article["paragraphs"]:
            for asked in paragraph["qas"]:
                source = f"squad:{asked['id']}"
                answers = [{"text": a["text"], "start": a["answer_start"]} for a in asked["answers"]]
                texts = asked["question"], paragraph["context"]
                yield "test", language, asked["id"], source, block, *texts, answers


def _flores(root: Path) -> Iterator[tuple[Any, ...]]:
    for metadata in sorted((root / "flores200_dataset").glob("metadata_*.tsv")):
        split = metadata.stem.removeprefix("metadata_")
        pages = [line.split("\t")[0] for line in metadata.read_text(encoding="utf-8").split("\n")[1:-1]]
        for path in sorted((root / "flores200_dataset" / split).iterdir()):
            for number, text in enumerate(path.read_text(encoding="utf-8").split("\n")[:-1]):
                yield split, path.stem, str(number), f"flores200:{split}:{number}", pages[number], text


def _sib(root: Path) -> Iterator[tuple[Any, ...]]:
    for path in sorted((root / "data" / "annotated").glob("*/*.tsv")):
        with path.open(encoding="utf-8", newline="") as file:
            for line in csv.DictReader(file, delimiter="\t"):
                number = int(line["index_id"])
                source = f"flores200:dev:{number}" if number < 997 else f"flores200:devtest:{number - 997}"
                yield path.stem, path.parent.name, line["index_id"], source, line["text"], line["category"]


def mapped(name: str, data: Path) -> pa.Table:
    """Load with `datasets`, and map a thousand rows at a time, its default."""
    return _mapped(name, data, 1000)


def mapped_singly(name: str, data: Path) -> pa.Table:
    """Load with `datasets`, and map row by row; an article at a time, where a row becomes several."""
    return _mapped(name, data, 1)


def _mapped(name: str, data: Path, size: int) -> pa.Table:
    import datasets

    datasets.disable_progress_bars()
    if name != "pairs":
        made = [_mapped_questions(datasets, path, size) for path in sorted((data / name).glob(QUESTIONS_FILES))]
        return datasets.concatenate_datasets(made).with_format("arrow")[:]
    loaded = datasets.load_dataset("json", data_files=str(data / name / PAIRS_FILE), split="train")
    options: dict[str, Any] = {"remove_columns": loaded.column_names}
    if size > 1:
        made = loaded.map(_map_pairs, batched=True, batch_size=size, **options)
    else:
        made = loaded.map(_map_pair, **options).filter(lambda label: label != "-", input_columns="label")
    return made.with_format("arrow")[:]


def _mapped_questions(datasets: Any, path: Path, size: int) -> Any:
    loaded = datasets.load_dataset("json", data_files=str(path), field="data", split="train")
    return loaded.map(
        _map_articles,
        batched=True,
        batch_size=size,
        remove_columns=loaded.column_names,
        fn_kwargs={"language": _language(path)},
    )


def _map_pairs(rows: dict[str, list[Any]]) -> dict[str, list[Any]]:
    kept = [i for i, label in enumerate(rows["gold_label"]) if label != "-"]
    given = {name: [rows[name][i] for i in kept] for name in ("pairID", "language", "sentence1", "sentence2")}
    return {
        "split": ["train"] * len(kept),
        "language": given["language"],
        "id": given["pairID"],
        "source": [f"xnli:train:{pair}" for pair in given["pairID"]],
        "text": given["sentence1"],
        "text_pair": given["sentence2"],
        "label": [rows["gold_label"][i] for i in kept],
    }


def _map_pair(row: dict[str, Any]) -> dict[str, Any]:
    texts = {"text": row["sentence1"], "text_pair": row["sentence2"]}
    name = {"id": row["pairID"], "source": f"xnli:train:{row['pairID']}"}
    return {
        "split": "train",
        "language": row["language"],
        "label": row["gold_label"],
        **name,
        **texts,
    }


def _map_articles(rows: dict[str, list[Any]], language: str) -> dict[str, list[Any]]:
    articles = [dict(zip(rows, values, strict=True)) for values in zip(*rows.values(), strict=True)]
    return dict(zip(COLUMNS["xquad"], map(list, zip(*_rows_of(articles, language), strict=True)), strict=True))


def polars(name: str, data: Path) -> pa.Table:
    """Read by polars: lines lazily, the nested document by exploding it."""
    import polars as pl

    text, read = pl.String, _polars_pairs if name == "pairs" else _polars_questions
    return read(pl, text, data / name).to_arrow()


def _polars_pairs(pl: Any, text: Any, root: Path) -> Any:
    columns = dict.fromkeys(("pairID", "language", "sentence1", "sentence2", "gold_label"), text)
    rows = pl.scan_ndjson(root / PAIRS_FILE, schema=columns)
    return (
        rows.filter(pl.col("gold_label") != "-")
        .select(
            "language",
            split=pl.lit("train"),
            id="pairID",
            source=pl.format("xnli:train:{}", "pairID"),
            text="sentence1",
            text_pair="sentence2",
            label="gold_label",
        )
        .collect()
    )


def _polars_questions(pl: Any, text: Any, root: Path) -> Any:
    answers = pl.List(pl.Struct({"answer_start": pl.Int32, "text": text}))
    asked = pl.List(pl.Struct({"id": text, "question": text, "answers": answers}))
    paragraphs = pl.List(pl.Struct({"context": text, "qas": asked}))
    articles = pl.List(pl.Struct({"title": text, "paragraphs": paragraphs}))
    schema, files = {"data": articles}, sorted(root.glob(QUESTIONS_FILES))
    rows = pl.concat(pl.read_json(path, schema=schema).with_columns(language=pl.lit(_language(path))) for path in files)
    for column in ("data", "paragraphs", "qas"):
        rows = rows.explode(column).unnest(column)
    one = pl.element().struct
    return rows.select(
        "id",
        "language",
        split=pl.lit("test"),
        source=pl.format("squad:{}", "id"),
        block=pl.format("squad:{}", "title"),
        text="question",
        text_pair="context",
        answers=pl.col("answers").list.eval(pl.struct(text=one.field("text"), start=one.field("answer_start"))),
    )


def lines(name: str, made: pa.Table) -> list[bytes]:
    """Return what a way made of a data set, a line of JSON a row, in the order of the lines."""
    rows = zip(*(made[column].to_pylist() for column in COLUMNS[name]), strict=True)
    return sorted(msgspec.json.encode(row, order="deterministic") for row in rows)


WAYS: dict[str, Callable[[str, Path], pa.Table]] = {
    "select": select,
    "adapted": adapted,
    "loop": loop,
    "polars": polars,
    "datasets, batched map": mapped,
    "datasets, map by row": mapped_singly,
}
