"""Options that several commands share, and what is checked of them."""

from __future__ import annotations

from typing import Annotated

import typer

from linn_cli.errors import UsageError
from linn_cli.network.architecture import MOST_SCALES

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
ThreadsOption = Annotated[
    int | None,
    typer.Option(
        min=1, help="Processor threads, shared by the files at work; all cores if left out."
    ),
]
PrecisionOption = Annotated[
    str, typer.Option(metavar="auto|float32|bfloat16", help="What the networks compute in.")
]
DeviceOption = Annotated[
    str, typer.Option(help="auto, cpu, cuda, cuda:N or mps; only cpu is tested.")
]
VerboseOption = Annotated[bool, typer.Option("--verbose", "-v", help="Say more.")]


def check_scalable(sigma: float) -> None:
    """Refuse a sigma, in grey levels, that a picture cannot be divided by.

    Raises:
        UsageError: it is none, or next to zero.
    """
    from linn_cli.units import LEAST_SIGMA, Sigma

    if Sigma.of(sigma).is_nothing:
        least = f"at least {LEAST_SIGMA}"
        raise UsageError(f"sigma {sigma:g} is too small to scale by: give {least}")
