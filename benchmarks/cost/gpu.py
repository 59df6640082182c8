"""Whether a GPU gives the processor's answer, and how fast it is.

    python -m benchmarks.cost.gpu --device cuda --height 2160 --width 3840

First every architecture, over the whole picture on the processor and over bands on the device: the largest
difference as a share of the picture's range, which may be 1e-4 in float32 and 2e-3 in float16; that of bfloat16 is
only printed. Then every network, 8-bit in memory to 8-bit in memory, timed. All weights are random. It exits with 1
if an answer differs by more.
"""

from __future__ import annotations

import argparse
import sys
import time
from statistics import median

import torch
from torch import Generator

from benchmarks.common import script_parser
from benchmarks.cost.speed import loaded
from linn_cli.engine import devices, streaming
from linn_cli.engine.folding import fold
from linn_cli.network.architecture import NETWORKS, VARIANTS, Architecture
from linn_cli.network.lifting import LiftingNetwork
from linn_cli.network.model import DnINN
from linn_cli.training.initialisation import initialise

_TOLERANCES = {torch.float32: 1e-4, torch.float16: 2e-3, torch.bfloat16: float("inf")}
_SIGMA = 25.0
_SIDES = (203, 258)
_BAND = 48


def main() -> None:
    """Compare and time."""
    parser = script_parser(__doc__)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--height", type=int, default=2160)
    parser.add_argument("--width", type=int, default=3840)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    device = devices.resolve(options.device)
    print(f"torch {torch.__version__}, {device}", flush=True)
    dninn = [Architecture(variant=name, scales=count) for name in VARIANTS for count in (1, 2)]
    architectures = list(dict.fromkeys((*dninn, *NETWORKS.values())))
    agree = [agrees(architecture, device) for architecture in architectures]
    for name, architecture in NETWORKS.items():
        for dtype in (torch.float32, torch.bfloat16):
            seconds = clock(architecture, dtype, device, options)
            speed = options.height * options.width / seconds / 1e6
            print(f"{name:>12} {dtype!s:>15}: {seconds:7.3f} s, {speed:7.1f} Mpx/s", flush=True)
    sys.exit(0 if all(agree) else 1)


def network(architecture: Architecture) -> DnINN:
    """A network of random weights, none of them zero."""
    draws = Generator().manual_seed(0)
    model = initialise(DnINN(architecture), draws).eval().requires_grad_(False)
    for module in model.modules():
        if isinstance(module, LiftingNetwork):
            torch.nn.init.normal_(module.output.weight, std=0.01, generator=draws)
    return model


@torch.inference_mode()
def agrees(architecture: Architecture, device: torch.device) -> bool:
    """Print how far the device's answer lies from the processor's, as a share of the picture's range."""
    model = network(architecture)
    image = torch.randn((1, architecture.planes, *_SIDES), generator=Generator().manual_seed(1))
    truth = streaming.run(fold(model, torch.float32), image)
    fine = True
    for dtype, tolerance in _TOLERANCES.items():
        answer = streaming.run(fold(model, dtype, device), image.to(device), band=_BAND)
        apart = float((answer.float().cpu() - truth).abs().max()) * _SIGMA / 255
        fine &= apart <= tolerance
        print(f"{architecture}, {dtype}: {apart:.1e}", flush=True)
    return fine


@torch.inference_mode()
def clock(
    architecture: Architecture,
    dtype: torch.dtype,
    device: torch.device,
    options: argparse.Namespace,
) -> float:
    """The median seconds for a picture in 8 bits, from memory to memory."""
    denoise = loaded(architecture, fold(network(architecture), dtype, device), device)
    shape = (1, architecture.planes, options.height, options.width)
    picture = torch.randint(256, shape, generator=Generator().manual_seed(0), dtype=torch.uint8)
    seconds = []
    for _ in range(options.rounds + 1):
        began = time.perf_counter()
        denoise(picture, _SIGMA)
        seconds.append(time.perf_counter() - began)
    return median(seconds[1:])


if __name__ == "__main__":
    main()
