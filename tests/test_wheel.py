"""The wheel works where the checkout is not: it ships the weights and denoises with them."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytest.importorskip("hatchling", reason="the wheel is built with hatchling")


def test_the_wheel_denoises_elsewhere(tmp_path: Path, noisy_file: Path) -> None:
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=300)
    [wheel] = tmp_path.glob("linn_cli-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    shipped = {path.name for path in (ROOT / "weights").glob("*.safetensors")} | {"manifest.json"}
    assert {f"linn_cli/bundled/{name}" for name in shipped} <= names
    pages = {path.name for path in (ROOT / "linn_cli" / "pages" / "templates").iterdir()}
    assert {f"linn_cli/pages/templates/{name}" for name in pages} <= names
    assert not any(name.startswith(("tests", "weights")) for name in names)

    # Installed without its dependencies, which this environment lends.
    site = tmp_path / "site"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*install, "--target", str(site), str(wheel)], check=True, timeout=300)
    environment = os.environ | {"PYTHONPATH": str(site)}
    target = tmp_path / "clean.png"
    [script] = [path for path in (site / "bin").iterdir() if path.stem == "linn"]
    done = subprocess.run(
        [script, "denoise", str(noisy_file), "-o", str(target), "--sigma", "25"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert target.exists()
    code = "import linn_cli; print(linn_cli.__file__)"
    where = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, check=True
    )
    assert str(site) in where.stdout.decode()
