from __future__ import annotations

import pytest
import torch

from linn_cli.training._muon import Muon, orthogonalise


@pytest.mark.parametrize("shape", [(4, 16, 144), (2, 16, 9), (3, 1, 144), (1, 5, 5)])
def test_singular_values_are_driven_towards_one(shape: tuple[int, int, int]) -> None:
    matrices = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    orthogonal = orthogonalise(matrices)
    assert orthogonal.shape == shape
    # The quintic does not converge: it maps singular values into a band about 1.
    values = torch.linalg.svdvals(orthogonal)
    assert values.min() > 0.6
    assert values.max() < 1.3


def test_orthogonalising_keeps_the_singular_vectors() -> None:
    matrix = torch.randn((1, 16, 144), generator=torch.Generator().manual_seed(0))
    left, _, right = torch.linalg.svd(matrix, full_matrices=False)
    nearest = left @ right
    torch.testing.assert_close(orthogonalise(matrix), nearest, rtol=0, atol=0.15)


def bank(*shape: int, seed: int = 0) -> torch.Tensor:
    value = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
    return value.requires_grad_(True)


def test_a_step_has_the_size_of_an_adam_step_whatever_the_gradient() -> None:
    for gain in (1e-4, 1e4):
        filters = bank(16, 16, 3, 3)
        before = filters.detach().clone()
        filters.grad = gain * bank(16, 16, 3, 3, seed=1).detach()
        Muon([{"params": [filters]}], lr=0.01).step()
        rms = (filters.detach() - before).square().mean().sqrt().item()
        assert rms == pytest.approx(0.2 * 0.01, rel=0.2)


def test_filters_of_one_shape_do_not_mix() -> None:
    alone, beside, other = bank(16, 16, 3, 3), bank(16, 16, 3, 3), bank(16, 16, 3, 3, seed=2)
    for filters, seed in ((alone, 1), (beside, 1), (other, 3)):
        filters.grad = bank(16, 16, 3, 3, seed=seed).detach()
    Muon([{"params": [alone]}], lr=0.01).step()
    Muon([{"params": [other, beside]}], lr=0.01).step()
    torch.testing.assert_close(alone, beside)


def test_it_descends() -> None:
    target = bank(16, 3, 3, 3, seed=1).detach()
    filters = bank(16, 3, 3, 3)
    muon = Muon([{"params": [filters]}], lr=0.2)
    first = last = (filters - target).square().mean()
    for _ in range(150):
        muon.zero_grad()
        last = (filters - target).square().mean()
        last.backward()
        muon.step()
    assert last < 0.05 * first


def test_filters_without_a_gradient_stay() -> None:
    filters = bank(16, 16, 3, 3)
    before = filters.detach().clone()
    Muon([{"params": [filters]}], lr=0.01).step()
    assert torch.equal(filters.detach(), before)
