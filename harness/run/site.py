"""What a cluster wants to know of jobs, from a small TOML file: where they run, on what, for how long, in what shell.

Keys at the top hold for every phase; a table named after a phase says what is different there.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from harness.errors import UserError, nearest

Word = Annotated[str, Meta(pattern=r"^\S+$")]
Line = Annotated[str, Meta(pattern=r"^[^\n]+$")]


class Resources(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a job asks of the cluster; what is not said is the cluster's own default."""

    partition: Word | None = None
    account: Word | None = None
    time: Annotated[str, Meta(pattern=r"^(\d+-)?\d+(:\d\d){0,2}$")] | None = None
    """As sbatch takes it: minutes, hours:minutes:seconds, days-hours."""
    gpus: Annotated[int, Meta(ge=0)] | None = None
    cpus: Annotated[int, Meta(ge=1)] | None = None
    """Threads of the suite, if None."""
    memory: Annotated[str, Meta(pattern=r"^\d+[KMGT]?$")] | None = None
    sbatch: list[Annotated[str, Meta(pattern=r"^--?[a-z][^\n]*$")]] | None = None
    """Further options of sbatch, as they stand on its command line."""
    environment: list[Line] | None = None
    """Lines of the shell before a job begins, as ``module load cuda``."""


class Site(Resources, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The file: what holds for every phase, and a table for each that asks for something else."""

    at_once: Annotated[int, Meta(ge=1)] | None = None
    """Most tasks of one array that run at the same time."""
    pretrain: Resources = Resources()
    intermediate: Resources = Resources()
    target: Resources = Resources()
    predict: Resources = Resources()
    score: Resources = Resources()

    def resources(self, phase: str) -> Resources:
        """Return what the jobs of a phase ask for: its own table before the top of the file; scoring uses no GPU."""
        own = getattr(self, phase)
        asked = {n: getattr(self if getattr(own, n) is None else own, n) for n in Resources.__struct_fields__}
        if phase == "score":
            asked["gpus"] = own.gpus
        return Resources(**asked)


def load(path: Path) -> Site:
    """Return the site of a file.

    :raises UserError: for a file that is not there or no TOML, and for a key or a value that is not in the grammar
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as e:
        raise UserError(f"{path}: cannot read ({e.strerror}); name a site's file with --site") from None
    except ValueError as e:
        raise UserError(f"{path}: not TOML in UTF-8: {e}") from None
    try:
        return msgspec.convert(raw, Site)
    except msgspec.ValidationError as e:
        raise UserError(f"{path}: {_explain(str(e), raw)}") from None


_EXPECTED = {
    "partition": "a name without spaces",
    "account": "a name without spaces",
    "time": 'a text as sbatch takes it: minutes, "4:00:00" or "2-00"',
    "gpus": "a number from 0 on",
    "cpus": "a number from 1 on",
    "memory": 'a text as "16G"',
    "sbatch": 'a list of sbatch options, each as "--option=value"',
    "environment": "a list of lines, each a text",
    "at_once": "a number from 1 on",
}


def _explain(message: str, raw: dict[str, Any]) -> str:
    """Turn msgspec's message into ours: the key, what was expected there and what was seen."""
    table, _, key = message.partition(" - at `$")[2].strip(".`").rpartition(".")
    key = key.partition("[")[0]
    if found := re.search("unknown field `(.+?)`", message):
        close = nearest(found[1], (Resources if key else Site).__struct_fields__)
        return f"{key or 'top level'}: unknown key {found[1]!r}; the nearest are {', '.join(close)}"
    place, seen = (f"{table}.{key}", raw[table][key]) if table else (key, raw[key])
    return f"{place}: expected {_EXPECTED.get(key, 'a table')}, saw {seen!r}"
