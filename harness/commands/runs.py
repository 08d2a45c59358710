"""Commands on suites: models, plans, runs, and the store that they fill."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from harness.commands.arguments import Add, positive
from harness.errors import UserError
from harness.listing import show, write

if TYPE_CHECKING:
    from harness.plan import Plan
    from harness.run.site import Site
    from harness.store import Store
    from harness.suite import Suite


def add_to(add: Add) -> None:
    """Suites, models, plans and jobs."""
    one = add("suites", _suites, "List the suites that ship, or write one of your own.", "data", "adapters", "format")
    one.add_argument("action", nargs="?", choices=["new"], help="new: write a suite; what no option says is asked")
    one.add_argument("file", nargs="?", help="file to write, as my-study.toml")
    for key, asked in _ASKED.items():
        one.add_argument(f"--{key}", nargs="+", metavar="WORD", help=asked)
    one = add("model", _model, "Import a model, or list the models that have a card.", "format")
    one.add_argument("action", choices=["list", "import"])
    one.add_argument("name", nargs="?", help="model card")
    one.add_argument("--out", type=Path, help="folder to write (default: the cache)")
    one.add_argument("--exact-tokenizer", action="store_true", help="e5-small: the released tokenizer (README, Models)")
    planned = ("suite", "store", "data", "adapters", "scale", "limit", "set")
    one = add("plan", _plan, "Show what a suite would run, and what each arm sees.", *planned, "format")
    show_instead = one.add_mutually_exclusive_group()
    show_instead.add_argument("--mde", action="store_true", help="what each contrast would find, instead")
    show_instead.add_argument("--mix", action="store_true", help="what each arm reads by task and language, instead")
    show_instead.add_argument(
        "--tokens-per-second", type=positive, metavar="N", help="what is left costs at this throughput, instead"
    )
    one = add("power", _power, "Say what a design would find, before it is run.", "store", "format")
    one.add_argument("--families", type=positive, nargs="+", default=[], help="default: as measured, or all there are")
    one.add_argument("--seeds", type=positive, nargs="+", default=[3, 5, 10], help="in each arm (default: 3 5 10)")
    for name in _POINTS:
        one.add_argument(name, type=float, metavar="POINTS", help=_POINTS[name])
    where = one.add_mutually_exclusive_group()
    where.add_argument("--from", dest="source", type=Path, help="measure in a results.parquet")
    where.add_argument("--suite", help="measure in a suite of the store")
    one.add_argument("--out", type=Path, help="SVG file: smallest difference by seeds")
    one = add("run", _run, "Run a suite; what is finished is not run again.", *planned)
    one.add_argument("--only", metavar="ARM", help="only the jobs that fill cells of this arm")
    one.add_argument("--out", type=Path, metavar="PAGE", help="folder for the page of a first look")
    one.add_argument("--on", choices=["slurm", "ray"], help="hand the jobs to a cluster (default: run them here)")
    one.add_argument("--site", type=Path, help="TOML file: what the jobs ask of the cluster")
    one.add_argument("--print", action="store_true", help="slurm: show the scripts, submit nothing")
    one.add_argument("--quiet", action="store_true", help="no progress")
    add("status", _status, "Show how far the suites of a store are.", "store", "format")
    one = add("gc", _gc, "Say which jobs no suite names, and remove them with --yes.", "store", "format")
    one.add_argument("--cache", action="store_true", help="the cache instead of the store")
    one.add_argument("--yes", action="store_true", help="remove what is listed")
    one = add("job", _job, "Run one planned job of a store.", "data", "adapters")
    one.add_argument("store", help="folder, or s3://BUCKET/PREFIX")
    one.add_argument("key", help="key of the job, as `status` and `plan` know it")


_POINTS = {
    "--family-sd": "standard deviation of family gains",
    "--seed-sd": "standard deviation of an arm's score over seeds",
    "--item-se": "standard error of the items that families share",
    "--effect": "a true difference: print the power to find it",
}


_ASKED = {
    "model": "a card, a folder, or org/name@revision",
    "intermediate": "data set of the intermediate task",
    "arms": "arms beside `none`, each NAME=LANGUAGE,LANGUAGE",
    "targets": "targets, each DATASET or TEST:TRAIN",
    "languages": "languages to test in: all, or codes and names",
    "seeds": "how many seeds",
    "contrasts": "contrasts, each ARM:ARM, the primary one first",
}


def _suites(args: argparse.Namespace) -> int:
    from harness.calls import list_suites

    if args.action:
        return _new_suite(args)
    show(list_suites(), ["suite", "title", "file"], args.format)
    return 0


def _new_suite(args: argparse.Namespace) -> int:
    from harness.scaffold import new_suite

    if not args.file:
        raise UserError("suites new: name the file to write, as my-study.toml")
    answers = {key: " ".join(words) for key in _ASKED if (words := getattr(args, key))}
    ask = _answer if sys.stdin.isatty() else None
    path = new_suite(args.file, answers, args.data, ask)
    print(path)
    print(f"next: stiltbench plan {path}", file=sys.stderr)
    return 0


def _answer(key: str, usual: str) -> str:
    return input(f"{key}: {_ASKED[key]} [{usual}]: ")


def _model(args: argparse.Namespace) -> int:
    from harness import cache
    from harness.calls import list_models
    from harness.data.cards import model_names
    from harness.models import find

    if args.action == "list":
        show(list_models(), ["model", "title", "licence"], args.format)
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
    from harness.cost import cost
    from harness.outline import mixes, outline
    from harness.plan import make_plan
    from harness.remote import known_store
    from harness.suite_file import load

    store = known_store(args.store)
    suite = load(args.suite, args.limit, args.changes, args.scale)
    graph = make_plan(suite, store, args.data, partial=not args.mde)
    if args.mde:
        return _forecast(graph, store, args.format)
    if args.tokens_per_second:
        rows = cost(graph, args.data, args.tokens_per_second)
    else:
        rows = mixes(graph) if args.mix else outline(graph)
    show(rows, list(rows[0]) if rows else ["arm"], args.format)
    for missing in graph.missing:
        print(f"no data here: {missing.where}: {missing.reason}", file=sys.stderr)
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
    from harness.remote import open_store

    results = from_file(args.source) if args.source else None
    if args.suite:
        results = from_store(open_store(args.store, create=False), args.suite)
    found = designs(args.families, Assumption(args.family_sd, args.seed_sd, args.item_se), results)
    rows = forecast(found, args.seeds, args.effect)
    if args.out:
        write(args.out, seeds_figure(found, args.seeds))
    show(rows, list(rows[0]), args.format)
    print(advice(found), file=sys.stderr)
    return 0


def _run(args: argparse.Namespace) -> int:
    from harness.remote import filling
    from harness.suite_file import load

    suite = load(args.suite, args.limit, args.changes, args.scale)
    if args.out:
        _check_first_look(args.out, suite, args.only)
    if args.print and args.on != "slurm":
        raise UserError("run --print: shows what Slurm would get; add --on slurm")
    if args.site and not args.on:
        raise UserError("run --site: says what jobs ask of a cluster; add --on slurm or --on ray")
    with filling(args.store) as store:
        return _on_slurm(args, suite, store) if args.on == "slurm" else _run_now(args, suite, store)


def _run_now(args: argparse.Namespace, suite: Suite, store: Store) -> int:
    from harness.run import on_ray
    from harness.run.local import run

    if args.on == "ray":
        ran = on_ray.run(suite, store, _site(args), args.data, only=args.only, quiet=args.quiet)
    else:
        ran = run(suite, store, args.data, only=args.only, quiet=args.quiet)
    print(f"{suite.name}: {len(ran.did)} jobs run, {ran.found} found done, {ran.seconds:.1f} s", file=sys.stderr)
    for key, reason in ran.lost.items():
        print(f"tried again: {key}: {reason}", file=sys.stderr)
    for key, reason in ran.failed.items():
        print(f"failed: {key}: {reason}", file=sys.stderr)
    if args.out and not ran.failed:
        from harness.publish import publish

        print(publish(suite.name, args.out, store, first_look=True))
    return 1 if ran.failed else 0


def _on_slurm(args: argparse.Namespace, suite: Suite, store: Store) -> int:
    from harness.plan import make_plan
    from harness.run import slurm

    if args.out:
        raise UserError("run --out: on Slurm nothing is done when `run` returns; publish later")
    site = _site(args)
    if args.print:
        print(slurm.arranged(make_plan(suite, store, args.data), store, site, args.data, args.only).text(), end="")
        return 0
    made = slurm.submit(suite, store, site, args.data, only=args.only, quiet=args.quiet)
    said = f"{made.jobs} jobs submitted in {len(made.arrays)} arrays, {made.waiting} in the queue before"
    print(f"{suite.name}: {said}; logs: {made.folder}", file=sys.stderr)
    return 0


def _site(args: argparse.Namespace) -> Site:
    from harness.run import site

    return site.load(args.site) if args.site else site.Site()


def _check_first_look(out: Path, suite: Suite, only: str | None) -> None:
    """Refuse a page before hours are spent: of a whole suite, among the leaderboards, of one arm."""
    if suite.limit is None and suite.scale != "smoke":
        raise UserError(f"run --out: shows a first look (--scale smoke, --limit); for the whole, publish {suite.name}")
    if only:
        raise UserError("run --out: a page needs every arm; leave out --only")
    if "leaderboards" in out.resolve().parts:
        raise UserError(f"run --out {out}: a first look is no leaderboard; name another folder")


def _status(args: argparse.Namespace) -> int:
    from harness.inventory import failures, status
    from harness.remote import open_store

    store = open_store(args.store, create=False)
    show(status(store), ["suite", "phase", "jobs", "done", "running", "pending", "failed", "left"], args.format)
    for key, log in failures(store).items():
        print(f"failed: {key}: see {log}", file=sys.stderr)
    return 0


def _job(args: argparse.Namespace) -> int:
    from harness.remote import open_store
    from harness.run.job import job

    reason = job(open_store(args.store, create=False), args.key, args.data)
    if reason:
        print(f"failed: {args.key}: {reason}", file=sys.stderr)
    return 1 if reason else 0


def _gc(args: argparse.Namespace) -> int:
    from harness import cache
    from harness.inventory import collect, unnamed
    from harness.remote import open_store

    if args.cache:
        files = cache.files()
        print(f"{cache.root()}: {len(files)} files, {sum(stat.st_size for _, stat in files)} bytes", file=sys.stderr)
        freed = cache.prune(0) if args.yes else 0
    else:
        store = open_store(args.store, create=False)
        rows = unnamed(store)
        show(rows, ["what", "name", "bytes"], args.format)
        freed = collect(store, rows) if args.yes else 0
    print(f"{freed} bytes removed" if args.yes else "nothing removed; --yes removes it", file=sys.stderr)
    return 0
