"""Results leave for other programs: another store, or the formats that others read.

An export says nothing that a page does not: the numbers are those of `analysis`, and where it computes no interval
there is none. Folders are written whole, with the same bytes from the same results.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness.analysis.results import Results, from_file, from_store
from harness.errors import UserError
from harness.exchange import eee, eval_results, flat, mteb
from harness.exchange.files import write_folder
from harness.exchange.store_copy import copy
from harness.store import Store

FORMATS: dict[str, Callable[[Results, Path], None]] = {
    "eee": eee.write,
    "eval-results": eval_results.write,
    "mteb": mteb.write,
    "csv": flat.write,
}
"""Format → what fills a folder with it."""


def export(
    suite: str,
    to: str,
    out: Path | None = None,
    store: Store | None = None,
    source: Path | None = None,
    *,
    instances: bool = False,
    data: Path | None = None,
) -> list[dict[str, Any]]:
    """Export a suite's results; return a row for each file, or for each kind of thing that another store got.

    ``to`` is one of :data:`FORMATS`, or ``store:DIR``. Results come from a store, or from a published
    ``results.parquet`` (``source``). Files go to ``out`` (default: `exports/SUITE/FORMAT`), which may hold nothing
    but an earlier export of the same. ``instances`` adds to `eee` a row for every item, with its text, which is read
    from ``data``.
    """
    kind, _, place = to.partition(":")
    if to not in FORMATS and not (kind == "store" and place):
        raise UserError(f"--to {to}: unknown; expected store:DIR, {', '.join(FORMATS)}")
    if instances and to != "eee":
        raise UserError(f"--to {to}: has no rows of single items; leave out --instances, or export to eee")
    if source is not None and (instances or place):
        wanted = "--instances" if instances else f"--to {to}"
        raise UserError(f"{source}: holds scores alone, no predictions and no jobs; for {wanted} name the --store")
    if place and out is not None:
        raise UserError(f"--to {to}: writes to that store alone; leave out --out {out}")
    if place:
        assert store is not None
        return copy(store, suite, place)
    results = _results(suite, store, source)
    if to != "csv":
        _check_publishable(results)

    def fill(made: Path) -> None:
        FORMATS[to](results, made)
        if instances and store is not None:
            eee.add_instances(results, store, made, data)

    return write_folder(out or Path("exports") / suite / to, fill)


def _results(suite: str, store: Store | None, source: Path | None) -> Results:
    if source is None:
        assert store is not None
        return from_store(store, suite)
    found = from_file(source)
    if found.suite.name != suite:
        raise UserError(f"{source}: holds the results of {found.suite.name}, not of {suite}")
    return found


def _check_publishable(results: Results) -> None:
    """Refuse for formats of public collections what no leaderboard shows either."""
    suite, facts = results.suite, results.facts
    if suite.limit is not None or suite.scale == "smoke":
        raise UserError(f"{suite.name}: a first look is never published; run the whole suite, or export it to csv")
    done = sum(phase["jobs"] for phase in facts["phases"])
    if done < facts["planned"]:
        raise UserError(f"{suite.name}: {done} of {facts['planned']} jobs are done; `stiltbench run` does the rest")
