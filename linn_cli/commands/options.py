"""Options that several commands share, and the checks on them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from linn_cli.errors import UsageError
from linn_cli.network.architecture import MOST_SCALES

if TYPE_CHECKING:
    from linn_cli.noise.strength import Strength
    from linn_cli.units import Sigma, SigmaLike

# Less noise than this, in grey levels, is rarely meant.
_DOUBTFUL_SIGMA = 0.25
# A strength of up to this, in per cent, is rather a factor.
_DOUBTFUL_STRENGTH = 2.0

# The groups of options in the help; those in none come first.
NOISE = "Noise"
OUTPUT = "Output"
PRINTED = "What linn prints"
WEIGHTS = "Weights (linn chooses, you rarely need these)"
MACHINE = "Machine"
SCALE = "More than one machine"


def one_of(*names: str) -> Callable[[str], list[str]]:
    """Completes one of these values."""
    return lambda incomplete: [name for name in names if name.startswith(incomplete)]


def formats_begun(incomplete: str) -> list[str]:
    """Completes the name of a format."""
    from linn_cli.pictures.formats import FORMATS

    return one_of(*(known.name.lower() for known in FORMATS))(incomplete)


def codecs_begun(incomplete: str) -> list[str]:
    """Completes the name of a codec."""
    from linn_cli.videos.formats import CODECS

    return one_of(*CODECS)(incomplete)


VariantOption = Annotated[
    str | None,
    typer.Option(
        metavar="st|lista",
        rich_help_panel=WEIGHTS,
        autocompletion=one_of("st", "lista"),
        help="How the network shrinks the noise. By default linn chooses.",
    ),
]
ScalesOption = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=1,
        max=MOST_SCALES,
        rich_help_panel=WEIGHTS,
        help="How many scales the network has. By default linn chooses.",
    ),
]
WeightsOption = Annotated[
    str | None,
    typer.Option(
        "--weights",
        metavar="WEIGHTS",
        rich_help_panel=WEIGHTS,
        help="A .safetensors file, the name of a bundled set, or hf://OWNER/REPO[@REVISION][/FILE].",
    ),
]
HubRepoOption = Annotated[
    str | None,
    typer.Option(
        metavar="OWNER/REPO",
        envvar="LINN_HUB_REPO",
        rich_help_panel=WEIGHTS,
        help="Choose weights from this repository on the Hub. If linn cannot reach it, it uses the bundled sets.",
    ),
]
RecursiveOption = Annotated[
    bool, typer.Option("--recursive", "-r", help="Also take the folders inside folders.")
]
JsonOption = Annotated[
    bool,
    typer.Option("--json", rich_help_panel=PRINTED, help="Print JSON, for programs to read."),
]
VerboseOption = Annotated[
    bool, typer.Option("--verbose", "-v", rich_help_panel=PRINTED, help="Print more details.")
]
QuietOption = Annotated[
    bool,
    typer.Option("--quiet", "-q", rich_help_panel=PRINTED, help="Print nothing but errors."),
]
DebugOption = Annotated[
    bool,
    typer.Option("--debug", rich_help_panel=PRINTED, help="On an error, show the full traceback."),
]


def unit_of_sigma(count: str) -> Any:
    """The option --sigma-unit, of numbers that `count` names."""
    return typer.Option(
        metavar="8bit|16bit|unit|value",
        rich_help_panel=NOISE,
        autocompletion=one_of("8bit", "16bit", "unit", "value"),
        help=f"What {count} in: white is 255, 65535 or 1. value counts in the "
        "file's own values, as linn does where these do not fill their type.",
    )


AxesOption = Annotated[
    str | None,
    typer.Option(
        metavar="LETTERS",
        rich_help_panel=NOISE,
        help="What the axes of a Zarr are, a letter for each, as tczyx: c for channels, s for red, green and blue, "
        "t, z and others for stacks. By default what OME-Zarr says.",
    ),
]
ThreadsOption = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=1,
        rich_help_panel=MACHINE,
        help="At most this many processor threads, shared by all files. By default one for each core.",
    ),
]
PrecisionOption = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        rich_help_panel=MACHINE,
        autocompletion=one_of("auto", "float32", "bfloat16", "emulated-bfloat16"),
        help="What the networks compute in: auto, float32, bfloat16 or emulated-bfloat16. auto takes bfloat16 if "
        "the processor has it and it costs at most 0.01 dB. emulated-bfloat16 takes it on any processor, slowly.",
    ),
]
DeviceOption = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        rich_help_panel=MACHINE,
        autocompletion=one_of("auto", "cpu", "cuda", "mps"),
        help="auto, cpu, cuda, cuda:N or mps. Only cpu is tested.",
    ),
]
MaxPixelsOption = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=1,
        rich_help_panel=MACHINE,
        help="Refuse pictures of more pixels than this. By default 89 million.",
    ),
]

ShardOption = Annotated[
    str | None,
    typer.Option(
        metavar="K/N",
        envvar="LINN_SHARD",
        rich_help_panel=SCALE,
        help="Take only the K-th of N parts of the files. Run all N, on any machines, for the whole.",
    ),
]
DaskOption = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS|local",
        rich_help_panel=SCALE,
        autocompletion=one_of("local"),
        help="Denoise on a Dask cluster: the address of its scheduler, such as tcp://HOST:8786, or local for one "
        "worker for each core of this machine.",
    ),
]
ManifestOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        rich_help_panel=SCALE,
        help="Append a line of JSON to this file for each picture: what became of it.",
    ),
]


def check_scalable(sigma: SigmaLike) -> None:
    """Refuse a sigma, in grey levels, that linn cannot divide a picture by.

    Raises:
        UsageError: sigma is not a noise level, or is next to zero.
    """
    from linn_cli.units import LEAST_SIGMA, Sigma

    wanted = Sigma.of(sigma)
    if wanted.is_nothing:
        least = f"at least {LEAST_SIGMA}"
        raise UsageError(f"sigma {max(wanted.levels):g} is too small to scale by: give {least}")


@contextmanager
def begun_manifest(path: Path | None) -> Iterator[None]:
    """Inside, lines can be appended to a file, which is there; what fails before the first one leaves no new file.

    Raises:
        UsageError: its name is a picture's, or - for standard output.
        InputError: it cannot be written.
    """
    if path is None:
        yield
        return
    from linn_cli.commands import console
    from linn_cli.pictures.formats import SUFFIXES

    if path == Path("-"):
        raise UsageError("--manifest -: name a file; --json prints the same to standard output")
    if path.suffix.lower() in SUFFIXES:
        raise UsageError(f"{path}: is a picture's name, give --manifest a file such as done.jsonl")
    is_new = not os.path.lexists(path)
    console.append_json(path)
    try:
        yield
    except BaseException:
        if is_new and path.is_file() and not path.stat().st_size:
            path.unlink()
        raise


def doubts(sigma: Sigma | None, unit: str, strength: Strength) -> Iterator[str]:
    """Questions about values that are possible and yet hardly meant: --sigma, in grey levels, and --strength."""
    from linn_cli.units import UNBOUNDED

    if sigma and unit not in UNBOUNDED and 0 < max(sigma.levels) < _DOUBTFUL_SIGMA:
        others = "unit" if unit == "8bit" else "8bit"
        yield (
            f"--sigma is {max(sigma.levels):.2g} of 255 grey levels, next to no noise: "
            f"did you mean --sigma-unit {others}?"
        )
    for percent in strength.percents:
        if 0 < percent <= _DOUBTFUL_STRENGTH:
            yield (
                f"--strength {percent:g} is {percent:g} %, which removes next to nothing: "
                f"did you mean {100 * percent:g}?"
            )
