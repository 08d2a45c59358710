"""CCGbank: trees of two lines, whose leaves are words with their categories; the licence keeps its files from us."""

from __future__ import annotations

import pytest

from harness.data import cards
from harness.errors import UserError

COMMON = "".join(rf"(<L {category} X X w {category}_1>) " for category in ["N", r"S[dcl]\NP", "LRB", "RRB", "."] * 10)
TREE = r"""(<T S[dcl] 0 2> (<T N 1 2> (<L LRB -LRB- -LRB- -LRB- LRB>) (<T N 0 1> (<L N CD CD 1\/2 N>) ) )
 (<T S[dcl] 0 1> (<L S[dcl]\NP VBD VBN >< S[dcl]\NP_74>) (<L N\N POS POS 's N\N>) (<L . . . . .>) ) )"""
"""A bracket, a fraction, a word that looks like the end of a leaf, a category that is rare."""
TREE = TREE.replace("\n", "")


def article(name: str, *trees: str) -> bytes:
    lines = [f"ID={name}.{i} PARSER=GOLD NUMPARSE=1\n{tree}\n" for i, tree in enumerate(trees, 1)]
    return "".join(lines).encode()


def written(**changed: bytes) -> dict[str, bytes]:
    """Return an article of each section that a split is of, and of one that none is."""
    articles = {"0001": article("wsj_0001", TREE), "0200": article("wsj_0200", COMMON), "1000": b"", "2300": b""}
    articles |= {"1000": article("wsj_1000", TREE, TREE), "2300": article("wsj_2300", TREE), "2200": b"not read"}
    return {f"data/AUTO/{n[:2]}/wsj_{n}.auto": text for n, text in (articles | changed).items()}


def test_leaves_are_words_and_categories_without_the_treebanks_escapes(rows_of):
    rows = {row["id"]: row for row in rows_of("ccg", written())}
    assert list(rows) == ["wsj_0001.1", "wsj_2300.1", "wsj_0200.1", "wsj_1000.1", "wsj_1000.2"]
    assert [rows[name]["split"] for name in rows] == ["dev", "test", "train", "train", "train"]
    assert tuple(rows["wsj_1000.2"].values()) == (
        "train",
        "eng_Latn",
        "wsj_1000.2",
        "ccg:wsj_1000.2",
        "ccg:wsj_1000",
        ["(", "1/2", "><", "'s", "."],
        ["LRB", "N", "S[dcl]\\NP", "rare", "."],
    )


def test_a_category_is_rare_below_ten_words_of_train_whatever_the_other_splits_hold(rows_of):
    for times, tag in ((9, "rare"), (10, "N\\N")):
        train = article("wsj_0200", r"(<L N\N X X w N\N>) " * times + COMMON)
        rows = rows_of("ccg", written(**{"0200": train, "1000": article("wsj_1000", COMMON)}))
        assert [row["tags"][3] for row in rows if row["split"] != "train"] == [tag, tag]


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (article("wsj_0002", TREE.replace("N CD CD", "N CD")), "line 1: column tokens is empty"),
        (article("wsj_0002", TREE, "")[:-1], "line 3: column tokens is empty"),
        (article("wsj_0002", TREE).replace(b"ID=", b"id "), "line 1: column id is empty"),
        (article("wsj_0002", COMMON + "(<L conjj X X w conjj>)" * 10), "line 1: column tags holds what is none"),
        (article("wsj_0002", TREE) * 2, "line 3: column id stands twice"),
        (article("wsj_0002", TREE) + b"\xff\n", "line 3: byte 1 is not UTF-8"),
    ],
)
def test_what_is_no_pair_of_id_and_tree_is_refused_with_its_line(bad, said, rows_of, tmp_path):
    with pytest.raises(UserError) as stopped:
        rows_of("ccg", written(**{"0300": bad}))
    assert str(stopped.value).startswith(f"ccg: {tmp_path}/ccg/data/AUTO/03/wsj_0300.auto, {said}")


def test_labels_are_the_425_frequent_categories_and_one_for_the_others():
    labels = cards.dataset_card("ccg").labels
    assert len(labels) == len(set(labels)) == 426
    assert (labels[:3], labels[-1]) == (("N", "N/N", "NP[nb]/N"), "rare")


RAW = {"ccg": written()}
