"""Thresholds folded into the filters, so that a layer is a convolution and one fixed shrink.

soft(v, t) = t soft(v / t, 1): a layer's filters are divided by its thresholds and the next layer's are
multiplied by them. The networks' answers stay the same. Of max(v - t, 0) the threshold becomes a bias; filters stay.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

import torch
from torch import Tensor

from linn_cli.network.architecture import Activation
from linn_cli.network.lifting import LiftingNetwork, OneSidedConv, RectifiedConv, ThresholdedConv
from linn_cli.network.model import DnINN
from linn_cli.network.shrinkage import Lista, SoftThreshold

# A threshold of 0 cannot be divided by. Where this floor replaces one, the answers move by about as much
# (1e-6 of the noise's sigma) times the networks' gain.
_FLOOR = 2.0**-20
_CPU = torch.device("cpu")


@dataclass(frozen=True)
class FoldedNetwork:
    """The filters of a predict or update network; soft(., 1) or max(., 0) belongs between each two of them.

    `biases` are added behind the filters, all but the last; None is no bias.
    """

    filters: tuple[Tensor, ...]
    biases: tuple[Tensor | None, ...]
    dilation: int
    activation: Activation


@dataclass(frozen=True)
class FoldedStep:
    """The two networks of a lifting step."""

    predict: FoldedNetwork
    update: FoldedNetwork


@dataclass(frozen=True)
class FoldedScale:
    """The lifting steps of one scale and its shrinkage, which stays as it is.

    `dilation` is that of the split; `phases` are the sides of the blocks that become channels.
    """

    steps: tuple[FoldedStep, ...]
    shrinkage: SoftThreshold | Lista
    dilation: int
    phases: int

    @property
    def planes(self) -> int:
        """How many planes a picture has for this network."""
        return self.steps[0].predict.filters[0].shape[1] // self.phases**2

    @property
    def device(self) -> torch.device:
        """Where it computes."""
        return self.steps[0].predict.filters[0].device


def fold(
    model: DnINN, dtype: torch.dtype = torch.float32, device: torch.device = _CPU
) -> tuple[FoldedScale, ...]:
    """Fold all networks of a model, in float64 on the CPU, and store their filters as asked."""
    return tuple(
        FoldedScale(
            tuple(
                FoldedStep(
                    fold_network(step.predict, dtype, device),
                    fold_network(step.update, dtype, device),
                )
                for step in scale.steps
            ),
            copy.deepcopy(scale.shrinkage).to(device),
            scale.dilation,
            scale.phases,
        )
        for scale in model.scales
    )


def fold_network(
    network: LiftingNetwork, dtype: torch.dtype, device: torch.device = _CPU
) -> FoldedNetwork:
    """Fold one network; the filters are stored channels-last, as the convolutions like them."""
    filters, biases = [], list[Tensor | None]()
    incoming = torch.ones(1, dtype=torch.float64)
    for layer in network.layers:
        match layer:
            case ThresholdedConv():
                threshold = layer.threshold.cpu().double().clamp(min=_FLOOR)
                scale = incoming[None, :] / threshold[:, None]
                filters.append(layer.weight.cpu().double() * scale[:, :, None, None])
                biases.append(None)
                incoming = threshold
            case OneSidedConv():
                filters.append(layer.weight.cpu().double())
                biases.append(-layer.threshold.detach().to(device, dtype))
            case RectifiedConv():
                filters.append(layer.weight.cpu().double())
                biases.append(None)
    filters.append(network.output.weight.cpu().double() * incoming[None, :, None, None])
    stored = (
        bank.detach().to(device, dtype, memory_format=torch.channels_last) for bank in filters
    )
    return FoldedNetwork(
        tuple(stored), tuple(biases), network.output.dilation[0], network.activation
    )
