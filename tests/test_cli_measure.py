from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from linn_cli.network.architecture import Architecture
from linn_cli.weights import sets
from tests.conftest import Run, only_line, random_model


def test_benchmark_prints_tables_or_data(
    linn: Run, tmp_path: Path, grey: NDArray[np.uint8]
) -> None:
    Image.fromarray(grey).save(tmp_path / "clean.png")
    done = linn("benchmark", tmp_path, "--sigma", 25, "--sigma", 40)
    assert (done.returncode, done.stderr) == (0, "")
    assert "WNNM" in done.stdout
    assert "(this run)" in done.stdout
    assert "clean.png" not in done.stdout
    assert "clean.png" in linn("benchmark", tmp_path, "--sigma", 25, "--verbose").stdout

    done = linn("benchmark", tmp_path, "--sigma", 25, "--sigma", 40, "--json", "--verbose")
    data = json.loads(only_line(done.stdout))
    assert [summary["sigma"] for summary in data["summaries"]] == [25, 40]
    assert [picture["image"] for picture in data["pictures"]] == ["clean.png", "clean.png"]
    assert data["published"]["psnr"]["DnCNN"]["25"] == 29.19


def test_benchmark_can_store_the_noisy_pictures_in_eight_bits(
    linn: Run, tmp_path: Path, grey: NDArray[np.uint8]
) -> None:
    # So dark that black cuts off much of the noise: each step is worth more than 1 dB.
    Image.fromarray(grey // 4).save(tmp_path / "clean.png")
    done = linn("benchmark", tmp_path, "--sigma", 50, "--quantize", "--json")
    summaries = json.loads(only_line(done.stdout))["summaries"]
    methods = [summary["method"].partition(", ")[2] for summary in summaries]
    assert methods == ["", "8 bits", "8 bits plain"]
    floats, corrected, plain = (summary["psnr"] for summary in summaries)
    assert floats > corrected > plain


def test_benchmark_defaults_to_the_published_sigmas(
    linn: Run, tmp_path: Path, grey: NDArray[np.uint8]
) -> None:
    Image.fromarray(grey[:16, :16]).save(tmp_path / "clean.png")
    data = json.loads(linn("benchmark", tmp_path, "--json").stdout)
    assert [summary["sigma"] for summary in data["summaries"]] == [15, 25, 50]


def test_benchmark_needs_pictures(linn: Run, tmp_path: Path) -> None:
    done = linn("benchmark", tmp_path)
    assert done.returncode == 1
    assert "no pictures in it" in only_line(done.stderr)
    done = linn("benchmark", tmp_path / "missing")
    assert done.returncode == 1
    assert "not a folder" in only_line(done.stderr)


@pytest.fixture
def small_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Verify on small pictures only; the full list is tried by test_invertibility.py."""
    monkeypatch.setattr("linn_cli.evaluation.invertibility.SIZES", ((1, 1), (3, 5), (33, 20)))


@pytest.mark.usefixtures("small_pictures")
def test_verify_invertibility_passes_on_the_bundled_weights(linn: Run, noisy_file: Path) -> None:
    done = linn("verify-invertibility", noisy_file)
    assert (done.returncode, done.stderr) == (0, "")
    assert "inverted" in done.stdout
    data = json.loads(linn("verify-invertibility", noisy_file, "--json").stdout)
    assert data["passed"]
    assert data["pictures"] == 4
    assert {entry["dtype"] for entry in data["worst"]} == {"float32", "float64", "bfloat16"}
    assert {entry["weights"] for entry in data["worst"]} == {entry.name for entry in sets.bundled()}


@pytest.mark.usefixtures("small_pictures")
def test_verify_invertibility_fails_on_a_network_that_explodes(linn: Run, tmp_path: Path) -> None:
    # Gains so large that the round trip drowns in rounding: the exit code must say so.
    model = random_model(Architecture("st", 1))
    for name, value in model.named_parameters():
        if name.endswith("weight"):
            value.mul_(3)
    path = tmp_path / "exploding.safetensors"
    sets.save(path, model, (5, 60), "made to fail")
    done = linn("verify-invertibility", "--weights", path)
    assert done.returncode == 1
    assert "NO" in done.stdout
    assert "not inverted" in only_line(done.stderr)


def test_verify_invertibility_needs_some_sigma(linn: Run) -> None:
    done = linn("verify-invertibility", "--sigma", 0)
    assert done.returncode == 2
    assert "too small to scale by" in only_line(done.stderr)
