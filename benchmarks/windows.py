"""Where a set of weights made for one sigma is better than the one for any: PSNR on held-out pictures.

    python benchmarks/windows.py bsd432/ --names weights/held-out.txt [FILE ...]

The files are those of the bundled sets with a narrow range if left out. Each is tried at both ends of its
range, in the middle, and a tenth of sigma beyond; where it is better it may be chosen (`suits` in the
manifest).
"""

from __future__ import annotations

from pathlib import Path
from statistics import fmean

from common import arguments, choose
from torch import Tensor

from linn_cli import images, pipeline, weights
from linn_cli.metrics import add_noise, psnr
from linn_cli.patches import read_grey
from linn_cli.weights import WeightSet


def main() -> None:
    """Measure and print a table."""
    parser = arguments(__doc__)
    parser.add_argument("files", type=Path, nargs="*")
    options = parser.parse_args()
    paths = choose(images.list_pictures(options.folder), options)
    pictures = [read_grey(path)[None, None].float() / 255 for path in paths]
    sets = [weights.describe(file) for file in options.files] or list(weights.bundled())
    print(f"{len(pictures)} pictures; PSNR in dB")
    print("weights          sigma  its own      any     gain")
    for narrow in sets:
        low, high = narrow.sigma
        middle = (low + high) / 2
        if high > 2 * low:
            continue
        for sigma in (low - middle / 10, low, middle, high, high + middle / 10):
            own, usual = (
                mean_psnr(pictures, sigma, file) for file in (narrow.path, wide(narrow).path)
            )
            print(
                f"{narrow.name:15}  {sigma:5.4g}  {own:7.3f}  {usual:7.3f}  {own - usual:7.3f}",
                flush=True,
            )


def wide(narrow: WeightSet) -> WeightSet:
    """The bundled set of the same network for any sigma."""
    held = narrow.architecture
    return weights.select(weights.bundled(), narrow.sigma[0], held.variant, held.scales, most=80)


def mean_psnr(pictures: list[Tensor], sigma: float, file: Path) -> float:
    """The mean PSNR in dB over the pictures, by the published protocol."""
    denoiser = pipeline.load(sigma, weight_file=file, precision="float32")
    return fmean(
        psnr(denoiser(add_noise(clean, sigma / 255, seed=index), sigma).clamp(0, 1), clean)
        for index, clean in enumerate(pictures)
    )


if __name__ == "__main__":
    main()
