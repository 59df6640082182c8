"""Convolutions over bands of rows: what each keeps between bands, and where it lies.

A 3x3 convolution needs one row above and one below the row that it computes (d rows if dilated by d). So
it can run over bands of rows if it keeps the last 2d rows of its input; its answer lags d rows behind, until
the last band. At every layer, rows outside the picture are zeros, as in the whole-image network: d of them lie
above the first band and d below the last.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from linn_cli.engine.folding import FoldedNetwork
from linn_cli.network.haar import ROWS


class NetworkStream:
    """A folded predict or update network over bands.

    Its layers share a workspace, which holds the rows that a layer keeps and, behind them, the new ones
    that the layer before shrinks or rectifies straight into it. So a band travels through the network in the cache.
    """

    def __init__(
        self, network: FoldedNetwork, width: int, band: int, workspaces: Workspaces
    ) -> None:
        self.filters = network.filters
        self.biases = network.biases
        self.dilation = network.dilation
        self.activation = network.activation
        self.band = band
        # A band, the 2d rows kept from the last one, and at the end d more for every layer passed.
        height = band + (len(self.filters) + 2) * self.dilation
        self.windows = [
            Window(
                kept=rows_like(bank, 2 * self.dilation, width),
                workspace=workspaces.like(bank, height, width),
                dilation=self.dilation,
            )
            for bank in self.filters
        ]

    def push(self, rows: Tensor, last: bool) -> Tensor:
        """Rows (1, C, n, W) in, (1, C', m, W) out, of the same dtype."""
        if rows.shape[ROWS] <= self.band:
            return self._push(rows, last)
        *bands, end = rows.split(self.band, dim=ROWS)
        answers = [self._push(band, last=False) for band in bands]
        return torch.cat((*answers, self._push(end, last)), dim=ROWS)

    def _push(self, band: Tensor, last: bool) -> Tensor:
        self.windows[0].open(band.shape[ROWS]).copy_(band)
        for window, following, bank, bias in zip(
            self.windows, self.windows[1:], self.filters, self.biases, strict=False
        ):
            response = convolve(window.close(last), bank, self.dilation, bias)
            room = following.open(response.shape[ROWS])
            if self.activation == "soft":
                torch.ops.aten.softshrink.out(response, 1.0, out=room)
            else:
                torch.clamp(response, min=0.0, out=room)
        rows = self.windows[-1].close(last)
        return convolve(rows, self.filters[-1], self.dilation).to(band.dtype)


class Workspaces:
    """The workspaces of an engine: one for each shape, since no two networks run at the same time."""

    def __init__(self) -> None:
        self.made: dict[tuple[int, int, int], Tensor] = {}

    def like(self, bank: Tensor, height: int, width: int) -> Tensor:
        """Rows (1, C, height, width) that `bank` can be laid on, the same for each who asks."""
        shape = bank.shape[1], height, width
        if shape not in self.made:
            self.made[shape] = rows_like(bank, height, width)
        return self.made[shape]


class Window:
    """The input rows of one layer: those it keeps between bands, and room for new ones behind them."""

    def __init__(self, kept: Tensor, workspace: Tensor, dilation: int) -> None:
        self.kept = kept
        self.workspace = workspace
        self.dilation = dilation
        self.count = dilation  # the zero rows above the picture
        self.filled = 0

    def open(self, count: int) -> Tensor:
        """Lay out the kept rows and give the room for `count` new ones, to be written at once."""
        self.filled = self.count + count
        self.workspace[:, :, : self.count] = self.kept[:, :, : self.count]
        return self.workspace[:, :, self.count : self.filled]

    def close(self, last: bool) -> Tensor:
        """All rows that the filters can be laid on; remembers what the next band will need of them."""
        if last:
            self.workspace[:, :, self.filled : self.filled + self.dilation] = 0
            self.filled += self.dilation
        rows = self.workspace[:, :, : self.filled]
        self.count = min(self.filled, 2 * self.dilation)
        self.kept[:, :, : self.count] = rows[:, :, self.filled - self.count :]
        return rows


class ConvStream:
    """A single 3x3 convolution over bands."""

    def __init__(self, bank: Tensor, dilation: int) -> None:
        self.bank = bank
        self.dilation = dilation
        self.kept: Tensor | None = None

    def push(self, rows: Tensor, last: bool) -> Tensor:
        """Rows (1, C, n, W) in, (1, C', m, W) out."""
        border = rows.new_zeros((1, rows.shape[1], self.dilation, rows.shape[-1]))
        above = border if self.kept is None else self.kept
        rows = torch.cat((above, rows, border) if last else (above, rows), dim=ROWS)
        self.kept = rows[:, :, -2 * self.dilation :]
        return convolve(rows, self.bank.to(rows.dtype), self.dilation)


def convolve(rows: Tensor, bank: Tensor, dilation: int, bias: Tensor | None = None) -> Tensor:
    """Convolve rows (1, C, n + 2d, W) without padding above and below; n may be 0 or less."""
    if rows.shape[ROWS] <= 2 * dilation:
        return rows.new_empty((1, len(bank), 0, rows.shape[-1]))
    return F.conv2d(rows, bank, bias, padding=(0, dilation), dilation=dilation)


def rows_like(bank: Tensor, height: int, width: int) -> Tensor:
    """Zero rows (1, C, height, width), channels-last, as `bank` takes them."""
    shape = (1, bank.shape[1], height, width)
    rows = torch.empty(
        shape, dtype=bank.dtype, device=bank.device, memory_format=torch.channels_last
    )
    return rows.zero_()
