from __future__ import annotations

import pytest
import torch

from linn_cli import haar
from linn_cli.architecture import Architecture
from linn_cli.errors import UsageError
from linn_cli.initialisation import grow, initialise
from linn_cli.model import DnINN
from linn_cli.shrinkage import SoftThreshold, soft_threshold

from .conftest import ARCHITECTURES, random_model

IMAGE = torch.rand((1, 1, 23, 31), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
GROWTHS = [
    (source, target)
    for source in ARCHITECTURES
    for target in ARCHITECTURES
    if source.scales <= target.scales and (source.variant, target.variant) != ("lista", "st")
]


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@torch.no_grad()
@pytest.mark.parametrize("variant", ["st", "lista"])
def test_a_fresh_network_is_haar_shrinkage(variant: str) -> None:
    model = initialise(DnINN(Architecture(variant, 1)), generator()).double()  # type: ignore[arg-type]
    coarse, detail = haar.split((IMAGE - 0.5) / 0.1)
    shrunk = soft_threshold(detail, torch.full((3,), 1.5, dtype=torch.float64))
    expected = haar.merge(coarse, shrunk) * 0.1 + 0.5
    torch.testing.assert_close(model(IMAGE, 0.1), expected)


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
    model = random_model(source)
    model.scales[0].shrinkage.load_state_dict(
        {name: value + 0.3 for name, value in model.scales[0].shrinkage.state_dict().items()}
    )
    grown = grow(model.float(), target, generator()).double()
    assert grown.architecture == target
    # The grown network is made in float32 and both are then run in float64.
    torch.testing.assert_close(grown(IMAGE, 0.1), model.double()(IMAGE, 0.1), rtol=0, atol=1e-9)


def test_new_parts_can_learn() -> None:
    # Zero output filters get a gradient, and so do the new atoms and zero thresholds.
    grown = grow(random_model(Architecture("st", 1)).float(), Architecture("lista", 2), generator())
    grown.requires_grad_(True)
    grown(IMAGE.float(), 0.1).square().sum().backward()
    for name in (
        "steps.0.predict.output.weight",
        "shrinkage.synthesis.weight",
        "shrinkage.thresholds",
    ):
        gradient = grown.get_parameter(f"scales.1.{name}").grad
        assert gradient is not None
        assert gradient.abs().max() > 0


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
