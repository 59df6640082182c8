"""DnINN: the lifting-inspired invertible denoising network of Huang and Dragotti (EUSIPCO 2021).

With the architecture's phases and planes it is also linn's own form of it, which lifts the polyphase components
of grey and colour pictures.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from torch import Tensor, nn

from linn_cli.network import haar, polyphase
from linn_cli.network.architecture import DETAILS, Architecture
from linn_cli.network.lifting import LiftingNetwork, LiftingStep
from linn_cli.network.shrinkage import Lista, SoftThreshold


class Scale(nn.Module):
    """One scale: split and lift an image, lift back and merge it, and the shrinkage in between.

    An image has P planes; its coarse and detail channels are C = P p^2 and 3C, where p is the scale's phases.
    """

    def __init__(self, architecture: Architecture, number: int) -> None:
        super().__init__()
        self.dilation = 2**number
        self.phases = architecture.phases_of(number)
        # Where phases double with each scale, the filters need not spread.
        spread = 1 if architecture.is_polyphase else self.dilation
        channels = architecture.planes * self.phases**2

        def network(inputs: int, outputs: int) -> LiftingNetwork:
            return LiftingNetwork(
                inputs,
                outputs,
                width=architecture.width,
                depth=architecture.depth,
                activation=architecture.activation,
                dilation=spread,
            )

        steps = nn.ModuleList(
            LiftingStep(
                predict=network(channels, DETAILS * channels),
                update=network(DETAILS * channels, channels),
            )
            for _ in range(architecture.pairs)
        )
        self.steps = cast("list[LiftingStep]", steps)  # a ModuleList does not tell its type
        self.shrinkage = (
            SoftThreshold(DETAILS * channels)
            if architecture.variant == "st"
            else Lista(DETAILS * channels, spread)
        )

    def analyse(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Image (B, P, H, W) to coarse (B, P, H + d, W + d) and detail (B, 3C, (H + d) / p, (W + d) / p)."""
        coarse, detail = haar.split(image, self.dilation)
        coarse, detail = polyphase.split(coarse, self.phases), polyphase.split(detail, self.phases)
        for step in self.steps:
            coarse, detail = step(coarse, detail)
        return polyphase.merge(coarse, self.phases), detail

    def synthesise(self, coarse: Tensor, detail: Tensor) -> Tensor:
        """Undo `analyse`: coarse and detail, as it returned them, to the image (B, P, H, W)."""
        coarse = polyphase.split(coarse, self.phases)
        for step in reversed(self.steps):
            coarse, detail = step.inverse(coarse, detail)
        coarse, detail = polyphase.merge(coarse, self.phases), polyphase.merge(detail, self.phases)
        return haar.merge(coarse, detail, self.dilation)


class DnINN(nn.Module):
    """The whole network; each further scale works on the coarse channel of the one before.

    Nothing but the shrinkage of the detail channels loses information: `synthesise` undoes `analyse`.
    Thresholds are in units of the noise's standard deviation, so one set of weights serves any sigma.
    """

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.architecture = architecture
        scales = nn.ModuleList(Scale(architecture, k) for k in range(architecture.scales))
        self.scales = cast("list[Scale]", scales)

    @property
    def parameter_count(self) -> int:
        """How many numbers are learned."""
        return sum(parameter.numel() for parameter in self.parameters())

    def forward(self, noisy: Tensor, sigma: Tensor | float) -> Tensor:
        """Denoise noisy (B, P, H, W) in [0, 1]; sigma > 0 in the same units, broadcast to the batch."""
        coarse, details = self.analyse((noisy - 0.5) / sigma)
        clean = self.synthesise(coarse, self.shrink(details))
        return clean[..., : noisy.shape[-2], : noisy.shape[-1]] * sigma + 0.5

    def analyse(self, image: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Noise-normalised image (B, P, H, W) to the last coarse channels and each scale's detail.

        A polyphase network first fills the image up, by at most 3 rows and columns.
        """
        coarse, details = polyphase.fill(image, self.architecture.alignment), []
        for scale in self.scales:
            coarse, detail = scale.analyse(coarse)
            details.append(detail)
        return coarse, details

    def shrink(self, details: Sequence[Tensor]) -> list[Tensor]:
        """Denoise each scale's detail: the one place where the network is not invertible."""
        return [scale.shrinkage(detail) for scale, detail in zip(self.scales, details, strict=True)]

    def synthesise(self, coarse: Tensor, details: Sequence[Tensor]) -> Tensor:
        """Undo `analyse`: the last coarse channels and each scale's detail to the (filled) image."""
        for scale, detail in zip(reversed(self.scales), reversed(details), strict=True):
            coarse = scale.synthesise(coarse, detail)
        return coarse
