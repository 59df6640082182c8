"""Muon: gradient descent whose steps are orthogonalised, for the filters of a convolution."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

# The quintic of Jordan's Muon (2024): five rounds bring singular values near 1.
_QUINTIC = (3.4445, -4.7750, 2.0315)
_ROUNDS = 5
# The root mean square of an Adam step, which the step is scaled to (Liu et al. 2025).
_ADAM_RMS = 0.2


class Muon(Optimizer):
    """Nesterov momentum, each filter bank's step replaced by the nearest orthogonal matrix.

    Filters (out, in, 3, 3) count as (out, in * 9) matrices. `torch.optim.Muon` takes 2-D parameters
    one by one; this one treats all filters of one shape in a single batched product.
    """

    def __init__(self, params: Iterable[dict[str, Any]], lr: float, momentum: float = 0.95) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Take one step along the gradients; there is no use for a closure."""
        for group in self.param_groups:
            banks: dict[torch.Size, list[Tensor]] = defaultdict(list)
            for bank in group["params"]:
                if bank.grad is not None:
                    banks[bank.shape].append(bank)
            for same in banks.values():
                self._step(same, group["lr"], group["momentum"])

    def _step(self, banks: list[Tensor], lr: float, momentum: float) -> None:
        gradients = [bank.grad for bank in banks if bank.grad is not None]
        averages = [
            self.state[bank].setdefault("average", torch.zeros_like(bank)) for bank in banks
        ]
        torch._foreach_lerp_(averages, gradients, 1 - momentum)
        ahead = torch._foreach_lerp(gradients, averages, momentum)
        matrices = torch.stack([direction.flatten(1) for direction in ahead])
        steps = orthogonalise(matrices) * (_ADAM_RMS * math.sqrt(max(matrices.shape[1:])))
        for bank, step in zip(banks, steps, strict=True):
            bank.sub_(step.view_as(bank), alpha=lr)


def orthogonalise(matrices: Tensor) -> Tensor:
    """Drive the singular values of matrices (B, M, N) towards 1 by the Newton-Schulz iteration."""
    wide = matrices if matrices.shape[1] <= matrices.shape[2] else matrices.mT
    unit = wide / (wide.flatten(1).norm(dim=1)[:, None, None] + 1e-12)
    linear, cubic, quintic = _QUINTIC
    for _ in range(_ROUNDS):
        gram = unit @ unit.mT
        unit = linear * unit + (cubic * gram + quintic * gram @ gram) @ unit
    orthogonal: Tensor = unit if wide is matrices else unit.mT
    return orthogonal
