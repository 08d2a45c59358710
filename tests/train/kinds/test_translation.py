"""Translation: states, losses and hypotheses by the library's own encoder–decoders; what belongs to whom."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from transformers import (
    AutoModelForSeq2SeqLM,
    AutoTokenizer,
    M2M100Config,
    MBart50Tokenizer,
    MBartConfig,
    NllbTokenizer,
    PreTrainedConfig,
)

from harness import cache
from harness.data import adapt
from harness.errors import UserError
from harness.models.find import find, folder
from harness.train import device
from harness.train.encoder import Encoder
from harness.train.ground import Ground
from harness.train.kinds.translation import Translation, new_head, predict
from harness.train.loop import Phase, train
from tests.families import made

TEXTS = ["ein haus.", "drei alte baeume am fluss.", "nacht", "und so weiter und so weiter und so fort."]
TOLD = ["a house.", "three old trees by the river.", "night", "and so on and so on and so forth."]
SIZES = {"d_model": 32, "encoder_layers": 2, "decoder_layers": 2, "encoder_ffn_dim": 48, "decoder_ffn_dim": 40}
HEADS = {"encoder_attention_heads": 2, "decoder_attention_heads": 2, "max_position_embeddings": 256}
RECIPE = {"epochs": None, "steps": 100, "batch_tokens": 400, "learning_rate": 1e-2, "warmup": 0.1, "weight_decay": 0.0}


@pytest.fixture(autouse=True)
def pinned() -> None:
    device.pin(1, 0)


LETTERS = "abcdefghijklmnopqrstuvwxyz."
PIECES = ["<s>", "<pad>", "</s>", "<unk>", "▁", *LETTERS, *(a + b for a in LETTERS for b in LETTERS)]
SHAPES = ["t5", "mt5", "umt5", "nllb", "mbart"]
CALLED = {"deu_Latn": "de_DE", "eng_Latn": "en_XX"}
"""What mBART calls languages; NLLB's names are FLORES's, and T5 has none."""


def shape_of(place: Path, spelling: Any, config: type[PreTrainedConfig]) -> Path:
    """Save a random model that spells in letters."""
    torch.manual_seed(5)
    model = AutoModelForSeq2SeqLM.from_config(config(vocab_size=len(spelling), **SIZES, **HEADS))
    with torch.no_grad():
        for tensor in model.parameters():
            tensor += 0.2 * torch.randn(tensor.shape)
    model.save_pretrained(place)
    spelling.save_pretrained(place)
    return place


@pytest.fixture(scope="session")
def shaped(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return what gives the folder of `tiny-seq2seq`, or of a random model of another family."""
    place = tmp_path_factory.mktemp("shaped")
    nllb = NllbTokenizer(vocab={piece: i for i, piece in enumerate(PIECES)}, merges=[])
    scored = [(piece, -float(len(PIECES) - i)) for i, piece in enumerate(PIECES)]
    mbart = MBart50Tokenizer(vocab=[("<unk>", 0.0), ("<s>", 0.0), ("</s>", 0.0), *scored[4:]], src_lang="en_XX")
    return {
        "t5": folder(find("tiny-seq2seq"), cache.root()),
        "nllb": shape_of(place / "nllb", nllb, M2M100Config),
        "mbart": shape_of(place / "mbart50", mbart, MBartConfig),
        "mt5": made("mt5", place),
        "umt5": made("umt5", place),
    }.__getitem__


def ground_of(place: Path) -> Ground:
    return Ground(Encoder(place, 0, {}).eval(), find(str(place)), place, "fp32")


def library(place: Path, language: str | None = None) -> tuple[Any, Any]:
    tokenizer = AutoTokenizer.from_pretrained(place)
    if hasattr(tokenizer, "src_lang") and language:
        tokenizer.src_lang = called(place, language)
    return AutoModelForSeq2SeqLM.from_pretrained(place).eval(), tokenizer


def called(place: Path, language: str) -> str:
    return CALLED[language] if place.name == "mbart50" else language


def task_of(rows: Any, ground: Ground) -> Translation:
    ground.encoder.eval()
    given = rows(text=TEXTS, text_pair=TOLD, language=["deu_Latn"] * 4)
    return Translation(ground, given, (), new_head(ground))


@pytest.mark.parametrize("shape", SHAPES)
def test_the_encoder_gives_the_states_of_the_librarys(shaped: Any, rows: Any, shape: str) -> None:
    ground, batch = ground_of(shaped(shape)), np.arange(4)
    states, mask = ground.read(task_of(rows, ground).sources, batch)
    model, tokenizer = library(shaped(shape), "deu_Latn")
    assert len(states) == 3
    for i, text in enumerate(TEXTS):
        with torch.no_grad():
            told = model.get_encoder()(**tokenizer(text, return_tensors="pt"), output_hidden_states=True)
        for mine, theirs in zip(states, told.hidden_states, strict=True):
            assert torch.allclose(mine[i][mask[i]], theirs[0], atol=1e-5)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_loss_and_its_gradients_are_the_librarys(shaped: Any, rows: Any, shape: str) -> None:
    ground = ground_of(shaped(shape))
    task = task_of(rows, ground)
    learning = {**ground.encoder.train_top(None), **dict(task.head.named_parameters())}
    loss = task.loss(np.array([2, 0, 3, 1]))
    loss.backward()  # type: ignore[no-untyped-call]
    model, tokenizer = library(shaped(shape), "deu_Latn")
    tokenizer.tgt_lang = called(shaped(shape), "eng_Latn")
    told = tokenizer(TEXTS, text_target=TOLD, return_tensors="pt", padding=True)
    told["labels"][told["labels"] == tokenizer.pad_token_id] = -100
    theirs = model(**told).loss
    theirs.backward()
    assert loss.item() == pytest.approx(theirs.item(), rel=1e-5)
    assert task.weights.sum() == (told["labels"] != -100).sum()
    assert task.tokens.sum() == told["attention_mask"].sum() + task.weights.sum()
    own, whole = list(learning.values()), list(model.parameters())
    assert len({id(tensor) for tensor in own}) == len(own) == len(whole)  # what is shared is there once
    for name, tensor in model.get_encoder().named_parameters():
        assert torch.allclose(learning[name].grad, tensor.grad, atol=1e-6), name  # type: ignore[arg-type]
    for mine, his in zip(own, sorted(whole, key=lambda p: _place(model, p)), strict=True):
        assert mine.shape == his.shape
    assert float(sum(p.grad.square().sum() for p in own)) == pytest.approx(  # type: ignore[union-attr]
        float(sum(p.grad.square().sum() for p in whole)), rel=1e-4
    )


def _place(model: Any, tensor: torch.Tensor) -> bool:
    return all(tensor is not other for other in model.get_encoder().parameters())


@pytest.mark.parametrize("beams", [1, 3])
@pytest.mark.parametrize("shape", SHAPES)
def test_hypotheses_are_those_of_the_librarys_whole_model(shaped: Any, rows: Any, shape: str, beams: int) -> None:
    ground = ground_of(shaped(shape))
    given = rows(
        text=[*TEXTS[:3], *TOLD[1:]],
        id=["0", "1", "2", "1", "2", "3"],
        language=["deu_Latn"] * 3 + ["eng_Latn"] * 3,
        dataset=["d"] * 6,
        edition=["as-released"] * 6,
        split=["test"] * 6,
    )
    task = {"pivot": "eng_Latn", "directions": ["to", "from"], "beams": beams}
    spec = {"task": task, "data": {"languages": {"deu_Latn": "digest"}}}
    table, lengths, _ = predict(ground, given, spec, "job", new_head(ground))
    said = {(r["direction"], r["id"]): r["prediction"] for r in table.to_pylist()}
    assert set(said) == {(direction, item) for direction in ("to", "from") for item in ("1", "2")}
    assert set(table["language"].to_pylist()) == {"deu_Latn"}
    read = 0
    for direction, texts, languages in (
        ("to", TEXTS, ("deu_Latn", "eng_Latn")),
        ("from", TOLD, ("eng_Latn", "deu_Latn")),
    ):
        model, tokenizer = library(shaped(shape), languages[0])
        for item in (1, 2):
            told = tokenizer(texts[item], return_tensors="pt")
            n = told.input_ids.shape[1]
            first = tokenizer.convert_tokens_to_ids(called(shaped(shape), languages[1]))
            how = {"forced_bos_token_id": first} if shape in ("nllb", "mbart") else {}
            found = model.generate(
                **told, num_beams=beams, max_new_tokens=20 + 24 * -(-n // 16), do_sample=False, **how
            )
            assert said[direction, str(item)] == tokenizer.decode(found[0], skip_special_tokens=True).strip()
            read += n
    assert len(set(said.values())) > 1
    assert lengths.sum() == read


def test_a_model_learns_to_copy_and_saves_encoder_and_decoder_apart(shaped: Any, rows: Any, tmp_path: Path) -> None:
    ground = ground_of(shaped("t5"))
    given, head = rows(text=TEXTS[:3], text_pair=TEXTS[:3], language=["deu_Latn"] * 3), new_head(ground)
    task = Translation(ground, given, (), head)
    assert not set(task.say()) & set(TEXTS)
    encoder = ground.encoder.train_top(None)
    learning = encoder | {f"head.translation.{n}": t for n, t in head.named_parameters()}
    spec = {"recipe": RECIPE, "seed": 3, "precision": "fp32"}
    out = train(Phase(ground.encoder, [task], learning), spec, tmp_path / "resume", lambda *_: None)
    assert out.progress.losses[-1] < 0.5 < out.progress.losses[0]
    ground.encoder.eval()
    assert task.say() == TEXTS[:3]
    whole = load_file(shaped("t5") / "model.safetensors")
    parts = {n.removeprefix("encoder.") for n in whole if n.startswith("encoder.")} | {"embed_tokens.weight"}
    assert set(encoder) == parts
    decoder = {f"head.translation.whole.{n}" for n in whole if n.startswith("decoder.")}
    assert set(learning) - set(encoder) == decoder


def test_the_nearest_decoder_that_was_trained_speaks_on_the_encoder_as_it_is(shaped: Any, ask: Any) -> None:
    place = shaped("t5")
    own = load_file(place / "model.safetensors")
    name = "block.1.layer.0.SelfAttention.v.weight"
    norm = "decoder.block.1.layer.1.layer_norm.weight"
    heads = {f"head.translation.whole.{n}": t for n, t in own.items() if n.startswith("decoder.")}
    heads[f"head.translation.whole.{norm}"] = -own[norm]
    classes = {name: own[f"encoder.{name}"] * -2, "head.c.weight": torch.zeros(1, 64), "head.c.bias": torch.zeros(1)}
    digest = adapt.adapted("cldr_terms").parts["test", "eng_Latn"].digest
    how = {"kind": "translation", "pivot": "eng_Latn", "pivot_digest": digest, "directions": ["to"], "beams": 1}
    said = ask(place, ("translation", "translation", heads), ("classification", "c", classes), **how)

    german = {r["id"]: r["text"] for r in adapt.adapted("cldr_terms").rows("test", ["deu_Latn"]).to_pylist()}
    model, tokenizer = library(place)
    with torch.no_grad():
        model.get_parameter(norm).neg_()
        model.get_parameter(f"encoder.{name}").mul_(-2)
    assert len(said) == 3
    for row in said:
        told = tokenizer(german[row["id"]], return_tensors="pt")
        most = 20 + 24 * -(-told.input_ids.shape[1] // 16)
        found = model.generate(**told, max_new_tokens=most, do_sample=False)
        assert row["prediction"] == tokenizer.decode(found[0], skip_special_tokens=True).strip()


def test_what_cannot_translate_says_so(shaped: Any, rows: Any, stand: Any) -> None:
    with pytest.raises(UserError, match=r"^tiny: no decoder; translation needs an encoder–decoder"):
        new_head(stand())
    with pytest.raises(UserError, match=r"t5 bodies cannot be cut; set trainable_layers = 'all'"):
        Encoder(shaped("t5"), 1, {})
    ground = ground_of(shaped("nllb"))
    with pytest.raises(UserError, match=r"tokens for languages: unknown language 'nqo_Nkoo'"):
        Translation(ground, rows(text=["a"], text_pair=["b"], language=["nqo_Nkoo"]), (), new_head(ground))


def test_the_top_of_an_encoder_learns_by_the_names_of_its_layers(shaped: Any) -> None:
    for shape, start in {"t5": "block.1.", "nllb": "layers.1."}.items():
        encoder = Encoder(shaped(shape), 0, {})
        every = {name for name, _ in encoder.body.named_parameters() if name.startswith(start)}
        assert set(encoder.train_top(1)) == every != set()
