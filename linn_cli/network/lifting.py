"""Lifting steps: learned predict and update networks inside an exactly invertible frame."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from linn_cli.network.architecture import Activation
from linn_cli.network.shrinkage import soft_threshold


class Conv(nn.Module):
    """A 3x3 convolution, zero padding."""

    def __init__(self, inputs: int, outputs: int, dilation: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(outputs, inputs, 3, 3))
        self.dilation = dilation

    def convolve(self, value: Tensor, bias: Tensor | None = None) -> Tensor:
        """Value (B, inputs, H, W) to (B, outputs, H, W), plus a bias for each output channel, if given."""
        return nn.functional.conv2d(
            value, self.weight, bias, padding=self.dilation, dilation=self.dilation
        )


class RectifiedConv(Conv):
    """A convolution, then max(v, 0)."""

    def forward(self, value: Tensor) -> Tensor:
        """Value (B, inputs, H, W) to (B, outputs, H, W)."""
        return nn.functional.relu(self.convolve(value))


class ThresholdedConv(Conv):
    """A convolution, then one soft threshold per output channel."""

    def __init__(self, inputs: int, outputs: int, dilation: int) -> None:
        super().__init__(inputs, outputs, dilation)
        self.threshold = nn.Parameter(torch.zeros(outputs))

    def forward(self, value: Tensor) -> Tensor:
        """Value (B, inputs, H, W) to (B, outputs, H, W)."""
        return soft_threshold(self.convolve(value), self.threshold)


class OneSidedConv(Conv):
    """A convolution, then the upper side of a soft threshold: max(v - t, 0), one t >= 0 per output channel."""

    def __init__(self, inputs: int, outputs: int, dilation: int) -> None:
        super().__init__(inputs, outputs, dilation)
        self.threshold = nn.Parameter(torch.zeros(outputs))

    def forward(self, value: Tensor) -> Tensor:
        """Value (B, inputs, H, W) to (B, outputs, H, W)."""
        return nn.functional.relu(self.convolve(value, -self.threshold))


Layer = RectifiedConv | ThresholdedConv | OneSidedConv
_LAYERS: dict[Activation, type[Layer]] = {
    "soft": ThresholdedConv,
    "one-sided": OneSidedConv,
    "relu": RectifiedConv,
}


class LiftingNetwork(nn.Module):
    """The network behind P and U: convolutions with an activation each, then an output filter."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        width: int,
        depth: int,
        activation: Activation,
        dilation: int,
    ) -> None:
        super().__init__()
        self.activation = activation
        layer = _LAYERS[activation]
        channels = (inputs, *[width] * (depth - 2))
        self.layers = nn.Sequential(*(layer(count, width, dilation) for count in channels))
        self.output = nn.Conv2d(width, outputs, 3, padding=dilation, dilation=dilation, bias=False)

    def forward(self, value: Tensor) -> Tensor:
        """Value (B, inputs, H, W) to (B, outputs, H, W)."""
        answer: Tensor = self.output(self.layers(value))
        return answer


class LiftingStep(nn.Module):
    """One predict and one update; the inverse runs the same networks with the signs turned.

    Invertible whatever the networks compute, because each only ever sees the channels that it does
    not change (Huang and Dragotti 2021, equations 1 and 2).
    """

    def __init__(self, predict: LiftingNetwork, update: LiftingNetwork) -> None:
        super().__init__()
        self.predict = predict
        self.update = update

    def forward(self, coarse: Tensor, detail: Tensor) -> tuple[Tensor, Tensor]:
        """Coarse (B, C, H, W) and detail (B, 3C, H, W) to the same shapes."""
        detail = detail - self.predict(coarse)
        coarse = coarse + self.update(detail)
        return coarse, detail

    def inverse(self, coarse: Tensor, detail: Tensor) -> tuple[Tensor, Tensor]:
        """Undo `forward`: coarse (B, C, H, W) and detail (B, 3C, H, W) to the same shapes."""
        coarse = coarse - self.update(detail)
        detail = detail + self.predict(coarse)
        return coarse, detail
