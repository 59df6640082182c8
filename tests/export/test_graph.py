from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from linn_cli import denoise
from linn_cli.network.architecture import Architecture
from linn_cli.weights import sets
from linn_cli.weights.sets import WeightSet
from tests.conftest import FAMILY, random_model

pytest.importorskip("onnx", reason="needs onnx, which .[test] installs")
ort = pytest.importorskip("onnxruntime", reason="needs ONNX Runtime, which .[test] installs")
from linn_cli.export import onnx_file  # noqa: E402

SHIPPED = sets.bundled()
COLOUR = [one.path for one in SHIPPED if one.name in ("polyphase-colour", "polyphase-colour-fast")]
# Low, narrow, odd and even; and some at random.
SIZES = [(4, 4), (5, 60), *np.random.default_rng(0).integers(4, 32, (3, 2)).tolist()]


@pytest.mark.parametrize("weight_set", SHIPPED, ids=lambda one: one.name)
def test_every_shipped_network_agrees_with_torch(weight_set: WeightSet) -> None:
    data = onnx_file.content(weight_set, "MIT")
    assert onnx_file.compare(data, weight_set, SIZES).apart < onnx_file.TOLERANCE


def test_a_network_that_is_another_does_not_agree() -> None:
    first, other, *_ = sets.bundled()
    found = onnx_file.compare(onnx_file.content(first, "MIT"), other)
    assert found.apart > 1e-3
    assert not found.holds


@pytest.mark.parametrize("architecture", FAMILY, ids=str)
def test_every_architecture_agrees_with_torch(tmp_path: Path, architecture: Architecture) -> None:
    path = tmp_path / "random.safetensors"
    sets.save(path, random_model(architecture), (5, 60), "random")
    weight_set = sets.describe(path)
    data = onnx_file.content(weight_set, "MIT")
    # Random filters amplify the rounding of float32 far more than trained ones.
    assert onnx_file.compare(data, weight_set, SIZES).holds


def run(data: bytes, **inputs: Any) -> Any:
    [answer] = ort.InferenceSession(data, providers=["CPUExecutionProvider"]).run(None, inputs)
    return answer


@pytest.mark.parametrize("path", COLOUR, ids=lambda path: path.stem)
def test_the_answer_is_that_of_linn(path: Path) -> None:
    ramp = np.linspace(0, 1, 40)[None, :, None]
    image = np.random.default_rng(0).normal(ramp, 0.1, (33, 40, 3)).astype(np.float32)
    expected = denoise(image, 25, weight_file=path, precision="float32")
    sigma = np.full((1, 1, 1, 1), 25 / 255, np.float32)
    answer = run(
        onnx_file.content(sets.describe(path), "MIT"),
        input=image.transpose(2, 0, 1)[None],
        sigma=sigma,
    )
    np.testing.assert_allclose(answer[0].transpose(1, 2, 0), expected, atol=1e-5, rtol=0)


def test_sigma_may_be_a_map_and_may_differ_in_a_batch() -> None:
    data = onnx_file.content(sets.bundled()[0], "MIT")
    pictures = torch.rand((2, 1, 12, 15), generator=torch.Generator().manual_seed(0)).numpy()
    levels = np.array([0.05, 0.1], np.float32).reshape(2, 1, 1, 1)
    both = run(data, input=pictures, sigma=levels)
    wide = run(data, input=pictures, sigma=levels.repeat(12, axis=2).repeat(15, axis=3))
    np.testing.assert_allclose(both, wide, atol=1e-6)
    for index in range(2):
        part = slice(index, index + 1)
        alone = run(data, input=pictures[part], sigma=levels[part])
        np.testing.assert_allclose(both[part], alone, atol=1e-6)
    assert np.abs(both[1] - run(data, input=pictures[1:], sigma=levels[:1])[0]).max() > 1e-3


def test_filters_are_kept_once() -> None:
    weight_set = sets.bundled()[0]
    size = len(onnx_file.content(weight_set, "MIT"))
    assert size < 1.2 * weight_set.path.stat().st_size
