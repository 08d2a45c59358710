"""stiltbench: does intermediate training in many languages beat English alone? The calls behind the commands.

Each is imported when it is first asked for, so that `import harness` costs nothing:

    from harness import load_suite, run, Store
    run(load_suite("quickstart"), Store(Path("store")))
"""

from __future__ import annotations

import importlib
from typing import Any

_CALLS = {
    "Store": "harness.store",
    "UserError": "harness.errors",
    "adapted": "harness.data.adapt",
    "collect": "harness.inventory",
    "compare": "harness.analysis.compare",
    "datasets": "harness.data.cards",
    "find_model": "harness.models.find",
    "languages": "harness.languages",
    "load_suite": "harness.suite",
    "make_plan": "harness.plan",
    "publish": "harness.publish",
    "query": "harness.analysis.query",
    "run": "harness.run.local",
    "schema": "harness.schema",
    "status": "harness.inventory",
    "unnamed": "harness.inventory",
}
"""Name → module. Where the module calls it otherwise, :data:`_RENAMED` says how."""

_RENAMED = {"datasets": "dataset_listing", "find_model": "find", "load_suite": "load", "schema": "columns"}

__all__ = list(_CALLS)


def __getattr__(name: str) -> Any:
    if name not in _CALLS:
        raise AttributeError(f"module 'harness' has no attribute {name!r}")
    return getattr(importlib.import_module(_CALLS[name]), _RENAMED.get(name, name))
