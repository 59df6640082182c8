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
linn compare a.png b.png                                     # how far they are apart
linn compare a.png b.png --clean original.png -o page.html   # which is closer to the original
"""


def compare(
    first: Annotated[Path, typer.Argument(metavar="A", help="A picture.")],
    second: Annotated[Path, typer.Argument(metavar="B", help="Another picture of the same size.")],
    clean: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The clean picture, if you have it. Without it linn measures how far A and B are apart.",
        ),
    ] = None,
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
    """Measure how two pictures differ, or which of them is closer to a clean one, and show where."""
    with console.reported(debug=debug):
        from functools import partial

        from linn_cli import files
        from linn_cli.commands import tables
        from linn_cli.denoising import document as documents
        from linn_cli.evaluation import comparison
        from linn_cli.evaluation import tables as shared_tables
        from linn_cli.pages import compared, embedding, html
        from linn_cli.pictures import reading

        paths = [first, second, *([clean] if clean else [])]
        if output:
            files.check_output(output, paths, compared.ENDINGS)
        kind = output.suffix.lower() if output else html.ENDING
        pictures = documents.in_one_range([reading.read_upright(path) for path in paths])
        a, b, *others = map(embedding.shown, pictures)
        names = (
            (first.name, second.name) if first.name != second.name else (str(first), str(second))
        )
        if others:
            [original] = others
            seen = comparison.compare(a, b, original)
            data: object = tables.comparison_data(names, seen)
            table = shared_tables.comparison(names, seen)
            page = partial(compared.render, kind, names, a, b, original, seen)
        else:
            apart = comparison.differ(a, b)
            data = tables.difference_data(names, apart)
            table = shared_tables.difference(names, apart)
            page = partial(compared.render_difference, kind, names, a, b, apart)
        if output:
            html.write(output, page())
        if json:
            console.emit_json(data)
        else:
            console.table(*table)
