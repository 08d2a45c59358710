"""The way of a row from a raw file to examples, and what stops it."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from harness import schema
from harness.data import adapt, adapter
from harness.errors import UserError


def said(toy) -> str:
    """The sentence with which adapting stops; nothing half-written may be left."""
    with pytest.raises(UserError) as stopped:
        toy.adapted()
    left = [p for p in (toy.data.parent / "cache").rglob("*") if p.is_file()]
    assert left == []
    return str(stopped.value)


def test_rows_come_ordered_with_language_and_typology_filled_in(toy):
    rows = toy.adapted().rows("train")
    assert rows.schema.equals(schema.arrow("examples"))
    got = [(r["language"], r["id"], r["label"], r["text"]) for r in rows.to_pylist()]
    assert got == [
        ("deu_Latn", "1", "bad", "schlechte Nachricht"),
        ("deu_Latn", "2", "good", "gute Nachricht"),
        ("swh_Latn", "2", "good", "habari njema"),  # the file's own order within a language
        ("swh_Latn", "1", "bad", "habari mbaya"),
    ]
    swahili = rows.to_pylist()[2]
    assert (swahili["dataset"], swahili["edition"]) == ("toy", "as-released")
    assert (swahili["family"], swahili["macroarea"], swahili["script"]) == ("Atlantic-Congo", "Africa", "Latn")
    assert (swahili["joshi_class"], swahili["word_order"], swahili["tokens"]) == ("2", "SVO", None)


def test_a_language_outside_flores_has_only_its_script(toy):
    (row,) = toy.adapted().rows("test", ["pcm_Latn"]).to_pylist()
    assert (row["script"], row["family"], row["cluster"]) == ("Latn", None, None)


def test_parts_count_rows_and_rows_reads_what_is_asked(toy):
    made = toy.adapted()
    counts = {key: part.rows for key, part in made.parts.items()}
    assert counts == {
        ("test", "deu_Latn"): 1,
        ("test", "pcm_Latn"): 1,
        ("train", "deu_Latn"): 2,
        ("train", "swh_Latn"): 2,
    }
    assert made.rows("train", ["swh_Latn"], ["id"]).to_pydict() == {"id": ["2", "1"]}
    assert made.rows("train", ["swh_Latn", "deu_Latn"], ["family"])["family"].to_pylist() == [
        *["Indo-European"] * 2,
        *["Atlantic-Congo"] * 2,
    ]


def test_rows_refuses_what_the_data_set_lacks(toy):
    with pytest.raises(UserError, match="toy: unknown split 'tset'; the nearest are test"):
        toy.adapted().rows("tset")
    with pytest.raises(UserError, match="toy train: unknown language 'pcm_Latn'; the nearest are"):
        toy.adapted().rows("train", ["pcm_Latn"])


def test_digests_follow_the_content_alone(toy):
    before = toy.adapted().parts
    toy.spoil("toy.tsv", "gute Nachricht", "gute Kunde")
    after = toy.adapted().parts
    changed = {key for key in before if before[key].digest != after[key].digest}
    assert changed == {("train", "deu_Latn")}


def test_the_second_call_adapts_nothing(toy, monkeypatch):
    first = toy.adapted()
    monkeypatch.setattr(adapter, "opened", None)
    again = toy.adapted()
    assert (again.path, again.parts) == (first.path, first.parts)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("toy.sql", "row_number() over () + 1", "row_number() over () + 2"),
        ("toy.md", 'labels = ["good", "bad"]', 'labels = ["bad", "good"]'),
        ("toy.tsv", "njema", "njema!"),
    ],
)
def test_what_shapes_the_examples_makes_another_file(toy, name, old, new):
    before = toy.adapted().path
    toy.spoil(name, old, new)
    assert toy.adapted().path != before


def test_prose_of_the_card_does_not(toy):
    before = toy.adapted().path
    toy.spoil("toy.md", "Six sentences.\n", "Six short sentences.\n")
    assert toy.adapted().path == before


def test_a_reader_in_python_fills_raw(toy):
    (toy.adapters / "toy.py").write_text(
        "import pyarrow as pa\n"
        "def read(root):\n"
        "    names = sorted(p.name for p in root.iterdir())\n"
        "    for split in ('train', 'test'):\n"
        "        columns = {'split': [split], 'language': ['de'], 'id': names, 'text': ['x'], 'label': ['bad']}\n"
        "        yield pa.RecordBatch.from_pydict(columns)\n"
    )
    (toy.adapters / "toy.sql").write_text("select * from raw where (select count(*) from raw) = 2")
    assert toy.adapted().rows("test").to_pylist()[0]["id"] == "toy.tsv"


# -- what an adapter must be


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("select 1; select 2", "2 statements; an adapter is exactly one select"),
        ("", "0 statements"),
        ("create table t as select 1", "a CREATE statement"),
        ("copy (select 1) to 'x.csv'", "a COPY statement"),
        ("selec 1", "not SQL: Parser Error: syntax error"),
        ("select $root, $data", "parameter $data; an adapter has only $root"),
        ("select nothing from read_csv($root || '/*.tsv')", "Binder Error"),
        ("select * from read_text('/etc/hostname')", "Permission Error"),
        ("select * from read_text($root || '/../../adapters/toy.sql')", "Permission Error"),
        ("select * from toy", "Catalog Error"),  # the caller's variables are no tables
    ],
)
def test_an_adapter_is_one_select_that_sees_only_its_files(toy, sql, message):
    (toy.adapters / "toy.sql").write_text(sql)
    assert said(toy).startswith(f"{toy.adapters / 'toy.sql'}: {message}")


def test_a_file_that_a_reader_cannot_read_is_named(toy):
    (toy.adapters / "toy.py").write_text("def read(root):\n    yield (root / 'missing').read_bytes()\n")
    assert said(toy) == f"{toy.raw.with_name('missing')}: cannot be read (No such file or directory)"


def test_a_reader_without_read_is_said(toy):
    (toy.adapters / "toy.py").write_text("rows = 1\n")
    assert (
        said(toy)
        == f"{toy.adapters / 'toy.py'}: no function read(root); it yields Arrow record batches of the raw rows"
    )


def test_a_column_that_examples_lacks_is_refused(toy):
    toy.spoil("toy.sql", "text, label", "text, label as lable")
    assert "unknown column 'lable'; the nearest are label" in said(toy)


def test_a_column_of_the_card_that_the_select_lacks_is_said(toy):
    toy.spoil("toy.sql", "text, label", "text")
    assert said(toy) == "toy: the adapter's select yields no column label; its card says so"


# -- rows that an adapter leaves out


def test_rows_with_a_reason_are_left_out_and_counted_before_anything_is_asked_of_them(toy):
    toy.spoil("toy.tsv", "train\tde\t1\tschlechte Nachricht\tbad", "train\tde\t2\tx\tmeh")  # id again, no label
    toy.spoil("toy.tsv", "test\tde", "test\tnaija")
    toy.spoil("toy.sql", "text, label,", "text, label, if(text in ('x', 'das ist schön'), 'no news', null) as skipped,")
    made = toy.adapted()
    assert made.skipped == {("test", "pcm_Latn", "no news"): 1, ("train", "deu_Latn", "no news"): 1}
    assert made.rows("train", ["deu_Latn"], ["text"]).to_pydict() == {"text": ["gute Nachricht"]}
    assert toy.adapted().skipped == made.skipped  # from the cache


# -- the contract


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("\tbad\n", "\tmeh\n", "line 3: column label is none of the card's labels: 'meh'"),
        ("train\tde\t2", "dev\tde\t2", "line 6: column split is none of the card's splits: 'dev'"),
        ("train\tde\t2", "train\tde\t1", "line 6: column id stands twice in one split and language: '1'"),
        ("\thabari njema\t", "\t\t", "line 2: column text is empty"),
        ("njema", "nj\0ema", "line 2: column text holds a NUL character: 'habari nj\\x00ema'"),
    ],
)
def test_a_broken_promise_names_file_line_and_column(toy, old, new, message):
    toy.spoil("toy.tsv", old, new)
    assert said(toy) == f"toy: {toy.raw}, {message}"


def test_without_a_file_the_row_is_named_by_what_it_is(toy):
    toy.spoil("toy.sql", ", filename as file, row_number() over () + 1 as line", "")
    toy.spoil("toy.tsv", "\tbad\n", "\tmeh\n")
    assert "toy: row 2 of the adapter (train sw 1): column label is none of the card's labels" in said(toy)


def test_an_unknown_language_is_refused_with_the_nearest_of_its_kind(toy):
    toy.spoil("toy.tsv", "train\tsw\t2", "train\txx\t2")
    assert f"toy: {toy.raw}: column language: unknown language 'xx'; the nearest are" in said(toy)


def test_a_language_that_the_card_does_not_list_is_refused(toy):
    toy.spoil("toy.md", "choices =", 'codes = ["swh_Latn", "pcm_Latn"]\nchoices =')
    assert said(toy) == (
        f"toy: {toy.raw}: column language: deu_Latn is none of the card's codes; the nearest are swh_Latn, pcm_Latn"
    )


def test_two_spellings_of_one_language_are_refused(toy):
    toy.spoil("toy.tsv", "train\tde\t2", "train\tdeutsch\t2")
    toy.spoil("toy.md", "naija =", 'deutsch = "deu_Latn", naija =')
    assert said(toy) == (
        "toy: column language: 'de' and 'deutsch' are both deu_Latn; leave one out, or give it a code of its own"
    )


def test_an_empty_split_is_refused(toy):
    toy.spoil("toy.md", "[languages]", '[splits.dev]\nuse = "dev"\n\n[languages]')
    assert said(toy) == "toy: split dev has no row; its card promises one, so look at the files *.tsv"


def test_an_empty_file_is_refused(toy):
    empty = toy.raw.with_name("empty.tsv")
    empty.touch()
    assert said(toy) == f"toy: {empty} is empty; take the file as released, or leave it out"


def test_an_optional_split_may_have_no_row(toy):
    toy.spoil("toy.md", "[splits.train]", '[splits.dev]\nuse = "dev"\noptional = true\n\n[splits.train]')
    assert {split for split, _ in toy.adapted().parts} == {"train", "test"}


def retold(toy, kind: str, columns: str, select: str) -> None:
    """Make the toy another task kind with one row per split that ``select`` fills."""
    toy.spoil("toy.md", 'kind = "classification"', f'kind = "{kind}"')
    toy.spoil("toy.md", '["text", "label"]', columns)
    (toy.adapters / "toy.sql").write_text(
        f"select unnest(['train', 'test']) as split, 'de' as language, '1' as id, {select}"
    )


@pytest.mark.parametrize(
    ("select", "message"),
    [
        ("['a', 'b'] as tokens, ['good'] as tags", "column tags is not as long as tokens"),
        ("['a'] as tokens, ['fine'] as tags", "column tags holds what is none of the card's labels"),
        ("['a', ''] as tokens, ['good', 'good'] as tags", "column tokens is empty or holds an empty token"),
        ("[]::varchar[] as tokens, []::varchar[] as tags", "column tokens is empty or holds an empty token"),
        ("['a' || chr(0)] as tokens, ['good'] as tags", "column tokens holds a NUL character"),
    ],
)
def test_tags_belong_to_tokens(toy, select, message):
    retold(toy, "tagging", '["tokens", "tags"]', select)
    assert message in said(toy)


def test_answers_stand_where_their_start_says_counted_in_code_points(toy):
    toy.spoil("toy.md", 'labels = ["good", "bad"]\n', "")
    columns = '["text", "text_pair", "answers"]'
    answer = "'q' as text, 'né 😀 là' as text_pair, [{text: 'là', start: %d}] as answers"
    retold(toy, "span", columns, answer % 5)
    assert toy.adapted().rows("test")["answers"].to_pylist() == [[{"text": "là", "start": 5}]]
    (toy.data.parent / "cache" / "examples" / toy.adapted().path.name).unlink()
    toy.spoil("toy.sql", "start: 5", "start: 6")  # right in UTF-16, wrong in code points
    assert "column answers is not where its start says" in said(toy)


def test_a_choice_label_is_a_position(toy):
    toy.spoil("toy.md", 'labels = ["good", "bad"]\n', "")
    columns = '["text", "choices", "label"]'
    retold(toy, "choice", columns, "'q' as text, ['a', 'b'] as choices, 2 as label")
    assert "column label is no position in choices: '2'" in said(toy)
    toy.spoil("toy.sql", "2 as label", "1 as label")
    assert toy.adapted().rows("test")["label"].to_pylist() == ["1"]


def test_choices_and_answers_hold_no_empty_place(toy):
    toy.spoil("toy.md", 'labels = ["good", "bad"]\n', "")
    retold(toy, "choice", '["text", "choices", "label"]', "'q' as text, ['a', null] as choices, 0 as label")
    assert "column choices holds an empty place" in said(toy)


def test_an_answer_has_text(toy):
    toy.spoil("toy.md", 'labels = ["good", "bad"]\n', "")
    nothing = "'q' as text, 'né là' as text_pair, [{text: '', start: 0}] as answers"
    retold(toy, "span", '["text", "text_pair", "answers"]', nothing)
    assert "column answers holds no text" in said(toy)


# -- files and folders


@pytest.mark.usefixtures("toy")
def test_missing_data_says_which_folder_is_wanted(tmp_path: Path):
    with pytest.raises(UserError, match=r"give --data DIR, where DIR holds DIR/toy/ with \*\.tsv"):
        adapt.adapted("toy")
    with pytest.raises(
        UserError, match=r"toy: no file .*elsewhere/toy/\*\.tsv; --data DIR is expected to hold DIR/toy/"
    ):
        adapt.adapted("toy", data=tmp_path / "elsewhere")


def test_files_that_look_alike_are_refused_with_the_reason_and_the_right_ones_win(toy):
    toy.spoil("toy.md", "[splits.train]", '[refused]\n"*.txt" = "its labels are withheld"\n\n[splits.train]')
    toy.raw.with_suffix(".txt").write_text("x\n")
    assert toy.adapted().rows("test").num_rows == 2
    toy.raw.unlink()
    with pytest.raises(UserError, match=r"toy: no file .*\*\.tsv \(not \*\.txt: its labels are withheld\);"):
        toy.adapted()


def test_a_data_sets_folder_may_have_another_name(toy):
    toy.spoil("toy.md", 'files = ["*.tsv"]', 'files = ["*.tsv"]\nfolder = "things"')
    with pytest.raises(UserError, match=r"no file .*/things/\*\.tsv; --data DIR is expected to hold DIR/things/"):
        toy.adapted()
    toy.raw.parent.rename(toy.data / "things")
    assert toy.adapted().rows("test").num_rows == 2


def test_a_file_that_duckdb_cannot_read_is_named(toy):
    toy.spoil("toy.md", 'files = ["*.tsv"]', 'files = ["*.txt"]')
    toy.raw.with_suffix(".txt").write_text('a\t"b"\nc\n')
    reads = "read_csv($root || '/*.txt', delim = '\\t', quote = '', auto_detect = false, columns = {a: 'VARCHAR'})"
    (toy.adapters / "toy.sql").write_text(f"select * from {reads}")
    assert said(toy) == f"toy: {toy.raw.with_suffix('.txt')}, line 1: 2 cells, where 1 are expected"


def test_a_raw_file_of_the_wrong_shape_is_refused_by_line(toy):
    toy.spoil("toy.tsv", "\tschlechte", "\tsehr\tschlechte")
    assert said(toy) == f"toy: {toy.raw}, line 4: 6 cells, where line 1 has 5"


def test_a_full_disk_leaves_nothing(toy, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("pyarrow.parquet.ParquetWriter.write_table", full)
    message = said(toy)
    assert "No space left on device" in message
    assert "free space, or set STILTBENCH_CACHE" in message
