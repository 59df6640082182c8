"""`linn verify-invertibility`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from linn_cli.commands import console
from linn_cli.commands.options import (
    DebugOption,
    HubRepoOption,
    JsonOption,
    WeightsOption,
    check_scalable,
)
from linn_cli.errors import InputError
from linn_cli.units import GREY_LEVELS

if TYPE_CHECKING:
    from linn_cli.evaluation.invertibility import RoundTrip
EXAMPLES = """
linn verify-invertibility
linn verify-invertibility grey.png --weights dninn-st-1-25
"""


def verify_invertibility(
    picture: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", help="A grey picture to try besides the built-in sizes."),
    ] = None,
    sigma: Annotated[float, typer.Option(help="The noise level to scale the pictures by.")] = 25.0,
    weight_file: WeightsOption = None,
    hub_repo: HubRepoOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Check that the network without its shrinkage gives back every picture; exit 1 if it does not."""
    with console.reported(debug=debug):
        from functools import partial

        import torch

        from linn_cli.commands import tables
        from linn_cli.evaluation import invertibility
        from linn_cli.pictures import reading
        from linn_cli.weights import sets, sources

        check_scalable(sigma)
        pictures = list(invertibility.random_pictures())
        own = []
        if picture is not None:
            levels = reading.read_levels(picture)
            own.append(torch.from_numpy(levels).double() / GREY_LEVELS)
        with console.progress("weights") as advance:
            source = sources.find(weight_file, hub_repo, notify=console.say, progress=advance)
            found = source.obtain_all()
            usual = source.choose(sigma, None, None)
        checks = [(entry, dtype) for entry in found for dtype in invertibility.DTYPES]
        worst: list[tuple[str, RoundTrip]] = []
        with console.progress("round trips", len(checks) * len(pictures)) as advance:
            for entry, dtype in checks:
                # A picture may be large: the set that would be chosen for it is enough.
                tried = pictures + (own if entry.path == usual.path else [])
                model = sets.load(entry).to(dtype)
                trips = invertibility.worst_by_part(
                    model,
                    tried,
                    sigma / GREY_LEVELS,
                    progress=partial(advance, note=entry.name),
                )
                worst += [(entry.name, trip) for trip in trips]
        passed = all(trip.passed for _, trip in worst)
        if json:
            console.emit_json(tables.round_trip_data(worst, sigma, len(pictures + own)))
        else:
            console.table(*tables.round_trips(worst, sigma, len(pictures + own)))
        if not passed:
            raise InputError("the round trip left its tolerance: this network is not inverted")
