"""A real Slurm of two nodes on loopback, started by hand and stopped by its own process ids."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TypeVar

import pytest

CONF = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket,cred_expire=5
CredType=cred/munge
SlurmctldPort={ports[0]}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,sched_min_interval=0,bf_interval=1,batch_sched_delay=0
MaxArraySize=5
KillWait=1
CompleteWait=0
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
ReturnToService=2
MpiDefault=none
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[1]} CPUs=2 RealMemory=4000 State=UNKNOWN
NodeName=n2 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[2]} CPUs=2 RealMemory=4000 State=UNKNOWN
PartitionName=low Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP PriorityTier=1 PreemptMode=REQUEUE
PartitionName=high Nodes=n1,n2 MaxTime=INFINITE State=UP PriorityTier=10 PreemptMode=OFF
"""
"""An array holds five tasks, so that a group may be too large for one; a requeued job waits for ``cred_expire``."""

PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"

DAEMONS = {
    "munged": "--foreground --force --key-file={0}/munge/key --socket={0}/munge/socket --pid-file={0}/munge/pid "
    "--log-file={0}/munge.log --seed-file={0}/munge/seed",
    "slurmctld": "-D -i -f {0}/slurm.conf",
    "slurmd -N n1": "-D -f {0}/slurm.conf",
    "slurmd -N n2": "-D -f {0}/slurm.conf",
}


def slurm(*command: str) -> str:
    """Return what a command of Slurm's says."""
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


Found = TypeVar("Found")


def until(happens: Callable[[], Found], what: str, seconds: float = 60) -> Found:
    """Wait until something happens and return it; fail where it does not."""
    end = time.monotonic() + seconds
    while not (found := happens()):
        assert time.monotonic() < end, f"{what}: not in {seconds:.0f} s"
        time.sleep(0.1)
    return found


def queue_is_empty() -> bool:
    return not slurm("squeue", "-h")


@pytest.fixture
def cluster(daemons: None) -> Iterator[None]:  # noqa: ARG001
    """A Slurm with nothing in its queue: the nodes n1 and n2, partition `low`, and `high`, which preempts it."""
    yield
    slurm("scancel", "--me")
    until(queue_is_empty, "the queue empty")


@pytest.fixture(scope="module")
def daemons(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """All that a Slurm of two nodes is made of, running while tests do."""
    if missing := [name for name in ("sbatch", "slurmctld", "slurmd", "munged") if not shutil.which(name, path=PATH)]:
        pytest.skip(f"{missing[0]} is not installed (Debian: slurm-wlm, munge)")
    if os.geteuid():
        pytest.skip("a Slurm of one's own is started by root")
    folder = tmp_path_factory.mktemp("slurm")
    _write(folder)
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        patch.setenv("SLURM_CONF", str(folder / "slurm.conf"))
        for name, options in DAEMONS.items():
            program, *arguments = f"{name} {options.format(folder)}".split()
            stack.enter_context(_running([shutil.which(program, path=PATH), *arguments], folder / f"{name}.out"))
            if name == "munged":
                until((folder / "munge" / "socket").exists, "munged's socket")
        until(lambda: slurm("sinfo", "-h", "-p", "low", "-t", "idle", "-o", "%D").strip() == "2", "two idle nodes")
        yield


def _write(folder: Path) -> None:
    for name in ("munge", "state", "spooln1", "spooln2"):
        (folder / name).mkdir(mode=0o700)
    key = folder / "munge" / "key"
    key.write_bytes(os.urandom(128))
    key.chmod(0o600)
    with ExitStack() as stack:
        held = [stack.enter_context(socket.socket()) for _ in range(3)]
        for one in held:
            one.bind(("127.0.0.1", 0))
        ports = [one.getsockname()[1] for one in held]
    host = socket.gethostname().partition(".")[0]
    (folder / "slurm.conf").write_text(CONF.format(folder=folder, host=host, ports=ports))


@contextmanager
def _running(command: list[str | None], said: Path) -> Iterator[None]:
    """Keep a process of ours until the block ends: it is asked to stop, then ended."""
    with said.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output) as process:  # type: ignore[arg-type]
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
