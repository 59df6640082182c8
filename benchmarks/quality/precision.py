"""What bfloat16 costs: PSNR in float32 and bfloat16 on held-out training pictures, by sigma.

    python -m benchmarks.quality.precision bsd432/ --names weights/held-out.txt [--weights FILE]

Choose by pictures that are held out of training, never by test images.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.common import arguments, choose, network_psnr, read

SIGMAS = (1, 2, 5, 10, 15, 25, 50)
CROP = 160


def main() -> None:
    """Measure and print a table."""
    parser = arguments(__doc__, held_out=True)
    parser.add_argument("--weights", type=Path)
    options = parser.parse_args()
    pictures = [read(path, as_grey=True)[:, :CROP, :CROP] for path in choose(options)]
    print(f"{len(pictures)} held-out pictures, {CROP} x {CROP}")
    print("sigma  float32  bfloat16  loss (dB)")
    for sigma in SIGMAS:
        single, half = (
            network_psnr(pictures, sigma, options.weights, precision)
            for precision in ("float32", "emulated-bfloat16")
        )
        print(f"{sigma:5}  {single:7.3f}  {half:8.3f}  {single - half:9.4f}", flush=True)


if __name__ == "__main__":
    main()
