from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace

import pytest
import torch

from linn_cli.export import darktable
from linn_cli.network.architecture import NETWORKS, Architecture
from linn_cli.weights import sets
from tests.conftest import FAMILY, ROOT, random_image, random_model

COLOUR = sets.describe(ROOT / "weights" / "polyphase-colour.safetensors")


def opened(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_package_has_what_darktable_reads() -> None:
    data = darktable.package(COLOUR, b"model", "MIT", inputs=2)
    assert data == darktable.package(COLOUR, b"model", "MIT", inputs=2)
    files = opened(data)
    name = "denoise-linn-polyphase-colour"
    assert files[f"{name}/model.onnx"] == b"model"
    config = json.loads(files[f"{name}/config.json"])
    assert (config["id"], config["task"], config["backend"]) == (name, "denoise", "onnx")
    assert (config["tiling"], config["num_inputs"]) == (True, 2)
    assert config["model_card"]["license"] == "MIT"
    assert files[f"{name}/LICENSE.md"] == sets.licence().read_bytes()


def test_the_description_has_task_tiling_overlap_and_licence() -> None:
    [text] = [
        held.decode()
        for name, held in opened(darktable.package(COLOUR, b"", "MIT", inputs=1)).items()
        if name.endswith("model.yaml")
    ]
    lines = text.splitlines()
    assert 'task: "denoise"' in lines
    assert "tiling: true" in lines
    assert "num_inputs: 1" in lines
    overlap = lines.index("attributes:") + 1
    assert lines[overlap] == f"  overlap: {darktable.reach(COLOUR.architecture)}"
    assert '  license: "MIT"' in lines
    assert any(line.startswith('  provenance: "trained by linn') for line in lines)
    assert any(line.startswith('  sha256: "') for line in lines)


def test_weights_of_others_have_no_licence_of_linn() -> None:
    other = replace(COLOUR, path=ROOT / "README.md", sha256="0" * 64)
    files = opened(darktable.package(other, b"", "CC0-1.0", inputs=1))
    assert not any("LICENSE" in name for name in files)
    [text] = [held.decode() for name, held in files.items() if name.endswith("model.yaml")]
    assert 'author: "unknown"' in text
    assert 'license: "CC0-1.0"' in text


@pytest.mark.parametrize("architecture", FAMILY, ids=str)
def test_no_pixel_further_away_than_the_reach_counts(architecture: Architecture) -> None:
    reach = darktable.reach(architecture)
    model = random_model(architecture)
    side = 2 * reach + 41
    image = random_image(9, side, planes=architecture.planes)
    changed = image.clone()
    changed[..., side // 2] += 1
    moved = (model(changed, 1.0) - model(image, 1.0)).abs().sum(dim=(0, 1, 2))
    columns = torch.nonzero(moved).flatten()
    farthest = max(side // 2 - int(columns.min()), int(columns.max()) - side // 2)
    assert 0.5 * reach < farthest <= reach


def test_tiles_of_darktable_overlap_by_more_than_colour_networks_reach() -> None:
    for name in ("colour", "colour-fast"):
        assert darktable.reach(NETWORKS[name]) <= darktable.OVERLAP
