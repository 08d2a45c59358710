"""Arms and contrasts in words: what was read, and everything in which two arms differ."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from harness.publish.training import differ, reads, selections
from harness.suite import Contrast, Suite

TARGET = {"test": [{"data": "panx", "split": "dev"}]}

ENGLISH = {"data": "mnli", "languages": ["eng_Latn"]}
MANY = {"data": "xnli", "languages": ["arb_Arab", "bul_Cyrl", "deu_Latn", "ell_Grek", "fra_Latn"]}
TEXT = {"data": "wikipedia", "languages": ["wol_Latn", "mlt_Latn", "uig_Arab", "urd_Arab", "bel_Cyrl"], "recipe": "r"}


def suite(arms: dict[str, Any]) -> Suite:
    raw = {"name": "s", "title": "S", "model": "tiny", "seeds": [0], "arms": arms, "targets": {"t": TARGET}}
    return msgspec.convert(raw, Suite)


@pytest.mark.parametrize(
    ("arm", "said"),
    [
        ({}, "none"),
        ({"mix": [ENGLISH]}, "mnli (eng_Latn)"),
        ({"mix": [MANY], "control": "shuffled-labels"}, "xnli (5 languages), labels shuffled"),
        (
            {"mix": [ENGLISH, MANY], "sampling": {"scheme": "temperature", "temperature": 2.0, "cap": 131072}},
            "mnli (eng_Latn) + xnli (5 languages), sampled by size to the power of 1/2, capped at 131,072",
        ),
        (
            {"mix": [{**MANY, "sampling": {"scheme": "proportional"}}]},
            "xnli (5 languages), languages in proportion to size",
        ),
        ({"mix": [ENGLISH], "control": "token-matched", "like": "other"}, "mnli (eng_Latn), as many tokens as other"),
        ({"control": "more-steps"}, "longer target training"),
        ({"pretrain": TEXT}, "pretrained on wikipedia (5 languages)"),
        ({"transliterate": ["Arab", "Cyrl"]}, "Arab and Cyrl in Latin letters"),
        (
            {"mix": [ENGLISH], "mlm": [{"data": "udhr", "languages": "all"}], "mlm_ratio": 0.1},
            "mnli (eng_Latn), 10 % of all rows masked text: udhr (all languages)",
        ),
    ],
)
def test_an_arm_says_all_that_it_reads(arm: dict[str, Any], said: str) -> None:
    assert reads(suite({"arm": arm, "other": {"mix": [ENGLISH]}, "third": {"mix": [MANY]}}), "arm") == said


def test_languages_stand_alone_where_all_arms_read_one_data_set() -> None:
    found = suite({"none": {}, "english": {"mix": [ENGLISH]}, "more": {"mix": [{**MANY, "data": "mnli"}]}})
    assert [reads(found, arm) for arm in found.arms] == [
        "none",
        "eng_Latn",
        "arb_Arab, bul_Cyrl, deu_Latn, ell_Grek, fra_Latn",
    ]


@pytest.mark.parametrize(
    ("a", "b", "found"),
    [
        ({"mix": [MANY]}, {"mix": [ENGLISH]}, ["data sets", "languages"]),
        ({"mix": [ENGLISH]}, {"mix": [ENGLISH], "control": "shuffled-labels"}, ["whether labels are shuffled"]),
        ({"mix": [ENGLISH]}, {}, ["whether there is intermediate training"]),
        ({"mix": [ENGLISH]}, {"control": "more-steps"}, ["intermediate training or longer target training"]),
        ({}, {"control": "more-steps"}, ["how long targets are trained"]),
        ({"pretrain": TEXT, "transliterate": ["Arab"]}, {}, ["text for pretraining", "script read"]),
        ({"mix": [ENGLISH], "pretrain": TEXT}, {}, ["whether there is intermediate training", "text for pretraining"]),
    ],
)
def test_two_arms_differ_in_what_is_said(a: dict[str, Any], b: dict[str, Any], found: list[str]) -> None:
    contrast = Contrast(name="a over b", a="a", b="b", targets=["t"], role="primary")
    assert differ(suite({"a": a, "b": b}), contrast) == found


def test_what_dev_chose_is_a_line_for_each_target_and_phase() -> None:
    row = {"target": "t", "phase": "target", "how": "english-dev", "checks": 5, "score": 0.5, "last": True}
    rows = [row, {**row, "score": 0.75, "last": False}, {**row, "target": "intermediate", "phase": "intermediate"}]
    assert selections({"selected": rows}) == [
        "t: the model is chosen on English dev: the best of 5 checks, which scored 50.0 to 75.0 there and was the last "
        "one in 1 of 2 trainings.",
        "intermediate phase: the model is chosen on English dev: the best of 5 checks, which scored 50.0 there and was "
        "the last one in 1 of 1 training.",
    ]
    assert selections({}) == []
