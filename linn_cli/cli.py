"""The command line: options in, exit codes out. torch is loaded only once a command runs."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from linn_cli import __version__
from linn_cli.commands import (
    benchmark,
    compare,
    console,
    denoise,
    estimate,
    export,
    inspect,
    train,
    verify,
    weights,
)
from linn_cli.commands.helping import Command, application

SPINS = "10000"  # how often a thread looks whether the others are done before it sleeps

app = application(
    "Remove noise from pictures.",
    "linn denoise photo.jpg                    # writes photo-denoised.jpg\n"
    "linn denoise --help                       # every option, and more examples",
)
for command, examples in (
    (denoise.denoise, denoise.EXAMPLES),
    (estimate.estimate, estimate.EXAMPLES),
    (compare.compare, compare.EXAMPLES),
    (benchmark.benchmark, benchmark.EXAMPLES),
    (inspect.inspect, inspect.EXAMPLES),
    (verify.verify_invertibility, verify.EXAMPLES),
    (train.train, train.EXAMPLES),
    (export.export, export.EXAMPLES),
):
    app.command(cls=Command, epilog=examples)(command)
app.add_typer(weights.app, name="weights")


def main() -> None:
    """The console script."""
    spin_briefly()
    app(prog_name="linn")


def spin_briefly() -> None:
    """Keep torch's threads from holding a busy machine up, unless the user says how they should wait.

    GNU OpenMP, which computes for torch on Linux, lets a thread that waits for others spin 300,000 times. Where
    anything else runs, that keeps the one it waits for off the processor. `SPINS` are as fast on an idle machine
    and far faster on a busy one (benchmarks/cost/busy.py). This counts only before torch is loaded.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", SPINS)


def _print_version(wanted: bool) -> None:
    if wanted:
        console.emit(f"linn {__version__}")
        raise typer.Exit


@app.callback()
def _linn(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and leave."
        ),
    ] = False,
) -> None:
    pass
