"""What a person can mend: one sentence each, and exit status 2."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class UserError(Exception):
    """A mistake outside the program: a file, a name or a setting that its owner can change.

    The message is one sentence that names the file, the place, what was seen, what was
    expected and what to do. The command line prints it as it stands and exits with 2.
    """


def nearest(name: str, known: Iterable[str], count: int = 3) -> list[str]:
    """Return up to ``count`` of the ``known`` names most like ``name``, best first."""
    folded = {k.casefold(): k for k in sorted(known)}
    close = difflib.get_close_matches(name.casefold(), folded, n=count, cutoff=0.0)
    return [folded[c] for c in close]


def unknown(kind: str, name: str, known: Iterable[str], where: str = "") -> UserError:
    """Build the error for a name that is none of the ``known`` ones, with the three nearest."""
    close = nearest(name, known)
    hint = f"; the nearest are {', '.join(close)}" if close else ""
    return UserError(f"{where + ': ' if where else ''}unknown {kind} {name!r}{hint}")
