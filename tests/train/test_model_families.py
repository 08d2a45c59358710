"""Encoders, encoder–decoders and decoders of every family: states, vectors and classes as their library has them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModel, AutoModelForSequenceClassification, AutoTokenizer

from harness.models.find import find
from harness.train import device
from harness.train.encoder import Encoder
from harness.train.ground import Ground
from harness.train.kinds import table
from harness.train.kinds.classification import Classification, new_head
from harness.train.kinds.retrieval import vectors
from harness.train.windows import windows
from tests.families import DECODERS, KINDS, WORDS, made

LABELS = list("abc")
Stand = Callable[[str], Ground]


@pytest.fixture(autouse=True)
def pinned() -> None:
    device.pin(1, 0)


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("families")


@pytest.fixture
def on(place: Path) -> Stand:
    """Return what gives a ground on a family's model."""

    def stand(kind: str) -> Ground:
        where = made(kind, place)
        return Ground(Encoder(where, 0, {}).eval(), find(str(where)), where, "fp32")

    return stand


@pytest.mark.parametrize("kind", KINDS)
def test_states_of_a_padded_batch_are_those_of_each_text_alone(on: Stand, kind: str) -> None:
    ground = on(kind)
    inputs = ground.inputs(ground.encode(WORDS))
    body, tokenizer = AutoModel.from_pretrained(ground.folder).eval(), AutoTokenizer.from_pretrained(ground.folder)
    body = body.get_encoder() if body.config.is_encoder_decoder else body
    with torch.no_grad():
        states, mask = ground.read(inputs, np.arange(len(WORDS)))
        for i, text in enumerate(WORDS):
            told = torch.tensor([tokenizer(text)["input_ids"]])
            alone = body(told, output_hidden_states=True)
            assert torch.allclose(states[-1][i][mask[i]], alone.last_hidden_state[0], atol=1e-5)
            for mine, theirs in zip(states, alone.hidden_states, strict=True):
                assert torch.allclose(mine[i][mask[i]], theirs[0], atol=1e-5)
    assert not mask.all()


def test_a_folder_says_of_which_build_it_is(on: Stand) -> None:
    found = {kind: (on(kind).model.body, on(kind).model.pooling) for kind in KINDS}
    assert {kind for kind, seen in found.items() if seen == ("decoder", "last")} == set(DECODERS)
    assert {kind for kind, seen in found.items() if seen == ("encoder-decoder", "mean")} == {"mt5", "umt5", "mbart"}
    assert found["modernbert"] == ("encoder", "mean")
    assert find("tiny").body == "bert"


@pytest.mark.parametrize("kind", DECODERS)
def test_a_decoders_classes_are_those_of_the_librarys_classifier(on: Stand, rows: Any, kind: str) -> None:
    ground = on(kind)
    head = new_head(ground, LABELS, 0)
    whole = AutoModelForSequenceClassification.from_pretrained(ground.folder, num_labels=3, pad_token_id=1).eval()
    with torch.no_grad():
        whole.score.weight.copy_(head.weight)
        task = Classification(ground, rows(text=WORDS), LABELS, head)
        found = task._logits(np.arange(len(WORDS)))
        told = AutoTokenizer.from_pretrained(ground.folder, pad_token="!")
        asked = told(WORDS, return_tensors="pt", padding=True, padding_side="right")
        asked["input_ids"][asked["attention_mask"] == 0] = 1
        theirs = whole(**asked).logits
    assert torch.allclose(found, theirs, atol=1e-5)
    assert task.say() == [LABELS[i] for i in theirs.argmax(1)]
    assert torch.allclose(found, torch.cat([task._logits(np.array([i])) for i in range(len(WORDS))]), atol=1e-5)


@pytest.mark.parametrize("kind", DECODERS)
def test_a_decoders_vector_is_its_last_tokens(on: Stand, kind: str) -> None:
    ground = on(kind)
    found = vectors(ground, ground.inputs(ground.encode(WORDS)), [1, 2], ground.model.pooling)
    body, tokenizer = AutoModel.from_pretrained(ground.folder).eval(), AutoTokenizer.from_pretrained(ground.folder)
    for i, text in enumerate(WORDS):
        with torch.no_grad():
            alone = body(torch.tensor([tokenizer(text)["input_ids"]]), output_hidden_states=True).hidden_states
        for layer in (1, 2):
            last = torch.nn.functional.normalize(alone[layer][0, -1], dim=-1)
            assert torch.allclose(torch.from_numpy(found[layer][i]), last, atol=1e-5)


COLUMNS: dict[str, dict[str, list[Any]]] = {
    "classification": {"text": WORDS, "text_pair": WORDS[::-1], "label": ["a", "b", "c", "a", "b"]},
    "choice": {"text": WORDS, "choices": [[text, "a b"] for text in WORDS], "label": ["0", "1", "1", "0", "1"]},
    "tagging": {"tokens": [t.split() for t in WORDS], "tags": [["a", *["b"] * t.count(" ")] for t in WORDS]},
    "span": {
        "text": ["was"] * 5,
        "text_pair": WORDS,
        "answers": [[{"text": text.split()[-1], "start": text.rfind(" ") + 1}] for text in WORDS],
    },
}


@pytest.mark.parametrize("task", COLUMNS)
@pytest.mark.parametrize("kind", ["qwen3", "llama", "modernbert", "mt5", "mbart"])
def test_every_kind_of_task_learns_its_few_examples_by_heart(on: Stand, rows: Any, kind: str, task: str) -> None:
    ground = on(kind)
    given = rows(**COLUMNS[task])
    head = table.HEADS[task](ground, LABELS, 0)
    told = table.TASKS[task](ground, given, LABELS, head)
    learning = [*ground.encoder.train_top(None).values(), *head.parameters()]
    optimizer = torch.optim.AdamW(learning, lr=5e-3)
    for _ in range(300):
        optimizer.zero_grad()
        loss = told.loss(np.arange(5))
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        if loss < 0.05:
            break
    said, right = told.say(), COLUMNS[task].get("label") or WORDS
    if task == "tagging":
        right = ["[" + ", ".join(f'"{tag}"' for tag in tags) + "]" for tags in COLUMNS[task]["tags"]]
    if task == "span":
        right = [answers[0]["text"] for answers in COLUMNS[task]["answers"]]
    assert said == right


@pytest.mark.parametrize("kind", ["modernbert", "llama", "qwen3"])
def test_texts_are_read_end_to_end_in_training(on: Stand, kind: str) -> None:
    ground = on(kind)
    inputs, mask = ground.inputs(ground.encode(WORDS)).batch(np.arange(5))
    assert mask.sum(1).max() > KINDS["modernbert"][2]["local_attention"] + 1  # some tokens do not see others
    theirs = AutoModel.from_pretrained(ground.folder).train()
    with torch.no_grad():
        before = ground.encoder(inputs, mask)[-1][mask]
        ground.encoder.pack()
        assert ground.encoder.packs
        assert torch.allclose(ground.encoder(inputs, mask)[-1][mask], before, atol=1e-5)
    ground.encoder.train()
    [mine] = ground.encoder(inputs, mask)
    weights = torch.linspace(-1, 1, 32)
    ((mine @ weights).square() * mask).sum().backward()
    for row, real in zip(range(5), mask, strict=True):
        alone = theirs(inputs[row : row + 1][:, real]).last_hidden_state[0]
        assert torch.allclose(mine[row][real], alone, atol=1e-5)
        (alone @ weights).square().sum().backward()
    learned = dict(ground.encoder.body.named_parameters())
    for name, tensor in theirs.named_parameters():
        assert torch.allclose(learned[name].grad, tensor.grad, rtol=1e-3, atol=1e-4), name  # type: ignore[arg-type]


def test_words_told_one_by_one_are_spelled_as_in_a_running_text(on: Stand) -> None:
    sentence = "Vereinigte Staaten von Amerika"
    for kind in ("qwen3", "llama", "modernbert"):
        ground = on(kind)
        found = ground.encode([sentence.split()], lead=0)
        assert found.ids.tolist() == AutoTokenizer.from_pretrained(ground.folder)(sentence)["input_ids"]
        marks = np.flatnonzero(found.words >= 0)
        assert found.words[marks].tolist() == [0, 1, 2, 3]
        pieces = [AutoTokenizer.from_pretrained(ground.folder).decode([i]) for i in found.ids]
        if kind in DECODERS:  # the state of a word's last piece has seen all of it
            read = ["".join(pieces[int(kind == "llama") : at + 1]) for at in marks]
            assert read == ["Vereinigte", "Vereinigte Staaten", "Vereinigte Staaten von", sentence]


def test_two_texts_that_no_token_parts_are_parted_by_a_line_break(on: Stand) -> None:
    for kind, told in {"qwen3": "eins zwei\nkm", "llama": "eins zwei<s>km"}.items():
        ground = on(kind)
        tokenizer = AutoTokenizer.from_pretrained(ground.folder)
        found = ground.encode([("eins zwei", "km")])
        assert tokenizer.decode(found.ids.tolist()).removeprefix("<s>") == told
    assert on("qwen3").encode(["", "km"]).lengths.tolist()[0] == 1  # a text of nothing has a last token too


def test_a_question_and_its_context_are_parted_alike(on: Stand) -> None:
    ground = on("qwen3")
    found = windows(["was"], ["Finnland und Schweden"], ground.folder, ground.model.digest, 64)
    inside = found.begins >= 0
    tokenizer = AutoTokenizer.from_pretrained(ground.folder)
    assert tokenizer.decode(found.encoded.ids.tolist()) == "was\nFinnland und Schweden"
    assert tokenizer.decode(found.encoded.ids[inside].tolist()) == "Finnland und Schweden"
    assert (found.begins[inside].min(), found.ends.max()) == (0, len("Finnland und Schweden"))
