"""NusaX-MT: a column a language, line breaks in cells, and the ids of the same sentences in NusaX-Senti."""

from __future__ import annotations

import csv

import pytest

from harness.errors import UserError

LANGUAGES = "indonesian acehnese banjarese english madurese ngaju sundanese balinese buginese javanese minangkabau"
HEAD = f",{LANGUAGES.replace(' ', ',')},toba_batak\n"
SENTIMENT = 'id,text,label\n237,"Pak ""Budi""\npergi. ",neutral\n7,\u00a0e\u0301,positive\n9,lagi,negative\n'
AWKWARD = (
    '0,\u00a0e\u0301,a0,b0,c0,d0,e0,f0,g0,h0,i0,j0,"k\n0"\n'
    '1,"Pak ""Budi""\npergi. ",a1,b1,c1,d1,e1,f1,g1,h1,i1,j1,k1\n2,lagi,a2, b2 ,c2,d2,e2,f2,g2,h2,i2,j2,k2\n'
)


def small(text: str) -> dict[str, bytes]:
    """Files in which the one has the sentences of the other, in another order."""
    return {
        "datasets/mt/valid.csv": text.encode(),
        "datasets/sentiment/indonesian/valid.csv": SENTIMENT.encode(),
        "datasets/sentiment/indonesian/train.csv": SENTIMENT.replace("237", "1").encode(),
    }


RAW = {"nusax_mt": small(HEAD + AWKWARD)}


def test_a_cell_is_a_row_with_the_id_of_its_sentence(rows_of):
    rows = rows_of("nusax_mt", small(HEAD + AWKWARD))
    assert len(rows) == 3 * 12
    assert {row["split"] for row in rows} == {"dev"}
    got = {
        code: [tuple(row.values())[2:] for row in rows if row["language"] == code] for code in ("ind_Latn", "bbc_Latn")
    }
    assert got["ind_Latn"] == [
        ("7", "nusax:dev:7", "\u00a0e\u0301"),
        ("237", "nusax:dev:237", 'Pak "Budi"\npergi. '),
        ("9", "nusax:dev:9", "lagi"),
    ]
    assert [text for _, _, text in got["bbc_Latn"]] == ["k\n0", "k1", "k2"]
    assert [row["text"] for row in rows if row["language"] == "bjn_Latn"] == ["b0", "b1", " b2 "]


def test_columns_go_by_their_names(rows_of):
    swapped = HEAD.replace("indonesian,acehnese", "acehnese,indonesian")
    rows = rows_of("nusax_mt", small(swapped + "0,one,lagi,b,c,d,e,f,g,h,i,j,k\n"))
    assert [row["text"] for row in rows if row["language"] in ("ace_Latn", "ind_Latn")] == ["one", "lagi"]


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ("3,unknown,a,b,c,d,e,f,g,h,i,j,k", "line 7: column id is empty"),
        ("3,lagi,a,,c,d,e,f,g,h,i,j,k", "line 7: column text is empty"),
    ],
)
def test_a_sentence_that_senti_lacks_or_an_empty_cell_is_refused_where_it_stands(bad, said, rows_of, tmp_path):
    with pytest.raises(UserError) as stopped:
        rows_of("nusax_mt", small(f"{HEAD}{AWKWARD}{bad}\n"))
    assert str(stopped.value) == f"nusax_mt: {tmp_path / 'nusax/datasets/mt/valid.csv'}, {said}"


# -- the makers' files


def test_every_cell_is_the_text_of_its_id_in_senti(real, raw_folder):
    mt, senti = (real(name).rows("dev", columns=["language", "id", "source", "text"]) for name in ("nusax_mt", "nusax"))
    assert {tuple(row.values()) for row in mt.to_pylist()} == {tuple(row.values()) for row in senti.to_pylist()}
    assert mt.num_rows == 1200
    with (raw_folder("nusax") / "datasets/mt/valid.csv").open(encoding="utf-8", newline="") as file:
        wanted = [row["toba_batak"] for row in csv.DictReader(file)]
    assert real("nusax_mt").rows("dev", ["bbc_Latn"], ["text"])["text"].to_pylist() == wanted


def test_the_cards_generated_block_is_what_the_files_give(card_is_up_to_date):
    assert card_is_up_to_date("nusax_mt")
