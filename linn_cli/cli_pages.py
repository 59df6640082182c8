"""`linn inspect` and `linn compare`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from linn_cli import console
from linn_cli.errors import InputError
from linn_cli.network.architecture import parse_variant
from linn_cli.options import (
    DebugOption,
    JsonOption,
    ScalesOption,
    ThreadsOption,
    VariantOption,
    WeightsOption,
    check_scalable,
)


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
        from linn_cli import files
        from linn_cli.denoising import networks
        from linn_cli.engine import devices
        from linn_cli.evaluation import inspection, tables
        from linn_cli.pages import embedding, html, inspected
        from linn_cli.pictures import reading
        from linn_cli.weights import sets as weight_sets

        check_scalable(sigma)
        files.check_output(output, [picture], [html.ENDING])
        devices.use_threads(threads)
        chosen = networks.load(
            sigma,
            variant=parse_variant(variant),
            scales=scales,
            weight_file=weight_file,
            device="cpu",
        ).weight_set
        levels = embedding.grey_levels(reading.read_shown(picture))
        if levels.ndim > 2:
            raise InputError(f"{picture}: is in colour; linn inspect looks at grey pictures")
        part = inspection.middle(levels, side)
        if part.shape != levels.shape:
            console.say(f"{picture}: the middle {part.shape[1]} x {part.shape[0]} pixels (--side)")
        model = weight_sets.load(chosen)
        with console.progress(picture.name, inspection.parts(model)) as advance:
            seen = inspection.inspect(model, part, sigma, done=lambda done: advance(done, 1))
        html.write(
            output, inspected.render(picture.name, seen, sigma, chosen.architecture, chosen.name)
        )
        if json:
            console.emit_json(tables.inspection_data(seen, sigma, chosen.name))
        else:
            console.table(*tables.inspection(seen, sigma))


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
        from linn_cli import files
        from linn_cli.evaluation import comparison, tables
        from linn_cli.pages import compared, embedding, html
        from linn_cli.pictures import reading

        paths = [first, second, clean]
        if output:
            files.check_output(output, paths, compared.ENDINGS)
        a, b, original = (embedding.grey_levels(reading.read_shown(path)) for path in paths)
        seen = comparison.compare(a, b, original)
        names = (
            (first.name, second.name) if first.name != second.name else (str(first), str(second))
        )
        if output:
            html.write(output, compared.render(output.suffix.lower(), names, a, b, original, seen))
        if json:
            console.emit_json(tables.comparison_data(names, seen))
        else:
            console.table(*tables.comparison(names, seen))
