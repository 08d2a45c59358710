"""stiltbench: does intermediate training in many languages beat English alone? The calls behind the commands.

Each is imported when it is first asked for, so that `import harness` costs nothing:

    from harness import Store, load_suite, run_suite
    run_suite(load_suite("quickstart"), Store(Path("store")))
"""

from __future__ import annotations

import importlib
from typing import Any

_CALLS = {
    "Store": "harness.store:Store",
    "UserError": "harness.errors:UserError",
    "adapt": "harness.data.adapt:adapted",
    "collect": "harness.inventory:collect",
    "compare": "harness.analysis.compare:compare",
    "fetch_dataset": "harness.data.fetch:fetch",
    "find_model": "harness.models.find:find",
    "list_datasets": "harness.data.catalogue:catalogue",
    "list_languages": "harness.languages:languages",
    "load_suite": "harness.suite_file:load",
    "make_plan": "harness.plan:make_plan",
    "publish_suite": "harness.publish:publish",
    "query": "harness.analysis.query:query",
    "plan_cost": "harness.cost:cost",
    "run_suite": "harness.run.local:run",
    "score_predictions": "harness.analysis.predictions:of_table",
    "score_submission": "harness.analysis.submission:of_folder",
    "status": "harness.inventory:status",
    "table_columns": "harness.schema:columns",
    "unnamed": "harness.inventory:unnamed",
}
"""Call → where it is. No call is named as a subpackage is: importing that would take its place."""

__all__ = list(_CALLS)


def __getattr__(name: str) -> Any:
    if name not in _CALLS:
        raise AttributeError(f"module 'harness' has no attribute {name!r}")
    module, _, call = _CALLS[name].partition(":")
    return getattr(importlib.import_module(module), call)
