"""What a model cannot do is refused when it is asked for, in one sentence with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import UserError
from harness.plan import make_plan
from harness.plan.jobs import best_precision
from harness.suite_file import load
from tests.families import made
from tests.small import DIVERSE, Change, Declare

RETRIEVAL = (
    '[targets.retrieval]\ntest = [{ data = "cldr_terms", split = "test" }]\npivot = "eng_Latn"\nlayers = [1, 2]\n'
)
TEXT = RETRIEVAL, '[targets.retrieval]\nkind = "mlm"\ntest = [{ data = "cldr_terms", split = "test" }]\n'
TRANSLATION = (
    RETRIEVAL,
    RETRIEVAL.replace("layers = [1, 2]", "").replace("retrieval]", 'retrieval]\nkind = "translation"'),
)
ENGLISH = 'mix = [{ data = "cldr_kind", languages = ["eng_Latn"] }]\n'
MASKED = 'mlm = [{ data = "cldr_terms", languages = "all" }]\nmlm_ratio = 0.5\n'
PRETRAIN = 'pretrain = { data = "cldr_terms", languages = ["fra_Latn"], recipe = "short" }\n'
WHOLE = "trainable_layers = 1", 'trainable_layers = "all"'
SEQ2SEQ = 'model = "tiny"', 'model = "tiny-seq2seq"'

REFUSED: list[tuple[list[Change], str]] = [
    ([("trainable_layers = 1", "trainable_layers = 3")], "recipes.short.trainable_layers: 3, but tiny has 2 layers"),
    ([SEQ2SEQ], "recipes.short.trainable_layers: tiny-seq2seq is an encoder–decoder and cannot be cut; say 'all'"),
    ([("epochs = 1", "epochs = 1\nmax_length = 513")], "recipes.short.max_length: 513, but tiny reads 512 tokens"),
    ([TRANSLATION], "targets.retrieval: tiny has no decoder; translation needs an encoder–decoder, as tiny-seq2seq is"),
    (
        [TEXT, (DIVERSE, f"[arms.diverse]\n{ENGLISH}{MASKED}")],
        "targets.retrieval: tiny brings no head that guesses masked words, and nothing trains one in none, english; ",
    ),
]


DECODER: list[tuple[list[Change], str]] = [
    ([], "recipes.short.trainable_layers: {model} is a decoder and cannot be cut; say 'all'"),
    ([WHOLE, TEXT], "targets.retrieval: {model} is a decoder and guesses no masked words"),
    ([WHOLE, (DIVERSE, f"[arms.diverse]\n{ENGLISH}{MASKED}")], "arms.diverse: {model} is a decoder and guesses no "),
    ([WHOLE, ("[arms.none]\n", f"[arms.none]\n{PRETRAIN}")], "arms.none: {model} is a decoder and guesses no masked"),
    (
        [WHOLE, ("layers = [1, 2]", 'layers = [1, 2]\npooling = "cls"')],
        "targets.retrieval.pooling: the first token of {model}, a decoder, has seen no other; say 'last' or 'mean'",
    ),
]


@pytest.mark.parametrize(("changes", "message"), DECODER, ids=[m[:50] for _, m in DECODER])
def test_what_a_decoder_cannot_do_is_refused(
    declare: Declare, tmp_path: Path, changes: list[Change], message: str
) -> None:
    model = made("llama", tmp_path)
    with pytest.raises(UserError) as caught:
        make_plan(load(declare(('model = "tiny"', f'model = "{model}"'), *changes)), None)
    assert str(caught.value).startswith(f"small: {message.format(model=model)}")


@pytest.mark.parametrize(("changes", "message"), REFUSED, ids=[m[:70] for _, m in REFUSED])
def test_what_a_model_cannot_do_is_refused(declare: Declare, changes: list[Change], message: str) -> None:
    with pytest.raises(UserError) as caught:
        make_plan(load(declare(*changes)), None)
    assert str(caught.value).startswith(f"small: {message}")


def test_what_a_model_can_do_is_planned(declare: Declare) -> None:
    whole = ("trainable_layers = 1", 'trainable_layers = "all"\nmax_length = 2048')  # T5's positions are relative
    assert make_plan(load(declare(SEQ2SEQ, whole, TRANSLATION)), None).jobs
    masks = [(old, old + PRETRAIN) for old in ("[arms.none]\n", ENGLISH, DIVERSE)]
    assert make_plan(load(declare(TEXT, *masks)), None).jobs


@pytest.mark.parametrize(("visible", "hidden"), [(None, False), ("0", False), ("", True), ("-1", True)])
def test_a_gpu_that_is_hidden_is_not_planned_for(
    monkeypatch: pytest.MonkeyPatch, visible: str | None, hidden: bool
) -> None:
    monkeypatch.setattr("harness.plan.jobs.Path.exists", lambda path: str(path) == "/proc/driver/nvidia")
    monkeypatch.setattr("harness.plan.jobs.Path.read_text", lambda *_, **__: "flags: sse2")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert best_precision() == ("fp32" if hidden else "bf16")
