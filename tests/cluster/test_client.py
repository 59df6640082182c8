from __future__ import annotations

import json
import os
import signal
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from linn_cli import __version__
from linn_cli.cluster import setup
from linn_cli.denoising.job_list import Job
from tests.cluster.conftest import (
    PATIENCE,
    UNFORGIVING,
    Cluster,
    contents,
    is_alive,
    kill,
    running,
    save,
    start,
    wait_for,
)
from tests.conftest import Run, only_line

pytest.importorskip("distributed", reason="needs Dask, which .[cluster] installs")
SIGMA = "--sigma", 25


def test_a_cluster_writes_the_same_bytes_as_one_machine(
    linn: Run, cluster: Cluster, tmp_path: Path
) -> None:
    folder = save(tmp_path / "in", *(f"{index:03}.png" for index in range(30)))
    (folder / "bad.png").write_text("no picture")
    options = [folder, *SIGMA, "--json"]
    there = linn("denoise", *options, "-o", tmp_path / "there", "--dask", cluster.address)
    here = linn("denoise", *options, "-o", tmp_path / "here")
    assert contents(tmp_path / "there") == contents(tmp_path / "here")
    assert len(contents(tmp_path / "there")) == 30
    assert (there.returncode, here.returncode) == (1, 1)
    records = [
        sorted(
            (json.loads(line) for line in done.stdout.splitlines()), key=lambda one: one["input"]
        )
        for done in (there, here)
    ]
    for one, other in zip(*records, strict=True):
        for differs in ("seconds", "output"):
            del one[differs], other[differs]
        assert one == other
    assert "30 of 31 pictures denoised into" in there.stderr
    assert "bad.png: not a picture" in there.stderr


def test_tasks_grow_smaller_towards_the_end(tmp_path: Path) -> None:
    from linn_cli.cluster import client

    jobs = [Job(tmp_path / str(number), tmp_path) for number in range(2000)]
    chunks = list(client._chunks(jobs, 8, 100))
    assert [job for chunk in chunks for job in chunk] == jobs
    sizes = list(map(len, chunks))
    assert sizes == sorted(sizes, reverse=True)
    assert (sizes[0], sizes[-5:]) == (100, [1] * 5)
    assert len(sizes) < 70
    assert set(map(len, client._chunks(jobs, 8, 1))) == {1}


def test_a_worker_that_is_killed_loses_nothing(cluster: Cluster, tmp_path: Path) -> None:
    folder = save(tmp_path / "in", *(f"slow-{index:03}.png" for index in range(80)))
    out = tmp_path / "out"
    run = start("linn_cli", "denoise", folder, "-o", out, *SIGMA, "--dask", cluster.address)
    wait_for(lambda: len(contents(out)) > 4)
    kill(next(filter(is_alive, cluster.workers)))
    _, said = run.communicate(timeout=PATIENCE)
    assert run.returncode == 0, said
    assert "80 of 80 pictures denoised" in said
    # What was killed in the midst of writing may leave its hidden file.
    assert sum(not name.startswith(".") for name in contents(out)) == 80


def test_a_file_that_kills_its_workers_fails_alone(linn: Run, tmp_path: Path) -> None:
    folder = save(tmp_path / "in", "poison.png", *(f"{index:02}.png" for index in range(9)))
    out = tmp_path / "out"
    with running(tmp_path, 1, **UNFORGIVING) as cluster:
        done = linn("denoise", folder, "-o", out, *SIGMA, "--dask", cluster.address)
    assert done.returncode == 1
    assert f"{folder / 'poison.png'}: every worker that took it died" in done.stderr
    assert "9 of 10 pictures denoised" in done.stderr
    assert sorted(contents(out)) == [f"{index:02}.png" for index in range(9)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_takes_the_rest_back(
    linn: Run, cluster: Cluster, tmp_path: Path, number: signal.Signals
) -> None:
    names = ["00.png", *(f"endless-{index}.png" for index in range(20))]
    folder, out = save(tmp_path / "in", *names), tmp_path / "out"
    command = ["denoise", folder, "-o", out, *SIGMA, "--dask", cluster.address]
    run = start("linn_cli", *command)
    wait_for(lambda: contents(out))
    run.send_signal(number)
    _, said = run.communicate(timeout=PATIENCE)
    assert run.returncode == 128 + number
    assert said.splitlines()[-1] == "linn: interrupted"
    assert list(contents(out)) == ["00.png"]
    # The workers are free again.
    done = linn("denoise", save(tmp_path / "more", "a.png"), *SIGMA, "--dask", cluster.address)
    assert done.returncode == 0, done.stderr


def test_a_scheduler_that_goes_away_is_one_line_and_the_rest_can_follow(
    linn: Run, tmp_path: Path
) -> None:
    folder = save(tmp_path / "in", *(f"slow-{index:03}.png" for index in range(60)))
    out = tmp_path / "out"
    command = ["denoise", folder, "-o", out, *SIGMA]
    with running(tmp_path, 1) as gone:
        run = start("linn_cli", *command, "--dask", gone.address, "--quiet")
        wait_for(lambda: len(contents(out)) > 4)
        kill(gone.scheduler.pid)
        _, said = run.communicate(timeout=PATIENCE)
    assert run.returncode == 1
    assert "the scheduler went away" in only_line(said)
    left = contents(out)
    assert 4 < len(left) < 60
    assert not any(name.startswith(".") for name in left)
    done = linn(*command, "--skip-existing")
    assert f"{60 - len(left)} of 60 pictures denoised" in done.stderr


@pytest.mark.parametrize(
    ("name", "here", "reason"),
    [
        ("__version__", "0.0.1", f": has linn {__version__}, and 0.0.1 is at work"),
        ("digest", lambda _: "x", ": has other weights by the name"),
    ],
)
def test_a_worker_with_another_linn_or_other_weights_is_named(
    linn: Run,
    cluster: Cluster,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    here: object,
    reason: str,
) -> None:
    folder = save(tmp_path / "in", "a.png")
    monkeypatch.setattr(setup, name, here)  # and the workers keep what they have
    done = linn("denoise", folder, *SIGMA, "--dask", cluster.address)
    assert done.returncode == 1
    assert reason in only_line(done.stderr)
    assert list(contents(folder)) == ["a.png"]


def test_an_address_that_nobody_answers_is_one_line_soon(linn: Run, tmp_path: Path) -> None:
    folder = save(tmp_path / "in", "a.png")
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        for listens in (False, True):  # nobody takes the connection, or who does is silent
            if listens:
                server.listen()
            began = time.monotonic()
            done = linn("denoise", folder, *SIGMA, "--dask", address)
            assert time.monotonic() - began < 5 * max(1, os.getloadavg()[0])
            assert done.returncode == 1
            assert "no Dask scheduler answers there" in only_line(done.stderr)


def test_another_server_is_no_scheduler(linn: Run, tmp_path: Path) -> None:
    folder = save(tmp_path / "in", "a.png")
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_greet_as_another, args=(server,), daemon=True).start()
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        done = linn("denoise", folder, *SIGMA, "--dask", address)
    assert done.returncode == 1
    assert "is no Dask scheduler" in only_line(done.stderr)


def _greet_as_another(server: socket.socket) -> None:
    held = []
    with suppress(OSError):
        while True:
            held.append(server.accept()[0])
            held[-1].sendall(b"SSH-2.0-another\r\n")


def test_a_cluster_of_this_machine(linn: Run, tmp_path: Path) -> None:
    folder = save(tmp_path / "in", *(f"{index}.png" for index in range(8)))
    done = linn("denoise", folder, "-o", tmp_path / "out", *SIGMA, "--dask", "local", "--jobs", 2)
    assert done.returncode == 0, done.stderr
    assert linn("denoise", folder, "-o", tmp_path / "here", *SIGMA).returncode == 0
    assert contents(tmp_path / "out") == contents(tmp_path / "here")


def test_ctrl_c_at_a_terminal_reaches_the_workers_of_this_machine_too(tmp_path: Path) -> None:
    folder, out = save(tmp_path / "in", "0000.png"), tmp_path / "out"
    picture = (folder / "0000.png").read_bytes()
    for index in range(1, 3000):
        (folder / f"{index:04}.png").write_bytes(picture)
    command = ["denoise", folder, "-o", out, *SIGMA, "--dask", "local", "--jobs", 2, "--quiet"]
    run = start("linn_cli", *command)
    wait_for(lambda: contents(out))
    os.killpg(run.pid, signal.SIGINT)
    _, said = run.communicate(timeout=PATIENCE)
    assert (run.returncode, said) == (130, "linn: interrupted\n")
    assert not any(name.startswith(".") for name in contents(out))
    assert len(contents(out)) < 3000
