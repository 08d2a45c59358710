"""What a folder must hold to be loaded as a model, and the digest of what it holds.

Only safetensors are loaded, and no code: a folder with pickles alone, or that asks for code, is refused.
"""

from __future__ import annotations

import fnmatch
import hashlib
import json
import re
from pathlib import Path
from typing import Any

from harness import cache
from harness.errors import UserError
from harness.models import manifest

TOKENIZERS = ["tokenizer.json", "vocab.txt", "vocab.json", "*.model"]
"""The files of which a folder must have one, to turn text into ids."""

FILES = [
    "config.json",
    "*.safetensors",
    "*.safetensors.index.json",
    *TOKENIZERS,
    "merges.txt",
    "added_tokens.json",
    "special_tokens_map.json",
    "tokenizer_config.json",
    "generation_config.json",
]
"""The files that decide what a model computes: they make its digest, and only they are downloaded."""

LAYERS = ("num_hidden_layers", "encoder_layers", "num_layers", "n_layer")
HIDDEN = ("hidden_size", "d_model", "n_embd")
"""What configurations call these: BERT's, BART's, T5's, GPT-2's."""

MASKING = ("lm_head.dense.weight", "cls.predictions.transform.dense.weight")
"""A tensor of the head that guesses masked words, as XLM-R and BERT call it."""

CAUSAL = re.compile("CausalLM|LMHead|Llama|Qwen|Gemma|Mistral|Mixtral|GPT|Bloom|OPT|XGLM|Phi|Falcon|OLMo|SmolLM")
"""In the name of an architecture in which a token sees those before it alone."""

PICKLES = ["*.bin", "*.pt", "*.pth", "*.ckpt"]


def sizes(path: Path, place: str = "") -> tuple[int, int]:
    """Return the number of layers and the hidden size of the encoder in a folder that may be loaded.

    :raises UserError: for any other folder; the sentence opens with ``place``
    """
    at = f"{place}{path}"
    _check(path, at)
    config = _json(path, "config.json", at)
    return _count(config, LAYERS, at), _count(config, HIDDEN, at)


def positions(path: Path) -> int:
    """Return the most tokens that the encoder in a folder reads; 0 where its positions are relative."""
    config = _json(path, "config.json", str(path))
    found = int(config.get("max_position_embeddings", 0))
    padded = re.search("roberta|camembert", str(config.get("model_type")))  # they count from behind the padding's id
    return found - int(config.get("pad_token_id", 1)) - 1 if padded else found


def brings(path: Path) -> tuple[str, ...]:
    """Return the task kinds that a folder holds a head for: `mlm`, and `translation` where it has a decoder."""
    heads = {
        "mlm": any(name in tensors for tensors in map(_tensors, _files(path, ["*.safetensors"])) for name in MASKING),
        "translation": bool(_json(path, "config.json", str(path)).get("is_encoder_decoder")),
    }
    return tuple(kind for kind, there in heads.items() if there)


def body(path: Path) -> str:
    """Return what is in a folder: `bert`, `encoder`, `encoder-decoder` or `decoder`, as a model's card says it."""
    config = _json(path, "config.json", str(path))
    if config.get("is_encoder_decoder"):
        return "encoder-decoder"
    causal = CAUSAL.search(" ".join(config.get("architectures") or ()))
    if causal and not config.get("use_bidirectional_attention"):
        return "decoder"
    layered = any("encoder.layer." in name for file in _files(path, ["*.safetensors"]) for name in _tensors(file))
    return "bert" if layered else "encoder"


def _tensors(path: Path) -> dict[str, Any]:
    """Return the header of a safetensors file: its tensors by name."""
    with path.open("rb") as file:
        try:
            header: dict[str, Any] = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        except ValueError:
            raise UserError(f"{path}: not safetensors; get the file again") from None
    return header


def _check(path: Path, at: str) -> None:
    if not path.is_dir():
        raise UserError(f"{at}: a file; expected a model's folder")
    if not (path / "config.json").is_file():
        raise UserError(f"{at}: no config.json, so not a Hugging Face model; name the folder that has it")
    if not _files(path, TOKENIZERS):
        raise UserError(f"{at}: no tokenizer; put {' or '.join(TOKENIZERS)} of the model there")
    if not _files(path, ["*.safetensors"]):
        raise UserError(f"{at}: no *.safetensors{_conversion(path)}")
    for name in ("config.json", "tokenizer_config.json"):
        if "auto_map" in _json(path, name, at):
            raise UserError(f"{at}/{name}: auto_map asks to run code of its own; use a model without it")


def _count(config: dict[str, Any], keys: tuple[str, ...], at: str) -> int:
    count = next((config[key] for key in keys if key in config), None)
    if not isinstance(count, int):
        raise UserError(f"{at}/config.json: {keys[0]} is {count}, expected a number; use a model of text alone")
    return count


def digest(path: Path) -> str:
    """Return the sha256 over a folder's ``FILES``, remembered by their paths, sizes and times of change."""
    found = _files(path.resolve(), FILES)
    facts = [(str(p), p.stat().st_size, p.stat().st_mtime_ns) for p in found]
    key = hashlib.sha256(repr(facts).encode()).hexdigest()
    known = cache.find("model_digests", key)
    if known is not None:
        return known.read_text()
    contents = "".join(f"{p.name} {manifest.sha256(p)}\n" for p in found)
    computed = hashlib.sha256(contents.encode()).hexdigest()
    with cache.writing("model_digests", key) as file:
        file.write_text(computed)
    return computed


def _files(path: Path, patterns: list[str]) -> list[Path]:
    files = [p for p in sorted(path.iterdir()) if p.is_file()]
    return [p for p in files if any(fnmatch.fnmatchcase(p.name, pattern) for pattern in patterns)]


def _conversion(path: Path) -> str:
    if not _files(path, PICKLES):
        return "; put the model's weights there"
    return (
        ", only pickled weights, which can run code and are never loaded; where you trust them, convert them "
        f"with transformers: AutoModel.from_pretrained({str(path)!r}).save_pretrained({str(path)!r})"
    )


def _json(path: Path, name: str, at: str) -> dict[str, Any]:
    if not (path / name).is_file():
        return {}
    try:
        content = json.loads((path / name).read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(f"{at}/{name}: not JSON ({error}); get the file again") from None
    if not isinstance(content, dict):
        raise UserError(f"{at}/{name}: a {type(content).__name__}, expected an object; get the file again")
    return content
