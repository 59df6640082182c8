"""`linn denoise`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from linn_cli.commands import console
from linn_cli.commands.options import (
    DebugOption,
    DeviceOption,
    HubRepoOption,
    JsonOption,
    PrecisionOption,
    ScalesOption,
    ThreadsOption,
    VariantOption,
    VerboseOption,
    WeightsOption,
)
from linn_cli.errors import UsageError
from linn_cli.network.architecture import parse_variant

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from linn_cli.denoising.jobs import Handling
    from linn_cli.denoising.networks import Networks
    from linn_cli.denoising.outcome import Outcome
    from linn_cli.denoising.planning import Existing, Job
    from linn_cli.noise.request import Request
    from linn_cli.pictures.formats import Format
    from linn_cli.progress import Progress

PIPE = "-"
USUAL_SIGMA = 25.0


def denoise(
    pictures: Annotated[
        list[Path], typer.Argument(help="Picture files, folders of them, or - for standard input.")
    ],
    sigma: Annotated[
        str,
        typer.Option(
            metavar="auto|NUMBER",
            help="Noise level (standard deviation), or R,G,B for each channel. auto estimates it.",
        ),
    ] = "auto",
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="A file, a folder, or - for standard output. By default linn writes NAME-denoised beside "
            "each input.",
        ),
    ] = None,
    sigma_unit: Annotated[
        str,
        typer.Option(
            metavar="8bit|16bit|unit", help="What --sigma counts in: white is 255, 65535 or 1."
        ),
    ] = "8bit",
    noise: Annotated[
        str,
        typer.Option(
            metavar="auto|white|camera|photo|correlated",
            help="The kind of noise. camera grows with light, as a camera's does. photo is coarse, as "
            "after demosaicing, JPEG or scaling. correlated removes blotches first. auto decides between the first three.",
        ),
    ] = "auto",
    gain: Annotated[
        str | None,
        typer.Option(
            metavar="NUMBER",
            help="A camera's gain, if you know it: the variance of the noise for each level of signal.",
        ),
    ] = None,
    read_noise: Annotated[
        str | None,
        typer.Option(
            metavar="NUMBER", help="A camera's read noise, with --gain: the noise level in black."
        ),
    ] = None,
    strength: Annotated[
        float, typer.Option(help="Scale the noise level by this percentage, 0 to 200.")
    ] = 100.0,
    recursive: Annotated[
        bool, typer.Option("--recursive", "-r", help="Also take the folders inside folders.")
    ] = False,
    suffix: Annotated[
        str, typer.Option(help="What linn appends to the name of an output beside its input.")
    ] = "-denoised",
    file_format: Annotated[
        str | None,
        typer.Option("--format", help="png, jpeg, tiff, ... By default the format of the input."),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace outputs that exist.")
    ] = False,
    skip_existing: Annotated[
        bool, typer.Option("--skip-existing", help="Skip inputs whose outputs exist.")
    ] = False,
    quality: Annotated[
        int | None,
        typer.Option(min=1, max=100, help="Quality of JPEG, WebP and AVIF files, 1 to 100."),
    ] = None,
    strip_metadata: Annotated[
        bool,
        typer.Option("--strip-metadata", help="Write no EXIF, colour profile, XMP or resolution."),
    ] = False,
    jobs: Annotated[
        int | None,
        typer.Option(
            min=1, help="How many files linn works on at a time. By default one for each core."
        ),
    ] = None,
    variant: VariantOption = None,
    scales: ScalesOption = None,
    fast: Annotated[
        bool, typer.Option("--fast", help="Use the fastest network: --variant st --scales 1.")
    ] = False,
    weight_file: WeightsOption = None,
    hub_repo: HubRepoOption = None,
    device: DeviceOption = "auto",
    precision: PrecisionOption = "auto",
    threads: ThreadsOption = None,
    max_pixels: Annotated[
        int | None, typer.Option(min=1, help="Refuse pictures of more pixels than this.")
    ] = None,
    max_memory: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="MB",
            help="How much memory the engine may hold. By default a quarter of what is free.",
        ),
    ] = None,
    compare: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write a page (.html) or a picture (.png) that shows before, after and what linn removed.",
        ),
    ] = None,
    json: JsonOption = False,
    verbose: VerboseOption = False,
    debug: DebugOption = False,
) -> None:
    """Denoise pictures."""
    with console.reported(debug=debug):
        from linn_cli.denoising.jobs import Handling, run
        from linn_cli.denoising.planning import Existing
        from linn_cli.noise.request import Request, parse_camera
        from linn_cli.pictures import formats, reading
        from linn_cli.units import Sigma

        # Check: whatever the command line says wrong is found before a weight is loaded or the Hub asked.
        known = None if sigma == "auto" else Sigma.parse(sigma, sigma_unit)
        cameras = parse_camera(gain, read_noise, sigma_unit)
        request = Request(known, noise, strength / 100, cameras)
        variant, scales = _network(variant, scales, fast=fast)
        wanted = None if file_format is None else formats.format_named(file_format)
        handling = Handling(quality, strip_metadata, max_pixels or reading.MOST_PIXELS)
        existing = Existing(overwrite, skip_existing)
        report = partial(_report, json=json, verbose=verbose)
        piped = PIPE in map(str, (*pictures, output))
        if piped:
            _check_pipe(pictures, output, compare, json=json)
            planned = []
        else:
            planned = _plan(pictures, output, recursive, suffix, wanted, existing, compare)

        # Build.
        workers = _share_processor(threads, jobs, device, precision, len(planned))
        networks = _networks(
            variant=parse_variant(variant),
            scales=scales,
            weights=weight_file,
            hub_repo=hub_repo,
            device=device,
            precision=precision,
            max_memory=max_memory and max_memory * 10**6 // workers,
            memory_share=0.25 / workers,
        )

        # Run.
        if piped:
            report(_run_pipe(output, networks, request, wanted, handling))
            return
        # A fault of weights, device or precision is every picture's.
        networks.at(known or USUAL_SIGMA, len(known.levels) if known else 1)
        work = partial(
            run, networks=networks, request=request, handling=handling, existing=existing
        )
        failed = _run(work, planned, workers, report, compare)
        if len(planned) > 1 and failed:
            console.say(f"{failed} of {len(planned)} pictures failed")
        if failed:
            raise typer.Exit(1)


def _report(outcome: Outcome, *, json: bool, verbose: bool) -> None:
    """Print what became of a picture: data on stdout if asked for, what people should know on stderr."""
    if json:
        console.emit_json(asdict(outcome))
    if outcome.error or verbose:
        console.say(str(outcome))
    for remark in outcome.remarks:
        console.say(f"{outcome.output}: {remark}")


def _network(
    variant: str | None, scales: int | None, *, fast: bool
) -> tuple[str | None, int | None]:
    if not fast:
        return variant, scales
    if variant not in (None, "st") or scales not in (None, 1):
        raise UsageError("--fast means --variant st --scales 1: leave these out")
    return "st", 1


def _check_pipe(
    pictures: list[Path], output: Path | None, compare: Path | None, *, json: bool
) -> None:
    if list(map(str, pictures)) != [PIPE]:
        raise UsageError("- is one picture by itself: linn denoise - -o - --sigma 25")
    if compare:
        raise UsageError("--compare shows a picture from a file, not from standard input")
    if str(output or PIPE) == PIPE:
        if json:
            raise UsageError("standard output takes either the picture or --json: give -o FILE")
        return
    from linn_cli.pictures import writing

    writing.check_output(Path(str(output)))


def _plan(
    pictures: list[Path],
    output: Path | None,
    recursive: bool,
    suffix: str,
    wanted: Format | None,
    existing: Existing,
    compare: Path | None,
) -> list[Job]:
    from linn_cli import files
    from linn_cli.denoising import planning
    from linn_cli.pages import denoised

    planned = planning.plan(
        pictures, output, recursive=recursive, suffix=suffix, target=wanted, existing=existing
    )
    if compare and len(planned) > 1:
        raise UsageError("--compare shows one picture: denoise it by itself")
    if compare and planned:
        files.check_output(compare, [planned[0].source, planned[0].target], denoised.ENDINGS)
    return planned


def _share_processor(
    threads: int | None, jobs: int | None, device: str, precision: str, count: int
) -> int:
    """How many files are worked on at a time; torch gets the threads that each may have."""
    from linn_cli.engine import devices

    devices.use_threads(threads)
    processor = devices.resolve(device)
    devices.resolve_precision(precision, processor, USUAL_SIGMA)
    workers = jobs or devices.workers(processor, count)
    devices.use_threads(devices.share_of_threads(workers))
    return workers


def _networks(*, weights: str | None, hub_repo: str | None, **options: Any) -> Networks:
    from linn_cli.denoising.networks import Networks
    from linn_cli.weights import sources

    with console.progress("weights") as advance:
        source = sources.find(weights, hub_repo, notify=console.say, progress=advance)
    return Networks(weight_file=source, **options)


def _run(
    work: Callable[..., Outcome],
    planned: list[Job],
    workers: int,
    report: Callable[[Outcome], None],
    compare: Path | None,
) -> int:
    """Do the jobs and report each; how many failed."""
    from linn_cli.denoising import jobs

    shown: list[NDArray[Any]] = []
    failed = 0
    with console.progress("denoise", len(planned)) as advance:

        def one(job: Job, progress: Progress) -> Outcome:
            show = (lambda *pair: shown.extend(pair)) if compare else None
            return work(job, progress=progress, show=show)

        for outcome in jobs.run_all(planned, one, advance, workers=workers):
            report(outcome)
            failed += outcome.error is not None
            if compare and shown:
                advance(0, "page")
                _write_page(compare, planned[0].source.name, shown, outcome)
    return failed


def _write_page(path: Path, name: str, shown: list[NDArray[Any]], outcome: Outcome) -> None:
    from statistics import fmean

    from linn_cli.pages import denoised, html

    before, after = shown
    sigma = fmean(outcome.sigma)
    html.write(path, denoised.render(path.suffix.lower(), name, before, after, sigma))


def _run_pipe(
    output: Path | None,
    networks: Networks,
    request: Request,
    wanted: Format | None,
    handling: Handling,
) -> Outcome:
    """From standard input to standard output or a file."""
    import sys

    from linn_cli.denoising import jobs
    from linn_cli.pictures import formats

    target = None if str(output or PIPE) == PIPE else output
    if target:
        wanted = wanted or formats.format_of(target)
    with console.progress("standard input", 1) as advance:
        answer, outcome = jobs.pipe(
            sys.stdin.buffer,
            networks,
            request,
            wanted,
            output=str(target or PIPE),
            handling=handling,
            progress=lambda done, note="", total=None: advance(done, "rows"),
        )
    jobs.deliver(answer, target)
    return outcome
