"""`linn compare`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from linn_cli.commands import console
from linn_cli.commands.options import (
    DebugOption,
    JsonOption,
)

EXAMPLES = """
linn compare a.png b.png --clean original.png -o page.html
"""


def compare(
    first: Annotated[Path, typer.Argument(metavar="A", help="A picture.")],
    second: Annotated[Path, typer.Argument(metavar="B", help="Another picture of the same size.")],
    clean: Annotated[Path, typer.Option(metavar="FILE", help="The clean picture.")],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Write a page (.html) or a picture (.png) that shows where they differ.",
        ),
    ] = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Measure two pictures against a clean one, and show where one is closer to it."""
    with console.reported(debug=debug):
        from linn_cli import files
        from linn_cli.commands import tables
        from linn_cli.evaluation import comparison
        from linn_cli.evaluation import tables as shared_tables
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
            console.table(*shared_tables.comparison(names, seen))
