"""The command line: parse, call, print. What a command does lives behind the call that it makes."""

from __future__ import annotations

import argparse
import errno
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.bench import BENCHES, measure
from harness.errors import UserError
from harness.listing import FORMATS, distinct, show, write

if TYPE_CHECKING:
    from harness.analysis.results import Results
    from harness.plan import Plan
    from harness.store import Store

Command = Callable[[argparse.Namespace], int]
Add = Callable[..., argparse.ArgumentParser]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return 0 done, 1 the run failed, 2 the user can mend it, 130 interrupted."""
    args = _parser().parse_args(argv)
    if getattr(args, "adapters", None):
        os.environ["STILTBENCH_ADAPTERS"] = str(args.adapters)
    command: Command = args.command
    try:
        code = command(args)
        sys.stdout.flush()
        return code
    except UserError as e:
        print(f"stiltbench: {e}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stiltbench: interrupted; what was finished is in the store, run again to go on", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of our output has enough, as in `| head`
        sys.stderr.close()
        return 0
    except OSError as e:
        if e.errno != errno.ENOSPC:
            raise
        _drop_output()
        print("stiltbench: standard output: no space left; write to another disk", file=sys.stderr)
        return 2


def _drop_output() -> None:
    """Forget what standard output still holds: Python would try to write it again at the end, and fail again."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="stiltbench",
        description="Intermediate training in which language? Runs suites, queries results, publishes leaderboards.",
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for group in (_data_commands, _run_commands, _result_commands):
        group(partial(_add, commands))
    return parser


def _add(commands: Any, name: str, command: Command, text: str, *arguments: str) -> argparse.ArgumentParser:
    """Add a command with the arguments that it shares with others; return its parser for its own."""
    made: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
    made.set_defaults(command=command)
    for argument in arguments:
        _ARGUMENTS[argument](made)
    return made


def _data_commands(add: Add) -> None:
    """Raw files, languages and tables."""
    add("datasets", _datasets, "List the data sets that can be adapted.", "data", "adapters", "format")
    one = add("languages", _languages, "List the languages, or explain one.", "format")
    one.add_argument("name", nargs="?", help="a code or an English name")
    one = add("schema", _schema, "Print the columns of a table.", "format")
    one.add_argument("table", nargs="?", help="default: all tables")
    one = add("fetch", _fetch, "Bring a data set's raw files, check them, and lock them.", "data", "adapters", "format")
    one.add_argument("name", help="data set")
    one.add_argument("--offline", action="store_true", help="ask no network: check and lock the files that are there")
    one.add_argument("--renew", action="store_true", help="take what is there now, and write the lock anew")
    one = add("adapt", _adapt, "Turn a data set's raw files into examples.", "data", "adapters", "format")
    one.add_argument("name", help="data set")
    one.add_argument("--out", type=Path, help="Parquet file to write the examples to")
    one = add(
        "audit",
        _audit,
        "Count what a data set shares with others, by source and by text.",
        "data",
        "adapters",
        "format",
    )
    one.add_argument("name", help="data set")
    one.add_argument("--against", nargs="*", default=[], metavar="NAME", help="data sets that it may share items with")


def _run_commands(add: Add) -> None:
    """Suites, models, plans and jobs."""
    add("suites", _suites, "List the suites that ship.", "format")
    one = add("model", _model, "Import a model, or list the models that have a card.", "format")
    one.add_argument("action", choices=["list", "import"])
    one.add_argument("name", nargs="?", help="model card")
    one.add_argument("--out", type=Path, help="folder to write (default: the cache)")
    one.add_argument("--exact-tokenizer", action="store_true", help="e5-small: the released tokenizer (README, Models)")
    planned = ("suite", "store", "data", "adapters", "limit", "set")
    one = add("plan", _plan, "Show what a suite would run, and what each arm sees.", *planned, "format")
    one.add_argument("--mde", action="store_true", help="what each contrast would find, instead; runs nothing")
    one = add("power", _power, "Say what a design would find, before it is run.", "store", "format")
    one.add_argument("--families", type=_positive, nargs="+", default=[], help="default: as measured, or all there are")
    one.add_argument("--seeds", type=_positive, nargs="+", default=[3, 5, 10], help="in each arm (default: 3 5 10)")
    for name in _POINTS:
        one.add_argument(name, type=float, metavar="POINTS", help=_POINTS[name])
    where = one.add_mutually_exclusive_group()
    where.add_argument("--from", dest="source", type=Path, help="measure in a results.parquet")
    where.add_argument("--suite", help="measure in a suite of the store")
    one.add_argument("--out", type=Path, help="SVG file: smallest difference by seeds")
    one = add("run", _run, "Run a suite; what is finished is not run again.", *planned)
    one.add_argument("--only", metavar="ARM", help="only the jobs that fill cells of this arm")
    one.add_argument("--quiet", action="store_true", help="no progress")
    add("status", _status, "Show how far the suites of a store are.", "store", "format")
    one = add("gc", _gc, "Say which jobs no suite names, and remove them with --yes.", "store", "format")
    one.add_argument("--cache", action="store_true", help="the cache instead of the store")
    one.add_argument("--yes", action="store_true", help="remove what is listed")
    one = add("job", _job, "Run one planned job of a store.", "data", "adapters")
    one.add_argument("store", type=Path, help="folder of the store")
    one.add_argument("key", help="key of the job, as `status` and `plan` know it")


def _result_commands(add: Add) -> None:
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
    one.add_argument("--suite", help="suite in the store")
    one.add_argument("--target", help="one target only")
    one.add_argument("--by", metavar="COLUMN", help="where the gain lies: a column of languages, or distance.KIND")
    one.add_argument("--from", dest="source", type=Path, help="anyone's results: a table, or a folder with --as")
    one.add_argument("--as", dest="layout", help="layout of a folder: lm_eval, sib200_llm")
    one.add_argument("--parse", choices=["first", "unique"], help="how answers in words are read")
    one.add_argument("--columns", default="", metavar="NAME=OWN,…", help="a table's own names: language=lang,value=acc")
    one.add_argument("--format", choices=["table", "json"], default="table")
    one = add("publish", _publish, "Write a suite's leaderboard page, figures and results.", "store", "adapters")
    one.add_argument("suite", help="suite in the store")
    one.add_argument("--out", type=Path, help="folder to write (default: leaderboards/SUITE)")
    one.add_argument("--from", dest="source", type=Path, help="a results.parquet, instead of the store")
    one.add_argument(
        "--queries", type=Path, help="folder of your own named .sql files, answered beside those that ship"
    )
    one = add("bench", _bench, "Measure side by side, and print the ratios.", "data", "format")
    one.add_argument("name", choices=BENCHES)
    one.add_argument("--sets", type=_positive, default=1000, help="calibration: simulated data sets (default: 1000)")
    one.add_argument("--out", type=Path, help="calibration: the page to write")


_ARGUMENTS: dict[str, Callable[[argparse.ArgumentParser], object]] = {
    "format": lambda p: p.add_argument("--format", choices=FORMATS, default="table"),
    "store": lambda p: p.add_argument("--store", type=Path, default=Path("store"), help="folder (default: store)"),
    "data": lambda p: p.add_argument("--data", type=Path, help="folder that holds one folder per data set"),
    "adapters": lambda p: p.add_argument("--adapters", type=Path, help="folder of your own adapters and cards"),
    "suite": lambda p: p.add_argument("suite", help="a suite that ships, or a .toml file"),
    "limit": lambda p: p.add_argument("--limit", type=_positive, help="first look: so many examples; never published"),
    "set": lambda p: p.add_argument(
        "--set", dest="changes", action="append", default=[], metavar="KEY=VALUE", help="a setting unlike the file's"
    ),
}


_POINTS = {
    "--family-sd": "standard deviation of family gains",
    "--seed-sd": "standard deviation of an arm's score over seeds",
    "--item-se": "standard error of the items that families share",
    "--effect": "a true difference: print the power to find it",
}


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"expected a whole number above 0, saw {text!r}")
    return int(text)


def _datasets(args: argparse.Namespace) -> int:
    from harness.data.cards import dataset_listing

    rows = dataset_listing()
    show(rows, list(rows[0]), args.format)
    return 0


def _languages(args: argparse.Namespace) -> int:
    from harness import languages as lang

    if args.name:
        facts = [fact._asdict() for fact in lang.explain(lang.resolve(args.name)) if fact.value]
        show(facts, list(facts[0]), args.format)
        return 0
    columns = ["code", "name", "cluster", "macroarea", "script", "joshi_class", "nllb_resource", "word_order"]
    show(list(lang.languages().values()), columns, args.format)
    return 0


def _schema(args: argparse.Namespace) -> int:
    from harness import schema

    tables = [args.table] if args.table else list(schema.TABLES)
    rows = [
        {
            "table": t,
            "column": c.name,
            "type": schema.sql_type(c),
            "null": c.null,
            "unit": c.unit,
            "meaning": c.meaning,
        }
        for t in tables
        for c in schema.columns(t)
    ]
    show(rows, list(rows[0]), args.format)
    return 0


def _fetch(args: argparse.Namespace) -> int:
    from harness.data.fetch import fetch

    if args.data is None:
        raise UserError(f"fetch {args.name}: name the folder that holds one folder per data set: --data DIR")
    row = fetch(args.name, args.data, offline=args.offline, renew=args.renew)
    show([row], list(row), args.format)
    return 0


def _adapt(args: argparse.Namespace) -> int:
    from harness.data.adapt import adapted, copy_to

    found = adapted(args.name, data=args.data)
    if args.out:
        copy_to(found, args.out)
    rows: dict[str, dict[str, object]] = {}
    for (split, _), part in found.parts.items():
        row = rows.setdefault(split, {"dataset": args.name, "split": split, "languages": 0, "rows": 0})
        row["languages"] = int(str(row["languages"])) + 1
        row["rows"] = int(str(row["rows"])) + part.rows
    show(list(rows.values()), ["dataset", "split", "languages", "rows"], args.format)
    return 0


def _audit(args: argparse.Namespace) -> int:
    from harness.data.adapt import adapted
    from harness.data.lineage import audit, repeats

    one = adapted(args.name, data=args.data)
    others = [adapted(name, data=args.data) for name in args.against]
    rows = audit(one, others) if others else repeats(one)
    show(rows, list(rows[0]) if rows else ["dataset"], args.format)
    return 0


def _suites(args: argparse.Namespace) -> int:
    from harness.suite_file import load, shipped

    rows = [{"suite": name, "title": load(name).title, "file": path.name} for name, path in shipped().items()]
    show(rows, ["suite", "title", "file"], args.format)
    return 0


def _model(args: argparse.Namespace) -> int:
    from harness import cache
    from harness.data.cards import model_card, model_names
    from harness.models import find

    if args.action == "list":
        rows = [{"model": n, "title": model_card(n).title, "licence": model_card(n).licence} for n in model_names()]
        show(rows, ["model", "title", "licence"], args.format)
        return 0
    if not args.name:
        raise UserError(f"model import: name a model; there are {', '.join(model_names())}")
    model = find.find(args.name, where="model import")
    if args.out:
        find.make(model, args.out, exact_tokenizer=args.exact_tokenizer)
    elif args.exact_tokenizer:
        raise UserError("model import: --exact-tokenizer makes a model of its own; name its folder with --out")
    print(args.out or find.folder(model, cache.root()))
    return 0


def _plan(args: argparse.Namespace) -> int:
    from harness.outline import outline
    from harness.plan import make_plan
    from harness.store import Store
    from harness.suite_file import load

    store = Store(args.store) if (args.store / "STORE.json").is_file() else None
    graph = make_plan(load(args.suite, args.limit, args.changes), store, args.data)
    if args.mde:
        return _forecast(graph, store, args.format)
    rows = outline(graph)
    show(rows, list(rows[0]), args.format)
    return 0


def _forecast(graph: Plan, store: Store | None, form: str) -> int:
    from harness.analysis.designs import planned
    from harness.analysis.forecast import advice, forecast

    found = planned(graph, store)
    if not found:
        raise UserError(f"{graph.suite.name}: declares no contrast; add [[contrasts]] to forecast it")
    rows = forecast(found, [len(graph.suite.seeds)])
    show(rows, list(rows[0]), form)
    print(advice(found), file=sys.stderr)
    return 0


def _power(args: argparse.Namespace) -> int:
    from harness.analysis.designs import designs
    from harness.analysis.forecast import Assumption, advice, forecast
    from harness.analysis.results import from_file, from_store
    from harness.publish.curves import seeds_figure
    from harness.store import Store

    results = from_file(args.source) if args.source else None
    if args.suite:
        results = from_store(Store(args.store, create=False), args.suite)
    found = designs(args.families, Assumption(args.family_sd, args.seed_sd, args.item_se), results)
    rows = forecast(found, args.seeds, args.effect)
    if args.out:
        write(args.out, seeds_figure(found, args.seeds))
    show(rows, list(rows[0]), args.format)
    print(advice(found), file=sys.stderr)
    return 0


def _run(args: argparse.Namespace) -> int:
    from harness.run.local import run
    from harness.store import Store
    from harness.suite_file import load

    suite = load(args.suite, args.limit, args.changes)
    ran = run(suite, Store(args.store), args.data, only=args.only, quiet=args.quiet)
    print(f"{suite.name}: {len(ran.did)} jobs run, {ran.found} found done, {ran.seconds:.1f} s", file=sys.stderr)
    for key, reason in ran.failed.items():
        print(f"failed: {key}: {reason}", file=sys.stderr)
    return 1 if ran.failed else 0


def _status(args: argparse.Namespace) -> int:
    from harness.inventory import failures, status
    from harness.store import Store

    store = Store(args.store, create=False)
    show(status(store), ["suite", "phase", "jobs", "done", "running", "failed", "left"], args.format)
    for key, log in failures(store).items():
        print(f"failed: {key}: see {log}", file=sys.stderr)
    return 0


def _job(args: argparse.Namespace) -> int:
    from harness.run.job import job
    from harness.store import Store

    reason = job(Store(args.store, create=False), args.key, args.data)
    if reason:
        print(f"failed: {args.key}: {reason}", file=sys.stderr)
    return 1 if reason else 0


def _gc(args: argparse.Namespace) -> int:
    from harness import cache
    from harness.inventory import collect, unnamed
    from harness.store import Store

    if args.cache:
        files = cache.files()
        print(f"{cache.root()}: {len(files)} files, {sum(stat.st_size for _, stat in files)} bytes", file=sys.stderr)
        freed = cache.prune(0) if args.yes else 0
    else:
        store = Store(args.store, create=False)
        rows = unnamed(store)
        show(rows, ["what", "name", "bytes"], args.format)
        freed = collect(store, rows) if args.yes else 0
    print(f"{freed} bytes removed" if args.yes else "nothing removed; --yes removes it", file=sys.stderr)
    return 0


def _query(args: argparse.Namespace) -> int:
    from harness.analysis.named import named_queries, named_query
    from harness.analysis.query import query
    from harness.store import Store

    if (args.sql is None) == (args.named is None):
        raise UserError("query: give one SELECT, or a question by --named NAME; --named alone lists them")
    if args.named == "":
        listed = named_queries(args.folder).values()
        show([{"name": q.name, "title": q.title} for q in listed], ["name", "title"], args.format)
        return 0
    sql = args.sql or named_query(args.named, args.folder).sql
    found = query(sql, args.source or Store(args.store, create=False), args.suite)
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
    from harness.store import Store

    if (args.source is None) == (args.suite is None):
        raise UserError("compare: name a suite of the store with --suite, or anyone's results with --from")
    if args.source is None:
        return from_store(Store(args.store, create=False), args.suite)
    pairs = [pair.split("=", 1) for pair in args.columns.split(",") if pair]
    if any(len(pair) != 2 for pair in pairs):
        raise UserError(f"--columns {args.columns}: expected NAME=OWN,NAME=OWN, such as language=lang,value=acc")
    return imported(args.source, args.layout, columns=dict(pairs), parse=args.parse, data=args.data)


def _publish(args: argparse.Namespace) -> int:
    from harness.publish import publish
    from harness.store import Store

    store = None if args.source else Store(args.store, create=False)
    print(publish(args.suite, args.out or Path("leaderboards") / args.suite, store, args.source, args.queries))
    return 0


def _bench(args: argparse.Namespace) -> int:
    if args.out and args.name != "calibration":
        raise UserError(f"bench {args.name}: writes no page; leave out --out")
    rows = measure(args.name, args.data, args.sets)
    if args.out:
        from harness.bench.calibration import page

        write(args.out, page(rows))
    show(rows, list(rows[0]), args.format)
    return 0


if __name__ == "__main__":
    sys.exit(main())
