from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from linn_cli.network.architecture import Architecture
from linn_cli.weights import sets
from tests.conftest import Run, only_line, random_model


@pytest.fixture
def small_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Verify on small pictures only; the full list is tried by test_invertibility.py."""
    monkeypatch.setattr("linn_cli.evaluation.invertibility.SIZES", ((1, 1), (3, 5)))


@pytest.mark.usefixtures("small_pictures")
def test_verify_invertibility_tries_everything(linn: Run, tmp_path: Path) -> None:
    Image.new("L", (70, 3), 90).save(tmp_path / "wide.png")
    arguments = ["verify-invertibility", tmp_path / "wide.png", "--weights", "dninn-st-1-25"]
    done = linn(*arguments, "--all", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    data = json.loads(done.stdout)
    assert data["passed"]
    assert {entry["dtype"] for entry in data["worst"]} == {"float32", "float64", "bfloat16"}
    [check] = data["checked"]
    assert check["pictures"] == ["1x1", "5x3", "70x3"]


@pytest.mark.usefixtures("small_pictures")
def test_verify_invertibility_tries_every_set_on_a_part_and_says_so(
    linn: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("linn_cli.engine.devices.has_bfloat16", lambda device: False)
    Image.new("RGB", (200, 70), (90, 80, 70)).save(tmp_path / "large.png")
    done = linn("verify-invertibility", tmp_path / "large.png", "--json")
    assert "the middle 64 x 64 pixels (--all)" in only_line(done.stderr)
    data = json.loads(done.stdout)
    assert data["passed"]
    # Nothing emulates what this processor lacks.
    assert {entry["dtype"] for entry in data["worst"]} == {"float32", "float64"}
    assert {entry["weights"] for entry in data["worst"]} == {entry.name for entry in sets.bundled()}
    [usual] = [check for check in data["checked"] if "64x64" in check["pictures"]]
    assert usual["weights"] == "polyphase-colour"  # what would denoise it
    assert usual["pictures"] == ["1x1", "5x3", "64x64"]
    done = linn("verify-invertibility", "--weights", "dninn-st-1-25")
    assert "Checked: 1 set on 2 pictures in float32 and float64. --all" in done.stdout


@pytest.mark.usefixtures("small_pictures")
def test_verify_invertibility_prints_a_table(linn: Run, noisy_file: Path) -> None:
    name = sets.bundled()[0].name
    done = linn("verify-invertibility", noisy_file, "--weights", name)
    assert (done.returncode, done.stderr) == (0, "")
    assert "inverted" in done.stdout
    assert name in done.stdout
    assert "NO" not in done.stdout


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
