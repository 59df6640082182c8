"""Which weights for which sigma: PSNR on held-out pictures of the sets for one sigma beside that for any.

    python -m benchmarks.quality.windows bsd432/ --names weights/held-out.txt [--variant st] [--scales 1] [--colour]

One table for each network, of the centres of the pictures. A set may be chosen where it is the best of its
row (`suits` in the manifest), yet not where noise is heavy (pyramid.HEAVY): a camera's few counts, which are
not white noise even when stabilised, need the set for any sigma.
"""

from __future__ import annotations

from itertools import groupby

from benchmarks.common import CROP, arguments, choose, network_psnr, read
from linn_cli.network.architecture import VARIANTS
from linn_cli.weights import sets
from linn_cli.weights.sets import WeightSet

# Closest where one set gives way to the next.
SIGMAS = (8, 10, 12, 13, 15, 16, 17, 20, 21, 23, 25, 27, 29, 35, 41, 43, 50, 60, 69, 70, 80, 100)


def main() -> None:
    """Measure and print the tables."""
    parser = arguments(__doc__, held_out=True)
    parser.add_argument("--variant", choices=VARIANTS, help="only these networks")
    parser.add_argument("--scales", type=int, choices=(1, 2), help="only these networks")
    parser.add_argument("--sigmas", type=float, nargs="+", default=SIGMAS)
    parser.add_argument(
        "--colour", action="store_true", help="colour pictures; grey ones if left out"
    )
    options = parser.parse_args()
    paths = choose(options)
    pictures = [read(path, as_grey=not options.colour, crop=CROP) for path in paths]
    print(f"{len(pictures)} pictures, up to {CROP} x {CROP}; PSNR in dB")
    known = [
        held
        for held in sets.bundled()
        if options.variant in (None, held.architecture.variant)
        and options.scales in (None, held.architecture.scales)
    ]
    for architecture, alike in groupby(known, lambda held: held.architecture):
        columns = sorted(alike, key=lambda held: held.sigma)
        print(f"\n{architecture}", *(f"{range_of(held):>9}" for held in columns))
        for sigma in options.sigmas:
            scores = [network_psnr(pictures, sigma, held.path) for held in columns]
            best = columns[scores.index(max(scores))]
            figures = (f"{score:9.3f}" for score in scores)
            print(f"{sigma:5g}", *figures, f"  best: {range_of(best)}", flush=True)


def range_of(held: WeightSet) -> str:
    """The sigmas that a set was trained for."""
    return "{:g}-{:g}".format(*held.sigma)


if __name__ == "__main__":
    main()
