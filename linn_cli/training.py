"""Training: noisy patches in, better weights out, interruptible and resumable at any step."""

from __future__ import annotations

import json
import math
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any, cast

import torch
from torch import Generator, Tensor, nn
from torch.optim import Adam, Optimizer
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from linn_cli import __version__, streaming, weights
from linn_cli.architecture import Architecture
from linn_cli.devices import has_bfloat16
from linn_cli.errors import InputError, LinnError, UsageError
from linn_cli.files import write_atomically
from linn_cli.folding import fold
from linn_cli.images import list_pictures
from linn_cli.initialisation import grow, initialise
from linn_cli.metrics import add_noise, psnr
from linn_cli.model import DnINN
from linn_cli.normalisation import GREY_LEVELS
from linn_cli.optimizer import Muon
from linn_cli.patches import Patches, hold_out, read_grey
from linn_cli.pipeline import LEAST_SIGMA

# A patch is judged by the logarithm of its error, as PSNR is, or textured patches would rule. A typical
# error is about this times sigma, and half of it is added lest flat patches rule instead; the patches of
# less noise than this floor count less.
_TYPICAL_ERROR = 0.012
_LOSS_FLOOR = 15 / GREY_LEVELS
_OUTPUT_LR, _THRESHOLD_LR = 0.3, 0.1
_CLIP = 1.0
# What of a recipe may change when a run is resumed.
_SCHEDULE = {"steps", "lr", "warmup", "cooldown"}
_TESTED_SIGMAS = (15.0, 25.0, 50.0)
_VALIDATION_CROP = 160


@dataclass(frozen=True)
class Recipe:
    """All that decides a training trajectory, besides the pictures and where it starts.

    `sigma` is a range in 8-bit grey levels; each patch gets its own, uniform in the square root, so
    that the low levels, where most pictures are, are seen as often as the high ones. The learning
    rate rises over `warmup` steps, stays, and falls to zero over the last `cooldown` of `steps`.
    """

    architecture: Architecture
    sigma: tuple[float, float] = (1.0, 80.0)
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

    def rate(self, step: int) -> float:
        """The share of the learning rate at a step (counted from 0), in [0, 1]."""
        rising = (step + 1) / max(self.warmup, 1)
        falling = (self.steps - step) / max(self.cooldown, 1)
        return max(min(rising, falling, 1.0), 0.0)


@dataclass(frozen=True)
class Progress:
    """Where a run stands: pixels and seconds since it began or was resumed.

    `loss` is a mean; `psnr` maps sigma to the held-out mean in dB where it was just measured.
    """

    step: int
    loss: float
    pixels: int
    seconds: float
    psnr: dict[str, float] = field(default_factory=dict)


class Trainer:
    """A model in training with its optimisers, averaged weights and random states."""

    def __init__(
        self,
        recipe: Recipe,
        model: DnINN,
        patches: Patches,
        device: torch.device,
        *,
        compiled: bool,
        provenance: str,
    ) -> None:
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
        self.draws = Generator().manual_seed(recipe.seed)
        self.noise = Generator(device).manual_seed(recipe.seed)
        self.steps_done = 0

    def step(self) -> float:
        """Draw a batch, take one optimisation step and return the loss before it."""
        recipe = self.recipe
        clean = self.patches.sample(recipe.batch, self.draws)
        low, high = (math.sqrt(grey / GREY_LEVELS) for grey in recipe.sigma)
        chosen = torch.rand((recipe.batch, 1, 1, 1), generator=self.draws)
        sigma = (low + (high - low) * chosen).square().to(self.device)
        noise = torch.randn(clean.shape, generator=self.noise, device=self.device)

        with torch.autocast(self.device.type, torch.bfloat16, enabled=has_bfloat16(self.device)):
            estimate = self._forward(clean + sigma * noise, sigma)
        loss = patch_loss(estimate, clean, sigma)
        loss.backward()

        nn.utils.clip_grad_norm_(self.model.parameters(), _CLIP)
        rate = recipe.lr * recipe.rate(self.steps_done)
        for optimiser in self.optimisers:
            for group in optimiser.param_groups:
                group["lr"] = rate * group["share"]
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
        _project_thresholds(self.model)
        self.average.update_parameters(self.model)
        self.steps_done += 1
        return float(loss.detach())

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
            "noise": self.noise.get_state(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where `state` was taken; the schedule (steps, rates) stays this recipe's.

        Raises:
            UsageError: `state` is of another recipe, in more than the schedule.
        """
        for name, value in asdict(self.recipe).items():
            if name not in _SCHEDULE and state["recipe"][name] != value:
                was = state["recipe"][name]
                raise UsageError(f"the run has {name} {was}, not {value}: resume it with the same")
        self.model.load_state_dict(state["model"])
        self.average.load_state_dict(state["average"])
        self.provenance = state["provenance"]
        self.steps_done = state["steps_done"]
        for optimiser, saved in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(saved)
        self.draws.set_state(state["draws"])
        self.noise.set_state(state["noise"])


class Validation:
    """Held-out pictures under the published protocol's noise: the only judge of a run.

    The centre of each picture is used, at the sigmas of the published tables that lie in the range.
    """

    def __init__(self, pictures: Sequence[Path], sigma: tuple[float, float]) -> None:
        low, high = sigma
        self.pictures = [_centre(read_grey(picture)) for picture in pictures]
        self.sigmas = [grey for grey in _TESTED_SIGMAS if low <= grey <= high] or [low]

    def measure(self, model: DnINN) -> dict[str, float]:
        """Mean PSNR in dB over the pictures, by sigma in 8-bit grey levels."""
        device = next(model.parameters()).device
        scales = fold(model, device=device)

        def score(index: int, sigma: float) -> float:
            clean = self.pictures[index]
            noisy = add_noise(clean, sigma, seed=index).to(device)
            estimate = streaming.run(scales, (noisy - 0.5) / sigma) * sigma + 0.5
            return psnr(estimate.clamp(0, 1), clean)

        return {
            f"{grey:g}": fmean(score(k, grey / GREY_LEVELS) for k in range(len(self.pictures)))
            for grey in self.sigmas
        }


@dataclass(frozen=True)
class Run:
    """A folder with the state of one training run."""

    folder: Path

    @property
    def checkpoint(self) -> Path:
        """Model, optimisers, random states and step: what `--resume` needs."""
        return self.folder / "checkpoint.pt"

    @property
    def weights(self) -> Path:
        """The averaged weights, in the form that `linn denoise --weights` takes."""
        return self.folder / "weights.safetensors"

    def prepare(self) -> None:
        """Make the folder.

        Raises:
            InputError: it cannot be made.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"{self.folder}: cannot be made ({error.strerror})") from error

    def save(self, trainer: Trainer, psnr: dict[str, float]) -> None:
        """Write both files, each whole or not at all; neither if the weights are not finite.

        Raises:
            InputError: the folder cannot be written to, or the disk is full.
            WeightsError: the weights are not finite.
        """
        self.prepare()
        try:
            weights.save(
                self.weights,
                trainer.averaged,
                trainer.recipe.sigma,
                trainer.provenance,
                steps=trainer.steps_done,
                pixels=trainer.pixels_seen,
                seed=trainer.recipe.seed,
                held_out_psnr=json.dumps(psnr),
            )
            with write_atomically(self.checkpoint) as temporary:
                torch.save(trainer.state_dict(), temporary)
        except OSError as error:
            raise InputError(f"{self.folder}: cannot be written ({error.strerror})") from error

    def resume(self, trainer: Trainer) -> None:
        """Load the checkpoint into a trainer of the same recipe; the schedule may be another.

        Raises:
            InputError: the checkpoint is missing or damaged.
            UsageError: it is of another recipe.
        """
        try:
            # weights_only: a checkpoint holds tensors and plain values, so nothing in it may run code.
            state = torch.load(self.checkpoint, map_location="cpu", weights_only=True)
            trainer.load_state_dict(state)
        except FileNotFoundError as error:
            raise InputError(f"{self.checkpoint}: nothing to resume, leave out --resume") from error
        except LinnError:
            raise
        except Exception as error:  # a damaged archive fails in whatever part is read first
            raise InputError(f"{self.checkpoint}: damaged, cannot resume from it") from error


def train(
    trainer: Trainer,
    validation: Validation,
    run: Run,
    *,
    every: int = 500,
    stop: Callable[[], bool] = lambda: False,
    seconds: float = math.inf,
) -> Iterator[Progress]:
    """Train until the recipe's last step, and save on the way and at the end.

    Args:
        trainer: what to train; already resumed if it is to go on.
        validation: measured every `every` steps and at the end.
        run: where checkpoints and weights go.
        every: steps between two measurements, each followed by a checkpoint.
        stop: asked after every step; True ends the run early.
        seconds: the run also ends after this time.

    Yields:
        The progress after every step; its loss is the mean since the last measurement.

    Raises:
        InputError: the loss or the network is not finite any more; the last checkpoint is from before.
    """
    began = time.monotonic()
    pixels_before = trainer.pixels_seen
    losses: list[float] = []
    ended = trainer.steps_done >= trainer.recipe.steps
    while not ended:
        losses.append(trainer.step())
        if not math.isfinite(losses[-1]):
            raise InputError(f"the loss is {losses[-1]} at step {trainer.steps_done}: lower --lr")
        elapsed = time.monotonic() - began
        ended = stop() or elapsed > seconds or trainer.steps_done == trainer.recipe.steps
        measured: dict[str, float] = {}
        if ended or trainer.steps_done % every == 0:
            measured = validation.measure(trainer.averaged)
            if not all(map(math.isfinite, measured.values())):
                raise InputError(f"the network broke at step {trainer.steps_done}: lower --lr")
            run.save(trainer, measured)
        pixels = trainer.pixels_seen - pixels_before
        yield Progress(trainer.steps_done, fmean(losses), pixels, elapsed, measured)
        if measured:
            losses = []


@dataclass(frozen=True)
class Pictures:
    """The files to train on and those held out to judge by."""

    training: Sequence[Path]
    held_out: Sequence[Path]


def gather(folder: Path, held_out: Path | None, val_images: Path | None) -> Pictures:
    """Find the pictures of a run.

    Args:
        folder: the training pictures.
        held_out: a file with names in `folder` to hold out, one a line; every 18th if None.
        val_images: a folder of other pictures to judge by, in place of holding any out.

    Raises:
        InputError: a folder or file is missing, or a part would be empty.
        UsageError: both held_out and val_images are given.
    """
    pictures = list_pictures(folder)
    if held_out is not None and val_images is not None:
        raise UsageError("--held-out and --val-images exclude each other")
    if val_images is not None:
        return Pictures(pictures, list_pictures(val_images))
    try:
        names = None if held_out is None else held_out.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{held_out}: cannot be read ({error})") from error
    return Pictures(*hold_out(pictures, names))


def prepare(
    recipe: Recipe,
    pictures: Pictures,
    init: Path | None,
    device: torch.device,
    *,
    compiled: bool | None = None,
) -> Trainer:
    """Load the pictures and the network to begin with: `init` grown to the recipe's, or a fresh one.

    `compiled` says whether to compile the network, which trains twice as fast after a minute of
    compiling; None means where a C++ compiler is found.

    Raises:
        InputError: no picture is as large as a patch.
        UsageError: `init` cannot be grown into this architecture.
        WeightsError: `init` cannot be loaded.
    """
    generator = Generator().manual_seed(recipe.seed)
    if init is None:
        model = initialise(DnINN(recipe.architecture), generator)
        start = "nothing"
    else:
        described = weights.describe(init)
        model = grow(weights.load(described), recipe.architecture, generator)
        start = f"{init.stem} ({described.provenance})"
    return Trainer(
        recipe,
        model,
        Patches(pictures.training, recipe.patch, device),
        device,
        compiled=shutil.which("c++") is not None if compiled is None else compiled,
        provenance=f"trained by linn {__version__} on {len(pictures.training)} pictures of "
        f"{pictures.training[0].resolve().parent.name}, {len(pictures.held_out)} others to judge by; "
        f"started from {start}",
    )


def patch_loss(estimate: Tensor, clean: Tensor, sigma: Tensor) -> Tensor:
    """What training makes small, for patches (B, 1, H, W) of noise sigma (B, 1, 1, 1), all white at 1.

    The mean over the patches of log(1 + 2 error / typical error), where errors are mean squares.
    """
    error = (estimate - clean).square().mean(dim=(1, 2, 3), keepdim=True)
    weight = sigma / sigma.clamp(min=_LOSS_FLOOR)
    return (weight * torch.log1p(2 * error / (_TYPICAL_ERROR * sigma))).mean()


def _optimisers(model: DnINN) -> list[Optimizer]:
    outputs = [value for name, value in model.named_parameters() if name.endswith("output.weight")]
    filters = [
        value
        for name, value in model.named_parameters()
        if value.dim() == 4 and not name.endswith("output.weight")
    ]
    thresholds = [value for value in model.parameters() if value.dim() < 4]
    muon = Muon(
        [{"params": filters, "share": 1.0}, {"params": outputs, "share": _OUTPUT_LR}], lr=0.0
    )
    adam = Adam([{"params": thresholds, "share": _THRESHOLD_LR}], lr=0.0, betas=(0.9, 0.99))
    return [muon, adam]


@torch.no_grad()
def _project_thresholds(model: DnINN) -> None:
    """A soft threshold is defined for t >= 0 only."""
    for value in model.parameters():
        if value.dim() < 4:
            value.clamp_(min=0)


def _centre(picture: Tensor) -> Tensor:
    """The middle of a uint8 picture (H, W) as float32 (1, 1, h, w) in [0, 1]."""
    height, width = (min(side, _VALIDATION_CROP) for side in picture.shape)
    top, left = (picture.shape[0] - height) // 2, (picture.shape[1] - width) // 2
    crop = picture[top : top + height, left : left + width]
    return crop[None, None].float() / GREY_LEVELS
