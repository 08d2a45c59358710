"""The tiny model: the same bytes in every process, BERT's initial weights, and a tokenizer without unknowns."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from harness.models import manifest

MAKE = "import sys, pathlib; from harness.models import tiny; tiny.make_tiny(pathlib.Path(sys.argv[1]), 'babel 1')"


@pytest.mark.parametrize("settings", [{"PYTHONHASHSEED": "1"}, {"PYTHONHASHSEED": "2", "RAYON_NUM_THREADS": "1"}])
def test_another_process_writes_the_same_bytes(tmp_path: Path, tiny_folder: Path, settings: dict[str, str]) -> None:
    subprocess.run([sys.executable, "-c", MAKE, tmp_path / "tiny"], env=os.environ | settings, check=True)
    for path in tiny_folder.iterdir():
        assert (tmp_path / "tiny" / path.name).read_bytes() == path.read_bytes()


def test_weights_are_those_of_every_machine(tiny_folder: Path) -> None:
    """Written down once; numpy's generator and the order of the parameters decide them."""
    weights = (tiny_folder / "model.safetensors").read_bytes()
    assert hashlib.sha256(weights).hexdigest() == "b1d012d5b187d8fe9403ad1f81c60c1987cc7ee19835bda24c0a321faf76b582"


def test_weights_are_drawn_as_bert_is_initialised(tiny_folder: Path) -> None:
    tensors = load_file(tiny_folder / "model.safetensors")
    words = tensors["embeddings.word_embeddings.weight"]
    assert words.shape == (4000, 64)
    assert not words[1].any()
    rest = np.delete(words, 1, axis=0)
    # Standard errors of the mean and of the deviation of 255,936 draws: 4e-5 and 2.8e-5.
    assert abs(rest.mean()) < 2e-4
    assert abs(rest.std() - 0.02) < 1.5e-4
    assert (tensors["encoder.layer.1.output.LayerNorm.weight"] == 1).all()
    assert not any(t.any() for name, t in tensors.items() if name.endswith("bias"))


def test_transformers_loads_it_whole(tiny_folder: Path) -> None:
    from transformers import AutoModel, AutoTokenizer

    model, report = AutoModel.from_pretrained(tiny_folder, add_pooling_layer=False, output_loading_info=True)
    assert not report["missing_keys"]
    assert not report["unexpected_keys"]
    assert model.embeddings.word_embeddings.padding_idx == 1
    tokenizer = AutoTokenizer.from_pretrained(tiny_folder)
    assert len(tokenizer) == model.config.vocab_size == 4000
    frame = tokenizer("Kenya", "Perú").input_ids
    assert [frame.count(0), frame.count(2), frame[0], frame[-1]] == [1, 3, 0, 2]


@pytest.mark.parametrize("text", ["New York", "Москва", "東京", "ߒߞߏ", "ⵜⴰⵎⴰⵣⵉⵖⵜ", "🙂"])
def test_every_script_is_spelled_without_unknown_tokens(tiny_folder: Path, text: str) -> None:
    tokenizer = Tokenizer.from_file(str(tiny_folder / "tokenizer.json"))
    encoded = tokenizer.encode(text)
    assert 3 not in encoded.ids
    assert tokenizer.decode(encoded.ids).strip() == text


def test_the_vocabulary_has_learned_names(tiny_folder: Path) -> None:
    """CLDR names Germany in Latin scripts often enough that its stem is shorter than its letters."""
    tokenizer = Tokenizer.from_file(str(tiny_folder / "tokenizer.json"))
    assert len(tokenizer.encode("Republic", add_special_tokens=False).ids) <= 4
    assert manifest.complete(tiny_folder)
