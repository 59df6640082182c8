"""How fast the streaming engine is, against what bounds it and against what people run instead.

    python -m benchmarks.cost.speed --network colour --height 1024 --width 1536
    python -m benchmarks.cost.speed --network dninn --scales 2 --dtype bfloat16
    python -m benchmarks.cost.speed --sides 1024 2048 4096 8192

All in one process, in turns, the median of the rounds; speeds are in megapixels per second and depend on
the machine, ratios less so. The networks have random weights. It measures

- engine: the network over bands, from planes of unit noise to planes;
- linn: what `linn denoise` runs, from an 8-bit picture in memory to an 8-bit picture;
- bare: the network's convolutions alone, channels-last, on bands of the engine's height: the bound;
- module: the plain whole-image network (float32 only);
- DnINN: as linn, with the paper's network, which takes the planes of colour one by one;
- FFDNet and DnCNN, as usually run (float32, whole picture) and channels-last.

With --sides it runs the engine alone, on squares of these sides, and compares what a pixel costs.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from statistics import median

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from benchmarks.common import script_parser
from benchmarks.quality.architectures import FFDNetShape
from linn_cli.denoising.loaded_network import LoadedNetwork
from linn_cli.engine import budget, streaming
from linn_cli.engine.folding import FoldedScale, fold
from linn_cli.network.architecture import NETWORKS, Architecture, parse_network
from linn_cli.network.model import DnINN
from linn_cli.training.initialisation import initialise
from linn_cli.weights.sets import WeightSet

_CPU = torch.device("cpu")


def main() -> None:
    """Measure and print a table."""
    parser = script_parser(__doc__)
    parser.add_argument("--network", choices=tuple(NETWORKS), default="dninn")
    parser.add_argument("--height", type=int, default=1024)
    parser.add_argument("--width", type=int, default=1024)
    parser.add_argument("--dtype", choices=("float32", "bfloat16"), default="float32")
    parser.add_argument("--scales", type=int, choices=(1, 2), help="of DnINN")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--band", type=int, help="rows of a band; the engine's choice if left out")
    parser.add_argument("--sides", type=int, nargs="+", help="only compare squares of these sides")
    parser.add_argument("--only", nargs="+", help="only these contestants")
    options = parser.parse_args()
    dtype = getattr(torch, options.dtype)
    architecture = parse_network(options.network, None, options.scales)
    scales = fold(fresh(architecture), dtype)
    print(
        f"{platform.processor() or platform.machine()}, {torch.get_num_threads()} threads, torch {torch.__version__}"
    )
    print(f"{architecture}, {architecture.multiply_adds:.0f} MAC a pixel, {options.dtype}")
    if options.sides:
        compare_sizes(scales, options.sides, options.rounds)
        return
    shape = architecture.planes, options.height, options.width
    band = options.band or budget.band_height(options.width)
    contestants = contest(architecture, scales, shape, band)
    chosen = {name: contestants[name] for name in options.only or contestants}
    times = measure(chosen, options.rounds)
    pixels = options.height * options.width / 1e6
    print(f"{options.width} x {options.height}, bands of {band} rows")
    first, *_ = times
    for name, seconds in times.items():
        ratio = seconds / times[first]
        print(f"{name:>21}: {pixels / seconds:6.3f} Mpx/s, {first} is {ratio:5.2f} times as fast")


def contest(
    architecture: Architecture,
    scales: tuple[FoldedScale, ...],
    shape: tuple[int, int, int],
    band: int,
) -> dict[str, Callable[[], object]]:
    """What is measured, by name, for pictures of a shape (C, H, W)."""
    planes = shape[0]
    image = torch.randn((1, *shape), generator=torch.Generator().manual_seed(0))
    picture = (image.clamp(-2, 2) * 60 + 128).to(torch.uint8)
    model, ffdnet = fresh(architecture), FFDNetShape(planes)
    ffdnet_last, denoiser, denoiser_last = FFDNetShape(planes), dncnn(planes), dncnn(planes)
    for module in (ffdnet_last, denoiser_last):
        module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    last = image.contiguous(memory_format=torch.channels_last)
    return {
        "linn": partial(loaded(architecture, scales), picture, 25),
        "engine": partial(streaming.run, scales, image, band=band),
        "bare": bare(scales, image, band),
        "module": partial(model, image, 1.0),
        "DnINN": partial(
            loaded(Architecture(), fold(fresh(Architecture()), torch.float32)), picture, 25
        ),
        "FFDNet": partial(ffdnet, image, 1.0),
        "FFDNet, channels-last": partial(ffdnet_last, last, 1.0),
        "DnCNN": partial(denoiser, image),
        "DnCNN, channels-last": partial(denoiser_last, last),
    }


def fresh(architecture: Architecture) -> DnINN:
    """A network that has not learned anything."""
    generator = torch.Generator().manual_seed(0)
    return initialise(DnINN(architecture), generator).eval().requires_grad_(False)


def loaded(
    architecture: Architecture,
    scales: tuple[FoldedScale, ...],
    device: torch.device = _CPU,
) -> LoadedNetwork:
    """A network as `linn denoise` has it."""
    nameless = WeightSet(Path("fresh"), architecture, (0.0, 255.0), "")
    return LoadedNetwork(scales, nameless, device)


def compare_sizes(scales: tuple[FoldedScale, ...], sides: list[int], rounds: int) -> None:
    """Print what a pixel costs in squares of these sides, beside the first."""
    squares = {str(side): torch.randn((1, scales[0].planes, side, side)) for side in sides}
    contestants = {side: partial(streaming.run, scales, image) for side, image in squares.items()}
    times = measure(contestants, rounds)
    costs = {side: times[side] / int(side) ** 2 for side in squares}
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
        (bank, scale.phases, network.dilation)
        for scale in scales
        for step in scale.steps
        for network in (step.predict, step.update, step.update, step.predict)
        for bank in network.filters
    ]
    inputs = {
        (bank.shape[1], phases): torch.randn(
            (1, bank.shape[1], band // phases, width // phases)
        ).to(bank.dtype, memory_format=torch.channels_last)
        for bank, phases, _ in banks
    }

    def work() -> None:
        for _ in range(-(-height // band)):
            for bank, phases, dilation in banks:
                F.conv2d(inputs[bank.shape[1], phases], bank, padding=dilation, dilation=dilation)

    return work


def dncnn(planes: int, width: int = 64) -> nn.Module:
    """DnCNN (Zhang et al. 2017), or CDnCNN, with its batch norms folded away, as it is run after training."""
    depth = 17 if planes == 1 else 20
    layers: list[nn.Module] = [nn.Conv2d(planes, width, 3, padding=1), nn.ReLU(inplace=True)]
    for _ in range(depth - 2):
        layers += [nn.Conv2d(width, width, 3, padding=1), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers, nn.Conv2d(width, planes, 3, padding=1)).eval()


if __name__ == "__main__":
    main()
