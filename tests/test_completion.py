"""The script is sourced by a real shell, which is then asked what it would offer at a tab."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from harness import cli, completion
from harness.bench import BENCHES
from harness.data.cards import dataset_names
from harness.suite_file import shipped

ASK = """
source "$1"; cd "$2"; COMP_WORDS=("${@:3}"); COMP_CWORD=$(($# - 3))
_shtab_stiltbench; printf "%s\\n" "${COMPREPLY[@]}"
"""


def ran(shell: str, code: str, *arguments: object) -> list[str]:
    """Return the lines that a shell prints, which must end well."""
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    command = [shell, "-c", code, *([shell] if shell == "bash" else []), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\n")[:-1]


@pytest.fixture(scope="module", params=cli.SHELLS)
def written(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("completion") / f"stiltbench.{request.param}"
    path.write_text(completion.script(cli._parser(), request.param), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of somebody's own: two files and a folder."""
    place = tmp_path_factory.mktemp("place")
    for name in ("query-mine.toml", "notes.md"):
        (place / name).touch()
    (place / "stores").mkdir()
    return place


OFFERED = {
    "sta": {"status"},
    "plan q": {"quickstart", "query-mine.toml"},
    "run xst": {"xstilts"},
    "run quickstart --sc": {"--scale"},
    "run quickstart --scale ": {"full", "smoke"},
    "run quickstart --store s": {"stores"},
    "query --from no": {"notes.md"},
    "query --named gain_by_f": {"gain_by_family"},
    "compare a b --suite quick": {"quickstart"},
    "compare a b --by distance.s": {"distance.syntactic"},
    "model import tiny-": {"tiny-seq2seq"},
    "adapt xqu": {"xquad"},
    "audit sib200 --against flores200 cldr_k": {"cldr_kind"},
    "languages fin": {"fin_Latn"},
    "schema pre": {"predictions"},
    "bench ": set(BENCHES),
    "fetch ": set(dataset_names()),
}
"""What is typed → what is offered, in a folder with query-mine.toml, notes.md and stores/."""


@pytest.mark.parametrize("written", ["bash"], indirect=True)
@pytest.mark.parametrize("typed", OFFERED)
def test_bash_offers_commands_names_and_files(typed: str, written: Path, folder: Path) -> None:
    assert set(ran("bash", ASK, written, folder, "stiltbench", *typed.split(" "))) == OFFERED[typed]


@pytest.mark.parametrize("written", ["bash"], indirect=True)
def test_bash_offers_every_suite_and_every_file_where_a_suite_is_asked_for(written: Path, folder: Path) -> None:
    offered = ran("bash", ASK, written, folder, "stiltbench", "plan", "")
    assert set(offered) == {*shipped(), "query-mine.toml", "notes.md", "stores"}


@pytest.mark.parametrize("written", ["zsh"], indirect=True)
def test_zsh_takes_the_script_as_that_of_the_command(written: Path) -> None:
    code = 'autoload -Uz compinit; compinit -u -D; eval "$(<$0)"; print -r -- $_comps[stiltbench]'
    assert ran("zsh", code, written) == ["_shtab_stiltbench"]


@pytest.mark.parametrize("written", ["fish"], indirect=True)
def test_fish_offers_names_too(written: Path) -> None:
    said = ran("fish", 'source $argv[1]; complete -C "stiltbench plan quicks"', written)
    assert [line.split("\t")[0] for line in said] == ["quickstart"]


@pytest.mark.parametrize("written", ["tcsh"], indirect=True)
def test_tcsh_reads_the_script(written: Path) -> None:
    assert "quickstart" in " ".join(ran("tcsh", f"source {written}; complete stiltbench"))
