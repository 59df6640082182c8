"""`linn train`."""

from __future__ import annotations

import math
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from linn_cli.commands import console
from linn_cli.commands.options import (
    DebugOption,
    DeviceOption,
)
from linn_cli.errors import UsageError
from linn_cli.network.architecture import MOST_SCALES, NETWORKS, parse_network

EXAMPLES = """
linn train bsd432/ --run runs/new         # weights for sigma 1 to 80
linn train bsd432/ --run runs/new --resume
linn train bsd432/ photos/ --network colour --sigma 0.5-100 --run runs/colour
"""


def train(
    folders: Annotated[
        list[Path], typer.Argument(metavar="FOLDER", help="Folders of clean pictures.")
    ],
    run: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Folder for checkpoints and the trained weights.")
    ],
    network: Annotated[
        str, typer.Option(metavar="|".join(NETWORKS), help="Which network to train.")
    ] = "dninn",
    variant: Annotated[
        str | None, typer.Option(metavar="st|lista", help="How DnINN shrinks the noise.")
    ] = None,
    scales: Annotated[
        int | None, typer.Option(min=1, max=MOST_SCALES, help="How many scales DnINN has.")
    ] = None,
    sigma: Annotated[
        str, typer.Option(help="The noise levels to train for: LOW-HIGH, or one.")
    ] = "1-80",
    noise: Annotated[
        str,
        typer.Option(
            metavar="white|photo",
            help="What noise to learn: white, or that of photographs (cameras, grain, JPEG) and white.",
        ),
    ] = "white",
    init: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Start from these weights, which may be of a smaller network."
        ),
    ] = None,
    residual: Annotated[
        float,
        typer.Option(
            min=0.0,
            max=1.0,
            help="The share of the noise that a scale beyond those of --init starts by removing.",
        ),
    ] = 0.0,
    resume: Annotated[
        bool, typer.Option("--resume", help="Continue from the run's checkpoint.")
    ] = False,
    steps: Annotated[int, typer.Option(min=1, help="Steps in all.")] = 20_000,
    cooldown: Annotated[
        int, typer.Option(min=0, help="Last steps, the rate falling to 0.")
    ] = 4_000,
    warmup: Annotated[int, typer.Option(min=0, help="First steps, the rate rising from 0.")] = 400,
    lr: Annotated[float, typer.Option(help="Learning rate.")] = 2.5e-3,
    batch: Annotated[int, typer.Option(min=1, help="Patches a step.")] = 8,
    patch: Annotated[int, typer.Option(min=8, help="Side of a patch in pixels.")] = 64,
    seed: Annotated[int, typer.Option(help="Seed of patches, noise and fresh weights.")] = 0,
    held_out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="The names of the pictures to hold out. By default every 18th."
        ),
    ] = None,
    val_images: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Hold out these pictures instead.")
    ] = None,
    every: Annotated[int, typer.Option(min=1, help="Steps between checkpoints.")] = 500,
    time_limit: Annotated[
        float | None, typer.Option(help="Stop cleanly after these minutes.")
    ] = None,
    wind_down: Annotated[
        bool,
        typer.Option(
            "--wind-down", help="Let the learning rate fall to 0 by the end of the time limit."
        ),
    ] = False,
    device: DeviceOption = "auto",
    compiled: Annotated[
        bool | None,
        typer.Option(
            "--compile/--no-compile",
            help="Compile the network. By default linn does on a processor if it finds a C++ compiler.",
        ),
    ] = None,
    precision: Annotated[
        str,
        typer.Option(
            metavar="auto|float32|bfloat16",
            help="What to compute in. auto is bfloat16 where the device has it. Weak noise (below sigma 5) "
            "needs float32.",
        ),
    ] = "auto",
    log_json: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Append a line of JSON at each checkpoint.")
    ] = None,
    debug: DebugOption = False,
) -> None:
    """Train weights. Ctrl-C saves; --resume goes on."""
    with console.reported(debug=debug):
        from linn_cli.commands import tables
        from linn_cli.engine import devices, freed_memory
        from linn_cli.training import run as training
        from linn_cli.training.trainer import Recipe, parse_noise
        from linn_cli.training.validation import Validation
        from linn_cli.weights import sets

        freed_memory.keep_freed_memory()
        where = devices.resolve(device)
        if wind_down and time_limit is None:
            raise UsageError("--wind-down ends with the time limit: add --time-limit")
        devices.choose_convolutions_by_trial()
        recipe = Recipe(
            architecture=parse_network(network, variant, scales),
            sigma=sets.parse_range(sigma),
            noise=parse_noise(noise),
            steps=steps,
            batch=batch,
            patch=patch,
            lr=lr,
            warmup=warmup,
            cooldown=cooldown,
            seed=seed,
        )
        pictures = training.gather(folders, held_out, val_images)
        trainer = training.prepare(
            recipe,
            pictures,
            init,
            where,
            residual=residual,
            compiled=compiled,
            precision=devices.training_precision(precision, where),
        )
        place = training.Run(run)
        place.prepare()
        if log_json:
            console.append_json(log_json)
        if resume:
            place.resume(trainer)
            console.emit(f"resumed {run} at step {trainer.steps_done}")
        elif place.checkpoint.exists():
            raise UsageError(f"{run}: holds a run already, add --resume or choose another folder")

        with (
            console.interruptions() as interrupted,
            console.progress("train", steps) as advance,
        ):
            advance(trainer.steps_done)
            for reached in training.train(
                trainer,
                Validation(
                    pictures.held_out,
                    recipe.sigma,
                    as_grey=recipe.architecture.planes == 1,
                ),
                place,
                every=every,
                stop=interrupted,
                seconds=math.inf if time_limit is None else time_limit * 60,
                wind_down=wind_down,
            ):
                advance(1, f"loss {reached.loss:.5f}")
                if reached.psnr:
                    console.emit(tables.progress_line(reached))
                    if log_json:
                        console.append_json(log_json, asdict(reached))
        if interrupted():
            console.say(f"interrupted at step {trainer.steps_done}, saved; --resume goes on")
            raise typer.Exit(console.INTERRUPTED)
