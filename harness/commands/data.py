"""Commands on data: listings, raw files, cards, examples, audits."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from harness.commands.arguments import Add
from harness.errors import UserError
from harness.listing import show

if TYPE_CHECKING:
    pass


def add_to(add: Add) -> None:
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
    one = add("card", _card, "Write the generated block of a card, check it, or export the card.", "data", "adapters")
    one.add_argument("name", nargs="?", help="data set (default: all whose files are at hand)")
    what = one.add_mutually_exclusive_group()
    what.add_argument("--check", action="store_true", help="write nothing; fail where a block is stale")
    what.add_argument("--to", choices=["hub", "croissant"], help="print it as the Hub, or Croissant, has it")
    one = add("adapt", _adapt, "Turn a data set's raw files into examples.", "data", "adapters", "format")
    one.add_argument("name", help="data set")
    one.add_argument("--out", type=Path, help="Parquet file to write, or a folder: one file per split")
    one = add(
        "audit",
        _audit,
        "Count what a data set shares with others, by source and by text.",
        "data",
        "adapters",
        "format",
    )
    one.add_argument("name", nargs="?", help="data set")
    one.add_argument("--against", nargs="*", default=[], metavar="NAME", help="data sets that it may share items with")
    one.add_argument("--all", action="store_true", help="every data set at hand, against those that it has to do with")


def _datasets(args: argparse.Namespace) -> int:
    from harness.data.catalogue import catalogue

    rows = catalogue(args.data)
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


def _card(args: argparse.Namespace) -> int:
    from harness.data import cards, croissant, hub_card, upkeep

    if args.to:
        if not args.name:
            raise UserError(f"card --to {args.to}: name a data set")
        print(hub_card.hub_card(args.name) if args.to == "hub" else croissant.croissant(args.name, args.data), end="")
        return 0
    names = [args.name] if args.name else cards.dataset_names()
    if not args.check:
        written = [upkeep.write_block(args.name, args.data)] if args.name else upkeep.write_blocks(args.data)
        print(*written, sep="\n")
        return 0
    faults = [fault for name in names if (fault := upkeep.stale(name, args.data))]
    if faults:
        raise UserError(f"{faults[0]}{f' (and {len(faults) - 1} cards more)' if len(faults) > 1 else ''}")
    print(f"cards checked: {len(names)}, none stale")
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
    from harness.data.lineage import audit, audit_all, repeats

    if args.all == bool(args.name) or (args.all and args.against):
        raise UserError("audit: name a data set (and --against others), or --all for every one at hand")
    if args.all:
        rows = audit_all(args.data)
        show(rows, list(dict.fromkeys(column for row in rows for column in row)), args.format)
        return 0
    one = adapted(args.name, data=args.data)
    others = [adapted(name, data=args.data) for name in args.against]
    rows = audit(one, others) if others else repeats(one)
    show(rows, list(rows[0]) if rows else ["dataset"], args.format)
    return 0
