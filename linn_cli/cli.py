"""The command line: options in, exit codes out. torch is loaded only once a command runs."""

from __future__ import annotations

import math
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from linn_cli import __version__, console
from linn_cli.architecture import MOST_SCALES, Architecture, parse_variant
from linn_cli.errors import InputError, UsageError

if TYPE_CHECKING:
    from linn_cli.benchmark import Score, Summary
    from linn_cli.invertibility import RoundTrip

DEFAULT_SIGMAS = [15.0, 25.0, 50.0]
ANY: list[None] = [None]

app = typer.Typer(
    help="Remove noise from pictures with DnINN, a network that can be run backwards.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

VariantOption = Annotated[
    str | None,
    typer.Option(metavar="st|lista", help="How the detail is shrunk; linn chooses if left out."),
]
ScalesOption = Annotated[
    int | None,
    typer.Option(min=1, max=MOST_SCALES, help="Number of scales; linn chooses if left out."),
]
WeightsOption = Annotated[
    Path | None,
    typer.Option(
        "--weights", metavar="FILE", help="A .safetensors file instead of the bundled sets."
    ),
]
ThreadsOption = Annotated[
    int | None, typer.Option(min=1, help="Processor threads; all cores if left out.")
]
PrecisionOption = Annotated[
    str, typer.Option(metavar="auto|float32|bfloat16", help="What the networks compute in.")
]
DeviceOption = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print data for programs.")]
VerboseOption = Annotated[bool, typer.Option("--verbose", "-v", help="Say more.")]
DebugOption = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]


def main() -> None:
    """The console script."""
    app(prog_name="linn")


def _print_version(wanted: bool) -> None:
    if wanted:
        console.emit(f"linn {__version__}")
        raise typer.Exit


@app.callback()
def _linn(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and leave."
        ),
    ] = False,
) -> None:
    pass


@app.command()
def denoise(
    picture: Annotated[Path, typer.Argument(help="An 8-bit grey picture.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Where the clean picture goes.")],
    sigma: Annotated[
        str,
        typer.Option(
            metavar="auto|NUMBER",
            help="Standard deviation of the noise, in grey levels (0 to 255); auto estimates it.",
        ),
    ] = "auto",
    noise: Annotated[
        str,
        typer.Option(
            metavar="white|poisson-gauss",
            help="What the noise is like; poisson-gauss is a camera's, estimated from the picture.",
        ),
    ] = "white",
    strength: Annotated[
        float, typer.Option(help="Per cent of the noise to take for noise, 0 to 200.")
    ] = 100.0,
    variant: VariantOption = None,
    scales: ScalesOption = None,
    fast: Annotated[
        bool, typer.Option("--fast", help="The fastest network: st, one scale.")
    ] = False,
    weight_file: WeightsOption = None,
    device: DeviceOption = "auto",
    precision: PrecisionOption = "auto",
    threads: ThreadsOption = None,
    max_pixels: Annotated[
        int | None, typer.Option(min=1, help="Take pictures of up to this many pixels.")
    ] = None,
    json: JsonOption = False,
    verbose: VerboseOption = False,
    debug: DebugOption = False,
) -> None:
    """Denoise a picture."""
    with console.reported(debug=debug):
        from functools import partial

        from linn_cli import devices, images, pipeline, tables

        given = _parse_sigma(sigma)
        if noise not in ("white", "poisson-gauss"):
            raise UsageError(f"unknown noise {noise!r}: choose white or poisson-gauss")
        if noise == "poisson-gauss" and given is not None:
            raise UsageError("--noise poisson-gauss estimates the noise: leave --sigma out")
        if not 0 <= strength <= 200:
            raise UsageError(f"strength {strength:g} is out of range: give 0 to 200 per cent")
        if fast:
            if variant not in (None, "st") or scales not in (None, 1):
                raise UsageError("--fast means --variant st --scales 1: leave these out")
            variant, scales = "st", 1
        images.check_output(output, picture)
        devices.use_threads(threads)
        most = max_pixels or images.MOST_PIXELS
        camera = None
        if noise == "poisson-gauss":
            camera = pipeline.measure_camera_noise(picture, max_pixels=most)
            given = pipeline.stabilised_sigma(camera)
            console.say(tables.camera_noise(picture, camera))
        elif given is None:
            measured = pipeline.measure_file(picture, max_pixels=most)
            given = min(measured.overall.sigma, float(pipeline.GREY_LEVELS))
            console.say(tables.noise(measured))
            for warning in tables.warnings(measured):
                console.say(warning)
        denoiser = pipeline.load(
            min(given * strength / 100, pipeline.GREY_LEVELS),
            variant=parse_variant(variant),
            scales=scales,
            weight_file=weight_file,
            device=device,
            precision=precision,
        )
        with console.progress(picture.name) as advance:
            outcome = pipeline.denoise_file(
                denoiser,
                picture,
                output,
                given,
                noise=camera,
                strength=strength / 100,
                max_pixels=most,
                done=partial(advance, "rows"),
            )
        if not outcome.metadata_kept:
            console.say(f"{output}: the metadata is damaged or too large and was left out")
        if verbose:
            console.say(
                f"{outcome.width} x {outcome.height}, sigma {given:g}, "
                f"{denoiser.weight_set.architecture}, weights {outcome.weights}, "
                f"{outcome.device}, {outcome.precision}, {outcome.seconds:.2f} s"
            )
        if json:
            console.emit_json(asdict(outcome))


def _parse_sigma(text: str) -> float | None:
    """A noise level in grey levels; None for auto."""
    from linn_cli import pipeline

    if text == "auto":
        return None
    try:
        sigma = float(text)
    except ValueError:
        raise UsageError(f"sigma {text!r} is not a noise level: give a number or auto") from None
    pipeline.check_sigma(sigma)
    return sigma


@app.command()
def estimate(
    pictures: Annotated[list[Path], typer.Argument(metavar="FILE...", help="8-bit grey pictures.")],
    max_pixels: Annotated[
        int | None, typer.Option(min=1, help="Take pictures of up to this many pixels.")
    ] = None,
    threads: ThreadsOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Estimate how strong the noise of pictures is: sigma with its 95 % interval, in grey levels."""
    with console.reported(debug=debug):
        from linn_cli import devices, images, pipeline, tables

        devices.use_threads(threads)
        failed = False
        with console.progress("estimate", len(pictures)) as advance:
            for picture in pictures:
                try:
                    measured = pipeline.measure_file(
                        picture, max_pixels=max_pixels or images.MOST_PIXELS
                    )
                except InputError as error:
                    console.say(str(error))
                    failed = True
                else:
                    if json:
                        console.emit_json(asdict(measured))
                    else:
                        console.emit(tables.noise(measured))
                        for warning in tables.warnings(measured):
                            console.say(warning)
                advance(picture.name, 1)
        if failed:
            raise typer.Exit(1)


@app.command()
def benchmark(
    folder: Annotated[
        Path, typer.Argument(help="A folder of clean pictures; noise is added here.")
    ],
    sigma: Annotated[
        list[float] | None, typer.Option(help="Grey levels; may be repeated. [default: 15, 25, 50]")
    ] = None,
    variant: Annotated[
        list[str] | None,
        typer.Option(metavar="st|lista", help="May be repeated; linn chooses if left out."),
    ] = None,
    scales: Annotated[
        list[int] | None,
        typer.Option(min=1, max=MOST_SCALES, help="May be repeated; linn chooses if left out."),
    ] = None,
    weight_file: WeightsOption = None,
    device: DeviceOption = "auto",
    precision: PrecisionOption = "auto",
    threads: ThreadsOption = None,
    json: JsonOption = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="A row for each picture.")
    ] = False,
    debug: DebugOption = False,
) -> None:
    """Measure PSNR, SSIM and speed on clean pictures, beside the published table."""
    with console.reported(debug=debug):
        from itertools import product

        from linn_cli import benchmark as protocol
        from linn_cli import devices, images, pipeline, tables

        devices.use_threads(threads)
        pictures = images.list_pictures(folder)
        variants = [parse_variant(name) for name in variant or ANY]
        runs = [
            (
                grey,
                pipeline.load(
                    grey,
                    variant=kind,
                    scales=count,
                    weight_file=weight_file,
                    device=device,
                    precision=precision,
                ),
            )
            for kind, count, grey in product(variants, scales or ANY, sigma or DEFAULT_SIGMAS)
        ]
        scores: list[Score] = []
        summaries: list[Summary] = []
        with console.progress("benchmark", len(runs) * len(pictures)) as advance:
            for grey, denoiser in runs:
                measured = []
                for score in protocol.measure(denoiser, pictures, grey):
                    measured.append(score)
                    advance(f"sigma {grey:g}, {score.image}: {score.psnr:.2f} dB", 1)
                scores += measured
                summaries.append(protocol.summarise(denoiser, measured))
        if json:
            console.emit_json(tables.benchmark_data(folder, summaries, scores))
            return
        if verbose:
            console.table(*tables.scores(scores))
        console.table(*tables.summaries(folder, summaries))
        console.table(*tables.published(summaries))


@app.command()
def verify_invertibility(
    picture: Annotated[
        Path | None, typer.Argument(help="A grey picture to try as well as the built-in sizes.")
    ] = None,
    sigma: Annotated[float, typer.Option(help="Noise level that the picture is scaled by.")] = 25.0,
    weight_file: WeightsOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Check that the network without its shrinkage gives back every picture; exit 1 if it does not."""
    with console.reported(debug=debug):
        from functools import partial

        import torch

        from linn_cli import images, invertibility, pipeline, tables, weights

        pipeline.check_sigma(sigma)
        if sigma < pipeline.LEAST_SIGMA:
            least = f"at least {pipeline.LEAST_SIGMA}"
            raise UsageError(f"sigma {sigma:g} is too small to scale by: give {least}")
        pictures = list(invertibility.random_pictures())
        if picture is not None:
            levels = images.read(picture, as_grey=True).levels
            pictures.append(torch.from_numpy(levels).double() / pipeline.GREY_LEVELS)
        sets = [weights.describe(weight_file)] if weight_file else list(weights.bundled())
        checks = [(entry, dtype) for entry in sets for dtype in invertibility.DTYPES]
        worst: list[tuple[str, RoundTrip]] = []
        with console.progress("round trips", len(checks) * len(pictures)) as advance:
            for entry, dtype in checks:
                model = weights.load(entry).to(dtype)
                trips = invertibility.worst_by_part(
                    model,
                    pictures,
                    sigma / pipeline.GREY_LEVELS,
                    done=partial(advance, entry.name, 1),
                )
                worst += [(entry.name, trip) for trip in trips]
        passed = all(trip.passed for _, trip in worst)
        if json:
            console.emit_json(tables.round_trip_data(worst, sigma, len(pictures)))
        else:
            console.table(*tables.round_trips(worst, sigma, len(pictures)))
        if not passed:
            raise InputError("the round trip left its tolerance: this network is not inverted")


@app.command()
def train(
    folder: Annotated[Path, typer.Argument(help="A folder of clean pictures.")],
    run: Annotated[Path, typer.Option(help="Folder for checkpoints and the trained weights.")],
    variant: Annotated[
        str, typer.Option(metavar="st|lista", help="How the detail is shrunk.")
    ] = "st",
    scales: Annotated[int, typer.Option(min=1, max=MOST_SCALES, help="Number of scales.")] = 1,
    sigma: Annotated[str, typer.Option(help="A range of grey levels, or one.")] = "1-80",
    init: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Start from these weights; they may be smaller."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from the run's checkpoint.")
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
        Path | None, typer.Option(metavar="FILE", help="Names to hold out; every 18th if left out.")
    ] = None,
    val_images: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Hold out these pictures instead.")
    ] = None,
    every: Annotated[int, typer.Option(min=1, help="Steps between checkpoints.")] = 500,
    time_limit: Annotated[
        float | None, typer.Option(help="Stop cleanly after these minutes.")
    ] = None,
    device: DeviceOption = "auto",
    compiled: Annotated[
        bool | None,
        typer.Option(
            "--compile/--no-compile", help="Compile the network; if a C++ compiler is there."
        ),
    ] = None,
    log_json: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Append a line of JSON at each checkpoint.")
    ] = None,
    debug: DebugOption = False,
) -> None:
    """Train weights. Ctrl-C saves; --resume goes on."""
    with console.reported(debug=debug):
        from linn_cli import devices, tables, training, weights

        where = devices.resolve(device)
        recipe = training.Recipe(
            architecture=Architecture(parse_variant(variant) or "st", scales),
            sigma=weights.parse_range(sigma),
            steps=steps,
            batch=batch,
            patch=patch,
            lr=lr,
            warmup=warmup,
            cooldown=cooldown,
            seed=seed,
        )
        pictures = training.gather(folder, held_out, val_images)
        trainer = training.prepare(recipe, pictures, init, where, compiled=compiled)
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
            advance("", trainer.steps_done)
            for reached in training.train(
                trainer,
                training.Validation(pictures.held_out, recipe.sigma),
                place,
                every=every,
                stop=interrupted,
                seconds=math.inf if time_limit is None else time_limit * 60,
            ):
                advance(f"loss {reached.loss:.5f}", 1)
                if reached.psnr:
                    console.emit(tables.progress_line(reached))
                    if log_json:
                        console.append_json(log_json, asdict(reached))
        if interrupted():
            console.say(f"interrupted at step {trainer.steps_done}, saved; --resume goes on")
            raise typer.Exit(console.INTERRUPTED)
