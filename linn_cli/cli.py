"""The command line: options in, exit codes out. torch is loaded only once a command runs."""

from __future__ import annotations

import math
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from linn_cli import __version__, cli_weights, console
from linn_cli.architecture import MOST_SCALES, Architecture, parse_variant
from linn_cli.errors import InputError, UsageError
from linn_cli.options import (
    DebugOption,
    HubRepoOption,
    JsonOption,
    ScalesOption,
    VariantOption,
    WeightsOption,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from linn_cli.batch import Outcome
    from linn_cli.benchmark import Score, Summary
    from linn_cli.classical import Classical
    from linn_cli.invertibility import RoundTrip
    from linn_cli.pipeline import Denoiser

DEFAULT_SIGMAS = [15.0, 25.0, 50.0]
USUAL_SIGMA = 25.0
ANY: list[None] = [None]

app = typer.Typer(
    help="Remove noise from pictures with DnINN, a network that can be run backwards.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(cli_weights.app, name="weights")

ThreadsOption = Annotated[
    int | None, typer.Option(min=1, help="Processor threads; all cores if left out.")
]
PrecisionOption = Annotated[
    str, typer.Option(metavar="auto|float32|bfloat16", help="What the networks compute in.")
]
DeviceOption = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")]
VerboseOption = Annotated[bool, typer.Option("--verbose", "-v", help="Say more.")]


def main() -> None:
    """The console script."""
    app(prog_name="linn")


def _print_version(wanted: bool) -> None:
    if wanted:
        console.emit(f"linn {__version__}")
        raise typer.Exit


def _check_scalable(sigma: float) -> None:
    from linn_cli import pipeline

    pipeline.channel_sigmas(sigma, 1)
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
    pictures: Annotated[
        list[Path], typer.Argument(help="Pictures, folders of pictures, or - for standard input.")
    ],
    sigma: Annotated[
        str,
        typer.Option(
            metavar="auto|NUMBER",
            help="Standard deviation of the noise, or R,G,B for each channel; auto estimates it.",
        ),
    ] = "auto",
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="A file, a folder, or - for standard output; NAME-denoised beside each input "
            "if left out.",
        ),
    ] = None,
    sigma_unit: Annotated[
        str, typer.Option(metavar="8bit|16bit|unit", help="White is 255, 65535 or 1.")
    ] = "8bit",
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
    recursive: Annotated[
        bool, typer.Option("--recursive", "-r", help="Folders within folders too.")
    ] = False,
    suffix: Annotated[
        str, typer.Option(help="Put behind the names of outputs that lie beside their inputs.")
    ] = "-denoised",
    file_format: Annotated[
        str | None,
        typer.Option("--format", help="png, jpeg, tiff, ...; that of the input if left out."),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace outputs that are there.")
    ] = False,
    skip_existing: Annotated[
        bool, typer.Option("--skip-existing", help="Leave out inputs whose outputs are there.")
    ] = False,
    quality: Annotated[
        int | None, typer.Option(min=1, max=100, help="Of JPEG, WebP and AVIF.")
    ] = None,
    strip_metadata: Annotated[
        bool, typer.Option("--strip-metadata", help="Leave out EXIF, profile, XMP and resolution.")
    ] = False,
    jobs: Annotated[int, typer.Option(min=1, help="How many files at a time.")] = 1,
    variant: VariantOption = None,
    scales: ScalesOption = None,
    fast: Annotated[
        bool, typer.Option("--fast", help="The fastest network: st, one scale.")
    ] = False,
    weight_file: WeightsOption = None,
    hub_repo: HubRepoOption = None,
    device: DeviceOption = "auto",
    precision: PrecisionOption = "auto",
    threads: ThreadsOption = None,
    max_pixels: Annotated[
        int | None, typer.Option(min=1, help="Take pictures of up to this many pixels.")
    ] = None,
    max_memory: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="MB",
            help="What the engine may hold; a quarter of what is free if left out.",
        ),
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
    """Denoise pictures."""
    with console.reported(debug=debug):
        import sys
        from functools import partial
        from statistics import fmean

        from linn_cli import (
            batch,
            devices,
            files,
            formats,
            images,
            page,
            pipeline,
            planning,
            sources,
            views,
        )
        from linn_cli.noise import Request

        levels = None if sigma == "auto" else pipeline.parse_sigma(sigma, sigma_unit)
        request = Request(levels, noise, strength / 100)
        if fast:
            if variant not in (None, "st") or scales not in (None, 1):
                raise UsageError("--fast means --variant st --scales 1: leave these out")
            variant, scales = "st", 1
        wanted = None if file_format is None else formats.format_named(file_format)
        devices.use_threads(threads or devices.share_of_threads(jobs))
        with console.progress("weights") as advance:
            source = sources.find(weight_file, hub_repo, notify=console.say, done=advance)
        networks = pipeline.Networks(
            variant=parse_variant(variant),
            scales=scales,
            weight_file=source,
            device=device,
            precision=precision,
            max_memory=max_memory and max_memory * 10**6 // jobs,
            memory_share=0.25 / jobs,
        )
        handling = batch.Handling(quality, strip_metadata, max_pixels or images.MOST_PIXELS)
        report = partial(_report, json=json, verbose=verbose)
        if batch.PIPE in (*pictures, output):
            if pictures != [batch.PIPE]:
                raise UsageError("- is one picture by itself: linn denoise - -o - --sigma 25")
            if compare:
                raise UsageError("--compare shows a picture from a file, not from standard input")
            if output in (None, batch.PIPE) and json:
                raise UsageError("standard output takes either the picture or --json: give -o FILE")
            if output not in (None, batch.PIPE):
                images.check_output(output)
                wanted = wanted or formats.format_of(output)
            with console.progress("standard input", 1) as advance:
                answer, outcome = batch.pipe(
                    sys.stdin.buffer,
                    networks,
                    request,
                    wanted,
                    output=output or batch.PIPE,
                    done=lambda count, rows: advance("rows", count / rows),
                    handling=handling,
                )
            batch.deliver(answer, None if output in (None, batch.PIPE) else output)
            report(outcome)
            return
        existing = planning.Existing(overwrite, skip_existing)
        planned = planning.plan(
            pictures,
            output,
            recursive=recursive,
            suffix=suffix,
            target=wanted,
            existing=existing,
        )
        if compare and len(planned) > 1:
            raise UsageError("--compare shows one picture: denoise it by itself")
        if compare:
            files.check_output(compare, [planned[0].source, planned[0].target], views.ENDINGS)
        seen: list[NDArray[Any]] = []
        networks.at(
            levels or USUAL_SIGMA, len(levels or [1])
        )  # a fault of weights, device or precision is everyone's
        failed = []
        with console.progress("denoise", len(planned)) as advance:

            def work(job: planning.Job, done: batch.Done) -> batch.Outcome:
                return batch.run(
                    job,
                    networks,
                    request,
                    handling=handling,
                    existing=existing,
                    done=done,
                    seen=(lambda noisy, clean: seen.extend((noisy, clean))) if compare else None,
                )

            for outcome in batch.run_all(planned, work, advance, workers=jobs):
                report(outcome)
                failed += [outcome] if outcome.error else []
        if compare and seen:
            before, after = seen
            name, kind = planned[0].source.name, compare.suffix.lower()
            page.write(compare, views.denoised(kind, name, before, after, fmean(outcome.sigma)))
        if len(planned) > 1 and failed:
            console.say(f"{len(failed)} of {len(planned)} pictures failed")
        if failed:
            raise typer.Exit(1)


def _report(outcome: Outcome, *, json: bool, verbose: bool) -> None:
    """A line of JSON on stdout if asked for; what people should know on stderr."""
    if json:
        console.emit_json(asdict(outcome))
    if outcome.error or verbose:
        console.say(str(outcome))
    for remark in outcome.remarks:
        console.say(f"{outcome.output}: {remark}")


@app.command()
def estimate(
    pictures: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Noisy pictures.")],
    max_pixels: Annotated[
        int | None, typer.Option(min=1, help="Take pictures of up to this many pixels.")
    ] = None,
    threads: ThreadsOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Estimate how strong the noise of pictures is: sigma with its 95 % interval, in grey levels."""
    with console.reported(debug=debug):
        from linn_cli import devices, images
        from linn_cli import noise as measuring

        devices.use_threads(threads)
        failed = False
        with console.progress("estimate", len(pictures)) as advance:
            for path in pictures:
                try:
                    document = images.read(path, max_pixels=max_pixels or images.MOST_PIXELS)
                    measured = measuring.measure(document.frames[0])
                except InputError as error:
                    reason = str(error)
                    console.say(reason if str(path) in reason else f"{path}: {reason}")
                    failed = True
                else:
                    width, height = document.frames[0].size
                    found = {"input": str(path), "width": width, "height": height}
                    if json:
                        console.emit_json(found | asdict(measured))
                    else:
                        console.emit(f"{path}: {'; '.join(measured.in_words())}")
                advance(path.name, 1)
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
    grey: Annotated[
        bool, typer.Option("--grey", help="The luma of pictures that are stored in colour.")
    ] = False,
    variant: Annotated[
        list[str] | None,
        typer.Option(metavar="st|lista", help="May be repeated; linn chooses if left out."),
    ] = None,
    scales: Annotated[
        list[int] | None,
        typer.Option(min=1, max=MOST_SCALES, help="May be repeated; linn chooses if left out."),
    ] = None,
    weight_file: WeightsOption = None,
    hub_repo: HubRepoOption = None,
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
        from linn_cli import (
            classical,
            devices,
            files,
            images,
            page,
            pipeline,
            report,
            sources,
            tables,
        )

        devices.use_threads(threads)
        pictures = images.list_pictures(folder)
        if report_file:
            files.check_output(report_file, pictures, [page.ENDING])
        rivals = [classical.load(name) for name in dict.fromkeys(against or [])]
        sigmas = list(dict.fromkeys(sigma or DEFAULT_SIGMAS))
        variants = [parse_variant(name) for name in variant or ANY]
        colour = not grey and protocol.in_colour(pictures[0])
        if colour and rivals:
            raise UsageError("--against is for grey pictures: add --grey to take the luma")
        with console.progress("weights") as advance:
            source = sources.find(weight_file, hub_repo, notify=console.say, done=advance)
            runs: list[tuple[float, Denoiser | Classical]] = [
                (
                    level,
                    pipeline.load(
                        level,
                        channels=3 if colour else 1,
                        variant=kind,
                        scales=count,
                        weight_file=source,
                        device=device,
                        precision=precision,
                    ),
                )
                for kind, count, level in product(variants, scales or ANY, sigmas)
            ]
        runs += product(sigmas, rivals)
        gallery = report.Gallery(len(pictures), len(sigmas), len(runs) // len(sigmas))
        seen = gallery.add if report_file else protocol.unseen
        scores: list[Score] = []
        summaries: list[Summary] = []
        with console.progress("benchmark", len(runs) * len(pictures)) as advance:
            for level, denoiser in runs:
                measured = []
                for score in protocol.measure(denoiser, pictures, level, seen, colour=colour):
                    measured.append(score)
                    advance(f"sigma {level:g}, {score.image}: {score.psnr:.2f} dB", 1)
                scores += measured
                summaries.append(protocol.summarise(denoiser, measured))
        if report_file:
            page.write(report_file, report.render(folder, summaries, gallery, colour=colour))
        if json:
            console.emit_json(tables.benchmark_data(folder, summaries, scores, colour=colour))
            return
        if verbose:
            console.table(*tables.scores(scores))
        console.table(*tables.summaries(folder, summaries))
        console.table(*tables.published(summaries, colour=colour))


@app.command()
def verify_invertibility(
    picture: Annotated[
        Path | None, typer.Argument(help="A grey picture to try as well as the built-in sizes.")
    ] = None,
    sigma: Annotated[float, typer.Option(help="Noise level that the picture is scaled by.")] = 25.0,
    weight_file: WeightsOption = None,
    hub_repo: HubRepoOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Check that the network without its shrinkage gives back every picture; exit 1 if it does not."""
    with console.reported(debug=debug):
        from functools import partial

        import torch

        from linn_cli import (
            images,
            invertibility,
            normalisation,
            sources,
            tables,
            weights,
        )

        _check_scalable(sigma)
        pictures = list(invertibility.random_pictures())
        if picture is not None:
            levels = images.read_levels(picture)
            pictures.append(torch.from_numpy(levels).double() / normalisation.GREY_LEVELS)
        with console.progress("weights") as advance:
            source = sources.find(weight_file, hub_repo, notify=console.say, done=advance)
            sets = source.obtain_all()
        checks = [(entry, dtype) for entry in sets for dtype in invertibility.DTYPES]
        worst: list[tuple[str, RoundTrip]] = []
        with console.progress("round trips", len(checks) * len(pictures)) as advance:
            for entry, dtype in checks:
                model = weights.load(entry).to(dtype)
                trips = invertibility.worst_by_part(
                    model,
                    pictures,
                    sigma / normalisation.GREY_LEVELS,
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
        levels = views.grey_levels(images.read_shown(picture))
        if levels.ndim > 2:
            raise InputError(f"{picture}: is in colour; linn inspect looks at grey pictures")
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
        a, b, original = (views.grey_levels(images.read_shown(path)) for path in paths)
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
