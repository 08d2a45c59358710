"""Spans: loss and gradients by the library's own model, gold found again, decoding against a search by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from harness.models.find import find
from harness.train import device
from harness.train.kinds.span import Span, best_spans, new_head, tokens_of
from harness.train.loop import Phase, train

CONTEXTS = [
    "日本国は東アジアに位置する島国である。首都は東京、人口は多い。",
    "القاهرة هي عاصمة مصر وأكبر مدنها",
    "I 😀👍🏽 love it. Finland is a country in the north of Europe, and Helsinki is its capital.",
    "km",
]
QUESTIONS = ["首都？", "عاصمة؟", "capital?", "?"]
GOLD = ["東京", "القاهرة", "Helsinki", None]


def answers() -> list[list[dict[str, Any]]]:
    told = zip(GOLD, CONTEXTS, strict=True)
    return [[{"text": text, "start": context.index(text)}] if text else [] for text, context in told]


def a_task(stand: Any, rows: Any, level: int = 0, length: int = 36, prefix: str = "", **how: Any) -> Span:
    ground = stand(level, model=replace(find("tiny"), prefix=prefix), max_length=length)
    given = rows(text=QUESTIONS, text_pair=CONTEXTS, answers=answers())
    return Span(ground, given, [], new_head(ground, [], 0), **how)


def of_window(task: Span, window: int) -> slice:
    return slice(*task.windows.encoded.starts[window : window + 2])


@pytest.mark.parametrize("level", [0, 1])
def test_loss_and_gradients_are_the_librarys(stand: Any, rows: Any, tiny: Path, level: int) -> None:
    from transformers import AutoModelForQuestionAnswering

    task = a_task(stand, rows, level)
    theirs = AutoModelForQuestionAnswering.from_pretrained(tiny).eval()
    theirs.qa_outputs.load_state_dict(task.head.state_dict())
    losses = []
    for window, (first, last) in enumerate(task.spans):  # one at a time: the library's loss is over padding too
        ids = torch.from_numpy(task.windows.encoded.ids[of_window(task, window)]).long()[None]
        losses.append(theirs(input_ids=ids, start_positions=first[None], end_positions=last[None]).loss)
    expected = torch.stack(losses).mean()
    expected.backward()
    found = task.loss(np.arange(len(losses)))
    found.backward()
    assert len(set(task.costs)) > 2
    assert found.item() == pytest.approx(expected.item(), abs=1e-5)
    assert torch.allclose(task.head.weight.grad, theirs.qa_outputs.weight.grad, atol=1e-6)
    mine = {task.ground.encoder.full_name(n): p.grad for n, p in task.ground.encoder.body.named_parameters()}
    assert len(mine) > 10
    for name, tensor in theirs.bert.named_parameters():
        if name in mine:
            assert torch.allclose(mine[name], tensor.grad, atol=1e-5), name


@pytest.mark.parametrize("prefix", ["", "query: "])
def test_gold_is_the_answer_in_each_window_that_holds_it(stand: Any, rows: Any, prefix: str) -> None:
    task = a_task(stand, rows, prefix=prefix)
    held = dict.fromkeys(range(4), 0)
    for window, (row, (first, last)) in enumerate(zip(task.windows.rows, task.spans.tolist(), strict=True)):
        begins, ends = task.windows.begins[of_window(task, window)], task.windows.ends[of_window(task, window)]
        context, gold = CONTEXTS[row], GOLD[row]
        if (first, last) == (0, 0):
            whole = gold and begins[begins >= 0].min() <= context.index(gold) < ends.max() - len(gold)
            assert not whole
        else:
            assert context[begins[first] : ends[last]] == gold
            held[row] += 1
    assert [held[row] > 0 for row in range(4)] == [True, True, True, False]
    assert len(task.spans) > sum(held.values()) + 1  # some window of an answered question has not its answer


def test_an_answer_is_every_token_that_it_touches_and_none_of_a_part() -> None:
    # <s> wer </s> </s> "(118)" " und" " mehr" </s>, as a tokenizer that leaves blanks to words has it
    begins, ends = np.array([-1, -1, -1, -1, 0, 5, 9, -1]), np.array([-1, -1, -1, -1, 5, 9, 14, -1])
    assert tokens_of([{"text": "118", "start": 1}], begins, ends) == (4, 4)
    assert tokens_of([{"text": "und", "start": 6}, {"text": "118", "start": 1}], begins, ends) == (5, 5)
    assert tokens_of([{"text": "und mehr", "start": 6}], begins, ends) == (5, 6)
    assert tokens_of([{"text": " und ", "start": 5}], begins, ends) == (5, 5)
    assert tokens_of([{"text": "mehr noch", "start": 10}], begins, ends) == (0, 0)
    assert tokens_of([{"text": "(118)", "start": 0}], np.where(begins == 0, 1, begins), ends) == (0, 0)
    assert tokens_of([], begins, ends) == (0, 0)


def search(first: Any, last: Any, context: Any) -> tuple[float, int, int]:
    """Search as SQuAD's scripts do, in plain loops."""
    places = [i for i, inside in enumerate(context) if inside]
    firsts = sorted(places, key=lambda i: -first[i])[:20]
    lasts = sorted(places, key=lambda i: -last[i])[:20]
    spans = [(float(first[a] + last[b]), a, b) for a in firsts for b in lasts if 0 <= b - a < 30]
    return max(spans, default=(-np.inf, 0, 0))


@pytest.mark.parametrize("length", [7, 40, 200])
def test_the_best_span_is_that_of_a_search_by_hand(length: int) -> None:
    rng = np.random.default_rng(length)
    logits = rng.normal(size=(50, 2, length)).astype(np.float32)
    context = np.zeros((50, length), bool)
    for row, begin in enumerate(rng.integers(0, length, 50)):
        context[row, begin : rng.integers(begin, length + 1)] = True
    scores, at = best_spans(torch.from_numpy(logits), torch.from_numpy(context))
    expected = [search(*pair, inside) for pair, inside in zip(logits, context, strict=True)]
    assert scores.numpy() == pytest.approx(np.array([score for score, *_ in expected]), abs=1e-6)
    for place, (score, *wanted) in zip(at.tolist(), expected, strict=True):
        assert score == -np.inf or place == wanted
    assert 0 < sum(score == -np.inf for score, *_ in expected) < 25


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("prefix", ["", "query: "])
def test_the_best_of_all_windows_is_said_as_the_context_writes_it(
    stand: Any, rows: Any, reference: Any, level: int, prefix: str
) -> None:
    task = a_task(stand, rows, level, prefix=prefix)
    found: dict[int, list[tuple[float, str]]] = {row: [] for row in range(4)}
    for window, row in enumerate(task.windows.rows):
        at = of_window(task, window)
        with torch.no_grad():
            states = reference(input_ids=torch.from_numpy(task.windows.encoded.ids[at])[None].long())
            logits = task.head(states.last_hidden_state[0]).numpy()
        score, first, last = search(*logits.T, task.windows.begins[at] >= 0)
        begin, end = task.windows.begins[at][first], task.windows.ends[at][last]
        found[row].append((score, CONTEXTS[row][begin:end].strip()))
    assert task.say() == [max(found[row], key=lambda pair: pair[0])[1] for row in range(4)]
    assert max(len(of) for of in found.values()) > 1


def test_no_answer_is_said_where_its_score_exceeds_the_best_by_more(stand: Any, rows: Any) -> None:
    task = a_task(stand, rows)
    task.windows = replace(task.windows, rows=np.arange(4).repeat([1, 1, 1, len(task.windows.rows) - 3]))
    best, none = np.full(len(task.windows.rows), 2.0), np.full(len(task.windows.rows), 9.0)
    none[:3] = [4.0, 3.0, 1.0]
    none[-1] = 2.5  # the least of all its windows counts
    at = np.flatnonzero(task.windows.begins >= 0)[:1].repeat(2)[None].repeat(len(best), 0)
    said = {}
    for threshold in (None, 0.0, 1.0, -5.0):
        task.no_answer = threshold
        said[threshold] = [bool(answer) for answer in task._answers(best, none, at)]
    assert said[None] == [True, True, True, True]
    assert said[0.0] == [False, False, True, False]
    assert said[1.0] == [False, True, True, True]
    assert said[-5.0] == [False, False, False, False]


def test_blanks_that_a_tokenizer_leaves_to_a_word_are_no_part_of_an_answer(stand: Any, rows: Any) -> None:
    ground = stand(max_length=36)
    task = Span(ground, rows(text=["wer?"], text_pair=["e  e"]), [], new_head(ground, [], 0))
    last = int(np.flatnonzero(task.windows.begins >= 0)[-1])
    task.windows.begins[last] = 1  # as XLM-R's has it; the tiny model's leaves blanks to none
    assert task._answers(np.ones(1), np.zeros(1), np.array([[last, last]])) == ["e"]


def test_a_context_without_a_token_has_no_answer(stand: Any, rows: Any) -> None:
    ground = stand(max_length=36)
    task = Span(ground, rows(text=["wer?", "wo?"], text_pair=["", "e"]), [], new_head(ground, [], 0))
    assert task.say() == ["", "e"]


def test_a_romanised_context_is_answered_in_its_own_script(stand: Any, rows: Any) -> None:
    ground = stand(max_length=64, transliterate=("Arab",))
    given = rows(text=QUESTIONS[1:2], text_pair=CONTEXTS[1:2], answers=answers()[1:2], script=["Arab"])
    task = Span(ground, given, [], new_head(ground, [], 0))
    (first, last), *_ = task.spans.tolist()
    assert CONTEXTS[1][task.windows.begins[first] : task.windows.ends[last]] == "القاهرة"
    assert last - first > 0
    assert task.say()[0] in CONTEXTS[1]


def test_what_can_be_learned_is_learned(stand: Any, rows: Any, tmp_path: Path) -> None:
    device.pin(1, 0)
    task = a_task(stand, rows, length=36, no_answer=0.0)
    recipe = {"epochs": 60, "steps": None, "batch_tokens": 200, "learning_rate": 3e-3, "warmup": 0.1}
    spec = {"recipe": {**recipe, "weight_decay": 0.0}, "seed": 0, "precision": "fp32"}
    learning = task.ground.encoder.train_top(None) | dict(task.head.named_parameters())
    out = train(Phase(task.ground.encoder, [task], learning), spec, tmp_path / "resume", lambda *_: None)
    assert out.progress.losses[-1] < 0.2 < 3 < out.progress.losses[0]
    task.ground.encoder.eval()
    assert task.say() == ["東京", "القاهرة", "Helsinki", ""]
