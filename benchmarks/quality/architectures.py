"""Which architecture learns most: each trained from nothing for equal CPU seconds, judged by held-out pictures.

python -m benchmarks.quality.architectures bsd432/ --names weights/held-out.txt --seconds 300 --threads 1

Every candidate has the same recipe and about the cost at run time of FFDNet, whose own shape, without lifting and
trained in the same way, is the control. `--colour` tries the colour networks.
"""

from __future__ import annotations

import itertools
import time

import torch
from torch import Tensor, nn

from benchmarks.common import arguments, choose
from linn_cli.engine import freed_memory
from linn_cli.network.architecture import Architecture
from linn_cli.network.model import DnINN
from linn_cli.pictures import folders
from linn_cli.training.initialisation import initialise
from linn_cli.training.patches import Patches
from linn_cli.training.trainer import Recipe, Trainer
from linn_cli.training.validation import Validation

SIGMA = (1.0, 80.0)
_TIMED_STEPS = 8


def candidates(planes: int) -> dict[str, Architecture]:
    """Architectures by a short name: width, depth, pairs, and what is special."""

    def relu(width: int, depth: int, pairs: int, scales: int = 1) -> Architecture:
        return Architecture("st", scales, planes, 2, pairs, width, depth, "relu")

    grey = {
        "W32 D4 I4": relu(32, 4, 4),
        "W48 D4 I2": relu(48, 4, 2),
        "W48 D3 I4": relu(48, 3, 4),
        "W32 D5 I3": relu(32, 5, 3),
        "W64 D3 I2": relu(64, 3, 2),
        "W96 D3 I1": relu(96, 3, 1),
        "W64 D4 I1": relu(64, 4, 1),
        "W64 D5 I1": relu(64, 5, 1),
        "W32 D4 I3, quarter scale": relu(32, 4, 3, 2),
        "W32 D4 I4, soft": Architecture("st", 1, planes, 2, 4, 32, 4, "soft"),
        "W56 D3 I3": relu(56, 3, 3),
        "W56 D3 I3, one-sided": Architecture("st", 1, planes, 2, 3, 56, 3, "one-sided"),
        "DnINN with ReLU": Architecture(planes=planes, activation="relu"),
        "DnINN": Architecture(planes=planes),
    }
    colour = {
        "W32 D4 I4": relu(32, 4, 4),
        "W48 D4 I3": relu(48, 4, 3),
        "W64 D4 I2": relu(64, 4, 2),
        "W64 D3 I2": relu(64, 3, 2),
        "W80 D3 I2": relu(80, 3, 2),
        "W96 D4 I1": relu(96, 4, 1),
        "W48 D4 I2, quarter scale": relu(48, 4, 2, 2),
    }
    return grey if planes == 1 else colour


class FFDNetShape(nn.Module):
    """The control: FFDNet's convolutions at half the resolution, without lifting, told unit noise as ours are."""

    def __init__(self, planes: int) -> None:
        super().__init__()
        width, depth = (64, 15) if planes == 1 else (96, 12)
        channels = [4 * planes, *[width] * (depth - 1)]
        self.hidden = nn.ModuleList(
            nn.Conv2d(first, second, 3, padding=1, bias=False)
            for first, second in itertools.pairwise(channels)
        )
        self.output = nn.Conv2d(width, 4 * planes, 3, padding=1, bias=False)

    def forward(self, noisy: Tensor, sigma: Tensor | float) -> Tensor:
        """Noisy (B, P, H, W), both sides even, to the same shape."""
        value = nn.functional.pixel_unshuffle((noisy - 0.5) / sigma, 2)
        for layer in self.hidden:
            value = nn.functional.relu(layer(value))
        return noisy - nn.functional.pixel_shuffle(self.output(value), 2) * sigma


def main() -> None:
    """Train each and print a table."""
    parser = arguments(__doc__, held_out=True)
    parser.add_argument("--seconds", type=float, default=300, help="CPU seconds for each")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--colour", action="store_true")
    parser.add_argument("--only", nargs="*", help="these candidates only")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    freed_memory.keep_freed_memory()
    held_out = choose(options)
    training = [path for path in folders.list_pictures(options.folder) if path not in held_out]
    planes = 3 if options.colour else 1
    as_grey = not options.colour
    patches = Patches(training, 64, torch.device("cpu"), as_grey=as_grey)
    validation = Validation(held_out, SIGMA, as_grey=as_grey)
    print(
        f"{len(training)} pictures, {options.seconds:g} CPU seconds each, PSNR on {len(held_out)}"
    )
    print(f"{'network':28} {'MAC/px':>9} {'values':>8} {'Mpx':>6}  PSNR at 15, 25, 50")
    for name, architecture in candidates(planes).items():
        if not options.only or name in options.only:
            _print(name, architecture, patches, validation, options.seconds)
    if not options.only or "FFDNet" in options.only:
        _print("FFDNet", None, patches, validation, options.seconds)


def _print(
    name: str,
    architecture: Architecture | None,
    patches: Patches,
    validation: Validation,
    seconds: float,
) -> None:
    planes = patches.pixels.shape[1]
    if architecture is None:
        model: nn.Module = _kaiming(FFDNetShape(planes))
        cost = sum(p.numel() for p in model.parameters()) / 4
    else:
        model = initialise(DnINN(architecture), torch.Generator().manual_seed(0))
        cost = architecture.multiply_adds
    trainer, psnr = train(model, patches, validation, seconds)
    values = sum(parameter.numel() for parameter in model.parameters())
    scores = "  ".join(f"{psnr[str(sigma)]:.2f}" for sigma in (15, 25, 50))
    print(
        f"{name:28} {cost:9.0f} {values:8} {trainer.pixels_seen / 1e6:6.1f}  {scores}", flush=True
    )


def train(
    model: nn.Module, patches: Patches, validation: Validation, seconds: float
) -> tuple[Trainer, dict[str, float]]:
    """Train for about so many CPU seconds: the first steps are timed to plan the schedule."""
    trainer = _trainer(model, patches, steps=_TIMED_STEPS)
    began = time.process_time()
    for _ in range(_TIMED_STEPS):
        trainer.step()
    step = (time.process_time() - began) / _TIMED_STEPS
    trainer = _trainer(model, patches, steps=max(_TIMED_STEPS, round(seconds / step)))
    for _ in range(trainer.recipe.steps):
        trainer.step()
    return trainer, validation.measure(trainer.averaged)


def _trainer(model: nn.Module, patches: Patches, steps: int) -> Trainer:
    recipe = Recipe(
        Architecture(), SIGMA, steps=steps, warmup=100, cooldown=steps * 3 // 4, average=0.99
    )
    device = torch.device("cpu")
    return Trainer(recipe, model, patches, device, compiled=False, provenance="")


@torch.no_grad()
def _kaiming(model: FFDNetShape) -> FFDNetShape:
    torch.manual_seed(0)
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight)
    model.output.weight.zero_()
    return model


if __name__ == "__main__":
    main()
