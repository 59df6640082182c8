"""Options that several commands share, and the checks on them."""

from __future__ import annotations

from typing import Annotated

import typer

from linn_cli.errors import UsageError
from linn_cli.network.architecture import MOST_SCALES

VariantOption = Annotated[
    str | None,
    typer.Option(
        metavar="st|lista", help="How the network shrinks the noise. By default linn chooses."
    ),
]
ScalesOption = Annotated[
    int | None,
    typer.Option(
        min=1, max=MOST_SCALES, help="How many scales the network has. By default linn chooses."
    ),
]
WeightsOption = Annotated[
    str | None,
    typer.Option(
        "--weights",
        metavar="WEIGHTS",
        help="A .safetensors file, the name of a bundled set, or hf://OWNER/REPO[@REVISION][/FILE].",
    ),
]
HubRepoOption = Annotated[
    str | None,
    typer.Option(
        metavar="OWNER/REPO",
        envvar="LINN_HUB_REPO",
        help="Choose weights from this repository on the Hub. If linn cannot reach it, it uses the bundled sets.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for programs to read.")]
DebugOption = Annotated[bool, typer.Option("--debug", help="On an error, show the full traceback.")]
ThreadsOption = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="At most this many processor threads, shared by all files. By default one for each core.",
    ),
]
PrecisionOption = Annotated[
    str,
    typer.Option(
        metavar="auto|float32|bfloat16",
        help="What the networks compute in. auto takes bfloat16 if the processor has it and it costs at most 0.01 dB.",
    ),
]
DeviceOption = Annotated[
    str, typer.Option(help="auto, cpu, cuda, cuda:N or mps. Only cpu is tested.")
]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]
VerboseOption = Annotated[bool, typer.Option("--verbose", "-v", help="Print more details.")]


def check_scalable(sigma: float) -> None:
    """Refuse a sigma, in grey levels, that linn cannot divide a picture by.

    Raises:
        UsageError: sigma is not a noise level, or is next to zero.
    """
    from linn_cli.units import LEAST_SIGMA, Sigma

    if Sigma.of(sigma).is_nothing:
        least = f"at least {LEAST_SIGMA}"
        raise UsageError(f"sigma {sigma:g} is too small to scale by: give {least}")
