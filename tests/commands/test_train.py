from __future__ import annotations

import json
import platform
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.conftest import Run, only_line

SHORT = ["--steps", 4, "--batch", 1, "--patch", 16, "--every", 2, "--no-compile"]


@pytest.fixture
def gallery(tmp_path: Path, grey: NDArray[np.uint8]) -> Path:
    folder = tmp_path / "gallery"
    folder.mkdir()
    for index in range(3):
        Image.fromarray(np.roll(grey, 5 * index, axis=1)).save(folder / f"{index}.png")
    return folder


def test_train_resumes_and_its_weights_denoise(
    linn: Run, gallery: Path, tmp_path: Path, noisy_file: Path
) -> None:
    run, log = tmp_path / "run", tmp_path / "log.jsonl"
    done = linn("train", gallery, "--run", run, "--log-json", log, *SHORT)
    assert done.returncode == 0, done.stderr
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == ["step 2", "step 4"]
    assert [json.loads(line)["step"] for line in log.read_text().splitlines()] == [2, 4]

    done = linn("train", gallery, "--run", run, *SHORT)
    assert done.returncode == 2
    assert "holds a run already" in only_line(done.stderr)

    done = linn("train", gallery, "--run", run, "--resume", *SHORT, "--steps", 6)
    assert done.returncode == 0, done.stderr
    assert "resumed" in done.stdout
    assert "step 6" in done.stdout

    trained = run / "weights.safetensors"
    target = noisy_file.with_name("clean.png")
    done = linn("denoise", noisy_file, "-o", target, "--sigma", 25, "--weights", trained)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("network", ["colour-fast", "grey-fast"])
def test_train_learns_the_noise_of_photographs_until_a_time_limit(
    linn: Run, gallery: Path, tmp_path: Path, network: str
) -> None:
    learnt = ["--network", network, "--noise", "photo", "--time-limit", 10, "--wind-down"]
    run = tmp_path / "run"
    done = linn("train", gallery, "--run", run, *SHORT, *learnt, "--patch", 8, "--steps", 1)
    assert done.returncode == 0, done.stderr
    assert (run / "weights.safetensors").exists()


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--wind-down"], "add --time-limit"),
        (["--noise", "pink"], "choose white or photo"),
    ],
)
def test_train_refuses_what_does_not_go_together(
    linn: Run, gallery: Path, tmp_path: Path, options: list[str], reason: str
) -> None:
    done = linn("train", gallery, "--run", tmp_path / "run", *SHORT, *options)
    assert done.returncode == 2
    assert reason in only_line(done.stderr)
    assert not (tmp_path / "run").exists()


# A command line, and how much of 160 MB the process still holds after it gave them back.
_HELD = """
import sys
from pathlib import Path
import numpy as np
from linn_cli.cli import app

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

app(sys.argv[1:], standalone_mode=False)
before = resident()
blocks = [np.ones(2**22, np.uint8) for _ in range(40)]
del blocks
print(resident() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is told")
def test_train_keeps_freed_memory(gallery: Path, tmp_path: Path, noisy_file: Path) -> None:
    def held(*arguments: object) -> int:
        command = [sys.executable, "-c", _HELD, *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
        return int(done.stdout.splitlines()[-1])

    # Left to itself, glibc keeps up to 64 MB at the end of the heap.
    assert held("estimate", noisy_file) < 80e6
    assert held("train", gallery, "--run", tmp_path / "run", *SHORT, "--steps", 1) > 140e6


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal to send")
def test_train_saves_when_it_is_interrupted(gallery: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "linn_cli", "train", gallery, "--run", tmp_path / "run"]
    options = [
        "--steps",
        "1000000",
        "--batch",
        "1",
        "--patch",
        "16",
        "--every",
        "1",
        "--no-compile",
    ]
    with subprocess.Popen(
        [*map(str, command), *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "saved; --resume goes on" in only_line(error)
    assert (tmp_path / "run" / "weights.safetensors").exists()
