"""Every adapter meets damaged files: it refuses with one sentence, or gives rows that keep every promise.

Small sound files are damaged as files are in practice, by hypothesis, from a fixed seed.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from harness import languages, schema
from harness.data import adapt, cards
from harness.data.adapt import Adapted
from harness.errors import UserError
from tests.adapters.damage import damaged
from tests.adapters.raw_files import RAW, Files


def test_every_adapter_that_reads_files_has_a_base():
    assert set(RAW) == {name for name in cards.dataset_names() if cards.dataset_card(name).files}


def check_refusal(name: str, error: UserError, root: Path) -> None:
    said = str(error)
    assert said.isprintable(), "one sentence that a terminal can show"
    assert said.startswith(f"{name}: ")
    patterns = ", ".join(cards.dataset_card(name).files)
    assert str(root) in said or said.endswith(f"so look at the files {patterns}"), said


def check_rows(made: Adapted) -> None:
    """Every promise of `examples`, checked without a line of the harness' own checks."""
    card = made.card
    needed = {"id", "dataset", *schema.TASK_KINDS[card.kind], *card.columns}
    for (split, language), part in made.parts.items():
        assert split in card.splits
        assert not card.languages.codes or language in card.languages.codes
        assert language in languages.languages() or languages.OUTSIDE.fullmatch(language)
        rows = made.rows(split, [language]).to_pylist()
        assert len(rows) == part.rows == len({row["id"] for row in rows})
        for row in rows:
            assert all(row[column] is not None for column in needed), row
            assert "\\u0000" not in json.dumps(row, ensure_ascii=False), row
            check_row(card, row)


def check_row(card: cards.DatasetCard, row: Mapping[str, Any]) -> None:
    if card.kind == "choice":
        assert row["choices"][int(row["label"])] is not None
        assert row["label"] == str(int(row["label"]))
        assert int(row["label"]) >= 0
    elif card.labels:
        assert {row["label"]} - {None} | set(row["tags"] or []) <= set(card.labels)
    assert len(row["tokens"] or []) == len(row["tags"] or [])
    assert all(row["tokens"] or ["x"])
    for answer in row["answers"] or []:
        text, start = answer["text"], answer["start"]
        assert text
        assert row["text_pair"][start : start + len(text)] == text


def fuzz(name: str, count: int, folder: Path) -> Counter[str]:
    """Adapt damaged files of a data set ``count`` times; return how many were refused and accepted."""
    root, kept = folder / (cards.dataset_card(name).folder or name), folder / "cache" / "examples"
    ended: Counter[str] = Counter()

    @settings(
        **{"max_examples": count, "derandomize": True, "database": None, "deadline": None},
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(damaged(RAW[name]))
    def attempt(files: Files) -> None:
        for place in (root, kept):
            shutil.rmtree(place, ignore_errors=True)
        for path, content in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(content)
        try:
            made = adapt.adapted(name, data=folder)
        except UserError as error:
            check_refusal(name, error, root)
            assert not kept.exists() or not list(kept.iterdir())
            ended["refused"] += 1
        else:
            check_rows(made)
            assert list(kept.iterdir()) == [made.path]
            ended["accepted"] += 1

    attempt()
    return ended


@pytest.mark.parametrize("name", RAW)
def test_damaged_files_are_refused_with_one_sentence_or_give_sound_rows(name, tmp_path, monkeypatch):
    monkeypatch.setenv("STILTBENCH_CACHE", str(tmp_path / "cache"))
    fuzz(name, 5, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", RAW)
def test_many_damaged_files(name, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("STILTBENCH_CACHE", str(tmp_path / "cache"))
    ended = fuzz(name, 500, tmp_path)
    with capsys.disabled():
        told = ", ".join(f"{count} {end}" for end, count in sorted(ended.items()))
        print(f"\n{name}: {ended.total()} mutations tried, {told}, 0 tracebacks")
