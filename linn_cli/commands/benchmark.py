"""`linn benchmark`."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from linn_cli.commands import console
from linn_cli.commands.options import (
    PRINTED,
    WEIGHTS,
    DebugOption,
    DeviceOption,
    HubRepoOption,
    JsonOption,
    PrecisionOption,
    ThreadsOption,
    WeightsOption,
    one_of,
)
from linn_cli.errors import InputError
from linn_cli.network.architecture import MOST_SCALES, parse_variant

if TYPE_CHECKING:
    from linn_cli.denoising.loaded_network import LoadedNetwork
    from linn_cli.evaluation.benchmark import Score
    from linn_cli.evaluation.clean_pictures import CleanPictures
    from linn_cli.evaluation.other_methods import Classical

EXAMPLES = """
linn benchmark BSD68/ --grey              # the published sigmas, on grey pictures
linn benchmark BSD68/ --against nlm --report page.html
"""
DEFAULT_SIGMAS = [15.0, 25.0, 50.0]
ANY: list[None] = [None]


def benchmark(
    folder: Annotated[
        Path,
        typer.Argument(metavar="FOLDER", help="A folder of clean pictures. linn adds the noise."),
    ],
    sigma: Annotated[
        list[float] | None,
        typer.Option(help="Noise level; you may repeat it. [default: 15, 25, 50]"),
    ] = None,
    grey: Annotated[
        bool, typer.Option("--grey", help="Measure the luma of colour pictures.")
    ] = False,
    variant: Annotated[
        list[str] | None,
        typer.Option(
            metavar="st|lista",
            rich_help_panel=WEIGHTS,
            autocompletion=one_of("st", "lista"),
            help="You may repeat it. By default linn chooses.",
        ),
    ] = None,
    scales: Annotated[
        list[int] | None,
        typer.Option(
            min=1,
            max=MOST_SCALES,
            rich_help_panel=WEIGHTS,
            help="You may repeat it. By default linn chooses.",
        ),
    ] = None,
    weight_file: WeightsOption = None,
    hub_repo: HubRepoOption = None,
    device: DeviceOption = "auto",
    precision: PrecisionOption = "auto",
    threads: ThreadsOption = None,
    against: Annotated[
        list[str] | None,
        typer.Option(
            metavar="bm3d|nlm|wavelet",
            autocompletion=one_of("bm3d", "nlm", "wavelet"),
            help="Also run this method on the same noise; you may repeat it.",
        ),
    ] = None,
    quantize: Annotated[
        bool,
        typer.Option(
            "--quantize",
            help="Also measure noisy pictures as 8-bit files store them: rounded and clipped.",
        ),
    ] = False,
    report_file: Annotated[
        Path | None,
        typer.Option(
            "--report", metavar="FILE", help="Write a page with all results, a .html file."
        ),
    ] = None,
    json: JsonOption = False,
    verbose: Annotated[
        bool,
        typer.Option(
            "--verbose", "-v", rich_help_panel=PRINTED, help="Print a row for each picture."
        ),
    ] = False,
    debug: DebugOption = False,
) -> None:
    """Measure PSNR, SSIM and speed on clean pictures; on BSD68 and CBSD68 beside the published figures."""
    with console.reported(debug=debug):
        from itertools import chain, product

        from linn_cli import files
        from linn_cli.commands import tables
        from linn_cli.denoising import networks
        from linn_cli.engine import devices
        from linn_cli.evaluation import benchmark as protocol
        from linn_cli.evaluation import other_methods, published
        from linn_cli.evaluation import tables as shared_tables
        from linn_cli.evaluation.clean_pictures import CleanPictures
        from linn_cli.pages import html, report
        from linn_cli.pictures import folders
        from linn_cli.weights import sources

        devices.use_threads(threads)
        paths = folders.list_pictures(folder)
        if report_file:
            files.check_output(report_file, paths, [html.ENDING])
        rivals = [other_methods.load(name) for name in dict.fromkeys(against or [])]
        sigmas = list(dict.fromkeys(sigma or DEFAULT_SIGMAS))
        variants = [parse_variant(name) for name in variant or ANY]
        with console.progress("pictures", len(paths)) as advance:
            pictures = CleanPictures.read(paths, grey=grey, progress=advance)
        unreadable = _say_faults(pictures)
        with console.progress("weights") as advance:
            source = sources.find(weight_file, hub_repo, notify=console.say, progress=advance)
            methods: list[list[LoadedNetwork | Classical]] = [
                [
                    networks.load(
                        level,
                        channels=3 if pictures.colour else 1,
                        variant=kind,
                        scales=count,
                        weight_file=source,
                        device=device,
                        precision=precision,
                    )
                    for level in sigmas
                ]
                for kind, count in product(variants, scales or ANY)
            ]
        for doubt in dict.fromkeys(getattr(made, "doubt", "") for made in chain(*methods)):
            if doubt:
                console.say(doubt)
        methods += [[rival] * len(sigmas) for rival in rivals]
        runs = [
            (level, denoiser, protocol.name_of(*method))
            for method in methods
            for level, denoiser in zip(sigmas, method, strict=True)
        ]
        ways = [protocol.EXACT]
        if quantize:
            ways += [protocol.EIGHT_BITS, protocol.EIGHT_BITS_PLAIN]
        trials = list(product(runs, ways))
        gallery = report.Gallery(len(paths), len(sigmas), len(trials) // len(sigmas))
        keep = gallery.add if report_file else protocol.forget
        measured: list[list[Score]] = []
        with console.progress("benchmark", len(trials) * len(pictures.usable)) as advance:
            for (level, denoiser, name), stored in trials:
                measured.append([])
                for score in protocol.measure(
                    denoiser, pictures, level, keep, stored=stored, name=name
                ):
                    measured[-1].append(score)
                    advance(1, f"sigma {level:g}, {score.image}: {score.psnr:.2f} dB")
        _say_faults(pictures, but=unreadable)
        # What one method could not do is left out of the others' means.
        names = {path.name for _, path in pictures.usable}
        scores = [[score for score in run if score.image in names] for run in measured]
        summaries = [
            protocol.summarise(denoiser, run, stored, name)
            for ((_, denoiser, name), stored), run in zip(trials, scores, strict=True)
        ]
        known = None if pictures.faults else published.find(pictures.digest)
        if report_file:
            gallery.leave_out(pictures.faults)
            page = report.render(folder, summaries, gallery, known, len(pictures.faults))
            html.write(report_file, page)
        each = list(chain.from_iterable(scores))
        if json:
            console.emit_json(tables.benchmark_data(folder, summaries, each, pictures, known))
        else:
            if verbose:
                console.table(*tables.scores(each))
            console.table(*shared_tables.summaries(folder, summaries))
            if known:
                console.table(*shared_tables.beside_published(summaries, known))
        if pictures.faults:
            raise typer.Exit(1)


def _say_faults(pictures: CleanPictures, but: Collection[int] = ()) -> list[int]:
    """Name the pictures that are left out, each once; their indices.

    Raises:
        InputError: none is left.
    """
    for index in sorted(pictures.faults):
        if index not in but:
            console.say(pictures.faults[index])
    if not pictures.usable:
        raise InputError("none of the pictures can be measured")
    if len(pictures.faults) > len(but):
        console.say(f"{len(pictures.faults)} of {len(pictures.paths)} pictures are left out")
    return list(pictures.faults)
