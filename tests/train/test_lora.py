"""Adapters are peft's own, added to the weights as peft adds them; what is frozen stays; phases go on from the sum."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModel, AutoTokenizer

from harness.data import adapt
from harness.data.cards import dataset_card
from harness.errors import UserError
from harness.models.find import find
from harness.plan import make_plan
from harness.run.local import run
from harness.store import Store
from harness.suite_file import load
from harness.train import device, lora
from harness.train.encoder import Encoder
from harness.train.execute import learning
from harness.train.ground import Ground
from harness.train.kinds.classification import Classification, new_head
from harness.train.loop import Phase, train
from tests.families import WORDS, made
from tests.small import PART, Declare

HOW: dict[str, Any] = {"rank": 4, "alpha": 12.0, "dropout": 0.1, "targets": None}
RECIPE = {"epochs": None, "steps": 12, "batch_tokens": 40, "learning_rate": 1e-2, "warmup": 0.1, "weight_decay": 0.0}
SPEC: dict[str, Any] = {"recipe": {**RECIPE, "trainable_layers": "all", "lora": HOW}, "seed": 3, "precision": "fp32"}
LABELS = list("abc")


@pytest.fixture(autouse=True)
def pinned() -> None:
    pytest.importorskip("peft")
    device.pin(1, 0)


@pytest.fixture
def where(tiny: Path, tmp_path: Path) -> Callable[[str], Path]:
    return lambda kind: tiny if kind == "bert" else made(kind, tmp_path)


def phase_on(folder: Path, rows: Any, level: int = 0, recipe: dict[str, Any] | None = None) -> Phase:
    """Return a phase on five texts, ready to learn as its recipe says."""
    ground = Ground(Encoder(folder, level, {}), find(str(folder)), folder, "fp32")
    head = new_head(ground, LABELS, 0)
    task = Classification(ground, rows(text=WORDS, label=["a", "b", "c", "a", "b"]), LABELS, head)
    return Phase(ground.encoder, [task], learning(ground, recipe or SPEC["recipe"], {"classification"}, {"x": head}, 3))


def saved(phase: Phase) -> dict[str, torch.Tensor]:
    return {n: t.detach().clone() for n, t in lora.to_save(phase.learning, HOW).items() if not n.startswith("head.")}


DEFAULTS = {"bert": {"query", "value"}, "llama": {"q_proj", "v_proj"}, "modernbert": {"Wqkv", "Wo", "Wi"}}
DEFAULTS["mt5"] = {"q", "v"}


@pytest.mark.parametrize("kind", DEFAULTS)
def test_what_learns_and_what_is_read_is_what_peft_makes(where: Any, rows: Any, tmp_path: Path, kind: str) -> None:
    from peft import LoraConfig, get_peft_model

    folder = where(kind)
    phase = phase_on(folder, rows)
    train(phase, SPEC, tmp_path / "resume", lambda *_: None)
    adapters = {name: t for name, t in phase.learning.items() if not name.startswith("head.")}
    assert {name.split(".lora_")[0].rpartition(".")[2] for name in adapters} == DEFAULTS[kind]

    whole = AutoModel.from_pretrained(folder).eval()
    whole = whole.get_encoder() if whole.config.is_encoder_decoder else whole
    theirs = get_peft_model(whole, LoraConfig(r=4, lora_alpha=12, target_modules=sorted(DEFAULTS[kind])))
    with torch.no_grad():
        places = {name.removeprefix("base_model.model."): tensor for name, tensor in theirs.named_parameters()}
        assert set(adapters) == {name for name in places if ".lora_" in name}
        for name, tensor in adapters.items():
            places[name].copy_(tensor)
    phase.encoder.eval()
    inputs, mask = phase.tasks[0].inputs.batch(np.arange(5))  # type: ignore[attr-defined]
    again = Encoder(folder, 0, saved(phase)).eval()
    plain = Encoder(folder, 0, {}).eval()
    with torch.no_grad():
        asked = theirs(input_ids=inputs, attention_mask=mask).last_hidden_state[mask]
        added = theirs.merge_and_unload().eval()(input_ids=inputs, attention_mask=mask).last_hidden_state[mask]
        mine, read, before = (e(inputs, mask)[-1][mask] for e in (phase.encoder, again, plain))
    for found, expected in ((mine, asked), (read, added), (read, asked)):
        assert torch.allclose(found, expected, atol=1e-5)
    assert (read - before).abs().max() > 1e-2


@pytest.mark.parametrize(("kind", "level", "top"), [("bert", 0, 1), ("bert", 1, 1), ("llama", 0, "all")])
def test_only_adapters_and_the_head_move(
    where: Any, rows: Any, tmp_path: Path, kind: str, level: int, top: int | str
) -> None:
    recipe = {**SPEC["recipe"], "trainable_layers": top, "lora": {**HOW, "targets": "all-linear"}}
    phase = phase_on(where(kind), rows, level, recipe)
    named = dict(phase.encoder.body.named_parameters())
    before = {name: tensor.detach().clone() for name, tensor in named.items()}
    train(phase, {**SPEC, "recipe": recipe}, tmp_path / "resume", lambda *_: None)
    moved = {phase.encoder.full_name(n) for n, t in named.items() if not torch.equal(t, before[n])}
    assert moved == {name for name in phase.learning if not name.startswith("head.")}
    assert all(".lora_" in name for name in moved)
    layers = {name.split("layer")[1].strip(".s").split(".")[0] for name in moved}
    assert layers == ({"1"} if top == 1 else {"0", "1"})
    linear = sum(isinstance(m, torch.nn.Linear) for m in Encoder(where(kind), level, {}).body.modules())
    assert len(moved) == 2 * (linear if (level, top) != (0, 1) else linear // 2)


def test_before_the_first_step_an_adapter_changes_nothing_and_its_seed_alone_draws_it(where: Any, rows: Any) -> None:
    first = phase_on(where("llama"), rows)
    torch.rand(7)
    again = phase_on(where("llama"), rows)
    for name, tensor in saved(first).items():
        assert torch.equal(tensor, saved(again)[name])
        assert bool(tensor.any()) == name.endswith(lora.DOWN)


class Stop(Exception):
    pass


def test_a_phase_that_was_cut_off_goes_on_to_the_same_bytes(
    where: Any, rows: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.train.loop.CHECKPOINT_SECONDS", -1.0)

    def cut(step: int, _: int) -> None:
        if step == 5:
            raise Stop

    def ended(phase: Phase, name: str) -> bytes:
        save_file({n: t.detach().contiguous() for n, t in lora.to_save(phase.learning, HOW).items()}, tmp_path / name)
        return (tmp_path / name).read_bytes()

    whole = phase_on(where("llama"), rows)
    train(whole, SPEC, tmp_path / "whole", lambda *_: None)
    with pytest.raises(Stop):
        train(phase_on(where("llama"), rows), SPEC, tmp_path / "cut", cut)
    resumed = phase_on(where("llama"), rows)
    out = train(resumed, SPEC, tmp_path / "cut", lambda *_: None)
    assert len(out.progress.losses) == 12
    assert ended(resumed, "resumed") == ended(whole, "undisturbed")


@pytest.mark.parametrize("kind", ["bert", "llama"])
def test_a_target_goes_on_from_what_the_intermediate_phase_added(
    where: Any, declare: Declare, tmp_path: Path, kind: str
) -> None:
    model = ('model = "tiny"', f'model = "{where(kind)}"')
    recipe = ("trainable_layers = 1", 'trainable_layers = "all"\nlora = { rank = 4, alpha = 12 }')
    few = '["deu_Latn", "eng_Latn", "fin_Latn", "hin_Deva", "nno_Latn"]', '["deu_Latn", "eng_Latn"]'
    suite, store = load(declare(model, recipe, few, *PART), limit=20), Store(tmp_path / "store")
    ran = run(suite, store, quiet=True)
    assert not ran.failed
    plan = make_plan(suite, store)
    place = {(c.target, c.phase): c.job for c in plan.cells if c.arm == "english"}
    target = place["phrases", "target"]
    parts = [load_file(store.weights(key)) for key in (place["intermediate", "intermediate"], target)]
    for part in parts:
        assert all(name.startswith("head.") or name.endswith((lora.DOWN, lora.UP)) for name in part)
    assert "peft" in json.loads(store.job(target)["versions"])

    body = AutoModel.from_pretrained(where(kind)).eval()
    with torch.no_grad():
        for part in parts:
            for name in (n.removesuffix(lora.UP) for n in part if n.endswith(lora.UP)):
                body.get_parameter(name).add_(part[f"{name}@up"] @ part[f"{name}@down"])
    labels, head = dataset_card("cldr_phrases").labels, plan.jobs[target]["tasks"][0]["head"]
    weight, bias = (parts[1][f"head.{head}.{name}"] for name in ("weight", "bias"))
    tokenizer = AutoTokenizer.from_pretrained(where(kind))
    gold = {r["id"]: r["tokens"] for r in adapt.adapted("cldr_phrases").rows("test", ["deu_Latn"]).to_pylist()}
    predicted = [r for r in store_rows(store, place["phrases", "predict"]) if r["language"] == "deu_Latn"]
    assert len(predicted) == 20
    for row in predicted:
        words = gold[row["id"]]
        spaced = words if kind == "bert" else [words[0], *(f" {word}" for word in words[1:])]
        told = tokenizer.backend_tokenizer.encode(spaced, is_pretokenized=True)
        with torch.no_grad():
            logits = body(torch.tensor([told.ids])).last_hidden_state[0] @ weight.T + bias
        owners = told.word_ids if kind == "bert" else told.word_ids[::-1]  # a decoder has seen a word at its end
        at = [owners.index(i) if kind == "bert" else len(owners) - 1 - owners.index(i) for i in range(len(words))]
        assert json.loads(row["prediction"]) == [labels[int(logits[a].argmax())] for a in at]


def store_rows(store: Store, key: str) -> list[dict[str, Any]]:
    import pyarrow.parquet as pq

    found: list[dict[str, Any]] = pq.read_table(store.folder(key) / "predictions.parquet").to_pylist()
    return found


def test_what_cannot_be_adapted_is_said_in_a_sentence(where: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match=r"^lora: no linear layer .* called \['query'\]; the body's are: q_proj, k_pro"):
        lora.adapt(Encoder(where("llama"), 0, {}), {**HOW, "targets": ["query"]}, None, 0)
    monkeypatch.setitem(sys.modules, "peft", None)
    with pytest.raises(UserError, match=r"^lora: peft is not installed; pip install 'stiltbench\[lora\]'$"):
        lora.adapt(Encoder(where("bert"), 0, {}), HOW, None, 0)
