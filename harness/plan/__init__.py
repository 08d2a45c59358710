"""A suite, the data and a store become a plan: what is drawn (`draws`), tested (`targets`), met (`leaks`) and run.

`graph` is what a plan is, `jobs` fills it.
"""

from __future__ import annotations

from harness.plan.graph import EPOCHS, INTERMEDIATE, TRAINING, Cell, Missing, Plan
from harness.plan.jobs import CHECK_LANGUAGES, best_precision, make_plan
from harness.store import job_key

__all__ = [
    "CHECK_LANGUAGES",
    "EPOCHS",
    "INTERMEDIATE",
    "TRAINING",
    "Cell",
    "Missing",
    "Plan",
    "best_precision",
    "job_key",
    "make_plan",
]
