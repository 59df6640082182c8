"""A training run: judged by held-out pictures, kept in a folder, interruptible and resumable."""

from __future__ import annotations

import json
import math
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Generator

from linn_cli import __version__
from linn_cli.errors import InputError, LinnError, UsageError
from linn_cli.files import write_atomically
from linn_cli.network.model import DnINN
from linn_cli.pictures.folders import list_pictures
from linn_cli.training.initialisation import grow, initialise
from linn_cli.training.patches import Patches, hold_out
from linn_cli.training.trainer import Recipe, Trainer
from linn_cli.training.validation import Validation
from linn_cli.weights import sets

_LOSS_EVERY = 20


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
            sets.save(
                self.weights,
                trainer.averaged,
                trainer.recipe.sigma,
                trainer.provenance,
                steps=trainer.steps_done,
                pixels=trainer.pixels_seen,
                seed=trainer.recipe.seed,
                held_out_psnr=json.dumps(psnr),
                noise=trainer.recipe.noise,
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
    wind_down: bool = False,
) -> Iterator[Progress]:
    """Train until the recipe's last step, and save on the way and at the end.

    Args:
        trainer: what to train; already resumed if it is to go on.
        validation: measured every `every` steps and at the end.
        run: where checkpoints and weights go.
        every: steps between two measurements, each followed by a checkpoint.
        stop: asked after every step; True ends the run early.
        seconds: the run also ends after this time.
        wind_down: let the learning rate fall to 0 by then, over the same share of these seconds as that of the
            recipe's steps in its cooldown.

    Yields:
        The progress after every step; its loss is the mean since the last measurement, a few steps old.

    Raises:
        InputError: the loss or the network is not finite any more; the last checkpoint is from before.
    """
    began = time.monotonic()
    pixels_before = trainer.pixels_seen
    falling = 0.0
    if wind_down and seconds < math.inf:
        falling = seconds * trainer.recipe.cooldown / trainer.recipe.steps
    elapsed = 0.0
    total, count, shown = torch.zeros((), device=trainer.device), 0, math.nan
    ended = trainer.steps_done >= trainer.recipe.steps
    while not ended:
        total += trainer.step(min((seconds - elapsed) / falling, 1.0) if falling else 1.0)
        count += 1
        elapsed = time.monotonic() - began
        ended = stop() or elapsed > seconds or trainer.steps_done == trainer.recipe.steps
        measured: dict[str, float] = {}
        judged = ended or trainer.steps_done % every == 0
        if judged or count == 1 or trainer.steps_done % _LOSS_EVERY == 0:
            # Only here does the host wait for the device.
            shown = float(total) / count
            if not math.isfinite(shown):
                raise InputError(f"the loss is {shown} at step {trainer.steps_done}: lower --lr")
        if judged:
            measured = validation.measure(trainer.averaged)
            if not all(map(math.isfinite, measured.values())):
                raise InputError(f"the network broke at step {trainer.steps_done}: lower --lr")
            run.save(trainer, measured)
            total, count = torch.zeros_like(total), 0
        pixels = trainer.pixels_seen - pixels_before
        yield Progress(trainer.steps_done, shown, pixels, elapsed, measured)


@dataclass(frozen=True)
class Pictures:
    """The files to train on and those held out to judge by."""

    training: Sequence[Path]
    held_out: Sequence[Path]


def gather(folders: Sequence[Path], held_out: Path | None, val_images: Path | None) -> Pictures:
    """Find the pictures of a run.

    Args:
        folders: the training pictures.
        held_out: a file with names of pictures to hold out, one a line; every 18th if None.
        val_images: a folder of other pictures to judge by, in place of holding any out.

    Raises:
        InputError: a folder or file is missing, or a part would be empty.
        UsageError: both held_out and val_images are given.
    """
    pictures = [picture for folder in folders for picture in list_pictures(folder)]
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
    residual: float = 0.0,
    compiled: bool | None = None,
    precision: torch.dtype | None = None,
) -> Trainer:
    """Load the pictures and the network to begin with: `init` grown to the recipe's, or a fresh one.

    `residual` is the share of the noise that a scale new to `init` starts by taking out (see `grow`).
    `compiled` says whether to compile the network, which trains twice as fast after a minute of
    compiling; None means on a processor, where a C++ compiler is found. `precision` is what P and U compute
    in; None means bfloat16 where the device has it. bfloat16 rounds the picture in units of the noise, so
    weak noise is learned in float32 only.

    Raises:
        InputError: no picture is as large as a patch.
        UsageError: `init` cannot be grown into this architecture, or there is a residual and no new scale.
        WeightsError: `init` cannot be loaded.
    """
    generator = Generator().manual_seed(recipe.seed)
    if init is None:
        if residual:
            raise UsageError("residual noise is for a scale that is new to --init: give that too")
        model = initialise(DnINN(recipe.architecture), generator)
        start = "nothing"
    else:
        described = sets.describe(init)
        model = grow(sets.load(described), recipe.architecture, generator, residual)
        added = f", a new scale for {residual:g} of the noise" if residual else ""
        start = f"{init.stem}{added} ({described.provenance})"
    return Trainer(
        recipe,
        model,
        Patches(
            pictures.training,
            recipe.patch + recipe.noise_kind.margin,
            device,
            as_grey=recipe.takes_grey,
        ),
        device,
        compiled=_compiles(device) if compiled is None else compiled,
        precision=precision,
        provenance=f"trained by linn {__version__} on {len(pictures.training)} pictures of "
        f"{_names(pictures.training)}, {len(pictures.held_out)} others to judge by; "
        f"started from {start}",
    )


def _compiles(device: torch.device) -> bool:
    # On CUDA torch 2.11 compiled the polyphase network wrongly under autocast: losses and gradients of
    # another sign.
    return device.type == "cpu" and shutil.which("c++") is not None


def _names(pictures: Sequence[Path]) -> str:
    """The names of the folders that pictures lie in."""
    return " and ".join(dict.fromkeys(picture.resolve().parent.name for picture in pictures))
