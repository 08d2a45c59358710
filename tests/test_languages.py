"""The tables as they stand, checked against what their card says, and the ways a language can be named."""

from __future__ import annotations

import csv
import math
from collections import Counter, defaultdict

import pytest

from harness import languages as lang
from harness.data.cards import dataset_card, dataset_names
from harness.errors import UserError
from harness.resources import folder


def table(name: str) -> list[dict[str, str]]:
    with (folder("datacards") / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


ALIASES = table("aliases.csv")
ROWS = lang.languages()


def meant(data: str, name: str) -> str:
    """Return the code that a data set's card gives a name."""
    card = dataset_card(data).languages
    return card.choices.get(name) or lang.resolve(name, card.kind)


def clusters(column: str) -> Counter[str]:
    units = {(row["cluster"], row["unit"]) for row in ROWS.values() if row[column] == "1"}
    return Counter(str(cluster) for cluster, _ in units)


def test_codes_are_sorted_unique_and_made_of_iso_code_and_script():
    codes = list(ROWS)
    assert len(codes) == 205
    assert codes == sorted(codes)
    assert all(code == f"{row['iso639_3']}_{row['script']}" for code, row in ROWS.items())


def test_flores200_counts():
    flores = [row for row in ROWS.values() if row["in_flores200"] == "1"]
    assert len(flores) == 204
    assert len({row["iso639_3"] for row in flores}) == 196
    assert len({row["unit"] for row in flores}) == 190
    sizes = clusters("in_flores200")
    assert sorted(sizes.values(), reverse=True) == [74, 33, 18, 18, 11, 8, 4, 3, 3, 3, 3, 2, *[1] * 10]
    assert len(sizes) == 22
    assert (sizes["Indo-European"], sizes["Atlantic-Congo"], sizes["Turkic"]) == (74, 33, 11)
    assert sizes["Austronesian"] == sizes["Afro-Asiatic"] == 18
    assert sum(sizes.values()) ** 2 / sum(n * n for n in sizes.values()) == pytest.approx(4.84, abs=0.005)


def test_sib200_counts_and_nko_standing_with_mande():
    assert sum(row["in_sib200"] == "1" for row in ROWS.values()) == 205
    sizes = clusters("in_sib200")
    assert (sum(sizes.values()), len(sizes), sizes["Mande"]) == (191, 22, 3)


def test_columns_that_are_full_and_values_in_range():
    for code, row in ROWS.items():
        assert row["family"], code
        assert row["macroarea"], code
        assert row["script_type"], code
        assert row["direction"], code
        assert row["joshi_class"] in {None, "0", "1", "2", "3", "4", "5"}, code
        assert row["latitude"] is None or -90 <= float(row["latitude"]) <= 90, code
        assert row["longitude"] is None or -180 <= float(row["longitude"]) <= 180, code
        assert (row["xlmr_gib"] is not None) == (row["in_xlmr"] == "1"), code
        assert (row["nllb_resource"] is not None) == (row["in_nllb"] == "1"), code
    assert sum(row["in_nllb"] == "1" for row in ROWS.values()) == 202
    assert sum(row["in_xtreme"] == "1" for row in ROWS.values()) == 40
    assert Counter(row["nllb_resource"] for row in ROWS.values()) == {"high": 54, "low": 148, None: 3}


def test_distances_to_english_are_ratios_and_nought_for_english():
    names = [n for n in lang.columns() if n.startswith("dist_eng_") and not n.endswith("_km")]
    assert len(names) == 5
    for name in names:
        assert all(0 <= float(row[name]) <= 1 for row in ROWS.values() if row[name])
        assert float(str(ROWS["eng_Latn"][name])) == 0


def test_scripts_of_one_language_share_a_family():
    families = defaultdict(set)
    for row in ROWS.values():
        families[row["language_cluster"]].add(row["family"])
    assert all(len(found) == 1 for found in families.values())


def test_aliases_point_at_codes_once_with_one_default_and_honest_flags():
    assert len(ALIASES) == 3194
    assert {row["code"] for row in ALIASES} <= set(ROWS)
    assert max(Counter((r["alias"], r["code"], r["kind"]) for r in ALIASES).values()) == 1
    assert max(Counter((r["alias"], r["kind"]) for r in ALIASES if r["default"] == "true").values()) == 1
    codes = defaultdict(set)
    for row in ALIASES:
        codes[row["alias"]].add(row["code"])
    assert all((row["ambiguous"] == "true") == (len(codes[row["alias"]]) > 1) for row in ALIASES)
    assert sum(len(found) > 1 for found in codes.values()) == 68


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("swh_Latn", "swh_Latn"),
        ("sw", "swh_Latn"),
        ("German", "deu_Latn"),
        ("zh", "zho_Hans"),
        ("ace", "ace_Latn"),
        ("no", "nob_Latn"),
        # FLORES+ gives twi_Latn to two languages, but it is a FLORES code and means itself.
        ("twi_Latn", "twi_Latn"),
        ("nqo_Nkoo", "nqo_Nkoo"),
    ],
)
def test_codes_and_names_resolve(name, code):
    assert lang.resolve(name) == code


TRAPS = {
    "yo": "yor_Latn",
    "yor": "yor_Latn",
    "Yoruba": "yor_Latn",
    "yoru1245": "yor_Latn",  # Glottolog
    "zh-CN": "zho_Hans",
    "zh-TW": "zho_Hant",
    "acehnese": "ace_Latn",  # NusaX
    "fas": "pes_Arab",  # FLORES-101, a macrolanguage
    "ory": "ory_Orya",  # FLORES-101 and FLORES-200
    "cmn_Hans": "zho_Hans",  # FLORES+
    "apc_Arab_sout3123": "ajp_Arab",  # FLORES+, by dialect
    "lav": "lvs_Latn",  # a macrolanguage
}


@pytest.mark.parametrize(("name", "code"), TRAPS.items())
def test_every_kind_of_name_resolves(name, code):
    assert lang.resolve(name) == code


@pytest.mark.parametrize(
    ("data", "name", "code"),
    [
        ("afrisenti", "kr", "kin_Latn"),  # Kanuri in ISO 639-1
        ("afrisenti", "or", "gaz_Latn"),  # Odia
        ("afrisenti", "tg", "tir_Ethi"),  # Tajik
        ("afrisenti", "ma", "ary_Arab"),  # a country: ISO 639-1 has none
        ("nusax", "toba_batak", "bbc_Latn"),
        ("xnli", "ar", "arb_Arab"),
        ("xnli", "zh", "zho_Hans"),
        ("wikipedia", "no", "nob_Latn"),
        ("wikipedia", "ku", "kmr_Latn"),
    ],
)
def test_what_is_ambiguous_or_means_something_else_is_the_cards_choice(data, name, code):
    card = dataset_card(data).languages
    assert meant(data, name) == code
    if lang.candidates(name) - {code}:
        with pytest.raises(UserError, match=rf"language '{name}' is ambiguous \(.*{code}.*\); say in the card"):
            lang.resolve(name, card.kind)


@pytest.mark.parametrize("kind", ["iso639_1", "xtreme", "cldr_locale", "bcp47", "wikipedia"])
def test_no_data_set_takes_an_ambiguous_string_by_default(kind):
    aliases = {row["alias"] for row in ALIASES if row["kind"] == kind and row["ambiguous"] == "true"}
    assert kind == "wikipedia" or {"ar", "zh"} & aliases
    for alias in aliases - set(ROWS):
        with pytest.raises(UserError, match=f"language '{alias}' is ambiguous"):
            lang.resolve(alias, kind)


def test_a_string_of_two_meanings_is_refused_with_its_candidates():
    with pytest.raises(UserError, match=r"x\.toml: language 'or' is ambiguous \(gaz_Latn, ory_Orya\); write the"):
        lang.resolve("or", where="x.toml")
    with pytest.raises(UserError, match=r"'achi1257' is ambiguous \(ace_Arab, ace_Latn\)"):
        lang.resolve("achi1257")


def test_a_string_without_default_is_refused_in_its_own_kind_too():
    with pytest.raises(UserError, match=r"ambiguous.*kab_Latn, taq_Latn, taq_Tfng, tzm_Tfng"):
        lang.resolve("ber", "tatoeba")
    with pytest.raises(UserError, match="hin_Deva"):
        lang.resolve("hin_Latn", "belebele")  # romanised: never silently the Devanagari one


def test_an_unknown_name_is_refused_with_the_three_nearest():
    with pytest.raises(UserError, match=r"unknown language 'germn'; the nearest are German, \w+, \w+$"):
        lang.resolve("germn")
    with pytest.raises(UserError, match="unknown kind of language code 'iso'"):
        lang.resolve("de", "iso")


@pytest.mark.parametrize("kind", [None, "iso639_1", "flores200", "afrisenti"])
def test_a_code_of_the_table_or_outside_it_is_itself_in_every_kind(kind):
    for code in ("yor_Latn", "pcm_Latn", "div_Thaa", "ckb_Latn"):  # in the table, outside, in a script of its own
        assert lang.resolve(code, kind) == code
    for code in ("deu_Ltan", "gug_Hebr", "DEU_Latn"):  # no script; grn_Latn in the table; no code
        with pytest.raises(UserError, match=f"unknown language '{code}'"):
            lang.resolve(code, kind)


def test_an_edition_of_wikipedia_is_not_the_iso_code_that_it_looks_like():
    assert lang.resolve("sq", "wikipedia") == "als_Latn"
    assert lang.resolve("als") == "als_Latn"
    with pytest.raises(UserError, match="unknown language 'als'"):  # Alemannic there
        lang.resolve("als", "wikipedia")


def test_a_kind_knows_only_its_own_spellings():
    with pytest.raises(UserError, match="unknown language 'German'"):
        lang.resolve("German", "iso639_1")


@pytest.mark.parametrize(
    ("code", "cluster"),
    [("deu_Latn", "Indo-European"), ("nqo_Nkoo", "Mande"), ("epo_Latn", "Esperanto"), ("hat_Latn", "Indo-European")],
)
def test_clusters_are_families_but_for_overrides_and_book_keeping_groups(code, cluster):
    assert lang.cluster(code) == cluster


@pytest.mark.parametrize(
    "together", [("bos_Latn", "hrv_Latn", "srp_Cyrl"), ("nno_Latn", "nob_Latn"), ("aka_Latn", "twi_Latn")]
)
def test_standards_of_one_language_are_one_unit(together):
    assert len({lang.unit(code) for code in together}) == 1
    assert lang.unit("ind_Latn") != lang.unit("zsm_Latn")


def test_languages_outside_the_table_have_a_script_and_nothing_else():
    facts = lang.facts("pcm_Latn")
    assert facts.pop("script") == "Latn"
    assert set(facts.values()) == {None}
    assert lang.unit("pcm_Latn") == "pcm"
    known = {fact.column: fact.value for fact in lang.explain("pcm_Latn") if fact.value}
    assert known == {"code": "pcm_Latn", "iso639_3": "pcm", "script": "Latn", "in_flores200": "0"}
    with pytest.raises(UserError, match="unknown language 'pidgin'"):
        lang.facts("pidgin")


def test_outside_is_told_by_the_cluster_which_every_language_of_the_table_has():
    assert all(lang.facts(code)["cluster"] for code in ROWS)
    outside = {code for name in dataset_names() for code in dataset_card(name).languages.codes if code not in ROWS}
    assert {"pcm_Latn", "bbj_Latn", "bbc_Latn", "arq_Arab"} < outside
    assert {lang.facts(code)["cluster"] for code in outside} == {None}


def test_candidates_are_the_members_of_a_macrolanguage():
    assert lang.candidates("no") == {"nob_Latn", "nno_Latn"}
    assert lang.candidates("fr") == {"fra_Latn"}


COLUMNS = [(r["table"], r["column"], r["source"]) for r in table("columns.csv")]


@pytest.mark.parametrize("name", ["languages", "distances", "aliases", "clusters"])
def test_every_column_is_described(name):
    columns = lang.columns() if name == "languages" else list(table(f"{name}.csv")[0])
    assert [column for where, column, _ in COLUMNS if where == name] == columns


def test_every_source_is_one_of_the_cards():
    card = (folder("datacards") / "languages.md").read_text(encoding="utf-8")
    stated = [line.removeprefix("| ").split(" | ")[0] for line in card.splitlines() if line.startswith("| ")]
    own = {"derived", "by script", "this project", "its kind", "clusters.csv"}
    named = {source for *_, sources in COLUMNS for source in sources.split(", ")} - own
    assert {source for source in named if not any(line.startswith(source) for line in stated)} == set()


def test_a_language_is_explained_with_the_source_of_every_fact():
    found = {fact.column: fact for fact in lang.explain("swh_Latn")}
    assert list(found) == lang.columns()
    assert found["family"][:3] == ("family", "Atlantic-Congo", "Glottolog")
    assert found["in_mt5"][:3] == ("in_mt5", "1", "mT5")
    assert found["note"].value is None
    assert found["word_order"].meaning == "order of subject, object and verb: WALS 81A"
    with pytest.raises(UserError, match="unknown language 'pidgin'"):
        lang.explain("pidgin")


# -- distances

PAIRS = table("distances.csv")


def test_every_pair_of_codes_stands_once():
    pairs = [(row["a"], row["b"]) for row in PAIRS]
    assert len(pairs) == len(set(pairs)) == 205 * 204 // 2 == 20_910
    assert all(a < b for a, b in pairs)
    assert {code for pair in pairs for code in pair} == set(ROWS)


def test_distances_are_ratios_or_kilometres_on_earth():
    for kind in lang.DISTANCES[:-1]:
        assert all(0 <= float(row[kind]) <= 1 for row in PAIRS)
    placed = [row for row in PAIRS if row["geographic_km"]]
    assert all(0 <= float(row["geographic_km"]) <= 20_016 for row in placed)  # half way round
    assert {row["geographic_km"] for row in PAIRS if "nqo_Nkoo" in (row["a"], row["b"])} == {""}
    assert len(placed) == 20_910 - 204


def test_the_rows_of_english_are_those_of_the_languages_table():
    for code, row in ROWS.items():
        for kind in lang.DISTANCES:
            stated = row[f"dist_eng_{kind}"]
            wanted = pytest.approx(float(stated or "nan"), abs=0, nan_ok=True)
            assert lang.distance(code, "eng_Latn", kind) == wanted, (code, kind)


def test_kilometres_are_the_great_circle_between_the_coordinates():
    for row in PAIRS:
        if row["geographic_km"]:
            (la, oa), (lb, ob) = (
                [math.radians(float(str(ROWS[row[end]][axis]))) for axis in ("latitude", "longitude")] for end in "ab"
            )
            angle = math.sin((lb - la) / 2) ** 2 + math.cos(la) * math.cos(lb) * math.sin((ob - oa) / 2) ** 2
            assert 2 * 6371.0088 * math.asin(math.sqrt(angle)) == pytest.approx(float(row["geographic_km"]), abs=0.51)


def test_family_and_script_of_pairs_are_those_of_the_languages():
    for row in PAIRS:
        a, b = ROWS[row["a"]], ROWS[row["b"]]
        assert (row["same_family"] == "1") == (a["family"] == b["family"]) == (float(row["genetic"]) < 1)
        assert (row["same_script"] == "1") == (a["script"] == b["script"])


def test_a_distance_is_symmetric_and_nought_to_itself():
    assert lang.distance("deu_Latn", "nld_Latn", "genetic") == lang.distance("nld_Latn", "deu_Latn", "genetic")
    assert lang.distance("swh_Latn", "swh_Latn", "geographic_km") == 0
    assert math.isnan(lang.distance("nqo_Nkoo", "bam_Latn", "geographic_km"))
    assert math.isnan(lang.distance("deu_Latn", "pcm_Latn", "genetic"))  # a language outside the table
    near, far = (lang.distance("deu_Latn", code, "genetic") for code in ("nld_Latn", "rus_Cyrl"))
    assert near < far < 1 == lang.distance("deu_Latn", "fin_Latn", "genetic")


def test_an_unknown_kind_of_distance_is_refused():
    with pytest.raises(UserError, match="unknown kind of distance 'syntax'; the nearest are syntactic"):
        lang.distance("deu_Latn", "nld_Latn", "syntax")
