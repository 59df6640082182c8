"""`linn estimate`."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated

import typer

from linn_cli.commands import console, pipes
from linn_cli.commands.options import (
    DebugOption,
    JsonOption,
    MaxPixelsOption,
    RecursiveOption,
    ThreadsOption,
)
from linn_cli.errors import explain_of

EXAMPLES = """
linn estimate photo.jpg                   # sigma with its 95 % interval
linn estimate stack.tif                   # a line for each page and channel
linn estimate scans/ -r --json            # a line of JSON for each picture
"""
_LOG = logging.getLogger(__name__)


def estimate(
    pictures: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE",
            help="Noisy pictures, folders of them, videos, or - for standard input.",
        ),
    ],
    recursive: RecursiveOption = False,
    json: JsonOption = False,
    debug: DebugOption = False,
    threads: ThreadsOption = None,
    max_pixels: MaxPixelsOption = None,
) -> None:
    """Estimate how strong the noise of every page and channel is: sigma with its 95 % interval, in grey levels."""
    with console.reported(debug=debug):
        from linn_cli.denoising import estimates
        from linn_cli.engine import devices
        from linn_cli.pictures import folders, reading
        from linn_cli.progress import share

        devices.use_threads(threads)
        found = folders.expand(pictures, recursive=recursive, notify=console.say)
        sources = [(item.path, pipes.source(item.path)) for item in found]
        most = max_pixels or reading.MOST_PIXELS
        failed = False
        with console.progress("estimate", len(sources)) as advance:
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
