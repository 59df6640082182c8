"""`linn estimate`."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from linn_cli.commands import console, pipes, volumes
from linn_cli.commands.options import (
    AxesOption,
    DebugOption,
    JsonOption,
    MaxPixelsOption,
    RecursiveOption,
    ThreadsOption,
)
from linn_cli.errors import UsageError, explain_of

if TYPE_CHECKING:
    from linn_cli.noise.measured import Measured
    from linn_cli.pictures.picture import Picture

EXAMPLES = """
linn estimate photo.jpg                   # sigma with its 95 % interval
linn estimate stack.tif                   # a line for each page and channel
linn estimate scans/ -r --json            # a line of JSON for each picture
linn estimate volume.ome.zarr             # each channel, from a sample of its chunks
"""
_LOG = logging.getLogger(__name__)


def estimate(
    pictures: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE",
            help="Noisy pictures, folders of them, videos, Zarrs, or - for standard input.",
        ),
    ],
    axes: AxesOption = None,
    recursive: RecursiveOption = False,
    json: JsonOption = False,
    debug: DebugOption = False,
    threads: ThreadsOption = None,
    max_pixels: MaxPixelsOption = None,
) -> None:
    """Estimate how strong the noise of every page and channel is: sigma with its 95 % interval, as --sigma takes it.

    Sigma is in 8-bit grey levels, or in the file's values where these do not fill their type; linn then names
    --sigma-unit value.
    """
    with console.reported(debug=debug):
        from linn_cli.denoising import estimates
        from linn_cli.engine import devices
        from linn_cli.noise import measurement
        from linn_cli.pictures import folders, reading
        from linn_cli.progress import share
        from linn_cli.volumes import addresses

        devices.use_threads(threads)
        zarrs = [path for path in pictures if addresses.is_meant(path)]
        if axes is not None and not zarrs:
            raise UsageError("--axes is for Zarrs: none of the inputs is one")
        rest = [path for path in pictures if path not in zarrs]
        found = folders.expand(rest, recursive=recursive, notify=console.say)
        sources = [(item.path, pipes.source(item.path)) for item in found]
        most = max_pixels or reading.MOST_PIXELS
        failed = False
        with console.progress("estimate", len(zarrs) + len(sources)) as advance:
            for path in zarrs:
                try:
                    for name, size, sample, unit in volumes.samples(path, axes):
                        measured = measurement.measure(sample)
                        _tell(name, size, sample, measured, unit, json=json)
                except Exception as error:
                    _LOG.debug("%s", path, exc_info=True)
                    console.say(volumes.reason(addresses.address_of(path), error))
                    failed = True
                advance(1, path.name)
            for path, source in sources:
                told = share(advance, 1, path.name)
                try:
                    noise = estimates.of_file(source, max_pixels=most, progress=told)
                except Exception as error:
                    _LOG.debug("%s", path, exc_info=True)
                    console.say(
                        explain_of(reading.STDIN if pipes.is_pipe(path) else str(path), error)
                    )
                    failed = True
                    advance(1, path.name)
                    continue
                if json:
                    console.emit_json({"input": str(path), **noise.as_data()})
                else:
                    for line in noise.lines():
                        console.emit(f"{path}: {line}")
        if failed:
            raise typer.Exit(1)


def _tell(
    name: str,
    size: tuple[int, int],
    looked_at: Picture,
    measured: Measured,
    unit: str,
    *,
    json: bool,
) -> None:
    """Tell what was found in a plane of this width and height, of which this was looked at."""
    from linn_cli.denoising import estimates

    if json:
        data = {"input": name, "width": size[0], "height": size[1], "sigma_unit": unit}
        console.emit_json(data | estimates.noise_data(measured, looked_at, unit) | {"remarks": ()})
    else:
        console.emit(f"{name}: {'; '.join(measured.of(looked_at, unit))}")
