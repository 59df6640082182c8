"""DnINN: the lifting-inspired invertible denoising network of Huang and Dragotti (EUSIPCO 2021)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from torch import Tensor, nn

from linn_cli.network import haar
from linn_cli.network.architecture import Architecture, Variant
from linn_cli.network.lifting import LiftingStep
from linn_cli.network.shrinkage import Lista, SoftThreshold

STEPS = 4


class Scale(nn.Module):
    """One scale: split and lift an image, lift back and merge it, and the shrinkage in between."""

    def __init__(self, variant: Variant, dilation: int) -> None:
        super().__init__()
        self.dilation = dilation
        steps = nn.ModuleList(LiftingStep(dilation) for _ in range(STEPS))
        self.steps = cast("list[LiftingStep]", steps)  # a ModuleList does not tell its type
        self.shrinkage = SoftThreshold(3) if variant == "st" else Lista(3, dilation)

    def analyse(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Image (B, 1, H, W) to coarse (B, 1, H + d, W + d) and detail (B, 3, H + d, W + d)."""
        coarse, detail = haar.split(image, self.dilation)
        for step in self.steps:
            coarse, detail = step(coarse, detail)
        return coarse, detail

    def synthesise(self, coarse: Tensor, detail: Tensor) -> Tensor:
        """Undo `analyse`: coarse and detail, as it returned them, to the image (B, 1, H, W)."""
        for step in reversed(self.steps):
            coarse, detail = step.inverse(coarse, detail)
        return haar.merge(coarse, detail, self.dilation)


class DnINN(nn.Module):
    """The whole network; each further scale works on the coarse channel of the one before.

    Nothing but the shrinkage of the detail channels loses information: `synthesise` undoes `analyse`.
    Thresholds are in units of the noise's standard deviation, so one set of weights serves any sigma.
    """

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.architecture = architecture
        scales = nn.ModuleList(
            Scale(architecture.variant, 2**k) for k in range(architecture.scales)
        )
        self.scales = cast("list[Scale]", scales)

    @property
    def parameter_count(self) -> int:
        """How many numbers are learned."""
        return sum(parameter.numel() for parameter in self.parameters())

    def forward(self, noisy: Tensor, sigma: Tensor | float) -> Tensor:
        """Denoise noisy (B, 1, H, W) in [0, 1]; sigma > 0 in the same units, broadcast to the batch."""
        coarse, details = self.analyse((noisy - 0.5) / sigma)
        return self.synthesise(coarse, self.shrink(details)) * sigma + 0.5

    def analyse(self, image: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Noise-normalised image (B, 1, H, W) to the last coarse channel and each scale's detail."""
        coarse, details = image, []
        for scale in self.scales:
            coarse, detail = scale.analyse(coarse)
            details.append(detail)
        return coarse, details

    def shrink(self, details: Sequence[Tensor]) -> list[Tensor]:
        """Denoise each scale's detail: the one place where the network is not invertible."""
        return [scale.shrinkage(detail) for scale, detail in zip(self.scales, details, strict=True)]

    def synthesise(self, coarse: Tensor, details: Sequence[Tensor]) -> Tensor:
        """Undo `analyse`: the last coarse channel and each scale's detail to the image (B, 1, H, W)."""
        for scale, detail in zip(reversed(self.scales), reversed(details), strict=True):
            coarse = scale.synthesise(coarse, detail)
        return coarse
