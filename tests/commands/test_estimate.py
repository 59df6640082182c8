from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image
from typer.testing import CliRunner

from linn_cli.cli import app
from tests.conftest import Run, only_line


def test_estimate_goes_on_after_a_bad_file(linn: Run, noisy_file: Path) -> None:
    small = noisy_file.with_name("small.png")
    Image.new("L", (30, 7)).save(small)
    done = linn("estimate", small, noisy_file)
    assert done.returncode == 1
    assert "30 x 7 pixels are too few" in done.stderr
    assert only_line(done.stdout).startswith(f"{noisy_file}: sigma ")


def test_coarse_noise_is_said(linn: Run, noisy_file: Path) -> None:
    noise = np.random.default_rng(0).normal(0, 20, (300, 301))
    smoothed = (127 + (noise[:, 1:] + noise[:, :-1]) / 2).round().clip(0, 255)
    Image.fromarray(smoothed.astype(np.uint8)).save(noisy_file)
    said = only_line(linn("estimate", noisy_file).stdout)
    assert "coarse noise" in said
    # Programs read the same sigma, and that which denoising says.
    [sigma] = json.loads(only_line(linn("estimate", noisy_file, "--json").stdout))["sigma"]
    assert f"sigma {sigma:.1f}, estimated" in said
    command = ["denoise", noisy_file, "-o", noisy_file.with_name("b.png"), "--json"]
    assert json.loads(only_line(linn(*command).stdout))["sigma"] == [sigma]


def test_folders_are_estimated_and_what_is_passed_over_is_said(linn: Run, tree: Path) -> None:
    done = linn("estimate", tree)
    assert done.returncode == 0
    assert "passed over 1 folder (-r enters)" in only_line(done.stderr)
    names = [line.partition(": ")[0] for line in done.stdout.splitlines()]
    assert names == [str(tree / "a.png"), str(tree / "b.jpg")]
    assert len(linn("estimate", tree, "-r").stdout.splitlines()) == 4


def test_a_picture_is_estimated_from_a_pipe(noisy_file: Path) -> None:
    command = ["estimate", "-", "--json"]
    done = CliRunner().invoke(app, command, input=noisy_file.read_bytes())
    assert done.exit_code == 0
    record = json.loads(done.stdout)
    assert (record["input"], record["width"]) == ("-", 52)
    failed = CliRunner().invoke(app, command, input=b"")
    assert failed.exit_code == 1
    assert failed.stderr == "linn: standard input: is empty, there is no picture in it\n"


def test_every_channel_of_counts_is_estimated_in_the_files_values(
    linn: Run, tmp_path: Path
) -> None:
    rng = np.random.default_rng(0)
    counts = (20_000 + 9_000 * np.sin(np.mgrid[:2, :64, :80][2] / 9)).astype(np.float32)
    noisy = counts + rng.normal(0, 1500, counts.shape).astype(np.float32)
    tifffile.imwrite(tmp_path / "a.tif", noisy, photometric="minisblack", planarconfig="separate")
    lines = linn("estimate", tmp_path / "a.tif").stdout.splitlines()
    starts = [f"{tmp_path / 'a.tif'}: channel {number}: sigma " for number in (1, 2)]
    assert [line[: len(start)] for line, start in zip(lines, starts, strict=True)] == starts
    assert all(line.endswith("in the file's values (--sigma-unit value)") for line in lines)
    found = json.loads(only_line(linn("estimate", tmp_path / "a.tif", "--json").stdout))
    assert found["sigma_unit"] == "value"
    assert found["overall"]["sigma"] == pytest.approx(1500, rel=0.1)
    assert [plane["channel"] for plane in found["planes"]] == [1, 2]
    assert found["planes"][1]["overall"]["sigma"] == pytest.approx(1500, rel=0.15)
