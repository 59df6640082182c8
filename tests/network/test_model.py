from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from linn_cli.network.architecture import Architecture
from linn_cli.network.model import DnINN
from tests.conftest import ARCHITECTURES, FAMILY, random_model, shared

PARAMETERS = {
    Architecture("st", 1): 134_659,
    Architecture("lista", 1): 135_169,
    Architecture("st", 2): 269_318,
    Architecture("lista", 2): 270_338,
}
# The golden answers are rounded float64; float32 leaves about 1e-7 a layer on values of order 1.
TOLERANCES = {torch.float64: 1e-10, torch.float32: 2e-5}


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=str)
def test_parameter_counts_are_those_of_the_paper(architecture: Architecture) -> None:
    count = sum(parameter.numel() for parameter in DnINN(architecture).parameters())
    assert count == PARAMETERS[architecture]


@pytest.mark.parametrize("dtype", TOLERANCES, ids=str)
@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=str)
def test_agrees_with_an_independent_implementation(
    architecture: Architecture, dtype: torch.dtype
) -> None:
    golden = np.load(shared("weights/golden.npz"))
    case = f"{architecture.variant}-{architecture.scales}"
    model = DnINN(architecture)
    model.load_state_dict(arrays(golden, f"{case}/weights/"))
    check_pairs(model.to(dtype), golden, f"{case}/pairs", pairs=4)


@pytest.mark.parametrize("dtype", TOLERANCES, ids=str)
def test_the_warm_start_agrees_with_an_independent_implementation(dtype: torch.dtype) -> None:
    from safetensors.torch import load_file

    model = DnINN(Architecture("st", 1))
    model.load_state_dict(load_file(shared("weights/dninn-st-1-base.safetensors")))
    check_pairs(model.to(dtype), np.load(shared("weights/golden.npz")), "base/pairs", pairs=3)


def arrays(golden: Any, prefix: str) -> dict[str, torch.Tensor]:
    keys = [key for key in golden.files if key.startswith(prefix)]
    return {key.removeprefix(prefix): torch.from_numpy(golden[key]) for key in keys}


def check_pairs(model: DnINN, golden: Any, prefix: str, pairs: int) -> None:
    dtype = next(model.parameters()).dtype
    model.load_state_dict(model.state_dict())
    for q in range(pairs):
        noisy = torch.from_numpy(golden[f"{prefix}/{q}/noisy"])[None, None]
        expected = torch.from_numpy(golden[f"{prefix}/{q}/denoised"])[None, None]
        sigma = float(golden[f"{prefix}/{q}/sigma"]) / 255
        with torch.no_grad():
            denoised = model(noisy.to(dtype), sigma)
        torch.testing.assert_close(denoised.double(), expected, rtol=0, atol=TOLERANCES[dtype])


@pytest.mark.parametrize("architecture", FAMILY, ids=str)
def test_synthesis_undoes_analysis(architecture: Architecture) -> None:
    model = random_model(architecture)
    image = torch.randn((2, architecture.planes, 15, 22), dtype=torch.float64)
    coarse, details = model.analyse(image)
    assert len(details) == architecture.scales
    restored = model.synthesise(coarse, details)[..., :15, :22]
    # A few dozen roundings of values of order 10, amplified by random networks.
    torch.testing.assert_close(restored, image, rtol=0, atol=1e-11)


@pytest.mark.parametrize("architecture", FAMILY, ids=str)
def test_shrinkage_is_where_the_answer_comes_from(architecture: Architecture) -> None:
    model = random_model(architecture)
    image = torch.randn((1, architecture.planes, 15, 22), dtype=torch.float64)
    assert (model(image, 1.0) - image).abs().max() > 0.01


def test_sigma_scales_contrast_about_mid_grey() -> None:
    # The noise-normalised form: a picture of doubled contrast and sigma has the doubled answer.
    model = random_model(Architecture("lista", 2))
    image = torch.rand((1, 1, 10, 14), dtype=torch.float64)
    doubled = model(0.5 + 2 * (image - 0.5), 0.2)
    torch.testing.assert_close(doubled, 0.5 + 2 * (model(image, 0.1) - 0.5))


def test_sigma_may_differ_within_a_batch() -> None:
    model = random_model(Architecture("st", 1))
    batch = torch.rand((2, 1, 9, 9), dtype=torch.float64)
    sigma = torch.tensor([0.1, 0.3], dtype=torch.float64).view(2, 1, 1, 1)
    together = model(batch, sigma)
    for k in range(2):
        torch.testing.assert_close(together[k : k + 1], model(batch[k : k + 1], sigma[k].item()))


@pytest.mark.parametrize(("scales", "radius"), [(1, 136), (2, 408)])
def test_the_receptive_field_has_the_radius_that_the_layers_add_up_to(
    scales: int, radius: int
) -> None:
    # Positive filters and no thresholds inside the networks let every path count; the shrinkage
    # takes all detail, or the network would be the identity.
    model = random_model(Architecture("st", scales))
    for name, value in model.named_parameters():
        if name.endswith("weight"):
            value.abs_()
        else:
            value.fill_(torch.inf if "shrinkage" in name else 0)
    height = 2 * radius + 21
    image = torch.zeros((1, 1, height, 3), dtype=torch.float64, requires_grad=True)
    model(image, 1.0)[0, 0, height // 2, 1].backward()
    assert image.grad is not None
    rows = image.grad[0, 0].any(dim=1).nonzero()
    assert (rows.min().item(), rows.max().item()) == (height // 2 - radius, height // 2 + radius)
