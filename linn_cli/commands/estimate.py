"""`linn estimate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from linn_cli.commands import console
from linn_cli.commands.options import (
    DebugOption,
    JsonOption,
    ThreadsOption,
)
from linn_cli.errors import InputError

if TYPE_CHECKING:
    pass


def estimate(
    pictures: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Noisy pictures.")],
    max_pixels: Annotated[
        int | None, typer.Option(min=1, help="Refuse pictures of more pixels than this.")
    ] = None,
    threads: ThreadsOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Estimate how strong the noise of pictures is: sigma with its 95 % interval, in grey levels."""
    with console.reported(debug=debug):
        from linn_cli.engine import devices
        from linn_cli.noise import measurement
        from linn_cli.pictures import reading

        devices.use_threads(threads)
        failed = False
        with console.progress("estimate", len(pictures)) as advance:
            for path in pictures:
                try:
                    document = reading.read(path, max_pixels=max_pixels or reading.MOST_PIXELS)
                    measured = measurement.measure(document.frames[0])
                except InputError as error:
                    reason = str(error)
                    console.say(reason if str(path) in reason else f"{path}: {reason}")
                    failed = True
                else:
                    width, height = document.frames[0].size
                    found = {"input": str(path), "width": width, "height": height}
                    hidden = measurement.hidden(
                        document.format.name, measured.photo or measured.sigma
                    )
                    if json:
                        console.emit_json(found | measured.as_data() | {"remarks": hidden})
                    else:
                        console.emit(f"{path}: {'; '.join((*measured.in_words(), *hidden))}")
                advance(1, path.name)
        if failed:
            raise typer.Exit(1)
