"""What the grammar of a suite allows but cards, languages or its other tables do not: refused, with its place."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

from harness import languages as lang
from harness.data import cards
from harness.errors import UserError, nearest, unknown
from harness.suite import AllOrList, Arm, Contrast, Intermediate, Mix, Pretrain, Recipe, Sampling, Suite, Target
from harness.suite_cards import TEXT, TRAINED, aspects, head_name, labels_of, split_for

OWN = {
    "pivot": ("retrieval", "translation"),
    "layers": ("retrieval",),
    "pooling": ("retrieval",),
    "margin": ("retrieval",),
    "tune": ("retrieval",),
    "no_answer": ("span",),
    "beams": ("translation",),
}
"""Key of a target → the task kinds that it belongs to."""


def check(suite: Suite, path: Path) -> None:
    """Refuse a suite whose names or tables do not fit; the first mistake is one sentence with its place.

    :raises UserError: always naming ``path``
    """
    where = str(path)
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", suite.name):
        raise UserError(f"{where}: name: {suite.name!r} is no name; use small letters, digits and hyphens")
    if not suite.seeds or len(set(suite.seeds)) < len(suite.seeds):
        raise UserError(f"{where}: seeds: expected different numbers from 0 on, saw {suite.seeds}")
    if not suite.arms or not suite.targets:
        raise UserError(f"{where}: expected at least one arm and one target")
    if "intermediate" in suite.targets:
        raise UserError(f"{where}: targets.intermediate: the name stands for the arms' own task; name it otherwise")
    _check_languages(suite, where)
    for name, recipe in suite.recipes.items():
        _check_lengths(recipe, f"{where}: recipes.{name}")
    for name, arm in suite.arms.items():
        _check_arm(suite, arm, f"{where}: arms.{name}")
    for name, target in suite.targets.items():
        _check_target(suite, target, f"{where}: targets.{name}")
    names = [contrast.name for contrast in suite.contrasts]
    if len(set(names)) < len(names):
        raise UserError(f"{where}: contrasts: expected a name of its own for each, saw {names}")
    for i, contrast in enumerate(suite.contrasts):
        _check_contrast(suite, contrast, f"{where}: contrasts[{i}]")


def _check_languages(suite: Suite, where: str) -> None:
    if suite.languages.include != "all":
        if len(set(suite.languages.include)) < len(suite.languages.include):
            raise UserError(f"{where}: languages.include: expected each language once")
        for code in suite.languages.include:
            _known_language(code, f"{where}: languages.include")


def _known_language(code: str, where: str, own: Collection[str] = ()) -> None:
    known = lang.languages()
    if code not in known and code not in own:
        raise unknown("language", code, known, where)


def _check_lengths(recipe: Recipe, where: str) -> None:
    if (recipe.epochs is None) == (recipe.steps is None):
        seen = "neither" if recipe.epochs is None else "both"
        raise UserError(f"{where}: expected epochs or steps, saw {seen}")


def _check_data(name: str, split: str, wanted: AllOrList, where: str) -> cards.DatasetCard:
    """Check a data set's name, split and languages against its card."""
    card = cards.dataset_card(name, where=where)
    if split not in card.splits:
        raise unknown(f"split of {name}", split, card.splits, where)
    if wanted != "all":
        for code in wanted:
            _known_language(code, where, card.languages.codes)
            if card.languages.codes and code not in card.languages.codes:
                close = nearest(code, card.languages.codes)
                raise UserError(f"{where}: {name} has no {code}; the nearest that it has are {', '.join(close)}")
    return card


def _check_recipe(suite: Suite, name: str | None, where: str) -> Recipe:
    if name not in suite.recipes:
        raise unknown("recipe", str(name), suite.recipes, where)
    return suite.recipes[name]


# -- arms ------------------------------------------------------------------------------------------------------


def _check_arm(suite: Suite, arm: Arm, where: str) -> None:
    _check_control(suite, arm, where)
    if arm.mix and suite.intermediate is None:
        raise UserError(f"{where}: an arm with a mix needs the table [intermediate]")
    if arm.mix and suite.intermediate:
        _check_match(suite, suite.intermediate, arm, where)
        _check_mix(arm, suite.intermediate.check, where)
    if bool(arm.mlm) != bool(arm.mlm_ratio) or (arm.mlm and not arm.mix):
        raise UserError(f"{where}: mlm and mlm_ratio: expected both, on top of a mix, or neither")
    for i, text in enumerate(arm.mlm):
        _check_text(text, f"{where}.mlm[{i}]")
        _check_sampling(text.sampling, _listed(text), f"{where}.mlm[{i}].sampling")
    if arm.pretrain:
        _check_text(arm.pretrain, f"{where}.pretrain")
        if _check_recipe(suite, arm.pretrain.recipe, f"{where}.pretrain.recipe").select != "last":
            raise UserError(
                f"{where}.pretrain.recipe: text has no dev split to select by; take a recipe without select"
            )
    scripts = {str(row["script"]) for row in lang.languages().values()}
    for script in arm.transliterate:
        if script not in scripts:
            raise unknown("script", script, scripts, f"{where}.transliterate")


def _check_control(suite: Suite, arm: Arm, where: str) -> None:
    if arm.control == "more-steps":
        if arm.mix or suite.intermediate is None:
            raise UserError(
                f"{where}: control = 'more-steps' has no mix: its targets read what the others' mixes count"
            )
        _check_recipe(suite, suite.intermediate.recipe, f"{where}: intermediate.recipe")
    elif arm.control and not arm.mix:
        raise UserError(f"{where}: control = {arm.control!r} needs a mix to control for")
    if (arm.control == "token-matched") != (arm.like is not None):
        raise UserError(f"{where}: control = 'token-matched' and like = the arm whose tokens it gets: expected both")
    if arm.like is not None:
        if arm.like not in suite.arms:
            raise unknown("arm", arm.like, suite.arms, f"{where}.like")
        if suite.arms[arm.like].like or not suite.arms[arm.like].mix:
            raise UserError(f"{where}.like: expected an arm whose mix is its own measure, saw {arm.like!r}")


def _check_match(suite: Suite, shared: Intermediate, arm: Arm, where: str) -> None:
    recipe = _check_recipe(suite, shared.recipe, f"{where}: intermediate.recipe")
    if recipe.select == "target-dev":
        raise UserError(
            f"{where}: intermediate.recipe: an arm serves every target; 'target-dev' is a target's recipe's"
        )
    if shared.match == "steps" and recipe.steps is None:
        raise UserError(
            f"{where}: intermediate.match = 'steps' needs a recipe with steps; {shared.recipe!r} has epochs"
        )
    if shared.match == "items" and len(arm.mix) > 1:
        raise UserError(f"{where}: several data sets share no items; say intermediate.match = 'rows'")


def _check_mix(arm: Arm, checked: str | None, where: str) -> None:
    labels: dict[str, set[str]] = {}
    for i, mix in enumerate(arm.mix):
        card = _check_data(mix.data, mix.split, mix.languages, f"{where}.mix[{i}]")
        if card.kind not in (*TRAINED, "mlm"):
            raise UserError(f"{where}.mix[{i}]: {mix.data} is {card.kind}, which no arm trains; its text can be `mlm`")
        if arm.control == "shuffled-labels" and (arm.mlm or card.kind in ("span", "mlm")):
            what = "mlm: text" if arm.mlm else f"mix[{i}]: {mix.data} is {card.kind}, which"
            raise UserError(f"{where}.{what} has no labels that control = 'shuffled-labels' could shuffle")
        head = head_name(card, mix.head)
        if labels.setdefault(head, set(labels_of(card))) != set(labels_of(card)):
            raise UserError(
                f"{where}.mix[{i}].head: {mix.data} has other labels than what shares its head {mix.head!r}"
            )
        if checked and card.kind != "mlm" and split_for(card, checked) is None:
            raise unknown(f"split of {mix.data}", checked, card.splits, f"{where}: intermediate.check")
        _check_sampling(mix.sampling, _listed(mix), f"{where}.mix[{i}].sampling")
    if (len(arm.mix) > 1) != (arm.sampling is not None):
        raise UserError(
            f"{where}: sampling is how several entries of a mix are drawn from: expected with {len(arm.mix)}"
        )
    _check_sampling(arm.sampling, len(arm.mix), f"{where}.sampling")


def _listed(mix: Mix) -> int | None:
    return None if mix.languages == "all" else len(mix.languages)


def _check_sampling(sampling: Sampling | None, entries: int | None, where: str) -> None:
    """Refuse rates that do not fit the scheme or the ``entries``, which are None where "all" stands for them."""
    if sampling is None:
        return
    if (sampling.scheme == "explicit") != (sampling.rates is not None):
        raise UserError(f"{where}: rates belong to scheme = 'explicit', and it to them")
    if sampling.rates is not None and len(sampling.rates) != entries:
        wanted = "a list of languages" if entries is None else f"{entries} rates"
        raise UserError(f"{where}.rates: expected {wanted}, saw {sampling.rates}")
    if (sampling.scheme == "temperature") != (sampling.temperature is not None):
        raise UserError(f"{where}: temperature belongs to scheme = 'temperature', and it to that")
    if sampling.cap and sampling.scheme not in ("proportional", "temperature"):
        raise UserError(f"{where}: cap bounds sizes, which {sampling.scheme!r} does not read")


def _check_text(text: Mix | Pretrain, where: str) -> None:
    card = _check_data(text.data, text.split, text.languages, where)
    if "text" not in card.columns:
        raise UserError(f"{where}: {text.data} has no column text to mask")


# -- targets and contrasts ---------------------------------------------------------------------------------------


def _check_target(suite: Suite, target: Target, where: str) -> None:
    tested = [_check_data(t.data, t.split, "all", f"{where}.test[{i}]") for i, t in enumerate(target.test)]
    kinds = {card.kind for card in tested}
    if target.kind and kinds <= set(TEXT):
        kinds = {target.kind}
    if len(kinds) != 1:
        raise UserError(f"{where}: expected test sets of one task kind, saw {', '.join(sorted(kinds)) or 'none'}")
    kind = kinds.pop()
    if target.kind and kind != target.kind:
        raise UserError(f"{where}.kind: {target.kind!r} reads text; {tested[0].name} is {kind}")
    for key, owners in OWN.items():
        if getattr(target, key) and kind not in owners:
            raise UserError(f"{where}: {key} belongs to {' and '.join(owners)}; {tested[0].name} is {kind}")
    if kind in OWN["pivot"]:
        if target.train or not target.pivot:
            raise UserError(f"{where}: a {kind} target has a pivot and no train table")
        _known_language(target.pivot, f"{where}.pivot")
    for card in tested:
        if target.tune and target.tune not in card.splits:
            raise unknown(f"split of {card.name}", target.tune, card.splits, f"{where}.tune")
    _check_train(suite, target, kind, where)


def _check_train(suite: Suite, target: Target, kind: str, where: str) -> None:
    if kind not in TRAINED:
        if target.train or target.recipe:
            raise UserError(f"{where}: a target of kind {kind} is read without training; leave out train and recipe")
        return
    if target.train is None:
        raise UserError(f"{where}: a {kind} target needs a train table")
    train = target.train
    card = _check_data(train.data, train.split, train.languages, f"{where}.train")
    if card.kind != kind:
        raise UserError(f"{where}.train: {train.data} is {card.kind}, and what is tested is {kind}")
    _check_recipe(suite, target.recipe, f"{where}.recipe")


def _check_contrast(suite: Suite, contrast: Contrast, where: str) -> None:
    for arm in (contrast.a, contrast.b):
        if arm not in suite.arms:
            raise unknown("arm", arm, suite.arms, where)
    if contrast.a == contrast.b:
        raise UserError(f"{where}: a and b are both {contrast.a!r}; a contrast needs two arms")
    _check_differ(suite, contrast, where)
    for target in contrast.targets:
        if target not in suite.targets:
            raise unknown("target", target, suite.targets, where)
    if contrast.by and contrast.margin:
        raise UserError(f"{where}: margin is of a difference and `by` asks for a slope; declare a contrast for each")
    if contrast.by and contrast.by.startswith("distance."):
        kind = contrast.by.removeprefix("distance.")
        if kind not in lang.DISTANCES:
            raise unknown("kind of distance", kind, lang.DISTANCES, f"{where}.by")
    elif contrast.by:
        if contrast.by not in lang.columns():
            raise unknown("column of languages", contrast.by, lang.columns(), f"{where}.by")
        for code in lang.languages():
            lang.scale(contrast.by, code)


def _check_differ(suite: Suite, contrast: Contrast, where: str) -> None:
    """Refuse arms that differ in more than one thing, unless the contrast names all of them."""
    if not (suite.arms[contrast.a].mix and suite.arms[contrast.b].mix):
        return
    found = aspects(suite, contrast.a, contrast.b)
    if len(found) > 1 and not set(found) <= set(contrast.differ):
        said = ", ".join(f'"{name}"' for name in found)
        raise UserError(
            f"{where}: {contrast.a} and {contrast.b} differ in {' and '.join(found)}, so that no gain could be "
            f"traced to one of them; compare arms that differ in one, or say differ = [{said}]"
        )
