"""Commands on results: queries, comparisons, pages, measurements."""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from harness.bench import BENCHES, measure
from harness.commands.arguments import Add, positive
from harness.errors import UserError
from harness.listing import distinct, show, write

if TYPE_CHECKING:
    from harness.analysis.results import Results


def add_to(add: Add) -> None:
    """What was found, and how fast it was."""
    one = add("query", _query, "Ask a store in SQL.", "store", "format")
    one.add_argument("sql", nargs="?", help="one SELECT; tables: `stiltbench schema`")
    one.add_argument("--named", nargs="?", const="", metavar="NAME", help="a question that ships; without NAME: list")
    one.add_argument("--folder", type=Path, help="folder of your own named .sql files")
    one.add_argument("--from", dest="source", type=Path, help="a results.parquet, instead of the store")
    one.add_argument("--suite", help="one suite only")
    one = add("compare", _compare, "Compare two arms, with families as the unit.", "store", "data", "adapters")
    one.add_argument("a", nargs="?", help="arm whose gain is asked for")
    one.add_argument("b", nargs="?", help="arm that it is compared with")
    one.add_argument("--all", action="store_true", help="every pair of arms, and the ranks that each may have")
    one.add_argument("--suite", help="suite in the store, or in the store that --from names")
    one.add_argument("--target", help="one target only")
    one.add_argument("--by", metavar="COLUMN", help="where the gain lies: a column of languages, or distance.KIND")
    one.add_argument(
        "--from", dest="source", type=Path, help="anyone's results: a table, a store, or a folder with --as"
    )
    one.add_argument("--as", dest="layout", help="eee, lm_eval, lm_eval_aggregate, mteb or sib200_llm")
    one.add_argument("--parse", choices=["first", "unique"], help="how answers in words are read")
    one.add_argument("--columns", default="", metavar="NAME=OWN,…", help="a table's own names: language=lang,value=acc")
    one.add_argument("--format", choices=["table", "json"], default="table")
    one = add("score", _score, "Score predictions made elsewhere, without a model.", "data", "adapters", "format")
    one.add_argument("source", type=Path, help="a table of predictions, or a folder as it is handed in to XTREME")
    one = add("publish", _publish, "Write a suite's leaderboard page, figures and results.", "store", "adapters")
    one.add_argument("suite", help="suite in the store")
    one.add_argument("--out", type=Path, help="folder to write (default: leaderboards/SUITE)")
    one.add_argument("--from", dest="source", type=Path, help="a results.parquet, instead of the store")
    one.add_argument("--html", action="store_true", help="index.html as well: one file to sort, filter and hover over")
    one.add_argument(
        "--queries", type=Path, help="folder of your own named .sql files, answered beside those that ship"
    )
    one = add("export", _export, "Give a suite's results to another store or program.", "store", "data", "format")
    one.add_argument("suite", help="suite in the store")
    one.add_argument("--to", required=True, metavar="FORMAT", help="store:DIR, eee, eval-results, mteb or csv")
    one.add_argument("--out", type=Path, help="folder to write (default: exports/SUITE/FORMAT)")
    one.add_argument("--from", dest="source", type=Path, help="a results.parquet, instead of the store")
    one.add_argument("--instances", action="store_true", help="eee: a row for every item too, with its text")
    one = add("bench", _bench, "Measure side by side, and print the ratios.", "data", "format")
    one.add_argument("name", choices=BENCHES)
    one.add_argument("--sets", type=positive, default=1000, help="calibration: simulated data sets (default: 1000)")
    one.add_argument("--out", type=Path, help="calibration, gpu: the page to write")


def _query(args: argparse.Namespace) -> int:
    from harness.analysis.named import named_queries, named_query
    from harness.analysis.query import query
    from harness.remote import open_store

    if (args.sql is None) == (args.named is None):
        raise UserError("query: give one SELECT, or a question by --named NAME; --named alone lists them")
    if args.named == "":
        listed = named_queries(args.folder).values()
        show([{"name": q.name, "title": q.title} for q in listed], ["name", "title"], args.format)
        return 0
    sql = args.sql or named_query(args.named, args.folder).sql
    found = query(sql, args.source or open_store(args.store, create=False), args.suite)
    columns = distinct(found.columns)
    rows = [dict(zip(columns, row, strict=True)) for row in found.fetchall()]
    show(rows, columns, args.format)
    return 0


def _compare(args: argparse.Namespace) -> int:
    from harness.analysis.compare import Comparer
    from harness.analysis.ranking import rankings
    from harness.analysis.terminal import print_ranking, print_report

    if args.all == bool(args.b) or (args.all and (args.a or args.by)):
        raise UserError("compare: name two arms (and --by, if wanted), or --all for every pair")
    comparer = Comparer(_results(args))
    if args.all:
        print_ranking(rankings(comparer, args.target), args.format)
    else:
        print_report(comparer.between(args.a, args.b, args.target, args.by), args.format, args.by)
    return 0


def _results(args: argparse.Namespace) -> Results:
    """Return what `compare` asks about: a suite of the store, or what somebody else measured."""
    from harness.analysis.outside import imported
    from harness.analysis.results import from_store
    from harness.remote import open_store

    if args.source is None and args.suite is None:
        raise UserError("compare: name a suite of the store with --suite, or anyone's results with --from")
    if args.source is None:
        return from_store(open_store(args.store, create=False), args.suite)
    pairs = [pair.split("=", 1) for pair in args.columns.split(",") if pair]
    if any(len(pair) != 2 for pair in pairs):
        raise UserError(f"--columns {args.columns}: expected NAME=OWN,NAME=OWN, such as language=lang,value=acc")
    return imported(args.source, args.layout, columns=dict(pairs), parse=args.parse, data=args.data, suite=args.suite)


def _score(args: argparse.Namespace) -> int:
    from harness.analysis import predictions, submission
    from harness.score import translation

    if args.source.is_dir():
        rows, place = submission.of_folder(args.source), ["group", "task", "language", "metric"]
    else:
        rows = predictions.of_table(args.source, args.data)
        place = ["dataset", "split", "language", "other", "direction", "metric"]
    show(rows, [*place, "n", "value"], args.format)
    if any(row.get("direction") for row in rows):
        for metric, signature in translation.signatures().items():
            print(f"{metric}: {signature}", file=sys.stderr)
    return 0


def _publish(args: argparse.Namespace) -> int:
    from harness.publish import publish
    from harness.remote import open_store

    store = None if args.source else open_store(args.store, create=False)
    out = args.out or Path("leaderboards") / args.suite
    print(publish(args.suite, out, store, args.source, args.queries, html=args.html))
    return 0


def _export(args: argparse.Namespace) -> int:
    from harness.exchange import export
    from harness.remote import open_store

    store = None if args.source else open_store(args.store, create=False)
    rows = export(args.suite, args.to, args.out, store, args.source, instances=args.instances, data=args.data)
    show(rows, list(rows[0]), args.format)
    return 0


def _bench(args: argparse.Namespace) -> int:
    if args.out and args.name not in ("calibration", "gpu"):
        raise UserError(f"bench {args.name}: writes no page; leave out --out")
    rows = measure(args.name, args.data, args.sets)
    if args.out:
        write(args.out, importlib.import_module(f"harness.bench.{args.name}").page(rows))
    show(rows, list(rows[0]), args.format)
    return 1 if any(row.get("passed") is False for row in rows) else 0
