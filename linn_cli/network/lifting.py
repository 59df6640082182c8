"""Lifting steps: learned predict and update networks inside an exactly invertible frame."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from linn_cli.network.shrinkage import soft_threshold

WIDTH = 16
DEPTH = 8


class ThresholdedConv(nn.Module):
    """A 3x3 convolution without bias, zero padding, then one soft threshold per output channel."""

    def __init__(self, inputs: int, outputs: int, dilation: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(outputs, inputs, 3, 3))
        self.threshold = nn.Parameter(torch.zeros(outputs))
        self.dilation = dilation

    def forward(self, value: Tensor) -> Tensor:
        """Value (B, inputs, H, W) to (B, outputs, H, W)."""
        response = nn.functional.conv2d(
            value, self.weight, padding=self.dilation, dilation=self.dilation
        )
        return soft_threshold(response, self.threshold)


class LiftingNetwork(nn.Module):
    """The network behind P and U: eight thresholded convolutions, then an output filter."""

    def __init__(self, inputs: int, outputs: int, dilation: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *(ThresholdedConv(inputs if j == 0 else WIDTH, WIDTH, dilation) for j in range(DEPTH))
        )
        self.output = nn.Conv2d(WIDTH, outputs, 3, padding=dilation, dilation=dilation, bias=False)

    def forward(self, value: Tensor) -> Tensor:
        """Value (B, inputs, H, W) to (B, outputs, H, W)."""
        answer: Tensor = self.output(self.layers(value))
        return answer


class LiftingStep(nn.Module):
    """One predict and one update; the inverse runs the same networks with the signs turned.

    Invertible whatever the networks compute, because each only ever sees the channels that it does
    not change (Huang and Dragotti 2021, equations 1 and 2).
    """

    def __init__(self, dilation: int = 1) -> None:
        super().__init__()
        self.predict = LiftingNetwork(1, 3, dilation)
        self.update = LiftingNetwork(3, 1, dilation)

    def forward(self, coarse: Tensor, detail: Tensor) -> tuple[Tensor, Tensor]:
        """Coarse (B, 1, H, W) and detail (B, 3, H, W) to the same shapes."""
        detail = detail - self.predict(coarse)
        coarse = coarse + self.update(detail)
        return coarse, detail

    def inverse(self, coarse: Tensor, detail: Tensor) -> tuple[Tensor, Tensor]:
        """Undo `forward`: coarse (B, 1, H, W) and detail (B, 3, H, W) to the same shapes."""
        coarse = coarse - self.update(detail)
        detail = detail + self.predict(coarse)
        return coarse, detail
