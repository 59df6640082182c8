from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from linn_cli import cli
from tests.conftest import Run


def test_debug_shows_the_traceback(linn: Run, noisy_file: Path) -> None:
    options = ["-o", noisy_file, "--sigma", 25, "--debug"]
    done = linn("denoise", noisy_file, *options)
    assert done.returncode == 2
    assert "Traceback" in done.stderr


def test_the_console_script_is_installed() -> None:
    script = shutil.which("linn", path=str(Path(sys.executable).parent))
    assert script is not None
    done = subprocess.run([script, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("linn ")


@pytest.mark.parametrize(
    ("environment", "spins"),
    [
        ({}, "10000"),
        ({"GOMP_SPINCOUNT": "5"}, "5"),
        ({"OMP_WAIT_POLICY": "passive"}, None),
    ],
)
def test_threads_wait_as_the_user_says_else_briefly(
    environment: dict[str, str], spins: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.environ", environment)
    monkeypatch.setattr(cli, "app", lambda prog_name: None)
    cli.main()
    assert environment.get("GOMP_SPINCOUNT") == spins
