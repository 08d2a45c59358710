"""The tiny encoder–decoder: the same bytes in every process, T5's initial weights, known by name or by folder."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from safetensors.numpy import load_file

from harness.errors import UserError
from harness.models import manifest
from harness.models.find import find, folder

MAKE = "import sys; from pathlib import Path; from harness.models import tiny_seq2seq as t; t.make_tiny_seq2seq("


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder(find("tiny-seq2seq"), tmp_path_factory.mktemp("cache"))


def test_another_process_writes_the_same_bytes(tmp_path: Path, made: Path) -> None:
    source = find("tiny-seq2seq").source
    code = MAKE + "Path(sys.argv[1]), sys.argv[2])"
    settings = {"PYTHONHASHSEED": "2", "RAYON_NUM_THREADS": "1"}
    subprocess.run([sys.executable, "-c", code, tmp_path / "t", source], env=os.environ | settings, check=True)
    for path in made.iterdir():
        assert (tmp_path / "t" / path.name).read_bytes() == path.read_bytes()


def test_weights_are_those_of_every_machine(made: Path) -> None:
    """Written down once; numpy's generator and the order of the parameters decide them."""
    weights = (made / "model.safetensors").read_bytes()
    assert hashlib.sha256(weights).hexdigest() == "bb060c2d3d0685893d34ab22654b7e97b4686b64e56b0a535ce33c69675795cf"


def test_transformers_loads_it_whole_and_would_have_drawn_it_so(made: Path) -> None:
    torch = pytest.importorskip("torch")
    from transformers import AutoConfig, AutoModelForSeq2SeqLM

    _, report = AutoModelForSeq2SeqLM.from_pretrained(made, output_loading_info=True)
    assert not report["missing_keys"]
    assert not report["unexpected_keys"]
    torch.manual_seed(0)
    drawn = AutoModelForSeq2SeqLM.from_config(AutoConfig.from_pretrained(made)).state_dict()
    for name, mine in load_file(made / "model.safetensors").items():
        theirs = drawn[name].numpy()
        assert mine.shape == theirs.shape
        # Both deviations are estimates from as many draws; four standard errors of their ratio.
        assert mine.std() == pytest.approx(theirs.std(), rel=4 * mine.size**-0.5), name
        assert mine.mean() == pytest.approx(theirs.mean(), abs=6 * float(theirs.std()) * mine.size**-0.5), name


def test_it_is_another_model_than_tiny_with_the_same_tokenizer(made: Path, tiny_folder: Path) -> None:
    model = find("tiny-seq2seq")
    assert (model.layers, model.hidden, model.untrained) == (2, 64, True)
    assert model.digest != find("tiny").digest
    assert find(str(made)).caveats == model.caveats
    assert manifest.complete(made)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        assert (made / name).read_bytes() == (tiny_folder / name).read_bytes()


@pytest.mark.parametrize(
    "sizes", [{"d_model": 32, "encoder_layers": 3, "decoder_layers": 5}, {"d_model": 32, "num_layers": 3}]
)
def test_sizes_are_the_encoders_whatever_a_configuration_calls_them(
    made: Path, tmp_path: Path, sizes: dict[str, int]
) -> None:
    place = tmp_path / "foreign"
    shutil.copytree(made, place, ignore=shutil.ignore_patterns(manifest.NAME))
    (place / "config.json").write_text(json.dumps(sizes))
    assert (find(str(place)).layers, find(str(place)).hidden) == (3, 32)
    (place / "config.json").write_text(json.dumps({"d_model": 32}))
    with pytest.raises(UserError, match=r"config\.json: num_hidden_layers is None, expected a number"):
        find(str(place))


def test_how_to_generate_is_part_of_the_model(made: Path, tmp_path: Path) -> None:
    place = tmp_path / "foreign"
    shutil.copytree(made, place, ignore=shutil.ignore_patterns(manifest.NAME))
    before = find(str(place)).digest
    (place / "generation_config.json").write_text('{"length_penalty": 2.0}')
    assert find(str(place)).digest != before
