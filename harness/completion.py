"""What a shell offers when a command is half typed: a script from the parser, with the names that arguments have.

The names are those of the day on which the script was printed: a shell that asks Python at every tab is a slow shell.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import shtab

from harness import languages as lang
from harness import schema
from harness.analysis.named import named_queries
from harness.data.cards import dataset_names, model_names
from harness.suite_file import shipped

SUITE = "_stiltbench_suite_file"
"""The shell's function that offers the suites that ship, and files; by its name shtab knows of the files."""


def script(parser: argparse.ArgumentParser, shell: str) -> str:
    """Return the script that a shell that shtab knows sources; the ``parser`` is of no other use afterwards."""
    names, suites = _names(), " ".join(shipped())
    for command, action in _arguments(parser):
        if action.dest == "suite":
            _complete(action, _suites(suites))
        elif (command, action.dest) in names:
            action.choices = list(names[command, action.dest])
        elif action.type is Path or action.dest == "store":
            _complete(action, shtab.FILE)
    return str(shtab.complete(parser, shell))


def _arguments(parser: argparse.ArgumentParser) -> Iterable[tuple[str, argparse.Action]]:
    """Yield command and argument, of every command."""
    for commands in (a for a in parser._actions if isinstance(a, argparse._SubParsersAction)):
        for command, of in commands.choices.items():
            yield from ((command, action) for action in of._actions)


def _names() -> Mapping[tuple[str, str], Iterable[str]]:
    """Return (command, argument) → what it may be called."""
    datasets = dataset_names()
    return {
        **{(command, "name"): datasets for command in ("fetch", "card", "adapt", "audit")},
        **{("audit", "against"): datasets, ("suites", "intermediate"): datasets, ("suites", "targets"): datasets},
        ("languages", "name"): lang.languages(),
        ("schema", "table"): schema.TABLES,
        **{("model", "name"): model_names(), ("suites", "model"): model_names()},
        ("query", "named"): named_queries(),
        ("compare", "by"): [*lang.columns(), *(f"distance.{kind}" for kind in lang.DISTANCES)],
    }


def _complete(action: argparse.Action, how: Any) -> None:
    action.complete = how  # type: ignore[attr-defined]  # where shtab looks for it


def _suites(names: str) -> dict[str, Any]:
    return {
        "bash": SUITE,
        "zsh": SUITE,
        "fish": f"({SUITE})",
        "tcsh": f"({names})",
        "preamble": {
            "bash": f'{SUITE}() {{ compgen -W "{names}" -- "$1"; compgen -f -- "$1"; }}',
            "zsh": f"{SUITE}() {{ _alternative 'suites:suite:({names})' 'files:file:_files' }}",
            "fish": f"function {SUITE}; string split ' ' '{names}'; __fish_complete_path (commandline -ct); end",
        },
    }
