"""What fits the grammar and not the cards or the other tables: refused in one sentence, with its place."""

from __future__ import annotations

import pytest

from harness.errors import UserError
from harness.suite_file import load
from tests.small import DIVERSE, Change, Declare
from tests.test_suite import refused

ENGLISH = '[arms.english]\nmix = [{ data = "cldr_kind", languages = ["eng_Latn"] }]'
RETRIEVAL = 'pivot = "eng_Latn"\nlayers = [1, 2]\n'
ROWS = ('match = "items"', 'match = "rows"')
TWO = ', { data = "cldr_phrases", languages = ["eng_Latn"] }]'


def english(*more: str, mix: str = "]") -> Change:
    return ENGLISH, "\n".join([ENGLISH[:-1] + mix, *more])


REFUSED = [
    ([("epochs = 1", "epochs = 1\nsteps = 2")], "recipes.short: expected epochs or steps, saw both"),
    (
        [('match = "items"', 'match = "steps"')],
        "arms.english: intermediate.match = 'steps' needs a recipe with steps; 's",
    ),
    ([("epochs = 1", 'epochs = 1\nselect = "target-dev"')], "arms.english: intermediate.recipe: an arm serves every"),
    ([english(mix=TWO)], "arms.english: several data sets share no items; say intermediate.match = 'rows'"),
    (
        [ROWS, english(mix=TWO)],
        "arms.english: sampling is how several entries of a mix are drawn from: expected with 2",
    ),
    ([ROWS, english('sampling = { scheme = "uniform" }')], "arms.english: sampling is how several entries"),
    (
        [ROWS, english('sampling = { scheme = "explicit", rates = [1.0] }', mix=TWO)],
        "arms.english.sampling.rates: expected 2 rates, saw [1.0]",
    ),
    ([ROWS, english('sampling = { scheme = "explicit" }', mix=TWO)], "arms.english.sampling: rates belong to"),
    (
        [ROWS, english('sampling = { scheme = "temperature" }', mix=TWO)],
        "arms.english.sampling: temperature belongs to",
    ),
    ([ROWS, english('sampling = { scheme = "uniform", cap = 9 }', mix=TWO)], "arms.english.sampling: cap bounds sizes"),
    (
        [
            (
                'languages = ["rus_Cyrl", "nob_Latn"]',
                'languages = "all", sampling = { scheme = "explicit", rates = [1.0] }',
            )
        ],
        "arms.diverse.mix[0].sampling.rates: expected a list of languages, saw [1.0]",
    ),
    (
        [(ENGLISH, ENGLISH.replace("kind", "terms"))],
        "arms.english.mix[0]: cldr_terms is retrieval, which no arm trains; ",
    ),
    ([english('control = "more-steps"')], "arms.english: control = 'more-steps' has no mix: its targets read what"),
    (
        [(ENGLISH, ENGLISH.replace("cldr_kind", "squad1") + '\ncontrol = "shuffled-labels"')],
        "arms.english.mix[0]: squad1 is span, which has no labels that control = 'shuffled-labels' could shuffle",
    ),
    (
        [english('control = "shuffled-labels"', "mlm_ratio = 0.1", 'mlm = [{ data = "udhr", languages = "all" }]')],
        "arms.english.mlm: text has no labels that control = 'shuffled-labels' could shuffle",
    ),
    ([english('control = "token-matched"')], "arms.english: control = 'token-matched' and like = the arm"),
    ([english('like = "diverse"')], "arms.english: control = 'token-matched' and like = the arm"),
    (
        [english('control = "token-matched"', 'like = "none"')],
        "arms.english.like: expected an arm whose mix is its own",
    ),
    (
        [english('control = "token-matched"', 'like = "divers"')],
        "arms.english.like: unknown arm 'divers'; the nearest are",
    ),
    ([english("mlm_ratio = 0.1")], "arms.english: mlm and mlm_ratio: expected both, on top of a mix, or neither"),
    (
        [("[arms.none]", '[arms.none]\nmlm_ratio = 0.1\nmlm = [{ data = "cldr_terms", languages = "all" }]')],
        "arms.none: mlm and mlm_ratio: expected both, on top of a mix, or neither",
    ),
    (
        [english("mlm_ratio = 0.1", 'mlm = [{ data = "panx", languages = "all" }]')],
        "arms.english.mlm[0]: panx has no column text to mask",
    ),
    (
        [("[arms.none]", '[arms.none]\npretrain = { data = "udhr", languages = "all", recipe = "shrt" }')],
        "arms.none.pretrain.recipe: unknown recipe 'shrt'; the nearest are short",
    ),
    ([english('transliterate = ["Cyrk"]')], "arms.english.transliterate: unknown script 'Cyrk'; the nearest are Cyrl"),
    ([english('transliterate = ["cyrillic"]')], "arms.english.transliterate[0]: expected `str` matching regex"),
    (
        [(RETRIEVAL, RETRIEVAL + "beams = 4\n")],
        "targets.retrieval: beams belongs to translation; cldr_terms is retrieval",
    ),
    ([(RETRIEVAL, RETRIEVAL + "no_answer = 0.5\n")], "targets.retrieval: no_answer belongs to span; cldr_terms is"),
    (
        [(RETRIEVAL, RETRIEVAL + 'tune = "dv"\n')],
        "targets.retrieval.tune: unknown split of cldr_terms 'dv'; the nearest",
    ),
    (
        [(RETRIEVAL, 'kind = "mlm"\nlayers = [1]\n')],
        "targets.retrieval: layers belongs to retrieval; cldr_terms is mlm",
    ),
    (
        [(RETRIEVAL, 'kind = "translation"\npivot = "eng_Latn"\nrecipe = "short"\n')],
        "targets.retrieval: a target of kind translation is read without training; leave out train and recipe",
    ),
    ([(RETRIEVAL, 'kind = "translation"\n')], "targets.retrieval: a translation target has a pivot and no train table"),
    (
        [("[targets.phrases]", '[targets.phrases]\nkind = "mlm"')],
        "targets.phrases.kind: 'mlm' reads text; cldr_phrases is tagging",
    ),
    (
        [(RETRIEVAL, 'kind = "mlm"\nrecipe = "short"\ntrain = { data = "cldr_kind", languages = ["eng_Latn"] }\n')],
        "targets.retrieval: a target of kind mlm is read without training; leave out train",
    ),
    (
        [('train = { data = "cldr_phrases"', 'train = { data = "cldr_kind"')],
        "targets.phrases.train: cldr_kind is classification, and what is tested is tagging",
    ),
]


@pytest.mark.parametrize(("changes", "message"), REFUSED, ids=[m[:70] for _, m in REFUSED])
def test_what_does_not_fit_is_refused_with_its_place(declare: Declare, changes: list[Change], message: str) -> None:
    assert refused(declare(*changes)).startswith(message)


def test_a_split_to_check_on_may_be_named_by_its_use(declare: Declare) -> None:
    # MNLI has two splits for dev, and none of that name
    path = declare((ENGLISH, ENGLISH.replace("cldr_kind", "mnli")), (DIVERSE, "[arms.diverse]\n"))
    assert load(path).arms["english"].mix[0].data == "mnli"


def test_data_sets_that_name_one_head_must_have_the_same_labels(declare: Declare) -> None:
    pair = ', head = "x" }, { data = "cldr_scrambled", languages = ["eng_Latn"], head = "x" }]'
    change = (ENGLISH, ENGLISH.replace(" }]", pair) + '\nsampling = { scheme = "uniform" }')
    said = "arms.english.mix[1].head: cldr_scrambled has other labels than what shares its head 'x'"
    assert refused(declare(ROWS, change)) == said


# -- arms that differ in more than what is compared


def contrasted(declare: Declare, arm: str, differ: str = "") -> None:
    load(declare(ROWS, (DIVERSE, arm), ('role = "primary"', f'role = "primary"{differ}')))


MIX = 'mix = [{ data = "%s", languages = ["%s"] }]\n'
ONE = [
    MIX % ("cldr_kind", "rus_Cyrl"),
    MIX % ("cldr_phrases", "eng_Latn"),
    MIX % ("cldr_kind", "eng_Latn") + 'control = "shuffled-labels"\n',
    MIX % ("cldr_kind", "eng_Latn") + 'control = "token-matched"\nlike = "english"\n',
    MIX % ("cldr_kind", "eng_Latn") + 'mlm = [{ data = "cldr_terms", languages = "all" }]\nmlm_ratio = 0.5\n',
    MIX % ("cldr_kind", "eng_Latn") + 'pretrain = { data = "udhr", languages = "all", recipe = "short" }\n',
    MIX % ("cldr_kind", "eng_Latn") + 'transliterate = ["Cyrl"]\n',
    'pretrain = { data = "udhr", languages = "all", recipe = "short" }\ntransliterate = ["Cyrl"]\n',
    'control = "more-steps"\ntransliterate = ["Cyrl"]\n',
]


@pytest.mark.parametrize("arm", ONE)
def test_arms_that_differ_in_one_thing_or_have_no_mix_may_be_compared(declare: Declare, arm: str) -> None:
    contrasted(declare, f"[arms.diverse]\n{arm}")


SEVERAL = [
    (MIX % ("cldr_phrases", "rus_Cyrl"), ["data", "languages"]),
    (MIX % ("cldr_kind", "rus_Cyrl") + 'control = "token-matched"\nlike = "english"\n', ["languages", "budget"]),
    (
        MIX % ("cldr_scrambled", "eng_Latn") + 'control = "shuffled-labels"\ntransliterate = ["Cyrl"]\n',
        ["data", "control", "transliterate"],
    ),
]


@pytest.mark.parametrize(("arm", "aspects"), SEVERAL)
def test_more_than_one_thing_that_differs_must_be_declared(declare: Declare, arm: str, aspects: list[str]) -> None:
    named = ", ".join(f'"{name}"' for name in aspects)
    with pytest.raises(UserError) as caught:
        contrasted(declare, f"[arms.diverse]\n{arm}")
    assert str(caught.value).partition("small.toml: ")[2] == (
        f"contrasts[0]: diverse and english differ in {' and '.join(aspects)}, so that no gain could be traced to "
        f"one of them; compare arms that differ in one, or say differ = [{named}]"
    )
    with pytest.raises(UserError, match="differ in"):
        contrasted(declare, f"[arms.diverse]\n{arm}", f'\ndiffer = ["{aspects[0]}"]')
    contrasted(declare, f"[arms.diverse]\n{arm}", f"\ndiffer = [{named}]")


def test_sampling_sets_apart_only_arms_that_have_as_much_to_sample_from(declare: Declare) -> None:
    two = 'mix = [{ data = "cldr_kind", languages = ["eng_Latn", "rus_Cyrl"]%s }]\n'
    tilted = two % ', sampling = { scheme = "explicit", rates = [1.0, 2.0] }'
    contrasted(declare, f"[arms.diverse]\n{tilted}")  # English has one language: nothing to sample
    arms = (ENGLISH, f"[arms.english]\n{two % ''}"), (DIVERSE, f'[arms.diverse]\n{tilted}transliterate = ["Cyrl"]\n')
    assert "differ in sampling and transliterate" in refused(declare(ROWS, *arms))
