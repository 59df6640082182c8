"""Noise as cameras make it: a finished picture taken back to the sensor, made noisy there, and developed again.

The way back, and the noise of real sensors, follow Brooks and others (Unprocessing Images for Learned Raw
Denoising, 2019) and Guo and others (CBDNet, 2019).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from linn_cli.training.draws import chance, log_uniform, normal, uniform

_GAMMA = 2.2
_DARK = 1e-8
_SRGB_TO_XYZ = torch.tensor(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
_XYZ_TO_CAMERA = torch.tensor(
    [
        [1.0234, -0.2969, -0.2266, -0.5625, 1.6328, -0.0469, -0.0703, 0.2188, 0.6406],
        [0.4913, -0.0541, -0.0202, -0.6130, 1.3513, 0.2906, -0.1564, 0.2151, 0.7183],
        [0.8380, -0.2630, -0.0639, -0.2887, 1.0725, 0.2496, -0.0627, 0.1427, 0.5438],
        [0.6596, -0.2079, -0.0562, -0.4782, 1.3016, 0.1933, -0.0970, 0.1581, 0.5181],
    ]
).view(4, 3, 3)

# A cell of the mosaic, RGGB: red, green beside red, green beside blue, blue.
_CELL = torch.tensor([[0, 1], [2, 3]])
_BILINEAR = torch.tensor([[1.0, 2.0, 1.0], [2.0, 4.0, 2.0], [1.0, 2.0, 1.0]]) / 4
_CROSS = torch.tensor([[0.0, 1.0, 0.0], [1.0, 4.0, 1.0], [0.0, 1.0, 0.0]]) / 4
# Malvar, He and Cutler (2004): a colour at a green pixel with that colour in its row, and at the opposite one.
_GREEN = torch.tensor(
    [[0, 0, -1, 0, 0], [0, 0, 2, 0, 0], [-1, 2, 4, 2, -1], [0, 0, 2, 0, 0], [0, 0, -1, 0, 0]]
)
_IN_ROW = torch.tensor(
    [[0, 0, 0.5, 0, 0], [0, -1, 0, -1, 0], [-1, 4, 5, 4, -1], [0, -1, 0, -1, 0], [0, 0, 0.5, 0, 0]]
)
_OPPOSITE = torch.tensor(
    [
        [0, 0, -1.5, 0, 0],
        [0, 2, 0, 2, 0],
        [-1.5, 0, 6, 0, -1.5],
        [0, 2, 0, 2, 0],
        [0, 0, -1.5, 0, 0],
    ]
)
_MALVAR = torch.stack((_GREEN, _IN_ROW, _IN_ROW.T, _OPPOSITE)) / 8


@dataclass(frozen=True)
class Cameras:
    """A camera and an exposure for each patch: what develops its raw picture. All tensors start with (B, ...)."""

    toned: Tensor  # bool (B, 1, 1, 1): whether a tone curve ends the development
    colours: Tensor  # (B, 3, 3), from sRGB to the sensor's colours, both linear
    gains: Tensor  # (B, 3, 1, 1), at least 1, of the white balance and of brightness
    exposure: Tensor  # (B, 1, 1, 1), at most 1
    phase: Tensor  # int (B, 2): the row and column where the mosaic's cell begins
    malvar: Tensor  # bool (B, 1, 1, 1): Malvar's filters demosaic, not a mean of neighbours

    @staticmethod
    def draw(count: int, draws: Generator) -> Cameras:
        """Random cameras."""
        device = draws.device
        shares = uniform((count, 4), draws, 1e-3)
        matrices = torch.einsum(
            "bk,kij->bij", shares / shares.sum(1, keepdim=True), _XYZ_TO_CAMERA.to(device)
        )
        colours = matrices @ _SRGB_TO_XYZ.to(device)
        bright = 1 / (0.8 + 0.1 * normal((count, 1), draws)).clamp(0.4, 1)
        red, blue = uniform((count, 1), draws, 1.9, 2.4), uniform((count, 1), draws, 1.5, 1.9)
        dark = torch.where(chance(0.3, count, draws), uniform((count, 1, 1, 1), draws, -3, 0), 0.0)
        return Cameras(
            toned=chance(0.5, count, draws),
            colours=colours / colours.sum(2, keepdim=True),
            gains=(bright * torch.cat((red, torch.ones_like(red), blue), 1))[:, :, None, None],
            exposure=dark.exp2(),
            phase=torch.randint(2, (count, 2), generator=draws, device=device),
            malvar=chance(0.5, count, draws),
        )

    def to_sensor(self, picture: Tensor) -> Tensor:
        """Pictures (B, 3, H, W), sRGB in [0, 1], to the light on the sensor in its colours, linear in [0, 1]."""
        linear = torch.where(self.toned, _without_tone(picture), picture).clamp(min=_DARK) ** _GAMMA
        light = _mix(self.colours, linear)
        # Highlights, clipped at white, must not become grey: near white the gains count less.
        bright = ((light.mean(1, keepdim=True) - 0.9).clamp(min=0) / 0.1).square()
        gains = 1 / self.gains
        gains = torch.maximum(bright + (1 - bright) * gains, gains)
        return (light * gains).clamp(0, 1) * self.exposure

    def develop(self, light: Tensor) -> Tensor:
        """What is on the sensor, all colours at each place, to sRGB in [0, 1]."""
        balanced = (light * self.gains).clamp(0, 1)
        back = torch.linalg.inv_ex(self.colours).inverse  # inv would wait for the device
        linear = _mix(back, balanced).clamp(_DARK, 1)
        picture = linear ** (1 / _GAMMA)
        return torch.where(self.toned, _tone(picture), picture)

    def mosaic(self, light: Tensor) -> Tensor:
        """The one colour that the sensor measures at each place: (B, 3, H, W) to (B, 1, H, W)."""
        return (light * _colours_of(self._cells(light))).sum(1, keepdim=True)

    def demosaic(self, mosaic: Tensor) -> Tensor:
        """Undo `mosaic` as far as that can be done: (B, 1, H, W) to (B, 3, H, W)."""
        cells = self._cells(mosaic)
        return torch.where(
            self.malvar, _demosaic_malvar(mosaic, cells), _demosaic_bilinear(mosaic, cells)
        )

    def _cells(self, like: Tensor) -> Tensor:
        """Which pixel of the cell each place is, bool (B, 4, H, W)."""
        row = torch.arange(like.shape[2], device=like.device) + self.phase[:, :1]
        column = torch.arange(like.shape[3], device=like.device) + self.phase[:, 1:]
        cell = _CELL.to(like.device)[row[:, :, None] % 2, column[:, None, :] % 2]
        return cell[:, None] == torch.arange(4, device=like.device)[:, None, None]


@dataclass(frozen=True)
class SensorNoise:
    """What a sensor adds to the light. All tensors are (B, 1, 1, 1)."""

    shot: Tensor  # variance, times the light
    read: Tensor  # variance in the dark
    rows: Tensor  # deviation of whole rows
    levels: Tensor  # the highest number that it counts to

    @staticmethod
    def draw(count: int, draws: Generator) -> SensorNoise:
        """Random sensitivities, as measured on cameras."""
        shape = (count, 1, 1, 1)
        shot = log_uniform(shape, draws, 1e-5, 1.2e-2)
        read = (2.18 * shot.log() + 1.20 + 0.26 * normal(shape, draws)).exp()
        rows = torch.where(chance(0.2, count, draws), 0.5 * read.sqrt(), 0.0)
        bits = 10 + 2 * torch.randint(3, shape, generator=draws, device=draws.device)
        return SensorNoise(shot, read, rows, 2.0**bits - 1)

    def add(self, light: Tensor, draws: Generator) -> Tensor:
        """Noisy light (B, C, H, W), rounded to what the sensor counts; it may be below 0, above its black level."""
        deviation = (light.clamp(min=0) * self.shot + self.read).sqrt()
        noisy = light + deviation * normal(light.shape, draws)
        noisy = noisy + self.rows * normal((*light.shape[:3], 1), draws)
        return (noisy * self.levels).round() / self.levels


def photograph(clean: Tensor, draws: Generator) -> tuple[Tensor, Tensor]:
    """Pictures (B, 3, H, W), sRGB in [0, 1], as a camera with noise would show them, and as one without."""
    cameras, noise = Cameras.draw(len(clean), draws), SensorNoise.draw(len(clean), draws)
    light = cameras.to_sensor(clean)
    measured = noise.add(cameras.mosaic(light), draws).clamp(max=1)
    return cameras.develop(cameras.demosaic(measured)), cameras.develop(light)


def _without_tone(picture: Tensor) -> Tensor:
    inside = (1 - 2 * picture.clamp(0, 1)).asin() / 3
    return 0.5 - inside.sin()


def _tone(picture: Tensor) -> Tensor:
    return picture.square() * (3 - 2 * picture)


def _colours_of(cells: Tensor) -> Tensor:
    """Where the sensor sees red, green and blue, bool (B, 3, H, W)."""
    red, beside_red, beside_blue, blue = cells.unbind(1)
    return torch.stack((red, beside_red | beside_blue, blue), dim=1)


def _demosaic_bilinear(mosaic: Tensor, cells: Tensor) -> Tensor:
    kernels = torch.stack((_BILINEAR, _CROSS, _BILINEAR)).to(mosaic)[:, None]
    seen = F.pad(mosaic * _colours_of(cells), (1, 1, 1, 1), mode="reflect")
    return F.conv2d(seen, kernels, groups=3)


def _demosaic_malvar(mosaic: Tensor, cells: Tensor) -> Tensor:
    padded = F.pad(mosaic, (2, 2, 2, 2), mode="reflect")
    green, in_row, in_column, opposite = F.conv2d(padded, _MALVAR.to(mosaic)[:, None]).unbind(1)
    at_red, beside_red, beside_blue, at_blue = cells.unbind(1)
    here = mosaic[:, 0]

    def chosen(at: Tensor, row: Tensor, column: Tensor) -> Tensor:
        near = torch.where(row, in_row, torch.where(column, in_column, opposite))
        return torch.where(at, here, near)

    return torch.stack(
        (
            chosen(at_red, beside_red, beside_blue),
            torch.where(at_red | at_blue, green, here),
            chosen(at_blue, beside_blue, beside_red),
        ),
        dim=1,
    )


def _mix(matrices: Tensor, channels: Tensor) -> Tensor:
    return torch.einsum("bij,bjhw->bihw", matrices, channels)
