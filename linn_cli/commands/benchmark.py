"""`linn benchmark`."""

from __future__ import annotations

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
from linn_cli.errors import UsageError
from linn_cli.network.architecture import MOST_SCALES, parse_variant

if TYPE_CHECKING:
    from linn_cli.denoising.loaded_network import LoadedNetwork
    from linn_cli.evaluation.benchmark import Score, Summary
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
    """Measure PSNR, SSIM and speed on clean pictures, beside the published table."""
    with console.reported(debug=debug):
        from itertools import product

        from linn_cli import files
        from linn_cli.commands import tables
        from linn_cli.denoising import networks
        from linn_cli.engine import devices
        from linn_cli.evaluation import benchmark as protocol
        from linn_cli.evaluation import other_methods
        from linn_cli.evaluation import tables as shared_tables
        from linn_cli.pages import html, report
        from linn_cli.pictures import folders
        from linn_cli.weights import sources

        devices.use_threads(threads)
        pictures = folders.list_pictures(folder)
        if report_file:
            files.check_output(report_file, pictures, [html.ENDING])
        rivals = [other_methods.load(name) for name in dict.fromkeys(against or [])]
        sigmas = list(dict.fromkeys(sigma or DEFAULT_SIGMAS))
        variants = [parse_variant(name) for name in variant or ANY]
        colour = not grey and protocol.in_colour(pictures[0])
        if colour and rivals:
            raise UsageError("--against is for grey pictures: add --grey to take the luma")
        with console.progress("weights") as advance:
            source = sources.find(weight_file, hub_repo, notify=console.say, progress=advance)
            runs: list[tuple[float, LoadedNetwork | Classical]] = [
                (
                    level,
                    networks.load(
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
        for doubt in dict.fromkeys(getattr(made, "doubt", "") for _, made in runs):
            if doubt:
                console.say(doubt)
        runs += product(sigmas, rivals)
        ways = [protocol.EXACT]
        if quantize:
            ways += [protocol.EIGHT_BITS, protocol.EIGHT_BITS_PLAIN]
        trials = list(product(runs, ways))
        gallery = report.Gallery(len(pictures), len(sigmas), len(trials) // len(sigmas))
        keep = gallery.add if report_file else protocol.forget
        scores: list[Score] = []
        summaries: list[Summary] = []
        with console.progress("benchmark", len(trials) * len(pictures)) as advance:
            for (level, denoiser), stored in trials:
                measured = []
                for score in protocol.measure(
                    denoiser, pictures, level, keep, colour=colour, stored=stored
                ):
                    measured.append(score)
                    advance(1, f"sigma {level:g}, {score.image}: {score.psnr:.2f} dB")
                scores += measured
                summaries.append(protocol.summarise(denoiser, measured, stored))
        if report_file:
            html.write(report_file, report.render(folder, summaries, gallery, colour=colour))
        if json:
            console.emit_json(tables.benchmark_data(folder, summaries, scores, colour=colour))
            return
        if verbose:
            console.table(*tables.scores(scores))
        console.table(*shared_tables.summaries(folder, summaries))
        console.table(*shared_tables.beside_published(summaries, colour=colour))
