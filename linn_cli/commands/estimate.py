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
linn estimate scans/ -r --json            # a line of JSON for each picture
"""
_LOG = logging.getLogger(__name__)


def estimate(
    pictures: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE", help="Noisy pictures, folders of them, or - for standard input."
        ),
    ],
    recursive: RecursiveOption = False,
    json: JsonOption = False,
    debug: DebugOption = False,
    threads: ThreadsOption = None,
    max_pixels: MaxPixelsOption = None,
) -> None:
    """Estimate how strong the noise of pictures is: sigma with its 95 % interval, in grey levels."""
    with console.reported(debug=debug):
        from linn_cli.denoising import document as documents
        from linn_cli.engine import devices
        from linn_cli.noise import measurement
        from linn_cli.pictures import folders, reading

        devices.use_threads(threads)
        found = folders.expand(pictures, recursive=recursive, notify=console.say)
        sources = [(item.path, pipes.source(item.path)) for item in found]
        failed = False
        with console.progress("estimate", len(sources)) as advance:
            for path, source in sources:
                try:
                    document = reading.read_any(
                        source, max_pixels=max_pixels or reading.MOST_PIXELS
                    )
                    first = documents.in_range(document.frames[0].parts()[0])
                    measured = measurement.measure(first)
                except Exception as error:
                    _LOG.debug("%s", path, exc_info=True)
                    console.say(
                        explain_of(reading.STDIN if pipes.is_pipe(path) else str(path), error)
                    )
                    failed = True
                else:
                    width, height = document.frames[0].size
                    data = {"input": str(path), "width": width, "height": height}
                    deviations = [one.deviation for one in measured.photo] or measured.sigma
                    remarks = measurement.hidden(document.format.name, deviations)
                    planes = sum(len(frame.parts()) for frame in document.frames)
                    if planes > 1:
                        remarks = (*remarks, f"that is the first of {planes} pages and channels")
                    if json:
                        told = measured.scaled(first.unit).as_data()
                        console.emit_json(data | told | {"remarks": remarks})
                    else:
                        console.emit(f"{path}: {'; '.join((*measured.of(first), *remarks))}")
                advance(1, path.name)
        if failed:
            raise typer.Exit(1)
