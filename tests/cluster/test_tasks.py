from __future__ import annotations

import os
import platform
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from linn_cli.cluster.setup import Setup
from linn_cli.denoising import jobs
from linn_cli.denoising.networks import Networks
from tests.cluster.conftest import contents, save
from tests.cluster.test_setup import SETUP
from tests.conftest import ROOT

distributed = pytest.importorskip("distributed", reason="needs Dask, which .[cluster] installs")

from linn_cli.cluster import tasks  # noqa: E402

KEY = "linn-denoise-1"


class Worker:
    """What a task sees of a worker."""

    def __init__(self, name: object = "tcp://a:1", slots: int = 1) -> None:
        task = SimpleNamespace(key=KEY, state="executing")
        self.name = name
        self.status = distributed.Status.running
        self.state = SimpleNamespace(
            nthreads=slots, tasks={KEY: task}, all_running_tasks={KEY: task}.values()
        )
        self.memory_manager = SimpleNamespace(memory_limit=4 * 10**9)

    def get_current_task(self) -> str:
        return KEY


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Worker:
    made = Worker()
    monkeypatch.setattr(tasks, "get_worker", lambda: made)
    return made


@pytest.fixture
def sealed() -> Setup:
    return SETUP.sealed()


def files(folder: Path, *names: str) -> list[tuple[str, str]]:
    save(folder, *names)
    return [(str(folder / name), str(folder / "out" / name)) for name in names]


def test_a_worker_builds_its_networks_once_and_reports_each_file(
    worker: Worker, sealed: Setup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = []
    original = Setup.networks

    def networks(self: Setup, device: str, max_memory: int | None) -> Networks:
        built.append((device, max_memory))
        return original(self, device, max_memory)

    monkeypatch.setattr(Setup, "networks", networks)
    tasks._networks.cache_clear()
    pairs = [
        *files(tmp_path, "a.png", "b.png"),
        (str(tmp_path / "no.png"), str(tmp_path / "x.png")),
    ]
    for _ in range(2):
        outcomes = tasks.denoise(sealed, pairs)
        assert [outcome.error is None for outcome in outcomes] == [True, True, False]
    assert built == [("auto", 10**9)]


@pytest.mark.parametrize("reason", ["cancelled", "forgotten", "closing"])
def test_a_task_that_nobody_wants_stops_and_leaves_nothing(
    worker: Worker, sealed: Setup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    pairs = files(tmp_path, "a.png", "b.png")
    original = jobs.run

    def run(job: Any, *arguments: Any, progress: Any, **options: Any) -> Any:
        def take_back(done: float, note: str = "", total: float | None = None) -> None:
            match reason:
                case "cancelled":
                    worker.state.tasks[KEY].state = "cancelled"
                case "forgotten":
                    worker.state.tasks.clear()
                case _:
                    worker.status = distributed.Status.closing
            progress(done, note, total)

        return original(job, *arguments, progress=take_back, **options)

    monkeypatch.setattr(tasks, "run", run)
    with pytest.raises(distributed.Reschedule):
        tasks.denoise(sealed, pairs)
    assert not contents(tmp_path / "out")


# As a worker of Dask: the C library keeps nothing of what is freed.
FREED = """
import resource
import numpy as np
from tests.cluster.test_tasks import SETUP, Worker, tasks

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        np.ones(2**21, np.uint8)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

given_back = faults()
assert tasks.fault(SETUP.sealed(), Worker()) is None
faults()
print(given_back, faults())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is told")
def test_a_worker_keeps_the_memory_that_the_next_file_needs() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FREED],
        cwd=ROOT,
        env=os.environ | {"MALLOC_TRIM_THRESHOLD_": "65536", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    given_back, kept = map(int, done.stdout.split())
    assert 10 * kept < given_back


def test_a_fault_of_the_worker_is_told(sealed: Setup) -> None:
    assert tasks.fault(sealed, Worker()) is None  # type: ignore[arg-type]
    assert "0.0.1 is at work" in str(tasks.fault(replace(sealed, version="0.0.1"), Worker()))  # type: ignore[arg-type]


def test_what_a_worker_has_is_shared_among_its_tasks(
    monkeypatch: pytest.MonkeyPatch, sealed: Setup
) -> None:
    assert tasks._threads(8, 4) == 2
    assert tasks._threads(1, 4) == 1
    monkeypatch.setattr(torch, "get_num_threads", lambda: 16)
    monkeypatch.setattr("os.cpu_count", lambda: 16)
    assert tasks._threads(None, 4) == 4
    assert tasks._memory(sealed, 4 * 10**9, 2) == 5 * 10**8
    assert tasks._memory(sealed, None, 2) is None
    assert tasks._memory(replace(sealed, max_memory=10**8), 4 * 10**9, 2) == 5 * 10**7


def test_workers_of_one_machine_take_a_gpu_each(monkeypatch: pytest.MonkeyPatch) -> None:
    assert tasks._device("auto", 1) == "auto"
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert [tasks._device("auto", name) for name in (0, 1, 2, "tcp://a:1")] == [
        *("cuda:0", "cuda:1", "cuda:0", "auto")
    ]
    assert tasks._device("cpu", 1) == "cpu"
