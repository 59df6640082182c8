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
    unit_of_sigma,
)
from linn_cli.errors import InputError, UsageError
from linn_cli.network.architecture import parse_variant

EXAMPLES = """
linn inspect photo.png -o page.html            # estimates sigma
linn inspect photo.png --sigma 25 -o page.html
linn inspect counts.tif --sigma 800 --sigma-unit value -o page.html
"""


def inspect(
    picture: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="A noisy picture. Of a colour picture linn inspects the luma."
        ),
    ],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="FILE", help="The page to write, a .html file."),
    ],
    sigma: Annotated[
        str,
        typer.Option(
            metavar="auto|NUMBER",
            help="Noise level (standard deviation), or one for each channel as 12,10,18. auto estimates it.",
        ),
    ] = "auto",
    sigma_unit: Annotated[str, unit_of_sigma("--sigma counts")] = "8bit",
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
    """Show the transform inside: channels, lifting, shrinkage, and the way back, as a page.

    linn takes the noise for white here. It names the unit of sigma where this is not 8-bit grey levels.
    """
    with console.reported(debug=debug):
        from linn_cli import files
        from linn_cli.commands import tables
        from linn_cli.denoising import document as documents
        from linn_cli.denoising import networks
        from linn_cli.engine import devices
        from linn_cli.engine.normalisation import network_sigma
        from linn_cli.evaluation import inspection
        from linn_cli.noise.measured import WHITE
        from linn_cli.noise.request import AUTO, Request
        from linn_cli.pages import embedding, html, inspected
        from linn_cli.pictures import reading
        from linn_cli.units import UNBOUNDED, VALUE, Sigma
        from linn_cli.weights import sets as weight_sets

        known = None if sigma == AUTO else Sigma.parse(sigma, sigma_unit)
        if known and sigma_unit not in UNBOUNDED:
            check_scalable(known)
        files.check_output(output, [picture], [html.ENDING])
        devices.use_threads(threads)
        request = Request(known, WHITE, in_values=sigma_unit == VALUE)
        first, *_ = documents.Search(request).planes_of(reading.read_upright(picture))
        frame, profile = first.picture, first.profile
        noise = profile.sigma
        if noise.is_nothing and known:
            raise UsageError(
                f"sigma {sigma} is next to nothing in {picture}, whose values go from {frame.scale.low:g} to "
                f"{frame.scale.high:g}: give more, or another --sigma-unit"
            )
        if noise.is_nothing:
            raise InputError(f"{picture}: linn finds no noise in it, give --sigma")
        if not known:
            console.say(f"{picture}: {'; '.join(profile.words)}")
        levels, channels = inspection.plane(embedding.shown(frame), noise)
        level = network_sigma(channels)
        network = networks.load(
            level,
            variant=parse_variant(variant),
            scales=scales,
            weight_file=weight_file,
            device="cpu",
        )
        chosen = network.weight_set
        if network.doubt:
            console.say(network.doubt)
        part = inspection.middle(levels, side)
        if part.shape != levels.shape:
            console.say(f"{picture}: the middle {part.shape[1]} x {part.shape[0]} pixels (--side)")
        model = weight_sets.load(chosen)
        with console.progress(picture.name, inspection.parts(model)) as advance:
            seen = inspection.inspect(model, part, level, progress=advance)
        title, luma = picture.name, len(channels) > 1
        told = inspection.SigmaUnit(frame.told, frame.level(frame.told))
        page = inspected.render(
            title, seen, level, chosen.architecture, chosen.name, told, luma=luma
        )
        html.write(output, page)
        if json:
            console.emit_json(tables.inspection_data(seen, level, chosen.name, channels, told))
        else:
            console.table(*tables.inspection(seen, level, told))
