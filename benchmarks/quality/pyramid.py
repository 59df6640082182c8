"""What halving a picture gains where noise is heavy, and in the chroma: mean PSNR in dB on held-out pictures.

    python -m benchmarks.quality.pyramid bsd432/ --names weights/held-out.txt

Grey pictures: without it, and with each weight, halved as often as `pyramid.halvings` says, but at
least once. Colour: the chroma halved none to three times. The constants of pyramid.py are chosen by it.
"""

from __future__ import annotations

from statistics import fmean

from torch import Tensor

from benchmarks.common import arguments, by_planes, choose, read
from linn_cli.engine import pyramid
from linn_cli.metrics import add_noise, psnr

GREY = (50, 60, 75, 100, 150, 200, 300)
COLOUR = (5, 15, 25, 50, 75)
WEIGHTS = (0.0, 0.5, 0.75, 1.0)
HALVINGS = (0, 1, 2, 3)


def main() -> None:
    """Measure and print two tables."""
    options = arguments(__doc__, held_out=True).parse_args()
    paths = choose(options)
    print(f"{len(paths)} pictures; gains in dB, means and (worst)")
    for sigmas, as_grey, columns in ((GREY, True, WEIGHTS), (COLOUR, False, HALVINGS)):
        print("\ngrey: sigma, plain, weights" if as_grey else "\ncolour: sigma, plain, halvings")
        print(" " * 13, *(f"{column:>15g}" for column in columns[1:]))
        pictures = [read(path, as_grey=as_grey) for path in paths]
        for sigma in sigmas:
            rows = [gains(clean, sigma, index) for index, clean in enumerate(pictures)]
            plain, *others = zip(*rows, strict=True)
            cells = (
                f"{fmean(them) - fmean(plain):7.3f} ({min(b - a for a, b in zip(plain, them, strict=True)):6.3f})"
                for them in others
            )
            print(f"{sigma:5} {fmean(plain):7.3f}", *cells, flush=True)


def gains(clean: Tensor, sigma: float, index: int) -> list[float]:
    """The PSNR of one picture for every column."""
    noisy = add_noise(clean, sigma / 255, seed=index)
    if len(clean) == 1:
        halvings = max(1, pyramid.halvings(sigma))
        answers = [by_planes(noisy, sigma, [halvings], weight) for weight in WEIGHTS]
    else:
        answers = [by_planes(noisy, sigma, [0, count, count]) for count in HALVINGS]
    return [psnr(answer.clamp(0, 1), clean) for answer in answers]


if __name__ == "__main__":
    main()
