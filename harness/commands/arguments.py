"""Arguments that several commands share."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness.listing import FORMATS

Command = Callable[[argparse.Namespace], int]
Add = Callable[..., argparse.ArgumentParser]


def add_command(commands: Any, name: str, command: Command, text: str, *arguments: str) -> argparse.ArgumentParser:
    """Add a command with the arguments that it shares with others; return its parser for its own."""
    made: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
    made.set_defaults(command=command)
    for argument in arguments:
        _ARGUMENTS[argument](made)
    return made


def positive(text: str) -> int:
    """Return a number that counts something; anything else is argparse's error."""
    if not text.isdigit() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"expected a whole number above 0, saw {text!r}")
    return int(text)


_ARGUMENTS: dict[str, Callable[[argparse.ArgumentParser], object]] = {
    "format": lambda p: p.add_argument("--format", choices=FORMATS, default="table"),
    "store": lambda p: p.add_argument("--store", default="store", help="folder, or s3://BUCKET/… (default: store)"),
    "data": lambda p: p.add_argument("--data", type=Path, help="folder that holds one folder per data set"),
    "adapters": lambda p: p.add_argument("--adapters", type=Path, help="folder of your own adapters and cards"),
    "suite": lambda p: p.add_argument("suite", help="a suite that ships, or a .toml file"),
    "limit": lambda p: p.add_argument("--limit", type=positive, help="first look: so many examples; never published"),
    "scale": lambda p: p.add_argument("--scale", choices=["full", "smoke"], default="full", help="smoke: a first look"),
    "set": lambda p: p.add_argument(
        "--set", dest="changes", action="append", default=[], metavar="KEY=VALUE", help="a setting unlike the file's"
    ),
}
