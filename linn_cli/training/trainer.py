"""One step of training: noisy patches in, a better network out; its whole state saved and restored."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, cast

import torch
from torch import Generator, Tensor, nn
from torch.optim import Adam, Optimizer
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from linn_cli.engine.devices import has_bfloat16
from linn_cli.errors import UsageError
from linn_cli.network import planes
from linn_cli.network.architecture import Architecture
from linn_cli.network.lifting import OneSidedConv
from linn_cli.network.model import DnINN
from linn_cli.training._muon import Muon
from linn_cli.training.patches import Patches
from linn_cli.training.photographs import PhotographNoise
from linn_cli.training.white import WhiteNoise
from linn_cli.units import GREY_LEVELS, LEAST_SIGMA

# A patch is judged by the logarithm of its error, as PSNR is, or textured patches would rule. A typical
# error is about this times sigma, and half of it is added lest flat patches rule instead; the patches of
# less noise than this floor count less.
_TYPICAL_ERROR = 0.012
_LOSS_FLOOR = 15 / GREY_LEVELS
_OUTPUT_LR, _THRESHOLD_LR = 0.3, 0.1
# One-sided thresholds have far to go.
_ONE_SIDED_LR = 4.0
_CLIP = 1.0
NoiseName = Literal["white", "photo"]
# What of a recipe may change when a run is resumed.
_SCHEDULE = {"steps", "lr", "warmup", "cooldown"}


@dataclass(frozen=True)
class Recipe:
    """All that decides a training trajectory, besides the pictures and where it starts.

    `sigma` is a range in 8-bit grey levels, out of which each patch gets its own (`draw_sigma`); `noise` says of
    what kind the noise is (`WhiteNoise`, `PhotographNoise`). The learning rate rises over `warmup` steps, stays,
    and falls to zero over the last `cooldown` of `steps`.
    """

    architecture: Architecture
    sigma: tuple[float, float] = (1.0, 80.0)
    noise: NoiseName = "white"
    steps: int = 20_000
    batch: int = 8
    patch: int = 64
    lr: float = 2.5e-3
    warmup: int = 400
    cooldown: int = 4_000
    average: float = 0.999
    seed: int = 0

    def __post_init__(self) -> None:
        if self.sigma[0] < LEAST_SIGMA:
            raise UsageError(
                f"sigma {self.sigma[0]:g} is no noise: train from {LEAST_SIGMA} upwards"
            )

    @property
    def noise_kind(self) -> WhiteNoise | PhotographNoise:
        """What makes patches noisy."""
        if self.noise == "photo":
            return PhotographNoise(self.patch, self.sigma, is_grey=self.architecture.planes == 1)
        return WhiteNoise(self.sigma)

    @property
    def takes_grey(self) -> bool:
        """Whether patches are cut from grey pictures: the noise of photographs is made in colour, and grey after."""
        return self.architecture.planes == 1 and self.noise == "white"

    def rate(self, step: int) -> float:
        """The share of the learning rate at a step (counted from 0), in [0, 1]."""
        rising = (step + 1) / max(self.warmup, 1)
        falling = (self.steps - step) / max(self.cooldown, 1)
        return max(min(rising, falling, 1.0), 0.0)


def parse_noise(name: str) -> NoiseName:
    """The kind of noise by its name.

    Raises:
        UsageError: there is none of this name.
    """
    match name:
        case "white" | "photo":
            return name
    raise UsageError(f"noise {name!r} is unknown: choose white or photo")


class Trainer:
    """A model in training with its optimisers, averaged weights and random states."""

    def __init__(
        self,
        recipe: Recipe,
        model: nn.Module,
        patches: Patches,
        device: torch.device,
        *,
        compiled: bool,
        provenance: str,
        precision: torch.dtype | None = None,
    ) -> None:
        if precision is None:
            precision = torch.bfloat16 if has_bfloat16(device) else torch.float32
        self.precision = precision
        self.recipe = recipe
        self.provenance = provenance
        self.device = device
        self.patches = patches
        self.model = model.train().requires_grad_(True).to(device)
        self.model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        moving = get_ema_multi_avg_fn(recipe.average)
        self.average = AveragedModel(self.model, multi_avg_fn=moving)
        self._forward = torch.compile(self.model) if compiled else self.model
        self.optimisers = _optimisers(self.model)
        self.noise = recipe.noise_kind
        self.draws = Generator(device).manual_seed(recipe.seed)
        self.steps_done = 0

    def step(self, most: float = 1.0) -> Tensor:
        """Draw a batch, take one optimisation step and return the loss before it, still on the device.

        `most` is the largest share of the learning rate, in [0, 1], whatever the schedule says.
        """
        recipe = self.recipe
        clean = self.patches.sample(recipe.batch, self.draws)
        noisy, clean, sigma = self.noise(clean, self.draws)
        noisy, clean = (_planes(channels) for channels in (noisy, clean))

        half = self.precision == torch.bfloat16
        with torch.autocast(self.device.type, torch.bfloat16, enabled=half):
            estimate = self._forward(noisy, sigma)
        loss = patch_loss(estimate, clean, sigma)
        loss.backward()

        nn.utils.clip_grad_norm_(self.model.parameters(), _CLIP)
        rate = recipe.lr * min(recipe.rate(self.steps_done), most)
        for optimiser in self.optimisers:
            for group in optimiser.param_groups:
                group["lr"] = rate * group["share"]
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
        _project_thresholds(self.model)
        self.average.update_parameters(self.model)
        self.steps_done += 1
        return loss.detach()

    @property
    def pixels_seen(self) -> int:
        """Training pixels over all steps, resumed ones included."""
        return self.steps_done * self.recipe.batch * self.recipe.patch**2

    @property
    def averaged(self) -> DnINN:
        """The weights worth keeping: an exponential moving average over the steps."""
        return cast("DnINN", self.average.module)

    def state_dict(self) -> dict[str, Any]:
        """Everything that the next step depends on."""
        return {
            "recipe": asdict(self.recipe),
            "provenance": self.provenance,
            "steps_done": self.steps_done,
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
            "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
            "draws": self.draws.get_state(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where `state` was taken; the schedule (steps, rates) stays this recipe's.

        Raises:
            UsageError: `state` is of another recipe, in more than the schedule.
        """
        # A run from before there was a choice has white noise.
        recipe = {"noise": "white"} | state["recipe"]
        for name, value in asdict(self.recipe).items():
            if name not in _SCHEDULE and (was := recipe[name]) != value:
                raise UsageError(f"the run has {name} {was}, not {value}: resume it with the same")
        self.model.load_state_dict(state["model"])
        self.average.load_state_dict(state["average"])
        self.provenance = state["provenance"]
        self.steps_done = state["steps_done"]
        for optimiser, saved in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(saved)
        self.draws.set_state(state["draws"])


def _planes(channels: Tensor) -> Tensor:
    """Planes about mid-grey, contiguous in the order that the convolutions like."""
    turned = planes.from_channels(channels - 0.5) + 0.5
    return turned.contiguous(memory_format=torch.channels_last)


def patch_loss(estimate: Tensor, clean: Tensor, sigma: Tensor) -> Tensor:
    """What training makes small, for patches (B, P, H, W) of noise sigma (B, P, 1, 1), all white at 1.

    The mean over the patches of log(1 + 2 error / typical error), where errors are mean squares.
    """
    error = (estimate - clean).square().mean(dim=(1, 2, 3))
    sigma = sigma.square().mean(dim=(1, 2, 3)).sqrt()
    weight = sigma / sigma.clamp(min=_LOSS_FLOOR)
    return (weight * torch.log1p(2 * error / (_TYPICAL_ERROR * sigma))).mean()


def _optimisers(model: nn.Module) -> list[Optimizer]:
    outputs = [value for name, value in model.named_parameters() if name.endswith("output.weight")]
    filters = [
        value
        for name, value in model.named_parameters()
        if value.dim() == 4 and not name.endswith("output.weight")
    ]
    one_sided = [layer.threshold for layer in model.modules() if isinstance(layer, OneSidedConv)]
    known = set(map(id, one_sided))
    thresholds = [
        value for value in model.parameters() if value.dim() < 4 and id(value) not in known
    ]
    muon = Muon(
        [{"params": filters, "share": 1.0}, {"params": outputs, "share": _OUTPUT_LR}], lr=0.0
    )
    groups = [
        {"params": thresholds, "share": _THRESHOLD_LR},
        {"params": one_sided, "share": _ONE_SIDED_LR},
    ]
    adam = Adam([group for group in groups if group["params"]], lr=0.0, betas=(0.9, 0.99))
    return [muon, adam]


@torch.no_grad()
def _project_thresholds(model: nn.Module) -> None:
    """A soft threshold is defined for t >= 0 only."""
    for value in model.parameters():
        if value.dim() < 4:
            value.clamp_(min=0)
