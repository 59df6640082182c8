"""The wheel works where the checkout is not: it ships the weights and denoises with them."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from .conftest import ROOT

pytest.importorskip("hatchling", reason="the wheel is built with hatchling")


def test_the_wheel_denoises_elsewhere(tmp_path: Path, noisy_file: Path) -> None:
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=300)
    [wheel] = tmp_path.glob("linn_cli-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        archive.extractall(tmp_path / "site")
    shipped = {path.name for path in (ROOT / "weights").glob("*.safetensors")} | {"manifest.json"}
    assert {f"linn_cli/bundled/{name}" for name in shipped} <= names
    assert not any(name.startswith(("tests", "weights")) for name in names)

    code = "import linn_cli.cli, sys; print(linn_cli.__file__); sys.argv[0] = 'linn'; linn_cli.cli.main()"
    target = tmp_path / "clean.png"
    arguments = ["denoise", str(noisy_file), "-o", str(target), "--sigma", "25"]
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path / "site")},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert str(tmp_path) in done.stdout
    assert target.exists()
