"""`linn denoise`."""

from __future__ import annotations

from dataclasses import asdict
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

    from linn_cli.denoising.batch import Handling, Outcome
    from linn_cli.denoising.networks import Networks
    from linn_cli.noise.request import Request
    from linn_cli.pictures.formats import Format

USUAL_SIGMA = 25.0


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
            metavar="auto|white|poisson-gauss|correlated",
            help="What the noise is like: poisson-gauss grows with light, as a camera's does; correlated is "
            "blotchy, as after demosaicing or scaling. auto sees which of the first two it is.",
        ),
    ] = "auto",
    gain: Annotated[
        str | None,
        typer.Option(
            metavar="NUMBER",
            help="Of a camera's noise, if known: its variance for each level of signal.",
        ),
    ] = None,
    read_noise: Annotated[
        str | None,
        typer.Option(
            metavar="NUMBER", help="Of a camera's noise, with --gain: its sigma in black."
        ),
    ] = None,
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
    jobs: Annotated[
        int | None,
        typer.Option(min=1, help="How many files at a time; one for each core if left out."),
    ] = None,
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
        from functools import partial
        from statistics import fmean

        from linn_cli import files, units
        from linn_cli.denoising import batch, planning
        from linn_cli.denoising.networks import Networks
        from linn_cli.engine import devices
        from linn_cli.noise.request import Request, parse_camera
        from linn_cli.pages import denoised, html
        from linn_cli.pictures import formats, reading
        from linn_cli.weights import sources

        levels = None if sigma == "auto" else units.parse_sigma(sigma, sigma_unit)
        camera = parse_camera(gain, read_noise, sigma_unit)
        request = Request(levels, noise, strength / 100, camera)
        if fast:
            if variant not in (None, "st") or scales not in (None, 1):
                raise UsageError("--fast means --variant st --scales 1: leave these out")
            variant, scales = "st", 1
        wanted = None if file_format is None else formats.format_named(file_format)
        piped = batch.PIPE in (*pictures, output)
        existing = planning.Existing(overwrite, skip_existing)
        planned: list[planning.Job] = []
        if not piped:
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
        if compare and planned:
            files.check_output(compare, [planned[0].source, planned[0].target], denoised.ENDINGS)
        devices.use_threads(threads)
        workers = jobs or devices.workers(devices.resolve(device), len(planned))
        devices.use_threads(devices.share_of_threads(workers))
        with console.progress("weights") as advance:
            source = sources.find(weight_file, hub_repo, notify=console.say, done=advance)
        networks = Networks(
            variant=parse_variant(variant),
            scales=scales,
            weight_file=source,
            device=device,
            precision=precision,
            max_memory=max_memory and max_memory * 10**6 // workers,
            memory_share=0.25 / workers,
        )
        handling = batch.Handling(quality, strip_metadata, max_pixels or reading.MOST_PIXELS)
        report = partial(_report, json=json, verbose=verbose)
        if piped:
            if pictures != [batch.PIPE]:
                raise UsageError("- is one picture by itself: linn denoise - -o - --sigma 25")
            if compare:
                raise UsageError("--compare shows a picture from a file, not from standard input")
            if output in (None, batch.PIPE) and json:
                raise UsageError("standard output takes either the picture or --json: give -o FILE")
            report(_pipe(output or batch.PIPE, networks, request, wanted, handling))
            return
        # A fault of weights, device or precision is every picture's.
        networks.at(levels or USUAL_SIGMA, len(levels or [1]))
        seen: list[NDArray[Any]] = []
        failed = 0
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

            for outcome in batch.run_all(planned, work, advance, workers=workers):
                report(outcome)
                failed += outcome.error is not None
                if compare and seen:
                    advance("page", 0)
                    kind, name = compare.suffix.lower(), planned[0].source.name
                    before, after = seen
                    sigma_used = fmean(outcome.sigma)
                    html.write(compare, denoised.render(kind, name, before, after, sigma_used))
        if len(planned) > 1 and failed:
            console.say(f"{failed} of {len(planned)} pictures failed")
        if failed:
            raise typer.Exit(1)


def _pipe(
    output: Path,
    networks: Networks,
    request: Request,
    wanted: Format | None,
    handling: Handling,
) -> Outcome:
    """From standard input to standard output or a file."""
    import sys

    from linn_cli.denoising import batch
    from linn_cli.pictures import formats, writing

    target = None if output == batch.PIPE else output
    if target:
        writing.check_output(target)
        wanted = wanted or formats.format_of(target)
    with console.progress("standard input", 1) as advance:
        answer, outcome = batch.pipe(
            sys.stdin.buffer,
            networks,
            request,
            wanted,
            output=output,
            handling=handling,
            done=lambda count, rows: advance("rows", count / rows),
        )
    batch.deliver(answer, target)
    return outcome


def _report(outcome: Outcome, *, json: bool, verbose: bool) -> None:
    """A line of JSON on stdout if asked for; what people should know on stderr."""
    if json:
        console.emit_json(asdict(outcome))
    if outcome.error or verbose:
        console.say(str(outcome))
    for remark in outcome.remarks:
        console.say(f"{outcome.output}: {remark}")
