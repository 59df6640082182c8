"""The command line: options in, exit codes out. torch is loaded only once a command runs."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from linn_cli import __version__, console
from linn_cli.architecture import MOST_SCALES, parse_variant

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
    typer.Option(
        metavar="st|lista", help="How the detail is shrunk; the best set there is if left out."
    ),
]
ScalesOption = Annotated[
    int | None,
    typer.Option(
        min=1, max=MOST_SCALES, help="Number of scales; the best set there is if left out."
    ),
]
WeightsOption = Annotated[
    Path | None,
    typer.Option(
        "--weights", metavar="FILE", help="A .safetensors file instead of the bundled sets."
    ),
]
DeviceOption = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print data for programs.")]
VerboseOption = Annotated[bool, typer.Option("--verbose", "-v", help="Say more.")]
DebugOption = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]


def main() -> None:
    """The console script."""
    app(prog_name="linn")


@app.callback()
def _linn(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and leave.")
    ] = False,
) -> None:
    if version:
        console.emit(f"linn {__version__}")
        raise typer.Exit


@app.command()
def denoise(
    picture: Annotated[Path, typer.Argument(help="An 8-bit grey picture.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Where the clean picture goes.")],
    sigma: Annotated[
        float, typer.Option(help="Standard deviation of the noise, in grey levels (0 to 255).")
    ],
    variant: VariantOption = None,
    scales: ScalesOption = None,
    weight_file: WeightsOption = None,
    device: DeviceOption = "auto",
    json: JsonOption = False,
    verbose: VerboseOption = False,
    debug: DebugOption = False,
) -> None:
    """Denoise a picture."""
    with console.reported(debug=debug):
        from linn_cli import images, pipeline

        pipeline.check_sigma(sigma)
        images.check_output(output, picture)
        denoiser = pipeline.load(
            sigma,
            variant=parse_variant(variant),
            scales=scales,
            weight_file=weight_file,
            device=device,
        )
        outcome = pipeline.denoise_file(denoiser, picture, output, sigma)
        if verbose:
            console.say(
                f"{outcome.width} x {outcome.height}, sigma {sigma:g}, "
                f"{denoiser.weight_set.architecture}, weights {outcome.weights}, "
                f"{outcome.device}, {outcome.seconds:.2f} s"
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
        typer.Option(metavar="st|lista", help="May be repeated; the best set if left out."),
    ] = None,
    scales: Annotated[
        list[int] | None,
        typer.Option(min=1, max=MOST_SCALES, help="May be repeated; the best set if left out."),
    ] = None,
    weight_file: WeightsOption = None,
    device: DeviceOption = "auto",
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
        from linn_cli import images, pipeline, tables

        pictures = images.list_pictures(folder)
        variants = [parse_variant(name) for name in variant or ANY]
        runs = [
            (
                grey,
                pipeline.load(
                    grey, variant=kind, scales=count, weight_file=weight_file, device=device
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
                    advance(f"sigma {grey:g}, {score.image}: {score.psnr:.2f} dB")
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
        from linn_cli.errors import InputError, UsageError

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
                trips = invertibility.worst_by_scale(
                    model, pictures, sigma / pipeline.GREY_LEVELS, done=partial(advance, entry.name)
                )
                worst += [(entry.name, trip) for trip in trips]
        passed = all(trip.passed for _, trip in worst)
        if json:
            console.emit_json(tables.round_trip_data(worst, sigma, len(pictures)))
        else:
            console.table(*tables.round_trips(worst, sigma, len(pictures)))
        if not passed:
            raise InputError("the round trip left its tolerance: this network is not inverted")
