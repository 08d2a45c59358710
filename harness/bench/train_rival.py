"""Hugging Face `Trainer` on the same body, head and token ids as our own task, at its defaults or at its best."""

from __future__ import annotations

import tempfile
import time
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import AutoTokenizer, DataCollatorWithPadding, Trainer, TrainerCallback, TrainingArguments
from transformers.trainer_callback import PrinterCallback

from harness.train import device
from harness.train.kinds import task
from harness.train.kinds.classification import Classification


class _Pooled(nn.Module):
    """A body and a head, as `Trainer` wants them."""

    def __init__(self, body: nn.Module, head: nn.Module, pooling: str) -> None:
        super().__init__()
        self.body, self.head, self.pooling = body, head, pooling

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor, labels: torch.Tensor) -> dict[str, Any]:
        states = self.body(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        logits = self.head(task.pool(states, attention_mask, self.pooling))
        return {"loss": nn.functional.cross_entropy(logits.float(), labels), "logits": logits}


class _Ends(TrainerCallback):  # type: ignore[misc]
    def __init__(self) -> None:
        self.ends: list[float] = []

    def on_step_end(self, *_: Any, **__: Any) -> None:
        if device.device().type == "cuda":
            torch.cuda.synchronize()
        self.ends.append(time.perf_counter())


@lru_cache(maxsize=1)
def _padder(folder: Path) -> DataCollatorWithPadding:
    return DataCollatorWithPadding(AutoTokenizer.from_pretrained(folder))


class Rival:
    """One phase by `Trainer`: as it comes, or ``best``: batches of like length, and bf16 where the machine has it.

    Its optimizer is the fused AdamW by default. Nothing is logged, evaluated or saved.
    """

    def __init__(self, own: Classification, best: bool, bf16: bool) -> None:
        self.own, self.best, self.bf16 = own, best, bf16
        encoded = own.inputs.encoded
        spans = zip(encoded.starts[:-1], encoded.starts[1:], own.gold.tolist(), strict=True)
        self.rows = [{"input_ids": encoded.ids[a:b].tolist(), "labels": label} for a, b, label in spans]
        self.pad = _padder(own.ground.folder)
        self.clock = _Ends()
        self.batches: list[tuple[int, int]] = []

    def train(self, steps: int, rate: float, batch: int, seed: int) -> None:
        """Train body and head in place."""
        ground = self.own.ground
        model = _Pooled(ground.encoder.body, self.own.head, ground.model.pooling)
        with tempfile.TemporaryDirectory() as folder:
            asked = TrainingArguments(
                folder,
                max_steps=steps,
                learning_rate=rate,
                per_device_train_batch_size=batch,
                seed=seed,
                save_strategy="no",
                report_to="none",
                disable_tqdm=True,
                use_cpu=device.device().type == "cpu",
                bf16=self.bf16,
                train_sampling_strategy="group_by_length" if self.best else "random",
            )
            trainer = Trainer(model, asked, self._padded, self.rows, callbacks=[self.clock])
            trainer.remove_callback(PrinterCallback)  # it would go to standard output
            trainer.train()

    def _padded(self, rows: list[dict[str, Any]]) -> Any:
        made = self.pad(rows)
        self.batches.append((int(made["attention_mask"].sum()), made["attention_mask"].numel()))
        return made

    def counted(self) -> tuple[int, float, float]:
        """Return the real tokens and the seconds of all steps but the first, and the share of padding."""
        read = self.batches[1 : len(self.clock.ends)]
        tokens, positions = (sum(column) for column in zip(*read, strict=True))
        return tokens, self.clock.ends[-1] - self.clock.ends[0], 1 - tokens / positions
