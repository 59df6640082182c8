"""`linn inspect`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from linn_cli.commands import console
from linn_cli.commands.options import (
    DebugOption,
    JsonOption,
    ScalesOption,
    ThreadsOption,
    VariantOption,
    WeightsOption,
    check_scalable,
)
from linn_cli.errors import InputError
from linn_cli.network.architecture import parse_variant

EXAMPLES = """
linn inspect grey.png --sigma 25 -o page.html
"""


def inspect(
    picture: Annotated[Path, typer.Argument(metavar="FILE", help="A noisy grey picture.")],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="FILE", help="The page to write, a .html file."),
    ],
    sigma: Annotated[
        float, typer.Option(help="Noise level (standard deviation), in 8-bit grey levels.")
    ],
    variant: VariantOption = None,
    scales: ScalesOption = None,
    weight_file: WeightsOption = None,
    side: Annotated[
        int,
        typer.Option(
            min=16, max=2048, help="How many pixels across the middle part is that linn inspects."
        ),
    ] = 512,
    threads: ThreadsOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Show the transform inside: channels, lifting, shrinkage, and the way back, as a page."""
    with console.reported(debug=debug):
        from linn_cli import files
        from linn_cli.commands import tables
        from linn_cli.denoising import networks
        from linn_cli.engine import devices
        from linn_cli.evaluation import inspection
        from linn_cli.pages import embedding, html, inspected
        from linn_cli.pictures import reading
        from linn_cli.weights import sets as weight_sets

        check_scalable(sigma)
        files.check_output(output, [picture], [html.ENDING])
        devices.use_threads(threads)
        network = networks.load(
            sigma,
            variant=parse_variant(variant),
            scales=scales,
            weight_file=weight_file,
            device="cpu",
        )
        chosen = network.weight_set
        if network.doubt:
            console.say(network.doubt)
        levels = embedding.grey_levels(reading.read_shown(picture))
        if levels.ndim > 2:
            raise InputError(f"{picture}: is in colour; linn inspect looks at grey pictures")
        part = inspection.middle(levels, side)
        if part.shape != levels.shape:
            console.say(f"{picture}: the middle {part.shape[1]} x {part.shape[0]} pixels (--side)")
        model = weight_sets.load(chosen)
        with console.progress(picture.name, inspection.parts(model)) as advance:
            seen = inspection.inspect(model, part, sigma, progress=advance)
        html.write(
            output, inspected.render(picture.name, seen, sigma, chosen.architecture, chosen.name)
        )
        if json:
            console.emit_json(tables.inspection_data(seen, sigma, chosen.name))
        else:
            console.table(*tables.inspection(seen, sigma))
