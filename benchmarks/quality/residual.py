"""What residuals look like on held-out training pictures, told the right sigma and wrong ones.

    python -m benchmarks.quality.residual bsd432/ --names weights/held-out.txt

The bounds in `linn_cli/evaluation/residual.py` are chosen by it. Clipped pictures are 8-bit ones.
"""

from __future__ import annotations

import numpy as np
import torch

from benchmarks.common import arguments, choose, read
from linn_cli.denoising import networks
from linn_cli.evaluation import residual
from linn_cli.metrics import add_noise

# The noise's sigma and the one that linn is told.
CASES = ((15, 15), (25, 25), (50, 50), (25, 12.5), (25, 50))
CROP = 160


def main() -> None:
    """Measure and print a table: the least and the most over the pictures."""
    options = arguments(__doc__, held_out=True).parse_args()
    pictures = [read(path, as_grey=True)[None, :, :CROP, :CROP] for path in choose(options)]
    print(f"{len(pictures)} held-out pictures, {CROP} x {CROP}")
    print("sigma  told  clipped  deviation / told  correlation     flatness")
    for sigma, told in CASES:
        denoiser = networks.load(told)
        for clipped in (False, True):
            figures = []
            for seed, clean in enumerate(pictures):
                noisy = add_noise(clean, sigma / 255, seed)
                if clipped:
                    noisy = (noisy * 255).round().clamp(0, 255) / 255
                answer = denoiser(noisy, told)
                before, after = ((value[0, 0] * 255).numpy() for value in (noisy, answer))
                found = residual.measure(before, after, told)
                figures.append((found.deviation / told, found.correlation, found.flatness))
            low, high = np.array(figures).min(axis=0), np.array(figures).max(axis=0)
            spans = "  ".join(f"{a:6.2f} to {b:5.2f}" for a, b in zip(low, high, strict=True))
            print(f"{sigma:5}  {told:4}  {clipped!s:7}  {spans}", flush=True)


if __name__ == "__main__":
    torch.set_grad_enabled(False)
    main()
