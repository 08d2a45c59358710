"""What the grammar takes, and that every mistake is said with its place."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from harness import suite_file as suites
from harness.errors import UserError
from harness.suite_file import load
from tests.small import SUITE, Declare

GRAMMAR = """
name  = "example"
title = "Diverse against English intermediate training"
model = "e5-small"
seeds = [0, 1, 2]
edition = "as-released"
leakage = "refuse"
precision = "bf16"
threads = 4
[languages]
include = "all"
where = "in_flores200 and script <> 'Nkoo'"
per_family = 8
[recipes.default]
epochs = 3
batch_tokens = 1024
learning_rate = 5e-5
trainable_layers = 2
select = "last"
[recipes.whole]
epochs = 1
batch_tokens = 512
learning_rate = 1e-5
trainable_layers = "all"
[intermediate]
match = "items"
examples = 700
recipe = "default"
[arms.none]
[arms.diverse]
mix = [{ data = "cldr_kind", languages = ["rus_Cyrl", "arb_Arab", "hin_Deva"] }]
[arms.all]
mix = [{ data = "cldr_kind", languages = "all" }]
[arms.shuffled]
control = "shuffled-labels"
mix = [{ data = "cldr_kind", languages = ["eng_Latn"] }]
[targets.retrieval]
test = [{ data = "cldr_terms", split = "test" }]
pivot = "eng_Latn"
directions = ["to", "from"]
layers = [0, 12]
[targets.phrases]
train = { data = "cldr_phrases", languages = ["eng_Latn"] }
test = [{ data = "cldr_phrases", split = "test" }, { data = "cldr_phrases", split = "dev" }]
recipe = "whole"
[[contrasts]]
name = "diverse over none"
a = "diverse"
b = "none"
targets = ["retrieval", "phrases"]
role = "primary"
[[contrasts]]
name = "all over none"
a = "all"
b = "none"
targets = ["phrases"]
role = "secondary"
"""


def refused(path: Path) -> str:
    """Return the sentence that a suite's file is refused with: one line that opens with the file."""
    with pytest.raises(UserError) as caught:
        load(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    return message.removeprefix(f"{path}: ")


def test_every_table_and_key_of_the_grammar_is_read(tmp_path: Path) -> None:
    path = tmp_path / "example.toml"
    path.write_text(GRAMMAR, encoding="utf-8")
    suite = load(path)
    assert (suite.name, suite.seeds, suite.precision, suite.threads) == ("example", [0, 1, 2], "bf16", 4)
    assert (suite.languages.include, suite.languages.per_family) == ("all", 8)
    assert suite.languages.where == "in_flores200 and script <> 'Nkoo'"
    assert suite.recipes["default"].learning_rate == 5e-5
    assert suite.recipes["whole"].trainable_layers == "all"
    assert suite.intermediate is not None
    assert (suite.intermediate.match, suite.intermediate.examples) == ("items", 700)
    assert list(suite.arms) == ["none", "diverse", "all", "shuffled"]
    assert suite.arms["diverse"].mix[0].languages == ["rus_Cyrl", "arb_Arab", "hin_Deva"]
    assert suite.arms["all"].mix[0].split == "train"
    assert suite.arms["shuffled"].control == "shuffled-labels"
    assert suite.targets["retrieval"].directions == ("to", "from")
    assert suite.targets["retrieval"].layers == [0, 12]
    assert [t.split for t in suite.targets["phrases"].test] == ["test", "dev"]
    assert [c.role for c in suite.contrasts] == ["primary", "secondary"]


ENGLISH = '[arms.english]\nmix = [{ data = "cldr_kind", languages = ["eng_Latn"] }]'
UNKNOWN_KEYS = [
    ("threads = 1", "thread = 1", "top level: unknown key 'thread'; the nearest are threads"),
    ("[languages]\n", "[languages]\nincluded = 1\n", "languages: unknown key 'included'; the nearest are include"),
    ("epochs = 1", "epoch = 1", "recipes.short: unknown key 'epoch'; the nearest are epochs"),
    ("batch_tokens", "batch-tokens", "recipes.short: unknown key 'batch-tokens'; the nearest are batch_tokens"),
    ("examples = 24", "example = 24", "intermediate: unknown key 'example'; the nearest are examples"),
    (ENGLISH, "[arms.english]\nmixed = []", "arms.english: unknown key 'mixed'; the nearest are mix"),
    ('["eng_Latn"] }]', '["eng_Latn"], lang = 1 }]', "arms.english.mix[0]: unknown key 'lang'; the nearest are lang"),
    (
        ENGLISH,
        ENGLISH + '\nsampling = { schema = "x" }',
        "arms.english.sampling: unknown key 'schema'; the nearest are s",
    ),
    ("pivot = ", "pivots = ", "targets.retrieval: unknown key 'pivots'; the nearest are pivot"),
    ("train = {", "train = { spilt = 1,", "targets.phrases.train: unknown key 'spilt'; the nearest are split"),
    ("test = [{", "test = [{ dta = 1,", "targets.retrieval.test[0]: unknown key 'dta'; the nearest are data"),
    ('role = "primary"', 'rule = "primary"', "contrasts[0]: unknown key 'rule'; the nearest are role"),
]


@pytest.mark.parametrize(("old", "new", "message"), UNKNOWN_KEYS, ids=[m.split(":")[0] for *_, m in UNKNOWN_KEYS])
def test_an_unknown_key_is_refused_with_its_place_and_the_nearest(
    declare: Declare, old: str, new: str, message: str
) -> None:
    assert refused(declare((old, new))).startswith(message)


UNKNOWN_NAMES = [
    ("fin_Latn", "fin_Lat", "languages.include: unknown language 'fin_Lat'; the nearest are fin_Latn, min_Latn, "),
    ("rus_Cyrl", "rus_Cyr", "arms.diverse.mix[0]: unknown language 'rus_Cyr'; the nearest are rus_Cyrl, "),
    ('pivot = "eng_Latn"', 'pivot = "eng"', "targets.retrieval.pivot: unknown language 'eng'; the nearest are "),
    (
        'data = "cldr_kind"',
        'data = "cldr_kinds"',
        "arms.english.mix[0]: unknown data set 'cldr_kinds'; the nearest are cldr_kind, ",
    ),
    (
        'data = "cldr_terms"',
        'data = "cldr_term"',
        "targets.retrieval.test[0]: unknown data set 'cldr_term'; the nearest are cldr_terms, ",
    ),
    (
        'split = "test"',
        'split = "tset"',
        "targets.retrieval.test[0]: unknown split of cldr_terms 'tset'; the nearest are test, ",
    ),
    (
        'check = "dev"',
        'check = "dve"',
        "arms.english: intermediate.check: unknown split of cldr_kind 'dve'; the nearest are dev, ",
    ),
    (
        'examples = 24\nrecipe = "short"',
        'examples = 24\nrecipe = "shot"',
        "arms.english: intermediate.recipe: unknown recipe 'shot'; the nearest are short",
    ),
    (
        '"test" }]\nrecipe = "short"',
        '"test" }]\nrecipe = "long"',
        "targets.phrases.recipe: unknown recipe 'long'; the nearest are short",
    ),
    ('a = "diverse"', 'a = "divers"', "contrasts[0]: unknown arm 'divers'; the nearest are diverse, "),
    (
        '"retrieval", "phrases"',
        '"retrieval", "phrase"',
        "contrasts[0]: unknown target 'phrase'; the nearest are phrases, ",
    ),
    (
        'role = "primary"',
        'role = "primary"\nby = "famly"',
        "contrasts[0].by: unknown column of languages 'famly'; the nearest are family, ",
    ),
    (
        'role = "primary"',
        'role = "primary"\nby = "distance.syntax"',
        "contrasts[0].by: unknown kind of distance 'syntax'; the nearest are syntactic, ",
    ),
]


@pytest.mark.parametrize(("old", "new", "message"), UNKNOWN_NAMES, ids=[m.split(";")[0] for *_, m in UNKNOWN_NAMES])
def test_an_unknown_name_is_refused_with_the_nearest(declare: Declare, old: str, new: str, message: str) -> None:
    found = refused(declare((old, new)))
    assert found.startswith(message)
    assert len(found.split("the nearest are ")[1].split(", ")) <= 3


def test_three_languages_are_offered_for_an_unknown_one(declare: Declare) -> None:
    said = refused(declare(("fin_Latn", "fin_Lat"))).split("the nearest are ")[1]
    assert said.split(", ") == ["fin_Latn", "min_Latn", "lin_Latn"]


def test_a_language_that_the_data_set_lacks_is_refused(declare: Declare) -> None:
    # Acehnese is in FLORES-200, but CLDR names nothing in it.
    message = refused(declare(("nob_Latn", "ace_Latn")))
    assert message.startswith("arms.diverse.mix[0]: cldr_kind has no ace_Latn; the nearest that it has are ")


WRONG_VALUES = [
    ("seeds = [0, 1]", "seeds = []", "seeds: expected different numbers from 0 on, saw []"),
    ("seeds = [0, 1]", "seeds = [0, 0]", "seeds: expected different numbers from 0 on, saw [0, 0]"),
    ("seeds = [0, 1]", "seeds = [0, -1]", "seeds[1]: expected `int` >= 0, saw -1"),
    ("seeds = [0, 1]", 'seeds = ["0"]', "seeds[0]: expected `int`, saw '0'"),
    ("threads = 1", "threads = 0", "threads: expected `int` >= 1, saw 0"),
    ('precision = "fp32"', 'precision = "fp16"', 'precision: expected "auto" or "fp32" or "bf16", saw \'fp16\''),
    ("epochs = 1", "epochs = 0", "recipes.short.epochs: expected `int` >= 1, saw 0"),
    ("learning_rate = 1e-3", "learning_rate = 0.0", "recipes.short.learning_rate: expected `float` > 0.0, saw 0.0"),
    ("epochs = 1", "epochs = 1\nwarmup = 1.5", "recipes.short.warmup: expected `float` <= 1.0, saw 1.5"),
    ("epochs = 1", "epochs = 1\nweight_decay = -1.0", "recipes.short.weight_decay: expected `float` >= 0.0, saw -1.0"),
    (
        "trainable_layers = 1",
        'trainable_layers = "some"',
        "recipes.short.trainable_layers: expected a number or \"all\", saw 'some'",
    ),
    ("examples = 24", "examples = -3", "intermediate.examples: expected `int` >= 1, saw -3"),
    ("layers = [1, 2]", "layers = [-1]", "targets.retrieval.layers[0]: expected `int` >= 0, saw -1"),
    ("layers = [1, 2]", "directions = []", "targets.retrieval.directions: expected `array` of length >= 1, saw []"),
    ("layers = [1, 2]", 'directions = ["up"]', 'targets.retrieval.directions[0]: expected "to" or "from", saw \'up\''),
    (
        'match = "items"',
        'match = "item"',
        'intermediate.match: expected "items" or "rows" or "tokens" or "steps", saw \'item\'',
    ),
    (
        'role = "primary"',
        'role = "main"',
        'contrasts[0].role: expected "primary" or "secondary" or "exploratory", saw \'main\'',
    ),
    ("epochs = 1\n", "", "recipes.short: expected epochs or steps, saw neither"),
    ('name = "small"', 'name = "Small one"', "name: 'Small one' is no name; use small letters, digits and hyphens"),
    ('b = "english"', 'b = "diverse"', "contrasts[0]: a and b are both 'diverse'; a contrast needs two arms"),
    ('role = "primary"', 'role = "primary"\nmargin = 0', "contrasts[0].margin: expected `float` > 0.0, saw 0"),
    ('role = "primary"', 'role = "primary"\nmargin = nan', "contrasts[0].margin: expected `float` > 0.0, saw nan"),
    (
        'role = "primary"',
        'role = "primary"\nmargin = 1.0\nby = "joshi_class"',
        "contrasts[0]: margin is of a difference and `by` asks for a slope; declare a contrast for each",
    ),
    ("threads = 1", "limit = 8", "`limit` is no key of a suite; give it as `run --limit 8`"),
]


@pytest.mark.parametrize(("old", "new", "message"), WRONG_VALUES, ids=[m.split(":")[0] for *_, m in WRONG_VALUES])
def test_a_wrong_value_is_refused_with_what_was_seen(declare: Declare, old: str, new: str, message: str) -> None:
    assert refused(declare((old, new))) == message


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "[arms.none]",
            '[arms.none]\ncontrol = "shuffled-labels"',
            "arms.none: control = 'shuffled-labels' needs a mix",
        ),
        ('pivot = "eng_Latn"\n', "", "targets.retrieval: a retrieval target has a pivot and no train table"),
        (
            "[targets.phrases]",
            '[targets.phrases]\npivot = "eng_Latn"',
            "targets.phrases: pivot belongs to retrieval and translation; cldr_phrases is tagging",
        ),
        (
            'train = { data = "cldr_phrases", languages = ["eng_Latn"] }\n',
            "",
            "targets.phrases: a tagging target needs",
        ),
        (
            'split = "test" }]\nrecipe',
            'split = "test" }, { data = "cldr_kind", split = "test" }]\nrecipe',
            "targets.phrases: expected test sets of one task kind, saw classification, tagging",
        ),
    ],
)
def test_tables_that_do_not_fit_together_are_refused(declare: Declare, old: str, new: str, message: str) -> None:
    assert refused(declare((old, new))).startswith(message)


def test_no_target_takes_the_name_of_the_arms_own_task(declare: Declare) -> None:
    path = declare(("[targets.phrases]", "[targets.intermediate]"), ('"retrieval", "phrases"', '"retrieval"'))
    assert refused(path).startswith("targets.intermediate: the name stands for the arms' own task")


def test_an_arm_with_a_mix_needs_the_table_intermediate(declare: Declare) -> None:
    table = SUITE[SUITE.index("[intermediate]") : SUITE.index("[arms.none]")]
    assert refused(declare((table, ""))) == "arms.english: an arm with a mix needs the table [intermediate]"


def test_a_file_that_is_not_toml_or_not_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text("name = \n")
    assert refused(path).startswith("not TOML: Invalid value (at line 1, column 8)")
    path.write_bytes(b'name = "\xff"')
    assert refused(path) == "byte 8 is not UTF-8; save the suite as UTF-8"


def test_a_missing_file_and_an_unknown_name_are_refused() -> None:
    with pytest.raises(UserError, match=r"nowhere/x\.toml: no such suite file; `stiltbench suites` lists"):
        load("nowhere/x.toml")
    with pytest.raises(UserError, match="unknown suite 'quickstat'; the nearest are quickstart"):
        load("quickstat")


def test_every_suite_that_ships_is_sound_and_named_as_its_file() -> None:
    assert "quickstart" in suites.shipped()
    for name in suites.shipped():
        assert load(name).name == name


def test_a_limited_suite_says_so_in_its_name(small_file: Path) -> None:
    limited = load(small_file, limit=8)
    assert (limited.name, limited.limit) == ("small@limit=8", 8)


def tables(text: str) -> list[str]:
    """Cut a suite's text before each table's header."""
    return [("[" + part) if i else part for i, part in enumerate(text.split("\n["))]


def test_the_hash_does_not_depend_on_the_order_of_tables_and_keys(tmp_path: Path, small_file: Path) -> None:
    head, *rest = tables(SUITE)
    path = tmp_path / "turned.toml"
    turned = ["\n".join(reversed(head.strip().splitlines())), *reversed(rest), "# a remark"]
    path.write_text("\n".join(turned), encoding="utf-8")
    assert load(path).hash == load(small_file).hash
    assert load(path) == load(small_file)


PUBLISHED = {"quickstart": ("a4f1967fad9c", "77f15beac2c9"), "flores-offline": ("467a9fa4fb3a", "50ec2bf30681")}
"""Suite → the hashes of it and of its first contrast, as they stand on pages published before the grammar grew."""


@pytest.mark.parametrize("name", PUBLISHED)
def test_keys_that_came_later_leave_the_hash_of_a_suite_that_has_none(name: str) -> None:
    suite = load(name)
    assert (suite.hash, suite.contrasts[0].hash) == PUBLISHED[name]


LATER = [
    ("epochs = 1", "epochs = 1\nmax_length = 128"),
    ('pivot = "eng_Latn"', 'pivot = "eng_Latn"\nmargin = 4'),
    ("[arms.none]", '[arms.none]\ntransliterate = ["Cyrl"]'),
    ('role = "primary"', 'role = "primary"\ndiffer = ["languages"]'),
    ("epochs = 1", "epochs = 1\nlora = { rank = 8, alpha = 16 }"),
    ("epochs = 1", 'epochs = 1\nlora = { rank = 8, alpha = 16, targets = ["query"] }'),
]


def test_keys_that_came_later_count_where_they_are_used(declare: Declare, small: suites.Suite) -> None:
    hashes = [small.hash, *(load(declare(change)).hash for change in LATER)]
    assert len(set(hashes)) == len(LATER) + 1
    assert load(declare(LATER[3])).contrasts[0].hash != small.contrasts[0].hash


CHANGES = [
    ('title = "English', 'title = "Only English'),
    ("seeds = [0, 1]", "seeds = [0, 1, 2]"),
    ("seeds = [0, 1]", "seeds = [1, 0]"),
    ("threads = 1", "threads = 2"),
    ("keep_weights = true", "keep_weights = false"),
    ('precision = "fp32"', 'precision = "bf16"'),
    ('"hin_Deva", "nno_Latn"', '"hin_Deva"'),
    ("learning_rate = 1e-3", "learning_rate = 2e-3"),
    ("epochs = 1", "epochs = 1\nwarmup = 0.2"),
    ("examples = 24", "examples = 25"),
    ('check = "dev"\n', ""),
    ("rus_Cyrl", "bul_Cyrl"),
    ("[arms.none]", "[arms.nothing]"),
    ("layers = [1, 2]", "layers = [2]"),
    ('role = "primary"', 'role = "secondary"'),
]


def test_the_hash_changes_with_every_declaration(declare: Declare, small: suites.Suite) -> None:
    hashes = [small.hash, *(load(declare(change)).hash for change in CHANGES)]
    assert len(set(hashes)) == len(CHANGES) + 1
    assert all(len(h) == 12 for h in hashes)


def test_what_is_declared_by_default_hashes_as_what_is_written_out(declare: Declare, small: suites.Suite) -> None:
    written = declare(
        ("epochs = 1", "epochs = 1\nwarmup = 0.1\nweight_decay = 0.0"),
        ("layers = [1, 2]", 'layers = [1, 2]\ndirections = ["to", "from"]'),
    )
    assert load(written).hash == small.hash


def test_every_table_is_closed_and_immutable(small: suites.Suite) -> None:
    parts = [small, small.languages, small.intermediate, *small.recipes.values(), *small.arms.values()]
    for table in itertools.chain(parts, small.targets.values(), small.contrasts):
        with pytest.raises(AttributeError):
            table.name = "other"


def test_settings_may_differ_from_the_file_and_then_the_name_says_so(small_file: Path) -> None:
    suite = load(small_file, changes=["seeds=[3]", "recipes.short.epochs=2", 'model="e5-small"'])
    assert (suite.seeds, suite.recipes["short"].epochs, suite.model) == ([3], 2, "e5-small")
    assert suite.recipes["short"].learning_rate == 1e-3
    assert suite.name == "small@seeds=[3]@recipes.short.epochs=2@model=e5-small"
    assert load(small_file).seeds == [0, 1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("seeds", "--set seeds: expected KEY=VALUE with a TOML value"),
        ("seeds=[0", "--set seeds=[0: expected KEY=VALUE with a TOML value"),
        ("model=tiny", "--set model=tiny: expected KEY=VALUE with a TOML value"),
        ("model.name='x'", "--set model.name='x': model is no table of the suite"),
        ("recipes.short.epoch=1", "recipes.short: unknown key 'epoch'; the nearest are epochs"),
        ("recipes.short.epochs=0", "recipes.short.epochs: expected `int` >= 1, saw 0"),
        ("limit=3", "`limit` is no key of a suite; give it as `run --limit 3`"),
    ],
)
def test_a_setting_that_is_none_is_refused(small_file: Path, change: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        load(small_file, changes=[change])
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
