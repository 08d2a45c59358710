"""What a suite asks of its model that the model cannot do, refused when planned: by what is known without weights."""

from __future__ import annotations

from harness.data.cards import dataset_card
from harness.errors import UserError
from harness.models.find import Model
from harness.suite import Arm, Suite
from harness.suite_cards import kind_of


def refuse_unfit(suite: Suite, model: Model) -> None:
    """Refuse recipes and targets that the model does not fit.

    :raises UserError: the first mistake, with its place
    """
    for name, recipe in suite.recipes.items():
        where, top = f"{suite.name}: recipes.{name}", recipe.trainable_layers
        if top != "all" and top > model.layers:
            raise UserError(f"{where}.trainable_layers: {top}, but {suite.model} has {model.layers} layers")
        if top != "all" and model.body != "bert":
            raise UserError(f"{where}.trainable_layers: {suite.model} is {_said(model)} and cannot be cut; say 'all'")
        if 0 < model.positions < recipe.max_length:
            raise UserError(
                f"{where}.max_length: {recipe.max_length}, but {suite.model} reads {model.positions} tokens"
            )
    if model.body == "decoder":
        _refuse_for_decoder(suite)
    kinds = {name: kind_of(target) for name, target in suite.targets.items()}
    for name, kind in kinds.items():
        if kind == "translation" and kind not in model.brings:
            raise UserError(
                f"{suite.name}: targets.{name}: {suite.model} has no decoder; translation needs an encoder–decoder, as "
                "tiny-seq2seq is"
            )
        if kind == "mlm" and kind not in model.brings:
            _refuse_headless(suite, f"{suite.name}: targets.{name}")


def _said(model: Model) -> str:
    named = {"encoder": "no BERT", "encoder-decoder": "an encoder–decoder"}
    return named.get(model.body, f"a {model.body}")


def _refuse_for_decoder(suite: Suite) -> None:
    """Refuse what needs a state that has seen the tokens behind its own: masks, and the first token's state."""
    for name, arm in suite.arms.items():
        if _masks(arm):
            raise UserError(f"{suite.name}: arms.{name}: {suite.model} is a decoder and guesses no masked words")
    for name, target in suite.targets.items():
        where = f"{suite.name}: targets.{name}"
        if kind_of(target) == "mlm":
            raise UserError(f"{where}: {suite.model} is a decoder and guesses no masked words")
        if target.pooling == "cls":
            raise UserError(
                f"{where}.pooling: the first token of {suite.model}, a decoder, has seen no other; say 'last' or 'mean'"
            )


def _refuse_headless(suite: Suite, where: str) -> None:
    """Refuse arms that are asked to guess masked words and never learn to."""
    headless = [name for name, arm in suite.arms.items() if not _masks(arm)]
    if headless:
        raise UserError(
            f"{where}: {suite.model} brings no head that guesses masked words, and nothing trains one in "
            f"{', '.join(headless)}; give the arm pretrain or mlm rows, or take another model"
        )


def _masks(arm: Arm) -> bool:
    """Tell whether an arm trains a head that guesses masked words."""
    return bool(arm.pretrain or arm.mlm or any(dataset_card(mix.data).kind == "mlm" for mix in arm.mix))
