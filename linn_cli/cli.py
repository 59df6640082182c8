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
    inspect,
    train,
    verify,
    weights,
)

SPINS = "10000"  # how often a thread looks whether the others are done before it sleeps

app = typer.Typer(
    help="Remove noise from pictures with DnINN, a network that can be run backwards.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (
    denoise.denoise,
    estimate.estimate,
    benchmark.benchmark,
    verify.verify_invertibility,
    inspect.inspect,
    compare.compare,
    train.train,
):
    app.command()(command)
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
