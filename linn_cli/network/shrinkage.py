"""Shrinkage: the soft threshold and the two ways DnINN denoises its detail channels."""

from __future__ import annotations

import torch
from torch import Tensor, nn

ATOMS = 9
ITERATIONS = 3


def soft_threshold(value: Tensor, threshold: Tensor) -> Tensor:
    """sign(v) max(|v| - t, 0) for each channel: value (B, C, H, W), threshold (C,) with t >= 0."""
    bound = threshold[:, None, None]
    return value - value.clamp(-bound, bound)


class SoftThreshold(nn.Module):
    """One soft threshold per channel, in units of the noise's standard deviation (DnINN-ST)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.threshold = nn.Parameter(torch.zeros(channels))

    def forward(self, detail: Tensor) -> Tensor:
        """Detail (B, C, H, W) to the same shape."""
        return soft_threshold(detail, self.threshold)


class Lista(nn.Module):
    """Sparse coding of the detail by a few learned iterations (DnINN-LISTA; Gregor and LeCun 2010).

    g <- soft(A d, t_1), then g <- soft(g + A (d - S g), t_k) for k = 2..T; the answer is S g, with A
    the analysis filters (detail to atoms) and S the synthesis filters (atoms to detail).
    """

    def __init__(self, channels: int, dilation: int = 1) -> None:
        super().__init__()
        self.dilation = dilation
        self.analysis = nn.Conv2d(
            channels, ATOMS, 3, padding=dilation, dilation=dilation, bias=False
        )
        self.synthesis = nn.Conv2d(
            ATOMS, channels, 3, padding=dilation, dilation=dilation, bias=False
        )
        self.thresholds = nn.Parameter(torch.zeros(ITERATIONS, ATOMS))

    def forward(self, detail: Tensor) -> Tensor:
        """Detail (B, C, H, W) to the same shape."""
        denoised: Tensor = self.synthesis(self.code(detail))
        return denoised

    def code(self, detail: Tensor) -> Tensor:
        """Detail (B, C, H, W) to its sparse code g (B, ATOMS, H, W)."""
        first, *others = self.thresholds
        code = soft_threshold(self.analysis(detail), first)
        for threshold in others:
            residual = detail - self.synthesis(code)
            code = soft_threshold(code + self.analysis(residual), threshold)
        return code
