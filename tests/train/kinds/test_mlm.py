"""Masked words: losses, gradients and pseudo-perplexities by the library's own models, and whose head speaks."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForMaskedLM, BertConfig, XLMRobertaConfig

from harness.data import adapt
from harness.errors import UserError
from harness.models.find import find
from harness.train import device
from harness.train.encoder import Encoder
from harness.train.ground import Ground
from harness.train.kinds.mlm import RATE, Mlm, new_head, own_head, predict
from harness.train.loop import Phase, train

TEXTS = ["Finnland", "Vereinigte Staaten von Amerika", "日本 und noch einiges mehr", "Südafrika " * 20]
SIZES = {
    "vocab_size": 4000,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 48,
    "pad_token_id": 1,
    "layer_norm_eps": 1e-5,
}
SHAPES: dict[str, Any] = {"bert": BertConfig(**SIZES), "xlm-r": XLMRobertaConfig(**SIZES, max_position_embeddings=514)}
RECIPE = {"epochs": 6, "steps": None, "batch_tokens": 256, "learning_rate": 5e-3, "warmup": 0.1, "weight_decay": 0.0}


@pytest.fixture(autouse=True)
def pinned() -> None:
    device.pin(1, 0)


@pytest.fixture(scope="session")
def shaped(tmp_path_factory: pytest.TempPathFactory, tiny: Path) -> Callable[[str], Path]:
    """Return what gives the folder of a random masked language model of some shape, with tiny's tokenizer."""
    made = {}
    for name, config in SHAPES.items():
        torch.manual_seed(5)
        model = AutoModelForMaskedLM.from_config(config)
        with torch.no_grad():
            for tensor in model.parameters():
                tensor += 0.1 * torch.randn(tensor.shape)
        made[name] = tmp_path_factory.mktemp("shaped") / name
        model.save_pretrained(made[name])
        for file in tiny.glob("tokenizer*.json"):
            shutil.copy(file, made[name])
    return made.__getitem__


def ground_of(folder: Path, level: int = 0, **changes: Any) -> Ground:
    return Ground(Encoder(folder, level, {}).eval(), find(str(folder)), folder, "fp32", **changes)


def library(folder: Path) -> Any:
    return AutoModelForMaskedLM.from_pretrained(folder).eval()


def naive(model: Any, tokenizer: Any, text: str, **how: Any) -> tuple[float, int]:
    """Return the sum of log2 p of a text's tokens, masked one by one, and their number."""
    ids, total = tokenizer(text, return_tensors="pt", **how).input_ids, 0.0
    for place in range(1, ids.shape[1] - 1):
        hidden = ids.clone()
        hidden[0, place] = tokenizer.mask_token_id
        with torch.no_grad():
            total += float(model(hidden).logits[0, place].log_softmax(-1)[ids[0, place]]) / math.log(2)
    return total, ids.shape[1] - 2


@pytest.mark.parametrize(("shape", "level"), [("bert", 0), ("xlm-r", 0), ("bert", 1), ("xlm-r", 1)])
def test_the_loss_and_its_gradients_are_the_librarys(shaped: Any, rows: Any, shape: str, level: int) -> None:
    ground, batch = ground_of(shaped(shape), level), np.array([1, 3, 0, 2])
    learning = ground.encoder.train_top(None)
    task = Mlm(ground, rows(text=TEXTS), (), new_head(ground, (), 0))
    torch.manual_seed(7)
    loss = task.loss(batch)
    loss.backward()

    torch.manual_seed(7)
    ids, mask = task.inputs.batch(batch)
    read, at = task.masked(ids, mask, batch)
    gold = torch.full_like(ids, -100)
    gold[at] = ids[at]
    whole = library(shaped(shape))
    told = whole(input_ids=read, attention_mask=mask, labels=gold).loss
    told.backward()
    assert loss.item() == pytest.approx(told.item(), rel=1e-5)
    theirs = dict(whole.base_model.named_parameters())
    for name, tensor in learning.items():
        assert torch.allclose(tensor.grad, theirs[name].grad, atol=1e-6), name  # type: ignore[arg-type]
    assert ("embeddings.word_embeddings.weight" in learning) == (level == 0)
    assert torch.allclose(task.head.bias.grad, whole.get_output_embeddings().bias.grad, atol=1e-6)


@pytest.mark.parametrize(("shape", "level"), [("bert", 0), ("xlm-r", 0), ("bert", 1)])
def test_pseudo_perplexity_is_that_of_one_pass_a_token(
    shaped: Any, rows: Any, tokenizer: Any, shape: str, level: int
) -> None:
    ground = ground_of(shaped(shape), level)
    table, lengths, padding = predict(ground, rows(text=TEXTS), {}, "job", own_head(ground))
    whole = library(shaped(shape))
    for text, said in zip(TEXTS, table["prediction"].to_pylist(), strict=True):
        total, tokens, size = json.loads(said)
        assert (total, tokens) == pytest.approx(naive(whole, tokenizer, text), rel=1e-5)
        assert size == len(text.encode())
    counts = [len(ids) for ids in tokenizer(TEXTS).input_ids]
    assert (int(lengths.sum()), padding) == (sum(n * (n - 2) for n in counts), 0.0)
    assert max(n * (n - 2) for n in counts) > 2048  # one text takes more than one batch


def test_a_text_that_is_cut_counts_the_bytes_that_are_read(shaped: Any, rows: Any, tokenizer: Any) -> None:
    ground = ground_of(shaped("bert"), max_length=12)
    (said,) = Mlm(ground, rows(text=TEXTS[3:]), (), own_head(ground)).say()
    end = tokenizer(TEXTS[3], return_offsets_mapping=True).offset_mapping[10][1]
    assert json.loads(said)[1:] == [10, len(TEXTS[3][:end].encode())]


def test_a_romanised_text_counts_the_bytes_of_the_original(shaped: Any, rows: Any, tokenizer: Any) -> None:
    ground = ground_of(shaped("bert"), transliterate=("Cyrl",))
    (said,) = Mlm(ground, rows(text=["Привет мир"], script=["Cyrl"]), (), own_head(ground)).say()
    total, tokens = naive(library(shaped("bert")), tokenizer, "Privet mir")
    assert json.loads(said) == [pytest.approx(total, rel=1e-5), tokens, 19]


def test_of_each_texts_tokens_fifteen_in_a_hundred_are_masked_as_bert_does(stand: Any, rows: Any) -> None:
    texts = [" ".join(f"{i * k} Kilometer" for k in range(1 + i % 12)) for i in range(300)]
    task = Mlm(stand(), rows(text=texts), (), torch.nn.Identity())
    batch = np.arange(300)
    ids, mask = task.inputs.batch(batch)
    found = [task.masked(ids, mask, batch) for _ in range(20)]
    free = [int(n) - 2 for n in task.tokens]  # all but <s> and </s>
    for _, (row, _) in found:
        assert torch.bincount(row, minlength=300).tolist() == [max(1, round(RATE * n)) for n in free]
    changed = torch.stack([read != ids for read, _ in found])
    assert not changed[:, ~mask].any()
    assert not changed[:, ids < 4].any()  # special tokens, whatever stands beyond a text's end
    gold, told = (torch.cat([x[at] for x, at in pairs]) for pairs in ([(ids, at) for _, at in found], found))
    # Some 30,000 places: standard errors of the shares are 0.0023 and 0.0017; a word drawn is rarely the old one.
    assert len(gold) > 20_000
    assert float((told == task.mask).float().mean()) == pytest.approx(0.8, abs=0.01)
    assert float(((told != task.mask) & (told != gold)).float().mean()) == pytest.approx(0.1, abs=0.008)
    others = told[(told != task.mask) & (told != gold)]
    assert float(others.float().mean()) == pytest.approx(1999.5, abs=100)  # any word, evenly: the error is 1155/√3000
    longest = int(np.argmax(free))
    hits = torch.stack([torch.isin(torch.arange(mask.shape[1]), at[1][at[0] == longest]) for _, at in found]).sum(0)
    assert len(set(hits.nonzero()[:, 0].tolist())) > free[longest] * 0.8  # any place


def test_an_unknown_token_counts_like_any_other(stand: Any, rows: Any, tokenizer: Any) -> None:
    frame = Mlm(stand(), rows(text=TEXTS), (), torch.nn.Identity()).frame
    assert {tokenizer.decode([i]) for i in frame.nonzero()[:, 0]} == {"<s>", "<pad>", "</s>", "<mask>"}


@pytest.mark.parametrize(
    ("file", "changes", "sentence"),
    [
        ("config.json", {"tie_word_embeddings": False}, "its MLM head has word vectors of its own"),
        ("tokenizer_config.json", {"mask_token": None}, "its tokenizer has no mask token, which mlm needs"),
    ],
)
def test_a_model_that_cannot_guess_words_is_refused(
    shaped: Any, rows: Any, tmp_path: Path, file: str, changes: dict[str, Any], sentence: str
) -> None:
    folder = tmp_path / "odd"
    shutil.copytree(shaped("bert"), folder)
    (folder / file).write_text(json.dumps(json.loads((folder / file).read_text()) | changes))
    ground = ground_of(folder)
    with pytest.raises(UserError, match=sentence):
        Mlm(ground, rows(text=TEXTS), (), own_head(ground))


def test_a_model_without_a_head_begins_with_a_fresh_one(stand: Any, rows: Any) -> None:
    ground = stand()
    head, again, other = (new_head(ground, (), seed) for seed in (3, 3, 4))
    assert torch.equal(head.dense.weight, again.dense.weight)
    assert not torch.equal(head.dense.weight, other.dense.weight)
    assert float(head.dense.weight.detach().std()) == pytest.approx(0.02, rel=0.05)
    loss = Mlm(ground, rows(text=TEXTS), (), head).loss(np.arange(4))
    assert loss.item() == pytest.approx(math.log(4000), abs=0.1)  # it knows nothing of 4,000 words


@pytest.mark.parametrize("level", [0, 1])
def test_a_phase_learns_words_and_saves_head_and_encoder_apart(
    shaped: Any, rows: Any, tmp_path: Path, level: int
) -> None:
    def trained(name: str) -> tuple[list[float], dict[str, Any]]:
        ground = ground_of(shaped("bert"), level)
        head = new_head(ground, (), 0)
        task = Mlm(ground, rows(text=TEXTS[:2] * 20), (), head)
        learning = ground.encoder.train_top(None if level == 0 else 1)
        learning |= {f"head.mlm.{n}": t for n, t in head.named_parameters()}
        spec = {"recipe": RECIPE, "seed": 3, "precision": "fp32"}
        out = train(Phase(ground.encoder, [task], learning), spec, tmp_path / name, lambda *_: None)
        return out.progress.losses, learning

    (losses, first), (_, again) = trained("a"), trained("b")
    assert np.mean(losses[-5:]) < np.mean(losses[:5]) - 1
    assert all(
        torch.equal(tensor, again[name]) for name, tensor in first.items()
    )  # masks are the seed's and the step's
    parts = ["dense.weight", "dense.bias", "norm.weight", "norm.bias", "bias"]
    assert {name for name in first if name.startswith("head.")} == {f"head.mlm.{part}" for part in parts}
    assert ("embeddings.word_embeddings.weight" in first) == (level == 0)


def answers(said: list[dict[str, Any]]) -> dict[str, Any]:
    return {row["id"]: json.loads(row["prediction"]) for row in said}


def texts() -> dict[str, str]:
    """Return the text of every item that there is to ask about."""
    return {r["id"]: r["text"] for r in adapt.adapted("cldr_terms").rows("test", ["deu_Latn"]).to_pylist()}


def test_a_model_is_asked_without_any_phase(shaped: Any, ask: Any, tokenizer: Any) -> None:
    said, whole = answers(ask(shaped("xlm-r"), kind="mlm")), library(shaped("xlm-r"))
    assert len(said) == 3
    for item, text in texts().items():
        if item in said:
            total, tokens = naive(whole, tokenizer, text)
            assert said[item] == [pytest.approx(total, rel=1e-5), tokens, len(text.encode())]


def test_a_model_without_a_head_names_the_remedy(tiny: Path, ask: Any) -> None:
    with pytest.raises(UserError, match=r"^tiny: the model's folder holds no MLM head .* a pretrain phase or mlm rows"):
        ask(tiny, kind="mlm")


def test_the_nearest_phase_that_trained_a_head_speaks_beside_the_encoder_as_it_is(
    shaped: Any, rows: Any, ask: Any
) -> None:
    folder = shaped("bert")
    own = load_file(folder / "model.safetensors")
    old, near = ({f"head.mlm.{n}": t + d for n, t in _head(own).items()} for d in (0.3, 0.2))
    name = "encoder.layer.1.output.dense.bias"
    changed = {name: own[f"bert.{name}"] + 0.5}
    classes = {**changed, "head.c.weight": torch.zeros(1, 32), "head.c.bias": torch.zeros(1)}
    chain = [("mlm", "mlm", old), ("mlm", "mlm", near), ("classification", "c", classes)]
    said = answers(ask(folder, *chain, kind="mlm"))

    ground = Ground(Encoder(folder, 0, changed).eval(), find(str(folder)), folder, "fp32")
    head = own_head(ground)
    head.load_state_dict({n.removeprefix("head.mlm."): t for n, t in near.items()})
    whole = {item: text for item, text in texts().items() if item in said}
    expected = Mlm(ground, rows(text=list(whole.values())), (), head).say()
    assert [said[item] for item in whole] == [pytest.approx(json.loads(line), rel=1e-6) for line in expected]


def _head(own: dict[str, Any]) -> dict[str, Any]:
    start = "cls.predictions.transform."
    found = {n.removeprefix(start).replace("LayerNorm", "norm"): t for n, t in own.items() if n.startswith(start)}
    return {**found, "bias": own["cls.predictions.bias"]}
