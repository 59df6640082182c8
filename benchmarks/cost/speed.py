"""How fast the streaming engine is, against what bounds it and against what people run instead.

    python -m benchmarks.cost.speed --height 2048 --width 2048 --dtype float32
    python -m benchmarks.cost.speed --sides 1024 2048 4096 8192

All in one process, in turns, the median of the rounds; speeds are in megapixels per second and depend on
the machine, ratios less so. It measures, for DnINN-ST with one scale (and two with --scales 2):

- linn: the engine as `linn denoise` runs it, from a float array to a float array;
- bare: its convolutions alone, channels-last, on bands of the engine's height: the bound;
- bare whole: the same on the whole picture at once;
- module: the plain whole-image network (float32 only);
- DnCNN: 17 layers of 64 channels with random weights, as usually run (float32, whole image).

With --sides it runs linn alone, on squares of these sides, and compares what a pixel costs.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Mapping
from functools import partial
from statistics import median

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from benchmarks.common import script_parser
from linn_cli.engine import budget, streaming
from linn_cli.engine.folding import FoldedScale, fold
from linn_cli.network.architecture import Architecture
from linn_cli.network.model import DnINN
from linn_cli.training.initialisation import initialise


def main() -> None:
    """Measure and print a table."""
    parser = script_parser(__doc__)
    parser.add_argument("--height", type=int, default=2048)
    parser.add_argument("--width", type=int, default=2048)
    parser.add_argument("--dtype", choices=("float32", "bfloat16"), default="float32")
    parser.add_argument("--scales", type=int, choices=(1, 2), default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--band", type=int, help="rows of a band; the engine's choice if left out")
    parser.add_argument("--sides", type=int, nargs="+", help="only compare squares of these sides")
    options = parser.parse_args()
    dtype = getattr(torch, options.dtype)

    generator = torch.Generator().manual_seed(0)
    model = initialise(DnINN(Architecture("st", options.scales)), generator).requires_grad_(False)
    scales = fold(model, dtype)
    print(
        f"{platform.processor() or platform.machine()}, {torch.get_num_threads()} threads, torch {torch.__version__}"
    )
    print(f"DnINN-ST {options.scales}-scale, {options.dtype}")
    if options.sides:
        compare_sizes(scales, options.sides, options.rounds)
        return
    denoiser = dncnn()
    image = torch.randn((1, 1, options.height, options.width), generator=generator)
    band = options.band or budget.band_height(options.width)
    contestants: dict[str, Callable[[], object]] = {
        "linn": lambda: streaming.run(scales, image, band=band),
        "bare": bare(scales, image, band),
        "bare whole": bare(scales, image, options.height),
        "module": lambda: model(image, 1.0),
        "DnCNN": lambda: denoiser(image),
    }
    times = measure(contestants, options.rounds)
    pixels = options.height * options.width / 1e6
    print(f"{options.width} x {options.height}, bands of {band} rows")
    for name, seconds in times.items():
        print(
            f"{name:>10}: {pixels / seconds:6.3f} Mpx/s, linn is {seconds / times['linn']:5.2f} times as fast"
        )


def compare_sizes(scales: tuple[FoldedScale, ...], sides: list[int], rounds: int) -> None:
    """Print what a pixel costs in squares of these sides, beside the first."""
    squares = {str(side): torch.randn((1, 1, side, side)) for side in sides}
    contestants = {side: partial(streaming.run, scales, image) for side, image in squares.items()}
    times = measure(contestants, rounds)
    costs = {side: times[side] / squares[side].numel() for side in squares}
    first = next(iter(costs.values()))
    for side, cost in costs.items():
        print(f"{side:>6} x {side:<6}: {cost * 1e6:6.3f} s/Mpx, {cost / first:.3f} of the first")


@torch.inference_mode()
def measure(contestants: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """The median seconds of each contestant, taken in turns after one warm-up."""
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for turn in range(rounds + 1):
        for name, work in contestants.items():
            began = time.perf_counter()
            work()
            if turn:
                seconds[name].append(time.perf_counter() - began)
    return {name: median(taken) for name, taken in seconds.items()}


def bare(scales: tuple[FoldedScale, ...], image: Tensor, band: int) -> Callable[[], None]:
    """All convolutions of a network at the shape of a band, as often as there are bands."""
    height, width = image.shape[-2:]
    banks = [
        (bank, scale.dilation)
        for scale in scales
        for step in scale.steps
        for network in (step.predict, step.update, step.update, step.predict)
        for bank in network.filters
    ]
    inputs = {
        channels: torch.randn((1, channels, band, width)).to(
            banks[0][0].dtype, memory_format=torch.channels_last
        )
        for channels in {bank.shape[1] for bank, _ in banks}
    }

    def work() -> None:
        for _ in range(-(-height // band)):
            for bank, dilation in banks:
                F.conv2d(inputs[bank.shape[1]], bank, padding=dilation, dilation=dilation)

    return work


def dncnn(depth: int = 17, width: int = 64) -> nn.Module:
    """DnCNN (Zhang et al. 2017) with its batch norms folded away, as it is run after training."""
    layers: list[nn.Module] = [nn.Conv2d(1, width, 3, padding=1), nn.ReLU(inplace=True)]
    for _ in range(depth - 2):
        layers += [nn.Conv2d(width, width, 3, padding=1), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers, nn.Conv2d(width, 1, 3, padding=1)).eval()


if __name__ == "__main__":
    main()
