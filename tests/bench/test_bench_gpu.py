"""The check of a GPU: what it compares, the page it writes, and that it refuses where there is none."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import ANY

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from harness.bench import gpu
from harness.errors import UserError
from harness.store import Store


def test_without_a_gpu_it_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    with pytest.raises(UserError, match=r"^bench gpu: there is no GPU here; run it on a machine that has one$"):
        gpu.measure(None)


def test_one_byte_is_a_difference(small_store: Store, copied: Store) -> None:
    assert gpu.compared(small_store, copied) == ("40 jobs", True)
    key = next(key for key in copied.finished() if copied.job(key)["phase"] == "target")
    weights = copied.weights(key)
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x00")
    assert gpu.compared(small_store, copied) == (f"1 of 40 jobs differ, as {key}", False)


def test_a_job_that_one_lacks_is_a_difference(small_store: Store, copied: Store) -> None:
    lost = copied.finished()[0]
    copied.remove(lost)
    assert gpu.compared(small_store, copied) == (f"1 of 40 jobs differ, as {lost}", False)
    empty = Store(copied.path.parent / "empty")
    assert gpu.compared(empty, empty) == ("0 jobs", False)


def test_predictions_are_counted_one_by_one(small_store: Store, copied: Store) -> None:
    key = next(key for key in copied.finished() if copied.job(key)["phase"] == "predict")
    path = copied.folder(key) / "predictions.parquet"
    said = pq.read_table(path)
    n = len(said)
    assert gpu.agreeing(small_store, copied, [key]) == (f"{n} of {n} predictions", True)
    for wrong, agree in ((n // 100, True), (n // 100 + 1, False)):
        place = said.column_names.index("prediction")
        other = pc.if_else(pa.array([i < wrong for i in range(n)]), "another", said["prediction"])
        pq.write_table(said.set_column(place, "prediction", other), path)
        assert gpu.agreeing(small_store, copied, [key]) == (f"{n - wrong} of {n} predictions", agree)


def test_the_page_says_what_did_not_hold() -> None:
    rows = [
        {"check": "run quickstart --limit 24", "seen": "61 jobs", "passed": True, "seconds": 12.4},
        {"check": "killed and run again, too", "seen": "1 of 5 jobs differ, as k", "passed": False, "seconds": 3.2},
        {"check": "bench train", "seen": "not measured", "passed": None, "seconds": 0.0},
    ]
    page = gpu.page(rows).splitlines()
    assert page[4] == "Did not hold: killed and run again, too. 16 s in all."
    assert page[8:] == [
        "| run quickstart --limit 24 | 61 jobs | 12 | yes |",
        "| killed and run again, too | 1 of 5 jobs differ, as k | 3 | **no** |",
        "| bench train | not measured | 0 | – |",
    ]


@pytest.mark.slow
def test_on_a_pretended_gpu_all_but_the_machine_holds(small_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    monkeypatch.setattr(gpu, "SMOKES", ((str(small_file), "--limit", "3", "--set", "seeds=[0]"),))
    monkeypatch.setattr(gpu, "CASE", (str(small_file), "--set", "seeds=[0]", "--only", "english"))
    told = {row["check"]: (row["seen"], row["passed"]) for row in gpu.measure(None)}
    machine, held = told.pop("machine")
    assert told == {
        f"run {small_file} --limit 3 --set seeds=[0]": (ANY, True),
        "the same run twice gives the same bytes": ("8 jobs", True),
        "killed and run again, too": ("8 jobs", True),
        "the CPU says the same (fp32)": (ANY, True),
        "bench train": (ANY, None),
    }
    assert not held
    assert machine.startswith("cpu ")
    assert "torch " in machine


@pytest.mark.slow
def test_rates_are_said_beside_whoever_took_the_same_steps() -> None:
    row = {"learns": "everything", "precision": "bf16", "tokens_a_step": 400.4, "tokens_per_second": 2118.2}
    beside = gpu._rates({**row, "times_best": 2.661, "peak": 0.376})
    assert beside == "everything, bf16, 400 tokens a step: 2118 tokens/s, 2.66 of Trainer's best, 38% of the peak"
    assert "Trainer" not in gpu._rates({**row, "times_best": None, "peak": 0.5})
    assert gpu._rates({**dict.fromkeys(row), "peak": None}) == ""


def test_a_run_that_fails_is_a_row_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    monkeypatch.setattr(gpu, "SMOKES", (("no-such-suite",),))
    monkeypatch.setattr(gpu, "CASE", ("no-such-suite",))
    rows = gpu.measure(None)
    assert [row["passed"] for row in rows] == [False, False, False, False, None, False]
    assert rows[0]["seen"].startswith("stiltbench: suite: unknown suite 'no-such-suite'")
