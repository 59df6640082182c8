"""`linn denoise --dask`: the files go to the workers of a cluster."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from linn_cli.commands import console
from linn_cli.errors import UsageError

if TYPE_CHECKING:
    from linn_cli.cluster.setup import Setup
    from linn_cli.denoising.outcome import Outcome
    from linn_cli.denoising.planning import Job
    from linn_cli.progress import Notify


def check(compare: Path | None, *, piped: bool) -> None:
    """See that a cluster can be used at all, and for what the command line asks.

    Raises:
        UsageError: it cannot.
    """
    if piped:
        raise UsageError("--dask denoises files into files: leave - out")
    if compare:
        raise UsageError("--compare shows a picture that is denoised here: leave --dask out")
    if find_spec("distributed") is None:
        raise UsageError(
            "--dask needs dask and distributed: python -m pip install dask distributed"
        )


def denoise(
    planned: list[Job],
    address: str,
    setup: Setup,
    jobs: int | None,
    report: Callable[[Outcome], None],
    notify: Notify,
    *,
    quiet: bool,
) -> list[Outcome]:
    """Denoise files on the cluster at an address, or on one of `jobs` workers on this machine."""
    from linn_cli.cluster import client as clients
    from linn_cli.engine import devices

    setup = setup.sealed()
    workers = jobs or devices.workers_of_machine(setup.device, len(planned))
    outcomes = []
    with (
        clients.connected(address, workers) as client,
        console.progress("denoise", len(planned), quiet=quiet) as advance,
    ):
        clients.check(client, setup, notify)
        for outcome in clients.run_all(client, planned, setup, advance):
            report(outcome)
            outcomes.append(outcome)
    return outcomes
