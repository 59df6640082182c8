"""Make the example and the README's picture, all by linn itself.

The photographs are NASA's portrait of Eileen Collins (public domain) and Stefan van der Walt's cat Chelsea (CC0), as
scikit-image ships them. Their noise is made. Run it
from the checkout's folder, with the test extra installed: python examples/make_pictures.py
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from skimage import data

from linn_cli import denoise
from linn_cli.denoising.networks import Networks
from linn_cli.denoising.removal import remove
from linn_cli.noise.measured import CAMERA, CORRELATED, WHITE
from linn_cli.noise.request import Request
from linn_cli.pictures.picture import Picture
from linn_cli.training import camera

SIGMA = 25
HERE = Path(__file__).resolve().parent
CROP = (slice(20, 276), slice(90, 346))
DARK = (slice(230, 422), slice(60, 252))
PEAK = 20  # counts at white in low light


def main() -> None:
    """Write the noisy example picture and the before-after strip."""
    clean = np.asarray(Image.fromarray(data.astronaut()).convert("L"))
    noise = np.random.default_rng(0).normal(0, SIGMA, clean.shape)
    noisy = np.clip(np.round(clean + noise), 0, 255).astype(np.uint8)
    Image.fromarray(noisy).save(HERE / "astronaut-noisy.png", optimize=True)

    save("before-after", [noisy, denoise(noisy, SIGMA), clean], CROP)
    save("strength", [removed(noisy, strength) for strength in (0.4, 1.0, 1.6)], CROP)

    counts = np.random.default_rng(1).poisson(clean / 255 * PEAK) / PEAK
    dim = np.clip(np.round(counts * 255), 0, 255).astype(np.uint8)
    save("low-light", [dim, removed(dim), removed(dim, model=CAMERA), clean], DARK)

    blotchy = np.clip(np.round(clean + enlarged_noise(clean.shape)), 0, 255).astype(np.uint8)
    photographed("camera-face", data.astronaut(), (slice(0, 224), slice(120, 344)))
    photographed("camera-fur", data.chelsea(), (slice(60, 284), slice(100, 324)))

    save("blotchy", [blotchy, removed(blotchy), removed(blotchy, model=CORRELATED), clean], CROP)


def removed(noisy: NDArray[np.uint8], strength: float = 1.0, model: str = WHITE) -> NDArray[Any]:
    """What `linn denoise` with `--strength` and `--noise` makes of a grey picture."""
    found = Request(model=model).find(Picture(noisy[:, :, None]))
    clean, _ = remove(Networks(), torch.from_numpy(noisy)[None, None], found, strength)
    answer: NDArray[Any] = clean[0, 0].numpy()
    return answer


def photographed(name: str, clean: NDArray[np.uint8], crop: tuple[slice, slice]) -> None:
    """Noise of a camera in poor light, demosaiced, smoothed and stored as JPEG; what linn makes of it; and no noise."""
    draws = torch.Generator().manual_seed(6)
    light = torch.from_numpy(clean).permute(2, 0, 1)[None].float() / 255
    noisy, developed = camera.photograph(light[:, :, : side(light, 2), : side(light, 3)], draws)
    file = io.BytesIO()
    Image.fromarray(levels(noisy)).save(file, "JPEG", quality=92)
    stored = np.asarray(Image.open(file))
    strip = np.hstack([part[crop] for part in (stored, denoise(stored), levels(developed))])
    Image.fromarray(strip).save(HERE.parent / "docs" / f"{name}.webp", quality=92)


def side(picture: torch.Tensor, dim: int) -> int:
    """The whole cells of a camera's mosaic along a side."""
    return picture.shape[dim] // 2 * 2


def levels(picture: torch.Tensor) -> NDArray[np.uint8]:
    """A picture (1, 3, H, W), white at 1, to (H, W, 3)."""
    values: NDArray[np.uint8] = (255 * picture[0]).round().byte().permute(1, 2, 0).numpy()
    return values


def enlarged_noise(shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Noise of sigma 20 of a picture of half the size, enlarged."""
    small = np.random.default_rng(2).normal(0, 30, tuple(side // 2 for side in shape))
    picture = Image.fromarray(small.astype(np.float32))
    height, width = shape
    return np.asarray(picture.resize((width, height), Image.Resampling.BICUBIC), np.float64)


def save(name: str, pictures: list[NDArray[Any]], crop: tuple[slice, slice]) -> None:
    """The same part of pictures (H, W) side by side."""
    strip = np.hstack([picture[crop] for picture in pictures])
    Image.fromarray(strip).save(HERE.parent / "docs" / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
