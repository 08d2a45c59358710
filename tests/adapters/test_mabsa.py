"""M-ABSA: lists that Python writes and often cannot read, terms that are looked for in their sentences, polarities."""

from __future__ import annotations

import ast
from collections import Counter

import pytest

from harness.errors import UserError

AWKWARD = (
    "The phone's screen, a new phone!####[['phone', 'a#b', 'positive'], [\"new phone\", 'a', 'NEG'],"
    " ['phone', 'c', 'positive'], ['NULL', 'd', 'neutral']]\r\n"
    "C'est l'ambiance du 6.5\" .####[['l'ambiance', 'a', 'NEU'], ['6.5\\\" ', 'a', 'Neg'], [Kein', 'b', 'POS']]\r\n"
    "Nothing  here \u200e###[]####[]"
)
"""A repeated term and a longer one around it, an implicit one, apostrophes, an escape, lost quotation marks, CRLF."""


def small(dev: str, language: str = "fr") -> dict[str, bytes]:
    return {
        f"data/food/{language}/dev.txt": dev.encode(),
        "data/food/en/test.txt": b"a b####[['a', 'c', 'positive']]\n",
    }


def test_words_of_terms_are_tagged_wherever_they_stand_and_longer_terms_win(rows_of, left_out):
    rows = [row for row in rows_of("mabsa_tagging", small(AWKWARD)) if row["split"] == "dev"]
    assert [tuple(row.values())[1:4] for row in rows] == [
        ("fra_Latn", "food-0", "mabsa:dev:food-0"),
        ("fra_Latn", "food-2", "mabsa:dev:food-2"),
    ]
    pairs = [" ".join(f"{t}/{tag[0]}" for t, tag in zip(row["tokens"], row["tags"], strict=True)) for row in rows]
    assert pairs == [
        "The/O phone/B '/O s/O screen/O ,/O a/O new/B phone/I !/O",
        "Nothing/O here/O #/O #/O #/O [/O ]/O",
    ]
    assert left_out("mabsa_tagging") == {("dev", "fra_Latn", "sentence that lacks a term of its list"): 1}


@pytest.mark.parametrize(
    ("language", "sentence", "term", "tagged"),
    [
        ("ko", "강사는 좋은 강사 입니다", "강사", "강사는/O 좋은/O 강사/B 입니다/O"),
        ("ko", "슬라이드에서 봅니다", "슬라이드", "슬라이드에서/B 봅니다/O"),
        ("zh", "味道很好,a味道", "味道", "味/B 道/I 很/O 好/O ,/O a/O 味/B 道/I"),
        ("th", "ร้านดี", "ร้าน", "ร้/B า/I น/I ดี/O"),
        ("fr", "Ah\u00a0! Ici", r"Ah\xa0!", "Ah/B !/I Ici/O"),
        ("hi", "यह फ़ोन", "फ़ोन", "यह/O फ़ोन/B"),
        ("fr", "l'eau, l'eau", "l'eau", "l/B '/I eau/I ,/O l/B '/I eau/I"),
    ],
)
def test_what_a_word_is(language, sentence, term, tagged, rows_of):
    rows = rows_of("mabsa_tagging", small(f"{sentence}####[['{term}', 'c', 'positive']]\n", language))
    (row,) = (row for row in rows if row["split"] == "dev")
    assert " ".join(f"{t}/{tag[0]}" for t, tag in zip(row["tokens"], row["tags"], strict=True)) == tagged


def test_a_row_is_a_sentence_and_a_term_that_it_holds(rows_of, left_out):
    rows = [row for row in rows_of("mabsa_polarity", small(AWKWARD)) if row["split"] == "dev"]
    first, second = (line.split("####")[0] for line in AWKWARD.split("\r\n")[:2])
    assert [tuple(row.values())[2:] for row in rows] == [
        ("food-0-0", "mabsa:dev:food-0", "mabsa:dev:food-0", first, "phone", "positive"),
        ("food-0-1", "mabsa:dev:food-0", "mabsa:dev:food-0", first, "new phone", "negative"),
        ("food-1-0", "mabsa:dev:food-1", "mabsa:dev:food-1", second, "l'ambiance", "neutral"),
        ("food-1-1", "mabsa:dev:food-1", "mabsa:dev:food-1", second, '6.5" ', "negative"),
    ]
    reasons = ("implicit aspect", "term that the review lacks")
    assert left_out("mabsa_polarity") == {("dev", "fra_Latn", reason): 1 for reason in reasons}


def test_a_term_without_one_polarity_is_left_out(rows_of, left_out):
    lines = "a b####[['a', 'c', 'positive'], ['a', 'd', 'NEG'], ['b', 'c', 'conflict']]\n"
    assert {row["split"] for row in rows_of("mabsa_polarity", small(lines + "c####[['c', 'd', 'NEU ']]\n"))} == {
        "dev",
        "test",
    }
    assert [row["id"] for row in rows_of("mabsa_polarity", small(lines + "c####[['c', 'd', 'NEU ']]\n"))] == [
        "food-1-0",
        "food-0-0",
    ]
    assert left_out("mabsa_polarity") == {("dev", "fra_Latn", "term of more than one polarity"): 2}


@pytest.mark.parametrize(
    "bad", ["[['a', 'b']]", "['a']", "[['a, 'b', 'POS']]", " [['a', 'b', 'POS', 'c']]", "[('a', 'b', 'c')]"]
)
@pytest.mark.parametrize("name", ["mabsa_tagging", "mabsa_polarity"])
def test_a_list_that_is_not_one_of_triples_is_left_out_and_counted(name, bad, rows_of, left_out):
    rows = rows_of(name, small(f"a####[['a', 'b', 'POS']]\na####{bad}\n"))
    assert [row["split"] for row in rows] == ["dev", "test"]
    assert left_out(name) == {("dev", "fra_Latn", "list that cannot be read"): 1}


@pytest.mark.parametrize("bad", ["a b", "a####", "", "a####[['a', 'b', 'POS'"])
@pytest.mark.parametrize("name", ["mabsa_tagging", "mabsa_polarity"])
def test_a_line_that_cannot_be_read_is_refused_where_it_stands(name, bad, rows_of, tmp_path):
    with pytest.raises(UserError) as stopped:
        rows_of(name, small(f"a####[['a', 'b', 'POS']]\n{bad}\nb####[]\n"))
    place = tmp_path / "mabsa" / "data" / "food" / "fr" / "dev.txt"
    column = "tokens" if name == "mabsa_tagging" else "text"
    assert str(stopped.value) == f"{name}: {place}, line 2: column {column} is empty"


RAW = dict.fromkeys(("mabsa_tagging", "mabsa_polarity"), small(AWKWARD))


# -- the makers' files


@pytest.fixture(scope="module")
def lines(raw_folder):
    """(split, language, domain-line) → (sentence, list as Python reads it or None)."""
    found = {}
    for path in raw_folder("mabsa").glob("data/*/*/*.txt"):
        domain, language, split = path.parts[-3], path.parts[-2], path.stem
        for i, line in enumerate(path.read_text(encoding="utf-8").removesuffix("\n").split("\n")):
            sentence, triples = line.split("####")
            try:
                found[split, language, f"{domain}-{i}"] = (sentence, ast.literal_eval(triples))
            except SyntaxError:
                found[split, language, f"{domain}-{i}"] = (sentence, None)
    return found


def short(code: str) -> str:
    names = {"zho": "zh", "spa": "es", "swh": "sw", "swe": "sv", "deu": "de", "jpn": "ja", "por": "pt", "slk": "sk"}
    return names.get(code[:3], {"hrv": "hr", "ind": "id", "kor": "ko", "tur": "tr"}.get(code[:3], code[:2]))


def test_counts_of_the_makers_lines(lines):
    assert len(lines) == 29_461
    unread = Counter(language for (_, language, _), (_, triples) in lines.items() if triples is None)
    assert unread.total() == 109
    assert [unread[code] for code in ("fr", "nl", "sw", "tr", "en")] == [19, 12, 10, 10, 0]
    said = Counter(t[2] for _, triples in lines.values() for t in triples or ())
    assert set(said) == {"positive", "negative", "neutral", "POS", "NEG", "NEU", "Neg"}


def glued(text: str) -> str:
    """Return a text without white space and what is invisible, which tokens do not have."""
    return "".join(c for c in text if not c.isspace() and c not in "\u200b\u200e\u200f\u202a\u202c\ufeff\u2060\u00ad")


def test_every_tagged_span_is_a_term_of_the_makers_list(real, lines):
    made, seen = real("mabsa_tagging"), 0
    for split in ("dev", "test"):
        for row in made.rows(split, columns=["language", "id", "tokens", "tags"]).to_pylist():
            sentence, triples = lines[split, short(row["language"]), row["id"]]
            seen += 1
            if triples is None:
                continue
            assert glued("".join(row["tokens"])) == glued(sentence)
            words = zip(row["tokens"], row["tags"], strict=True)
            marked = "".join({"B": "\n", "I": "", "O": "\0"}[tag[0]] + token for token, tag in words)
            spans = {span.partition("\0")[0] for span in marked.split("\n")[1:]}
            terms = {glued(term) for term, *_ in triples if term != "NULL"}
            assert all(any(span.startswith(term) for term in terms) for span in spans)
            assert all(any(term in span for span in spans) for term in terms)
    assert seen == 29_461 - 512 == 29_461 - sum(made.skipped.values())


def test_every_polarity_is_that_of_the_makers_list(real, lines):
    made, got = real("mabsa_polarity"), {}
    for split in ("dev", "test"):
        for row in made.rows(split, columns=["language", "source", "id", "text", "text_pair", "label"]).to_pylist():
            key = (split, short(row["language"]), row["id"].rpartition("-")[0])
            got.setdefault(key, {})[row["text_pair"]] = row["label"]
    assert sum(map(len, got.values())) == 25_456
    for key, (sentence, triples) in lines.items():
        said: dict[str, set[str]] = {}
        for term, _, polarity in triples or ():
            if term != "NULL" and term in sentence:
                said.setdefault(term, set()).add(polarity.lower()[:3])
        whole = {"pos": "positive", "neg": "negative", "neu": "neutral"}
        if triples is not None:
            assert got.get(key, {}) == {term: whole[min(s)] for term, s in said.items() if len(s) == 1}


def test_an_aspect_has_the_same_polarity_in_every_language(real):
    rows = real("mabsa_polarity").rows("dev", columns=["id", "label"]).to_pydict()
    labels = {}
    for item, label in zip(rows["id"], rows["label"], strict=True):
        labels.setdefault(item, set()).add(label)
    assert max(map(len, labels.values())) == 1


@pytest.mark.parametrize("name", ["mabsa_tagging", "mabsa_polarity"])
def test_the_cards_generated_block_is_what_the_files_give(name, card_is_up_to_date):
    assert card_is_up_to_date(name)
