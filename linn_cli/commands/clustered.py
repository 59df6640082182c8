"""`linn denoise --dask`: the files go to the workers of a cluster."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from linn_cli.commands import console
from linn_cli.errors import ClusterError, UsageError

if TYPE_CHECKING:
    from linn_cli.cluster.setup import Setup
    from linn_cli.denoising.job_list import Job
    from linn_cli.denoising.outcome import Outcome, Tally
    from linn_cli.progress import Notify

LOCAL = "local"
_ADDRESS = re.compile(r"((tcp|tls|ws|wss)://)?\[?(?P<host>[^/\s]+?)\]?:(?P<port>\d{1,5})")
_ANSWER_SECONDS = 2.0
# Where a server waits for what the client says.
_SPOKEN_TO = "tls://", "ws://", "wss://"


def check(address: str, compare: Path | None, *, piped: bool) -> None:
    """See that a cluster can be used for what the command line asks, and that somebody answers there.

    Nothing is loaded for that, so that who mistypes an address does not wait. Of those who answer by TCP, Dask's
    scheduler speaks first.

    Raises:
        UsageError: it cannot, or that is no address.
        ClusterError: nobody answers.
    """
    if piped:
        raise UsageError("--dask denoises files into files: leave - out")
    if compare:
        raise UsageError("--compare shows a picture that is denoised here: leave --dask out")
    if find_spec("distributed") is None:
        raise UsageError(
            "--dask needs dask and distributed: python -m pip install dask distributed"
        )
    if address == LOCAL:
        return
    known = _ADDRESS.fullmatch(address)
    if not known:
        raise UsageError(
            f"--dask {address}: give the scheduler's address as tcp://HOST:8786, or {LOCAL}"
        )
    place = known["host"], int(known["port"])
    try:
        with socket.create_connection(place, _ANSWER_SECONDS) as connection:
            if not address.startswith(_SPOKEN_TO) and not connection.recv(1):
                raise ConnectionResetError
    except (OSError, OverflowError) as error:
        raise ClusterError(
            f"{address}: no Dask scheduler answers there, start one (dask scheduler) or see to the network"
        ) from error


def denoise(
    planned: Sequence[Job],
    address: str,
    setup: Setup,
    jobs: int | None,
    report: Callable[[Outcome], None],
    notify: Notify,
    *,
    quiet: bool,
) -> Tally:
    """Denoise files on the cluster at an address, or on one of `jobs` workers on this machine."""
    from linn_cli.cluster import client as clients
    from linn_cli.denoising.outcome import Tally
    from linn_cli.engine import devices

    setup = setup.sealed()
    workers = 0
    if address == LOCAL:
        workers = jobs or devices.workers_of_machine(setup.device, len(planned))
    done = Tally()
    with (
        clients.connected(None if address == LOCAL else address, workers) as client,
        console.progress("denoise", len(planned), quiet=quiet) as advance,
    ):
        clients.check(client, setup, notify)
        for outcome in clients.run_all(client, planned, setup, advance):
            report(outcome)
            done.add(outcome)
    return done
