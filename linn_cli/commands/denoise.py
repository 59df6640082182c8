"""`linn denoise`."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from linn_cli.commands import clustered, console, pipes, volumes
from linn_cli.commands.options import (
    MACHINE,
    NOISE,
    OUTPUT,
    WEIGHTS,
    AxesOption,
    DaskOption,
    DebugOption,
    DeviceOption,
    HubRepoOption,
    JsonOption,
    ManifestOption,
    MaxPixelsOption,
    PrecisionOption,
    QuietOption,
    RecursiveOption,
    ScalesOption,
    ShardOption,
    ThreadsOption,
    VariantOption,
    VerboseOption,
    WeightsOption,
    begun_manifest,
    codecs_begun,
    doubts,
    formats_begun,
    one_of,
    unit_of_sigma,
)
from linn_cli.errors import UsageError
from linn_cli.network.architecture import parse_variant
from linn_cli.progress import keep_quiet

if TYPE_CHECKING:
    from linn_cli.denoising.job_list import Job
    from linn_cli.denoising.networks import Networks
    from linn_cli.denoising.outcome import Outcome, Tally
    from linn_cli.denoising.planning import Existing
    from linn_cli.denoising.shards import Shard
    from linn_cli.pictures.formats import Format
    from linn_cli.pictures.picture import Picture
    from linn_cli.progress import Notify, Progress

EXAMPLES = """
linn denoise photo.jpg                    # estimates the noise, writes photo-denoised.jpg
linn denoise photo.jpg --strength 70      # leaves some grain
linn denoise photo.jpg --strength 70,130  # leaves grain in brightness, takes more of it in colour
linn denoise scans/ -r -o clean/          # a folder and those within it
"""


def denoise(
    pictures: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE", help="Pictures, folders of them, videos, or - for standard input."
        ),
    ],
    sigma: Annotated[
        str,
        typer.Option(
            metavar="NUMBER",
            autocompletion=one_of("auto"),
            help="How strong the noise is (its standard deviation), or one for each channel as 12,10,18. auto estimates it.",
        ),
    ] = "auto",
    strength: Annotated[
        str,
        typer.Option(
            metavar="PERCENT",
            help="Remove less or more of the noise: 70 leaves some grain, 130 smooths more, 70,130 does so in brightness "
            "and in colour. 0 to 200.",
        ),
    ] = "100",
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="PATH",
            help="A file, a folder, or - for standard output. By default linn writes NAME-denoised beside "
            "each input.",
        ),
    ] = None,
    recursive: RecursiveOption = False,
    noise: Annotated[
        str,
        typer.Option(
            metavar="KIND",
            rich_help_panel=NOISE,
            autocompletion=one_of("auto", "white", "camera", "photo", "correlated"),
            help="white, camera, photo or correlated. camera grows with light, as in raw pictures. photo is coarse, as "
            "after demosaicing, JPEG or scaling. correlated removes blotches first. auto decides between the first three.",
        ),
    ] = "auto",
    gain: Annotated[
        str | None,
        typer.Option(
            metavar="NUMBER",
            rich_help_panel=NOISE,
            help="A camera's gain, if you know it: the variance of the noise for each level of signal.",
        ),
    ] = None,
    read_noise: Annotated[
        str | None,
        typer.Option(
            metavar="NUMBER",
            rich_help_panel=NOISE,
            help="A camera's read noise, with --gain: the noise level in black.",
        ),
    ] = None,
    hot_pixels: Annotated[
        bool,
        typer.Option(
            "--hot-pixels",
            rich_help_panel=NOISE,
            help="Replace hot and dead pixels, salt and pepper by what is around them.",
        ),
    ] = False,
    sigma_unit: Annotated[
        str,
        unit_of_sigma("--sigma, --gain and --read-noise count"),
    ] = "8bit",
    same_noise: Annotated[
        bool,
        typer.Option(
            "--same-noise",
            rich_help_panel=NOISE,
            help="Estimate the noise once for all pages and channels of a file, not for each by itself.",
        ),
    ] = False,
    axes: AxesOption = None,
    suffix: Annotated[
        str,
        typer.Option(
            metavar="TEXT",
            rich_help_panel=OUTPUT,
            help="What linn appends to the name of an output beside its input.",
        ),
    ] = "-denoised",
    file_format: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="NAME",
            rich_help_panel=OUTPUT,
            autocompletion=formats_begun,
            help="png, jpeg, tiff, ... By default the format of the input.",
        ),
    ] = None,
    quality: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            max=100,
            rich_help_panel=OUTPUT,
            help="Quality of JPEG, WebP, AVIF and video files.",
        ),
    ] = None,
    codec: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            rich_help_panel=OUTPUT,
            autocompletion=codecs_begun,
            help="h264, hevc, vp9, av1, ffv1, ... for videos. By default that of the input.",
        ),
    ] = None,
    overwrite: Annotated[
        bool,
        typer.Option("--overwrite", rich_help_panel=OUTPUT, help="Replace outputs that exist."),
    ] = False,
    skip_existing: Annotated[
        bool,
        typer.Option(
            "--skip-existing", rich_help_panel=OUTPUT, help="Skip inputs whose outputs exist."
        ),
    ] = False,
    strip_metadata: Annotated[
        bool,
        typer.Option(
            "--strip-metadata",
            rich_help_panel=OUTPUT,
            help="Write no EXIF, colour profile, XMP or resolution.",
        ),
    ] = False,
    compare: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            rich_help_panel=OUTPUT,
            help="Write a page (.html) or a picture (.png) that shows before, after and what linn removed.",
        ),
    ] = None,
    json: JsonOption = False,
    verbose: VerboseOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
    fast: Annotated[
        bool,
        typer.Option(
            "--fast",
            rich_help_panel=WEIGHTS,
            help="Use the cheapest network that was trained for the noise.",
        ),
    ] = False,
    weight_file: WeightsOption = None,
    hub_repo: HubRepoOption = None,
    variant: VariantOption = None,
    scales: ScalesOption = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            rich_help_panel=MACHINE,
            help="How many files linn works on at a time. By default one for each core.",
        ),
    ] = None,
    threads: ThreadsOption = None,
    max_memory: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="MB",
            rich_help_panel=MACHINE,
            help="How much memory the engine may hold. By default a quarter of what is free.",
        ),
    ] = None,
    max_pixels: MaxPixelsOption = None,
    device: DeviceOption = "auto",
    precision: PrecisionOption = "auto",
    shard: ShardOption = None,
    manifest: ManifestOption = None,
    dask: DaskOption = None,
) -> None:
    """Denoise pictures."""
    # The manifest is there also where a shard turns out to have no picture: who runs it may wait for the file.
    with console.reported(debug=debug, quiet=quiet), begun_manifest(manifest):
        piped = pipes.is_pipe(output) or any(map(pipes.is_stream, pictures))
        if dask:
            clustered.check(dask, compare, piped=piped)
        from linn_cli.denoising.jobs import Handling, run
        from linn_cli.denoising.planning import Existing
        from linn_cli.denoising.shards import WHOLE, Shard
        from linn_cli.noise.request import Request, parse_camera
        from linn_cli.noise.strength import FULL, Strength
        from linn_cli.pictures import formats, reading
        from linn_cli.units import VALUE, Sigma
        from linn_cli.videos import formats as videos

        # Check: whatever the command line says wrong is found before a weight is loaded or the Hub asked.
        known = None if sigma == "auto" else Sigma.parse(sigma, sigma_unit)
        cameras = parse_camera(gain, read_noise, sigma_unit)
        request = Request(
            known,
            noise,
            Strength.parse(strength),
            cameras,
            same_noise,
            hot_pixels,
            in_values=sigma_unit == VALUE,
        )
        if fast and (variant or scales):
            raise UsageError("--fast chooses the network: leave --variant and --scales out")
        wanted = None if file_format is None else formats.format_named(file_format)
        encoder = None if codec is None else videos.codec_named(codec)
        handling = Handling(quality, strip_metadata, max_pixels or reading.MOST_PIXELS, encoder)
        existing = Existing(overwrite, skip_existing)
        if quiet and verbose:
            raise UsageError("--quiet and --verbose exclude each other")
        say = keep_quiet if quiet else console.say
        for doubt in doubts(known, sigma_unit, request.strength):
            say(doubt)
        others = {
            "--recursive": recursive,
            "--format": file_format,
            "--quality": quality,
            "--codec": codec,
            "--jobs": jobs,
            "--strip-metadata": strip_metadata,
            "--compare": compare,
            "--shard": shard,
            "--dask": dask,
        }
        zarrs = volumes.plan(pictures, output, suffix, axes, existing, others)
        planned: Sequence[Job] = []
        if piped:
            pipes.check(pictures, output, compare, existing, json=json, shard=shard)
        elif not zarrs:
            part = WHOLE if shard is None else Shard.parse(shard)
            planned = _plan(
                pictures, output, recursive, suffix, wanted, existing, compare, part, say
            )
            if not planned:
                return
        many = len(planned) > 1
        report = partial(
            _report, json=json, verbose=verbose, quiet=quiet, many=many, manifest=manifest
        )

        if dask:
            from linn_cli.cluster.setup import Setup

            setup = Setup(
                request,
                handling,
                existing,
                weights=weight_file,
                hub_repo=hub_repo,
                variant=parse_variant(variant),
                scales=scales,
                fast=fast,
                device=device,
                precision=precision,
                max_memory=max_memory and max_memory * 10**6,
                threads=threads,
            )
            began = time.monotonic()
            done = clustered.denoise(planned, dask, setup, jobs, report, say, quiet=quiet)
            _conclude(done, output, began, say)
            return

        # Build.
        workers = _share_processor(threads, jobs, device, precision, len(planned))
        networks = _networks(
            variant=parse_variant(variant),
            fast=fast,
            scales=scales,
            weights=weight_file,
            hub_repo=hub_repo,
            device=device,
            precision=precision,
            max_memory=max_memory and max_memory * 10**6 // workers,
            memory_share=0.25 / workers,
            quiet=quiet,
            notify=say,
        )

        # Run.
        if zarrs:
            most = handling.max_pixels
            if not volumes.denoise(
                zarrs, networks, request, axes, existing, most, report, quiet=quiet
            ):
                raise typer.Exit(1)
            return
        if piped:
            report(
                pipes.denoise(
                    pictures[0], output, networks, request, wanted, handling, existing, quiet=quiet
                )
            )
            return
        networks.check(None if request.in_values else known)
        work = partial(
            run, networks=networks, request=request, handling=handling, existing=existing
        )
        # The page may advise another sigma only where the user gave one: not a strength, nor one by channel.
        given = known is not None and len(set(known.levels)) == 1 and request.strength == FULL
        began = time.monotonic()
        done = _run(work, planned, workers, report, compare, given=given, quiet=quiet)
        _conclude(done, output, began, say)


def _conclude(done: Tally, output: Path | None, began: float, say: Notify) -> None:
    """Sum many outcomes up, and leave with 1 if some picture failed."""
    if done.total > 1:
        say(_summary(done, output, time.monotonic() - began))
    if done.failed:
        raise typer.Exit(1)


def _report(
    outcome: Outcome, *, json: bool, verbose: bool, quiet: bool, many: bool, manifest: Path | None
) -> None:
    """Tell what became of a picture: data to stdout and a file if asked for, what people should know to stderr."""
    if manifest:
        console.append_json(manifest, asdict(outcome))
    if json:
        console.emit_json(asdict(outcome))
    # Of many, those that are skipped are only counted.
    if outcome.error or verbose or not (quiet or json or (many and outcome.skipped)):
        console.say(str(outcome))
    if verbose and not (outcome.error or outcome.skipped):
        for detail in outcome.details():
            console.say(f"{outcome.output}: {detail}")
    if not quiet:
        for remark in outcome.remarks:
            console.say(f"{outcome.output}: {remark}")


def _summary(done: Tally, output: Path | None, seconds: float) -> str:
    """What became of many pictures, in one line."""
    where = f"into {output}" if output else "beside their inputs"
    minutes, rest = divmod(round(seconds), 60)
    taken = f"{minutes} min {rest} s" if minutes else f"{seconds:.1f} s"
    return f"{done} {where} in {taken}, {done.skipped} skipped, {done.failed} failed"


def _plan(
    pictures: list[Path],
    output: Path | None,
    recursive: bool,
    suffix: str,
    wanted: Format | None,
    existing: Existing,
    compare: Path | None,
    shard: Shard,
    notify: Notify,
) -> Sequence[Job]:
    from linn_cli import files
    from linn_cli.denoising import planning
    from linn_cli.pages import denoised

    planned = planning.plan(
        pictures,
        output,
        recursive=recursive,
        suffix=suffix,
        target=wanted,
        existing=existing,
        shard=shard,
        notify=notify,
    )
    if compare and len(planned) > 1:
        raise UsageError("--compare shows one picture: denoise it by itself")
    if compare and planned:
        if files.is_same(compare, planned[0].target):
            raise UsageError(f"{compare}: is the denoised picture, give --compare another name")
        files.check_output(compare, [planned[0].source, planned[0].target], denoised.ENDINGS)
    return planned


def _share_processor(
    threads: int | None, jobs: int | None, device: str, precision: str, count: int
) -> int:
    """How many files are worked on at a time; torch gets the threads that each may have."""
    from linn_cli.denoising.networks import USUAL_SIGMA
    from linn_cli.engine import devices

    devices.use_threads(threads)
    processor = devices.resolve(device)
    devices.resolve_precision(precision, processor, USUAL_SIGMA)
    workers = jobs or devices.workers(processor, count)
    devices.use_threads(devices.share_of_threads(workers))
    return workers


def _networks(
    *, weights: str | None, hub_repo: str | None, quiet: bool, notify: Notify, **options: Any
) -> Networks:
    from linn_cli.denoising.networks import Networks
    from linn_cli.weights import sources

    with console.progress("weights", quiet=quiet) as advance:
        source = sources.find(weights, hub_repo, notify=notify, progress=advance)
    return Networks(weight_file=source, **options)


def _run(
    work: Callable[..., Outcome],
    planned: Sequence[Job],
    workers: int,
    report: Callable[[Outcome], None],
    compare: Path | None,
    *,
    given: bool,
    quiet: bool,
) -> Tally:
    """Do the jobs and report what became of each."""
    from linn_cli.denoising import jobs
    from linn_cli.denoising.outcome import Tally

    shown: list[Picture] = []
    done = Tally()
    one_file = len(planned) == 1
    title = planned[0].source.name if one_file else "denoise"
    with console.progress(title, len(planned), stepwise=one_file, quiet=quiet) as advance:

        def one(job: Job, progress: Progress) -> Outcome:
            show = (lambda *pair: shown.extend(pair)) if compare else None
            return work(job, progress=progress, show=show)

        for outcome in jobs.run_all(planned, one, advance, workers=workers):
            report(outcome)
            done.add(outcome)
            if compare and shown:
                advance(0, "writing the page")
                _write_page(compare, planned[0].source.name, shown, outcome, given=given)
                if not quiet:
                    console.say(f"{compare}: before and after")
    return done


def _write_page(
    path: Path, name: str, shown: list[Picture], outcome: Outcome, *, given: bool
) -> None:
    from statistics import fmean

    from linn_cli.pages import denoised, html

    before, after = shown
    # Of many planes the page shows the first.
    told = fmean(outcome.sigma[: 3 if before.is_colour else 1] or [0.0])
    sigma = outcome.strength[0] / 100 * told / before.level(outcome.sigma_unit)
    page = denoised.render(path.suffix.lower(), name, before, after, sigma, given=given)
    html.write(path, page)
