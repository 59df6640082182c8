from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from linn_cli.export import onnx_file
from linn_cli.export.onnx_file import Agreement
from linn_cli.network.architecture import Architecture
from linn_cli.weights import sets
from tests.conftest import Run, only_line, random_model

COLOUR = "polyphase-colour-fast"


@pytest.fixture(autouse=True)
def _onnx() -> None:
    for name in ("onnx", "onnxruntime"):
        pytest.importorskip(name, reason=f"needs {name}, which .[test] installs")


def test_an_onnx_file_is_written_and_checked(linn: Run, tmp_path: Path) -> None:
    target = tmp_path / "linn.onnx"
    done = linn("export", target)
    assert done.returncode == 0, done.stderr
    said = only_line(done.stderr)
    assert "linn.onnx: polyphase-colour, for colour pictures, licence MIT" in said
    assert "; ONNX Runtime differs from torch by at most" in said
    again = linn("export", target)
    assert again.returncode == 2
    assert "there already; --overwrite replaces it" in again.stderr
    assert linn("export", target, "--overwrite", "--quiet").stderr == ""


def test_json_has_the_metadata(linn: Run, tmp_path: Path) -> None:
    target = tmp_path / "linn.onnx"
    done = linn("export", target, "--sigma", 25, "--opset", 20, "--json")
    data = json.loads(done.stdout)
    assert data["output"] == str(target)
    assert data["bytes"] == target.stat().st_size
    assert data["difference"] < onnx_file.TOLERANCE
    assert data["licence"] == "MIT"
    assert data["sigma"] == "25 of 255"


def test_a_package_for_darktable_is_written(linn: Run, tmp_path: Path) -> None:
    target = tmp_path / "linn.dtmodel"
    done = linn("export", target, "--weights", COLOUR, "--sigma", 10)
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(target) as archive:
        names = {Path(name).name for name in archive.namelist()}
        config = json.loads(archive.read("denoise-linn-polyphase-colour-fast/config.json"))
    assert names == {"config.json", "model.yaml", "model.onnx", "LICENSE.md"}
    assert config["num_inputs"] == 1


def test_weights_of_others_need_a_licence_to_be_named(linn: Run, tmp_path: Path) -> None:
    path = tmp_path / "mine.safetensors"
    sets.save(path, random_model(Architecture()).float(), (5, 60), "random")
    done = linn("export", tmp_path / "a.onnx", "--weights", path)
    assert "licence unknown" in done.stderr
    assert "--licence says in the file" in done.stderr
    done = linn("export", tmp_path / "b.onnx", "--weights", path, "--licence", "CC0-1.0")
    assert "licence CC0-1.0" in only_line(done.stderr)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["a.txt"], "ends in .onnx or .dtmodel"),
        (["a.onnx", "--opset", 9], "opset 9: choose from 18"),
        (["a.onnx", "--sigma", 0], "too small to scale by"),
        (["a.dtmodel", "--weights", "dninn-st-1-25"], "is for grey pictures, and darktable's"),
    ],
)
def test_what_cannot_be_is_a_usage_error(
    linn: Run, tmp_path: Path, arguments: list[object], reason: str
) -> None:
    name, *options = arguments
    done = linn("export", tmp_path / str(name), *options)
    assert done.returncode == 2
    assert reason in only_line(done.stderr)
    assert not list(tmp_path.iterdir())


def test_a_file_that_differs_from_torch_is_not_written(
    linn: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onnx_file, "compare", lambda *_: Agreement(float("nan"), 0.0))
    done = linn("export", tmp_path / "a.onnx")
    assert done.returncode == 1
    assert "nothing was written" in done.stderr
    assert not list(tmp_path.iterdir())


def test_without_onnx_runtime_the_file_is_not_checked(
    linn: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onnx_file, "can_check", lambda: False)
    done = linn("export", tmp_path / "a.onnx")
    assert done.returncode == 0
    assert "not checked" in done.stderr
