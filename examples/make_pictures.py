"""Make the example and the README's picture, all by linn itself.

The photograph is NASA's portrait of Eileen Collins (public domain), as scikit-image ships it. Run it
from the checkout's folder, with the test extra installed: python examples/make_pictures.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image
from skimage import data

from linn_cli import denoise

SIGMA = 25
HERE = Path(__file__).resolve().parent
CROP = (slice(20, 276), slice(90, 346))


def main() -> None:
    """Write the noisy example picture and the before-after strip."""
    clean = np.asarray(Image.fromarray(data.astronaut()).convert("L"))
    noise = np.random.default_rng(0).normal(0, SIGMA, clean.shape)
    noisy = np.clip(np.round(clean + noise), 0, 255).astype(np.uint8)
    Image.fromarray(noisy).save(HERE / "astronaut-noisy.png", optimize=True)

    denoised = denoise(noisy, SIGMA)
    strip = np.hstack([picture[CROP] for picture in (noisy, denoised, clean)])
    Image.fromarray(strip).save(HERE.parent / "docs" / "before-after.png", optimize=True)


if __name__ == "__main__":
    main()
