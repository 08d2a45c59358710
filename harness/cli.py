"""The command line: which commands there are, and how each may end."""

from __future__ import annotations

import argparse
import errno
import os
import sys
from collections.abc import Sequence
from functools import partial

from harness.commands import data, results, runs
from harness.commands.arguments import Command, add_command
from harness.errors import UserError
from harness.resources import ADAPTERS

SHELLS = ("bash", "zsh", "fish", "tcsh")
"""Those that can be told how to complete a command."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return 0 done, 1 the run failed, 2 the user can mend it, 130 interrupted."""
    args = _parser().parse_args(argv)
    if getattr(args, "adapters", None):
        os.environ[ADAPTERS] = str(args.adapters)
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


def _completion(args: argparse.Namespace) -> int:
    from harness.completion import script

    print(script(_parser(), args.shell))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="stiltbench",
        description="Intermediate training in which language? Runs suites, queries results, publishes leaderboards.",
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for group in (data, runs, results):
        group.add_to(partial(add_command, commands))
    one = add_command(commands, "completion", _completion, "Print the script that completes commands in a shell.")
    one.add_argument("shell", choices=SHELLS)
    return parser


if __name__ == "__main__":
    sys.exit(main())
