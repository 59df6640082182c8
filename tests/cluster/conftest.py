"""Clusters of processes of their own, and any Python module as a process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.cluster import chaos
from tests.conftest import ROOT

# A busy machine takes its time to start a process.
PATIENCE = 120.0
# What Dask does by the clock would take a large share of busy processors.
CALM = {
    "DASK_DISTRIBUTED__ADMIN__TICK__INTERVAL": "1s",
    "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False",
}
# One death, and Dask blames all that the worker held.
UNFORGIVING = {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0"}


def wait_for(condition: Callable[[], object]) -> None:
    """Wait until something holds."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < PATIENCE, "waited in vain"
        time.sleep(0.05)


def _interruptible() -> None:
    """Ctrl-C stops the process, even where the tests run in the background and it would be ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def start(*arguments: object, **environment: str) -> subprocess.Popen[str]:
    """A Python module as a process that finds linn in this checkout."""
    return subprocess.Popen(
        [sys.executable, "-m", *map(str, arguments)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # a terminal of its own
        preexec_fn=_interruptible,
    )


class Cluster:
    """A scheduler and its workers, which know of chaos."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self._folder = folder
        self._notes = folder / "workers"
        self._notes.mkdir()
        self._environment = {chaos.NOTES: str(self._notes)} | CALM | environment
        file = folder / "scheduler.json"
        self.scheduler = self._start("dask_scheduler", "--port", 0, "--scheduler-file", file)
        # The file is there before its content.
        wait_for(lambda: file.exists() and file.read_text().endswith("}"))
        self.address = str(json.loads(file.read_text())["address"])
        self.started: list[subprocess.Popen[str]] = []

    def _start(self, module: str, *arguments: object) -> subprocess.Popen[str]:
        options = "--host", "127.0.0.1", "--no-dashboard"
        process = start(f"distributed.cli.{module}", *arguments, *options, **self._environment)
        for stream in (process.stdout, process.stderr):
            assert stream
            stream.close()
        return process

    def add_worker(self) -> None:
        """Start a worker, and wait until it is there."""
        known = len(self.workers)
        options = "--nthreads", 1, "--preload", chaos.__name__, "--local-directory", self._folder
        self.started.append(self._start("dask_worker", self.address, *options))
        wait_for(lambda: len(self.workers) > known)

    @property
    def workers(self) -> list[int]:
        """The processes of all workers that ever were."""
        return [int(path.name) for path in self._notes.iterdir()]

    def stop(self) -> None:
        """End all of it."""
        for process in (*self.started, self.scheduler):  # a worker's nanny before the worker
            process.kill()
            process.wait(PATIENCE)
        for worker in filter(is_alive, self.workers):
            kill(worker)


@contextmanager
def running(folder: Path, workers: int, **environment: str) -> Iterator[Cluster]:
    """A cluster of so many workers."""
    pytest.importorskip("distributed", reason="needs Dask, which .[cluster] installs")
    cluster = Cluster(folder, **environment)
    try:
        for _ in range(workers):
            cluster.add_worker()
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Two workers, shared by the tests of a module."""
    with running(tmp_path_factory.mktemp("cluster"), 2) as found:
        yield found


def is_alive(process: int) -> bool:
    """Whether a process runs."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def kill(process: int) -> None:
    """End a process without a word to it."""
    os.kill(process, signal.SIGKILL)


def save(folder: Path, *names: str) -> Path:
    """A folder with a small noisy picture of each name."""
    folder.mkdir(exist_ok=True)
    for index, name in enumerate(names):
        noise = np.random.default_rng(index).normal(128, 25, (24, 32))
        Image.fromarray(noise.round().clip(0, 255).astype(np.uint8)).save(folder / name)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    """All files in a folder, hidden ones too."""
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.exists() else {}
