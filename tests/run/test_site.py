"""What a site's file says of each phase, and how its mistakes are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import UserError
from harness.run.site import Resources, load

FILE = """
partition = "gpu"
gpus = 1
time = "4:00:00"
sbatch = ["--constraint=a100"]
environment = ["module load cuda"]
at_once = 8

[score]
partition = "cpu"
time = "10"
sbatch = []
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "site.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_phase_takes_what_its_own_table_does_not_say_from_the_top(tmp_path: Path) -> None:
    site = load(written(tmp_path, FILE))
    shell = ["module load cuda"]
    for phase in ("pretrain", "intermediate", "target", "predict"):
        assert site.resources(phase) == Resources(
            partition="gpu", gpus=1, time="4:00:00", sbatch=["--constraint=a100"], environment=shell
        )
    assert site.resources("score") == Resources(partition="cpu", time="10", sbatch=[], environment=shell)


def test_scoring_takes_a_gpu_only_where_its_own_table_says_so(tmp_path: Path) -> None:
    assert load(written(tmp_path, "gpus = 2")).resources("score").gpus is None
    assert load(written(tmp_path, "gpus = 2\n[score]\ngpus = 1")).resources("score").gpus == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('partitoin = "gpu"', "top level: unknown key 'partitoin'; the nearest are partition, "),
        ("[scores]\ngpus = 0", "top level: unknown key 'scores'; the nearest are score, "),
        ("[score]\ngpu = 0", "score: unknown key 'gpu'; the nearest are gpus, "),
        ("[score]\nat_once = 3", "score: unknown key 'at_once'; the nearest are "),
        ("[score]\ngpus = '1'", "score.gpus: expected a number from 0 on, saw '1'"),
        ("gpus = -1", "gpus: expected a number from 0 on, saw -1"),
        ("at_once = 0", "at_once: expected a number from 1 on, saw 0"),
        ("time = '4h'", 'time: expected a text as sbatch takes it: minutes, "4:00:00" or "2-00", saw \'4h\''),
        ("memory = '16 GB'", "memory: expected a text as \"16G\", saw '16 GB'"),
        ("partition = 'a b'", "partition: expected a name without spaces, saw 'a b'"),
        (
            "sbatch = ['--exclusive', 'constraint=a100']",
            'sbatch: expected a list of sbatch options, each as "--option=value", saw '
            "['--exclusive', 'constraint=a100']",
        ),
        ("environment = 'module load cuda'", "environment: expected a list of lines, each a text, saw 'module"),
        ("target = 3", "target: expected a table, saw 3"),
        ("gpus = ", "not TOML in UTF-8: Invalid value"),
    ],
)
def test_a_mistake_is_one_sentence_with_file_and_key(tmp_path: Path, text: str, said: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(UserError) as refused:
        load(path)
    assert str(refused.value).startswith(f"{path}: {said}")
    assert "\n" not in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"none\.toml: cannot read \(No such file or directory\)"):
        load(tmp_path / "none.toml")
