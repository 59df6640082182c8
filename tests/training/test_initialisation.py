from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from linn_cli.errors import UsageError
from linn_cli.network import haar
from linn_cli.network.architecture import Architecture, Variant
from linn_cli.network.model import DnINN, Scale
from linn_cli.network.shrinkage import SoftThreshold, soft_threshold
from linn_cli.training.initialisation import grow, initialise
from tests.conftest import ARCHITECTURES, POLYPHASE, random_model

IMAGE = torch.rand((1, 1, 23, 31), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
GROWTHS = [
    (source, target)
    for source in ARCHITECTURES
    for target in ARCHITECTURES
    if source.scales <= target.scales and (source.variant, target.variant) != ("lista", "st")
]


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def with_strong_shrinkage(architecture: Architecture) -> DnINN:
    """A random network, float32, that takes out much in its first scale."""
    model = random_model(architecture)
    shrinkage = model.scales[0].shrinkage
    shrinkage.load_state_dict({name: value + 0.3 for name, value in shrinkage.state_dict().items()})
    return model.float()


@torch.no_grad()
@pytest.mark.parametrize("variant", ["st", "lista"])
def test_a_fresh_network_is_haar_shrinkage(variant: str) -> None:
    model = initialise(DnINN(Architecture(variant, 1)), generator()).double()  # type: ignore[arg-type]
    coarse, detail = haar.split((IMAGE - 0.5) / 0.1)
    shrunk = soft_threshold(detail, torch.full((3,), 1.5, dtype=torch.float64))
    expected = haar.merge(coarse, shrunk) * 0.1 + 0.5
    torch.testing.assert_close(model(IMAGE, 0.1), expected)


@torch.no_grad()
@pytest.mark.parametrize("architecture", POLYPHASE[:2], ids=str)
def test_a_fresh_polyphase_network_is_haar_shrinkage_too(architecture: Architecture) -> None:
    image = IMAGE.expand(1, architecture.planes, -1, -1)
    model = initialise(DnINN(architecture), generator()).double()
    coarse, detail = haar.split((image - 0.5) / 0.1)
    shrunk = soft_threshold(detail, torch.full((detail.shape[1],), 1.5, dtype=torch.float64))
    expected = haar.merge(coarse, shrunk) * 0.1 + 0.5
    # The borders where the picture was filled up are the mirrored ones.
    torch.testing.assert_close(model(image, 0.1), expected)


def test_only_variant_and_scales_can_grow() -> None:
    grey, colour = POLYPHASE[:2]
    for source, target in ((grey, colour), (Architecture(), grey), (grey, Architecture())):
        with pytest.raises(UsageError, match="cannot become"):
            grow(random_model(source), target, generator())
    same = grow(random_model(grey).float(), grey, generator())
    assert same.architecture == grey


@torch.no_grad()
def test_rectifiers_become_one_sided_thresholds() -> None:
    colour = POLYPHASE[1]
    assert colour.activation == "relu"
    source = random_model(colour).float()
    grown = grow(source, replace(colour, activation="one-sided"), generator())
    image = torch.rand((1, 3, 24, 31), generator=generator())
    torch.testing.assert_close(grown(image, 0.1), source(image, 0.1))
    with pytest.raises(UsageError, match="cannot become"):
        grow(grown, colour, generator())


def test_fresh_networks_depend_on_the_seed_only() -> None:
    one, two = (initialise(DnINN(Architecture()), generator()) for _ in range(2))
    other = initialise(DnINN(Architecture()), torch.Generator().manual_seed(1))
    for name, value in one.state_dict().items():
        assert torch.equal(value, two.state_dict()[name])
    weight = "scales.0.steps.0.predict.layers.3.weight"
    assert not torch.equal(one.state_dict()[weight], other.state_dict()[weight])


@torch.no_grad()
@pytest.mark.parametrize(("source", "target"), GROWTHS, ids=lambda entry: str(entry))
def test_growing_keeps_the_answer(source: Architecture, target: Architecture) -> None:
    model = with_strong_shrinkage(source)
    grown = grow(model, target, generator()).double()
    assert grown.architecture == target
    # The grown network is made in float32 and both are then run in float64.
    torch.testing.assert_close(grown(IMAGE, 0.1), model.double()(IMAGE, 0.1), rtol=0, atol=1e-9)


def answer(scale: Scale, image: torch.Tensor) -> torch.Tensor:
    coarse, detail = scale.analyse(image)
    return scale.synthesise(coarse, scale.shrinkage(detail))


def gradients(scale: Scale) -> dict[str, float]:
    """The largest gradient of each parameter, borders left out.

    There a mirrored picture has details of exactly zero, which no threshold lets through.
    """
    scale.double().requires_grad_(True)
    answer(scale, 3 * IMAGE)[..., 5:-5, 5:-5].square().sum().backward()
    named = scale.named_parameters()
    return {name: float(value.grad.abs().max()) for name, value in named if value.grad is not None}


def test_a_new_scale_that_is_the_identity_learns_its_thresholds_first() -> None:
    source = with_strong_shrinkage(Architecture("st", 1))
    found = gradients(grow(source, Architecture("lista", 2), generator()).scales[1])
    assert found["shrinkage.thresholds"] > 1e-3
    # Its steps undo each other whatever their networks are.
    assert found["steps.0.predict.output.weight"] < 1e-9


@pytest.mark.parametrize("variant", ["st", "lista"])
def test_a_new_scale_for_residual_noise_learns_in_all_its_parts(variant: Variant) -> None:
    source = with_strong_shrinkage(Architecture("st", 1))
    grown = grow(source, Architecture(variant, 2), generator(), residual=0.15)
    found = gradients(grown.scales[1])
    assert min(found.values()) > 1e-3


@torch.no_grad()
@pytest.mark.parametrize("source", ["st", "lista"])
def test_a_new_scale_for_residual_noise_is_the_one_before_at_less_noise(source: Variant) -> None:
    model = with_strong_shrinkage(Architecture(source, 1))
    first, second = (
        grow(model, Architecture("lista", 2), generator(), residual=0.15).double().scales
    )

    # Every other pixel of a dilated scale sees only every other pixel.
    noisy = 3 * IMAGE
    expected = answer(first, noisy[..., ::2, ::2] / 0.15) * 0.15
    # The thresholds were multiplied in float32; random LISTA filters make large numbers.
    torch.testing.assert_close(answer(second, noisy)[..., ::2, ::2], expected, rtol=1e-6, atol=1e-6)
    assert (answer(second, noisy) - noisy).abs().max() > 0.01


def test_residual_noise_needs_a_new_scale() -> None:
    with pytest.raises(UsageError, match="no new scale"):
        grow(random_model(Architecture("st", 1)), Architecture("lista", 1), generator(), 0.15)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        (Architecture("st", 2), Architecture("st", 1)),
        (Architecture("lista", 1), Architecture("st", 1)),
    ],
)
def test_a_network_does_not_shrink(source: Architecture, target: Architecture) -> None:
    with pytest.raises(UsageError, match="cannot"):
        grow(random_model(source), target, generator())


def test_growing_leaves_the_source_alone() -> None:
    source = random_model(Architecture("st", 1)).float()
    before = {name: value.clone() for name, value in source.state_dict().items()}
    grown = grow(source, Architecture("st", 1), generator())
    assert isinstance(grown.scales[0].shrinkage, SoftThreshold)
    with torch.no_grad():
        for value in grown.parameters():
            value.add_(1)
    for name, value in source.state_dict().items():
        assert torch.equal(value, before[name])
