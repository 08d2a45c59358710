"""How many tokens a model reads of examples: counted with its own tokenizer, without torch, and remembered."""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from harness import cache
from harness.errors import UserError
from harness.models.find import Model, folder

if TYPE_CHECKING:
    import pyarrow as pa


def lengths(model: Model, rows: pa.Table) -> NDArray[np.int64]:
    """Return the tokens of each example [n], special ones among them: of both texts, its words, and every choice.

    Of an example with choices the texts count once for each, as they are read.

    :raises UserError: where the model cannot be made here, or `tokenizers` is not installed
    """
    texts = [_texts(row, model.prefix) for row in rows.select(_COLUMNS).to_pylist()]
    mark = hashlib.sha256(model.digest.encode())
    for parts in texts:
        mark.update("\x1e".join(parts).encode() + b"\x1d")
    key = f"{mark.hexdigest()[:32]}.npy"
    path = cache.find("lengths", key)
    if path is None:
        found = _count(folder(model, cache.root()), texts)
        with cache.writing("lengths", key) as path, path.open("wb") as file:
            np.save(file, found)
        return found
    return np.asarray(np.load(path, allow_pickle=False), np.int64)


def at_hand(model: Model) -> bool:
    """Tell whether a model's tokenizer can be used here without asking the network for it."""
    if importlib.util.find_spec("tokenizers") is None:
        return False
    if model.importer != "hub" or model.path is not None:
        return True
    repository, _, revision = model.source.partition("@")
    try:
        from huggingface_hub import try_to_load_from_cache
    except ModuleNotFoundError:
        return False
    return isinstance(try_to_load_from_cache(repository, "tokenizer.json", revision=revision), str)


_COLUMNS = ["text", "text_pair", "tokens", "choices"]


def _texts(row: dict[str, Any], prefix: str) -> list[str]:
    """Return what a model reads of an example: one text, or one for each choice."""
    texts = [row["text"], row["text_pair"]] if row["tokens"] is None else row["tokens"]
    read = prefix + " ".join(text for text in texts if text)
    return [f"{read} {choice}" for choice in row["choices"]] if row["choices"] else [read]


def _count(place: Path, texts: list[list[str]]) -> NDArray[np.int64]:
    try:
        from tokenizers import Tokenizer
    except ModuleNotFoundError:
        raise UserError("tokenizers, which counts tokens, is not installed; pip install 'stiltbench[train]'") from None
    if not (place / "tokenizer.json").is_file():
        raise UserError(f"{place}: tokens are counted with a tokenizer.json; save the model's fast tokenizer there")
    tokenizer = Tokenizer.from_file(str(place / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    counted = iter(len(e.ids) for e in tokenizer.encode_batch([text for parts in texts for text in parts]))
    return np.asarray([sum(next(counted) for _ in parts) for parts in texts], np.int64)
