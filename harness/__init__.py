"""stiltbench: does intermediate training in many languages beat English alone? The calls behind the commands.

Each is imported when it is first asked for, so that `import harness` costs nothing. What a command lists, its
call returns as an Arrow table, which DuckDB reads by the name of the variable:

    from harness import Store, load_suite, run_suite, status
    store = Store(Path("store"))
    run_suite(load_suite("quickstart"), store)
    found = status(store)
    duckdb.sql("select phase, done from found")
"""

from __future__ import annotations

import importlib
from typing import Any

_CALLS = {
    "Assumption": "harness.analysis.forecast:Assumption",
    "Comparer": "harness.analysis.compare:Comparer",
    "Store": "harness.store:Store",
    "UserError": "harness.errors:UserError",
    "adapt": "harness.data.adapt:adapted",
    "assumed_designs": "harness.analysis.designs:designs",
    "collect": "harness.inventory:collect",
    "family_figure": "harness.publish.figures:family_figure",
    "file_results": "harness.analysis.results:from_file",
    "find_model": "harness.models.find:find",
    "import_results": "harness.analysis.outside:imported",
    "load_site": "harness.run.site:load",
    "load_suite": "harness.suite_file:load",
    "make_plan": "harness.plan:make_plan",
    "named_query": "harness.analysis.named:named_query",
    "new_suite": "harness.scaffold:new_suite",
    "open_store": "harness.remote:open_store",
    "planned_designs": "harness.analysis.designs:planned",
    "publish_suite": "harness.publish:publish",
    "run_job": "harness.run.job:job",
    "run_on_ray": "harness.run.on_ray:run",
    "run_suite": "harness.run.local:run",
    "store_results": "harness.analysis.results:from_store",
    "submit_suite": "harness.run.slurm:submit",
    "write_card": "harness.data.upkeep:write_block",
}
"""Call → where it is. No call is named as a module is: importing that would take its place."""

_TABLES = {
    "audit": "harness.data.lineage:audit",
    "audit_all": "harness.data.lineage:audit_all",
    "compare": "harness.analysis.compare:compare",
    "export_suite": "harness.exchange:export",
    "fetch_dataset": "harness.data.fetch:fetch",
    "forecast": "harness.analysis.forecast:forecast",
    "list_datasets": "harness.data.catalogue:catalogue",
    "list_languages": "harness.calls:list_languages",
    "list_models": "harness.calls:list_models",
    "list_suites": "harness.calls:list_suites",
    "measure": "harness.bench:measure",
    "plan_cost": "harness.cost:cost",
    "plan_mixes": "harness.outline:mixes",
    "plan_outline": "harness.outline:outline",
    "query": "harness.analysis.query:query",
    "rank_arms": "harness.analysis.ranking:rankings",
    "repeats": "harness.data.lineage:repeats",
    "score_predictions": "harness.analysis.predictions:of_table",
    "score_submission": "harness.analysis.submission:of_folder",
    "status": "harness.inventory:status",
    "table_columns": "harness.calls:table_columns",
    "unnamed": "harness.inventory:unnamed",
}
"""Calls that return an Arrow table of the rows that stand there."""

__all__ = sorted(_CALLS | _TABLES)


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'harness' has no attribute {name!r}")
    module, _, call = (_CALLS | _TABLES)[name].partition(":")
    found = getattr(importlib.import_module(module), call)
    return importlib.import_module("harness.calls").as_table(found) if name in _TABLES else found


def __dir__() -> list[str]:
    return [*globals(), *__all__]
