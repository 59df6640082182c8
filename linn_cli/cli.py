"""The command line: options in, exit codes out. torch is loaded only once a command runs."""

from __future__ import annotations

import math
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from linn_cli import __version__, console
from linn_cli.architecture import MOST_SCALES, Architecture, parse_variant
from linn_cli.errors import InputError, UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from linn_cli.benchmark import Score, Summary
    from linn_cli.classical import Classical
    from linn_cli.invertibility import RoundTrip
    from linn_cli.pipeline import Denoiser

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


def _check_scalable(sigma: float) -> None:
    from linn_cli import pipeline

    pipeline.check_sigma(sigma)
    if sigma < pipeline.LEAST_SIGMA:
        least = f"at least {pipeline.LEAST_SIGMA}"
        raise UsageError(f"sigma {sigma:g} is too small to scale by: give {least}")


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
        float, typer.Option(help="Standard deviation of the noise, in grey levels (0 to 255).")
    ],
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
    compare: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Show before, after and what was removed: a .html or .png file."
        ),
    ] = None,
    json: JsonOption = False,
    verbose: VerboseOption = False,
    debug: DebugOption = False,
) -> None:
    """Denoise a picture."""
    with console.reported(debug=debug):
        from functools import partial

        from linn_cli import devices, files, images, page, pipeline, views

        pipeline.check_sigma(sigma)
        if fast:
            if variant not in (None, "st") or scales not in (None, 1):
                raise UsageError("--fast means --variant st --scales 1: leave these out")
            variant, scales = "st", 1
        images.check_output(output, picture)
        if compare:
            files.check_output(compare, [picture, output], views.ENDINGS)
        devices.use_threads(threads)
        denoiser = pipeline.load(
            sigma,
            variant=parse_variant(variant),
            scales=scales,
            weight_file=weight_file,
            device=device,
            precision=precision,
        )
        levels: list[NDArray[Any]] = []
        with console.progress(picture.name) as advance:
            outcome = pipeline.denoise_file(
                denoiser,
                picture,
                output,
                sigma,
                max_pixels=max_pixels or images.MOST_PIXELS,
                done=partial(advance, "rows"),
                seen=lambda noisy, clean: levels.extend((noisy, clean)),
            )
            if compare:
                noisy, clean = levels
                kind = compare.suffix.lower()
                advance("page", 0)
                page.write(compare, views.denoised(kind, picture.name, noisy, clean, sigma))
        if not outcome.metadata_kept:
            console.say(f"{output}: the metadata is damaged or too large and was left out")
        if verbose:
            console.say(
                f"{outcome.width} x {outcome.height}, sigma {sigma:g}, "
                f"{denoiser.weight_set.architecture}, weights {outcome.weights}, "
                f"{outcome.device}, {outcome.precision}, {outcome.seconds:.2f} s"
            )
        if json:
            console.emit_json(asdict(outcome))


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
    against: Annotated[
        list[str] | None,
        typer.Option(
            metavar="bm3d|nlm|wavelet", help="Run on the same noise too; may be repeated."
        ),
    ] = None,
    report_file: Annotated[
        Path | None,
        typer.Option("--report", metavar="FILE", help="Show it all as a page, a .html file."),
    ] = None,
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
        from linn_cli import classical, devices, files, images, page, pipeline, report, tables

        devices.use_threads(threads)
        pictures = images.list_pictures(folder)
        if report_file:
            files.check_output(report_file, pictures, [page.ENDING])
        rivals = [classical.load(name) for name in dict.fromkeys(against or [])]
        sigmas = list(dict.fromkeys(sigma or DEFAULT_SIGMAS))
        variants = [parse_variant(name) for name in variant or ANY]
        runs: list[tuple[float, Denoiser | Classical]] = [
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
            for kind, count, grey in product(variants, scales or ANY, sigmas)
        ]
        runs += product(sigmas, rivals)
        gallery = report.Gallery(len(pictures), len(sigmas), len(runs) // len(sigmas))
        seen = gallery.add if report_file else protocol.unseen
        scores: list[Score] = []
        summaries: list[Summary] = []
        with console.progress("benchmark", len(runs) * len(pictures)) as advance:
            for grey, denoiser in runs:
                measured = []
                for score in protocol.measure(denoiser, pictures, grey, seen):
                    measured.append(score)
                    advance(f"sigma {grey:g}, {score.image}: {score.psnr:.2f} dB", 1)
                scores += measured
                summaries.append(protocol.summarise(denoiser, measured))
        if report_file:
            page.write(report_file, report.render(folder, summaries, gallery))
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

        _check_scalable(sigma)
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
def inspect(
    picture: Annotated[Path, typer.Argument(help="A grey picture, noisy.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The page, a .html file.")],
    sigma: Annotated[
        float, typer.Option(help="Standard deviation of the noise, in grey levels (0 to 255).")
    ],
    variant: VariantOption = None,
    scales: ScalesOption = None,
    weight_file: WeightsOption = None,
    side: Annotated[
        int, typer.Option(min=16, max=2048, help="Pixels across of the middle part looked at.")
    ] = 512,
    threads: ThreadsOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Show the transform inside: channels, lifting, shrinkage, and the way back, as a page."""
    with console.reported(debug=debug):
        from linn_cli import devices, files, images, inspection, page, pipeline, tables, views
        from linn_cli import weights as weight_sets

        _check_scalable(sigma)
        files.check_output(output, [picture], [page.ENDING])
        devices.use_threads(threads)
        chosen = pipeline.load(
            sigma,
            variant=parse_variant(variant),
            scales=scales,
            weight_file=weight_file,
            device="cpu",
        ).weight_set
        levels = views.grey_levels(images.read(picture).levels)
        part = inspection.middle(levels, side)
        if part.shape != levels.shape:
            console.say(f"{picture}: the middle {part.shape[1]} x {part.shape[0]} pixels (--side)")
        model = weight_sets.load(chosen)
        with console.progress(picture.name, inspection.parts(model)) as advance:
            seen = inspection.inspect(model, part, sigma, done=lambda done: advance(done, 1))
        page.write(
            output, views.inspected(picture.name, seen, sigma, chosen.architecture, chosen.name)
        )
        if json:
            console.emit_json(tables.inspection_data(seen, sigma, chosen.name))
        else:
            console.table(*tables.inspection(seen, sigma))


@app.command()
def compare(
    first: Annotated[Path, typer.Argument(metavar="A", help="A picture.")],
    second: Annotated[Path, typer.Argument(metavar="B", help="Another of the same size.")],
    clean: Annotated[Path, typer.Option(help="The clean picture that both are to come close to.")],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Show where they differ: a .html or .png file."
        ),
    ] = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Measure two pictures against a clean one, and show where one is closer to it."""
    with console.reported(debug=debug):
        from linn_cli import comparison, files, images, page, tables, views

        paths = [first, second, clean]
        if output:
            files.check_output(output, paths, views.ENDINGS)
        a, b, original = (views.grey_levels(images.read(path).levels) for path in paths)
        seen = comparison.compare(a, b, original)
        names = (
            (first.name, second.name) if first.name != second.name else (str(first), str(second))
        )
        if output:
            page.write(output, views.compared(output.suffix.lower(), names, a, b, original, seen))
        if json:
            console.emit_json(tables.comparison_data(names, seen))
        else:
            console.table(*tables.comparison(names, seen))


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
