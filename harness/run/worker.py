"""One process on one GPU that runs jobs by their keys, one after another: for a machine with several GPUs.

A process sees one device, so that nothing in training needs to know of the others. The parent writes keys to it and
reads lines of JSON: how far a job is, and how it ended. It ends when told to, or when its parent is gone.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import re
import signal
import subprocess
import sys
import threading
from itertools import takewhile
from pathlib import Path
from typing import Any, NoReturn

from harness.errors import UserError
from harness.models.find import find
from harness.remote import open_store
from harness.run.job import Tick, attempt
from harness.store import Store

LEAVE_SECONDS = 10
"""How long a process that is to end has to put down what it is at, before it is told again."""


def cuda_devices() -> list[str]:
    """Return the CUDA devices that this process may use, as CUDA_VISIBLE_DEVICES names them; without torch.

    They are asked for by UUID: the driver's tool and CUDA number them differently.
    """
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    if chosen is not None:  # CUDA itself reads it up to the first that is no device
        return list(takewhile(lambda name: name not in ("", "-1"), (name.strip() for name in chosen.split(","))))
    try:
        listed = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return []
    return re.findall(r"^GPU \d+: .*\(UUID: ([^)]+)\)", listed, re.MULTILINE)


class WorkerEnded(Exception):
    """A worker's process ended in the middle of a job: killed, or out of the machine's memory."""


class Worker:
    """The parent's end: runs one job at a time in a process of its own, begun when first needed, and again if it ended.

    ``device`` is what CUDA_VISIBLE_DEVICES is set to.
    """

    def __init__(self, store: Store, data: Path | None, device: str) -> None:
        self.command = [sys.executable, "-m", "harness.run.worker", store.place, *([str(data)] if data else [])]
        self.device = device
        self.process: subprocess.Popen[str] | None = None
        self.stopped, self.lock = False, threading.Lock()

    def attempt(self, key: str, tick: Tick) -> str | None:
        """Run one planned job; return why it failed, or None. What a person can mend is raised.

        :raises WorkerEnded: where the process ended before the job did
        """
        process = self._running()
        with contextlib.suppress(BrokenPipeError):  # then there is no answer
            print(key, file=process.stdin, flush=True)
        assert process.stdout is not None
        for line in process.stdout:
            what, said = json.loads(line)
            if what == "mend":
                raise UserError(said)
            if what == "ended":
                if said is not None:
                    self._end(process)  # as it does by itself: see `main`
                return str(said) if said else None
            tick(*said)
        raise WorkerEnded(f"the process on device {self.device} ended with {self._end(process)}")

    def _running(self) -> subprocess.Popen[str]:
        with self.lock:
            if self.stopped:
                raise WorkerEnded("stopped")
            if self.process is None:
                # A session of its own: a Ctrl-C reaches the parent, which stops its workers in order.
                self.process = subprocess.Popen(
                    self.command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                    env={**os.environ, "CUDA_VISIBLE_DEVICES": self.device},
                    start_new_session=True,
                )
            return self.process

    def _end(self, process: subprocess.Popen[str]) -> int:
        """Wait for a process that ends, and close its pipes; return how it ended."""
        self.process = None
        with contextlib.suppress(BrokenPipeError), process:
            pass
        return process.returncode

    def stop(self) -> None:
        """End the process, in the middle of a job too; none is begun after it. Any thread may ask for it."""
        with self.lock:
            self.stopped = True
            if self.process is not None:
                self.process.terminate()

    def close(self) -> None:
        """Stop, and wait until the process is gone; for the thread whose worker it is."""
        self.stop()
        if self.process is not None:
            self._end(self.process)


def _leave(*_: object) -> NoReturn:
    """End in order, leaving nothing half made. Python drops what is raised inside a `__del__`, hence once more."""
    signal.alarm(LEAVE_SECONDS)
    sys.exit(1)


def main() -> None:
    """Run the jobs whose keys come on standard input; standard output is the answer's alone."""
    for asked in (signal.SIGTERM, signal.SIGALRM):
        signal.signal(asked, _leave)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # nobody listens: the parent is gone
    store, data = open_store(sys.argv[1], create=False), Path(sys.argv[2]) if len(sys.argv) > 2 else None
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what libraries print is no answer

    def tell(what: str, said: Any) -> None:
        print(json.dumps([what, said]), file=answers, flush=True)

    model = functools.cache(find)
    for line in sys.stdin:
        key = line.strip()
        planned = store.planned(key)
        assert planned is not None
        try:
            reason = attempt(store, model(planned["model"]), data, key, planned["spec"], lambda *at: tell("step", at))
        except UserError as e:
            tell("mend", str(e))
            return
        tell("ended", reason)
        if reason:
            return  # an error of the device would fail every later job of this process


if __name__ == "__main__":
    main()
