"""`linn verify-invertibility`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

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

# The part of a picture that is tried without --all.
QUICK_SIDE = 64
EXAMPLES = """
linn verify-invertibility                 # some seconds
linn verify-invertibility photo.png --all # every set, size and precision, and all of your picture
"""


def verify_invertibility(
    picture: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE", help="A picture to try besides the built-in sizes: its luma."
        ),
    ] = None,
    sigma: Annotated[float, typer.Option(help="The noise level to scale the pictures by.")] = 25.0,
    everything: Annotated[
        bool,
        typer.Option(
            "--all",
            help="Try every weight set on every size in every precision, bfloat16 even where the processor emulates it, "
            "and all of your picture: some minutes.",
        ),
    ] = False,
    weight_file: WeightsOption = None,
    hub_repo: HubRepoOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Check that the networks without their shrinkage give back every picture; exit 1 if one does not."""
    with console.reported(debug=debug):
        import torch

        from linn_cli.commands import tables
        from linn_cli.engine import devices
        from linn_cli.evaluation import inspection, invertibility
        from linn_cli.pictures import reading
        from linn_cli.weights import sources
        from linn_cli.weights.selection import select

        check_scalable(sigma)
        own = []
        if picture is not None:
            levels = reading.read_levels(picture)
            part = levels if everything else inspection.middle(levels, QUICK_SIDE)
            if part.shape != levels.shape:
                console.say(
                    f"{picture}: the middle {part.shape[1]} x {part.shape[0]} pixels (--all)"
                )
            own.append(torch.from_numpy(part).double() / GREY_LEVELS)
        with console.progress("weights") as advance:
            source = sources.find(weight_file, hub_repo, notify=console.say, progress=advance)
            found = source.obtain_all()
        usual = select(found, sigma, None, None, channels=3)
        checks = invertibility.plan(found, usual, own, everything=everything)
        half = everything or devices.has_bfloat16(devices.resolve("cpu"))
        # Most pictures are so small that a thread for each network is faster than all threads for one.
        workers = torch.get_num_threads()
        devices.use_threads(1)
        count = sum(len(check.dtypes) * len(check.pictures) for check in checks)
        with console.progress("round trips", count) as advance:
            worst = invertibility.run(
                checks, sigma / GREY_LEVELS, advance, half=half, workers=workers
            )
        passed = all(trip.passed for _, trip in worst)
        if json:
            console.emit_json(tables.round_trip_data(worst, sigma, checks))
        else:
            console.table(*tables.round_trips(worst, sigma))
            console.emit(tables.checked(checks, everything=everything))
        if not passed:
            raise InputError("the round trip left its tolerance: a network is not inverted")
