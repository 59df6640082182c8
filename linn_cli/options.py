"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

from linn_cli.architecture import MOST_SCALES

VariantOption = Annotated[
    str | None,
    typer.Option(metavar="st|lista", help="How the detail is shrunk; linn chooses if left out."),
]
ScalesOption = Annotated[
    int | None,
    typer.Option(min=1, max=MOST_SCALES, help="Number of scales; linn chooses if left out."),
]
WeightsOption = Annotated[
    str | None,
    typer.Option(
        "--weights",
        metavar="WEIGHTS",
        help="A .safetensors file, a bundled name, or hf://OWNER/REPO[@REVISION][/FILE].",
    ),
]
HubRepoOption = Annotated[
    str | None,
    typer.Option(
        metavar="OWNER/REPO",
        envvar="LINN_HUB_REPO",
        help="Choose weights from this repository on the Hub; the bundled ones if it is not reached.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print data for programs.")]
DebugOption = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
