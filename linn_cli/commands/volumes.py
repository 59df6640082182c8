"""`linn denoise` and `linn estimate` of volumes in Zarr."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from linn_cli.commands import console
from linn_cli.errors import UsageError, explain, explain_of

if TYPE_CHECKING:
    from linn_cli.denoising.networks import Networks
    from linn_cli.denoising.outcome import Outcome
    from linn_cli.denoising.planning import Existing
    from linn_cli.noise.request import Request
    from linn_cli.pictures.picture import Picture
    from linn_cli.volumes.addresses import Job


def plan(
    paths: Sequence[Path],
    output: Path | None,
    suffix: str,
    axes: str | None,
    existing: Existing,
    others: Mapping[str, object],
) -> list[Job]:
    """The Zarrs that are to be denoised; none if no path stands for one.

    Args:
        paths: as the command line has them.
        output: where they go.
        suffix: of outputs beside their inputs.
        axes: as the command line has them.
        existing: what becomes of outputs that are there.
        others: options that say nothing of a Zarr, by their names.

    Raises:
        UsageError: the command line does not suit Zarrs, or has axes without one.
    """
    from linn_cli.denoising import planning
    from linn_cli.volumes import addresses

    meant = [addresses.is_meant(path) for path in paths]
    if not any(meant):
        if axes is not None:
            raise UsageError("--axes is for Zarrs: none of the inputs is one")
        return []
    if not all(meant):
        raise UsageError(
            f"{paths[meant.index(False)]}: denoise pictures and Zarrs one after the other"
        )
    for name, given in others.items():
        if given:
            raise UsageError(f"{name} is for pictures: leave it out for a Zarr")
    addresses.require()
    target = None if output is None else addresses.address_of(output)
    jobs = addresses.plan([addresses.address_of(path) for path in paths], target, suffix)
    here = [Path(job.target) for job in jobs if addresses.is_local(job.target)]
    planning.check_existing(here, existing)
    return jobs


def samples(path: Path, axes: str | None) -> Iterator[tuple[str, tuple[int, int], Picture, str]]:
    """What the noise of a Zarr is estimated from: of each channel its name, the size of its planes, and a sample.

    Beside it stands the unit in which the noise of all channels is told.

    Raises:
        InputError: there is no Zarr that can be read.
        UsageError: the axes do not fit, or a package is not there.
    """
    from linn_cli.denoising import document as documents
    from linn_cli.units import EIGHT_BITS, VALUE
    from linn_cli.volumes import addresses

    addresses.require()
    from linn_cli.volumes import images, sampling, stores

    address = addresses.address_of(path)
    _, root = stores.source(address)
    with stores.reading(address):
        for image in images.find(root, address, axes):
            array = image.levels[0]
            found = sampling.samples(array, image.axes, array.chunks)
            height, width = image.axes.size(array.shape)
            scale = documents.in_own_range(found)
            parts = [documents.in_range(sample.parts()[0], scale) for sample in found]
            unit = VALUE if any(part.range for part in parts) else EIGHT_BITS
            for channel, part in enumerate(parts):
                name = f"{address}/{array.path}".rstrip("/")
                name += f" channel {channel}" if len(found) > 1 else ""
                yield name, (width, height), part, unit


def reason(address: str, error: Exception) -> str:
    """What went wrong with a Zarr, in one line that begins with its address or that of something in it."""
    said = explain(error)
    return said if said.startswith(address) else explain_of(address, error)


def denoise(
    planned: Sequence[Job],
    networks: Networks,
    request: Request,
    axes: str | None,
    existing: Existing,
    max_pixels: int,
    report: Callable[[Outcome], None],
    *,
    quiet: bool,
) -> bool:
    """Denoise Zarrs one after the other and report what became of each; tells whether all went well."""
    from linn_cli.denoising.outcome import Outcome
    from linn_cli.volumes.run import Wanted, run

    wanted = Wanted(axes, existing, max_pixels)
    well = True
    for job in planned:
        name = job.source.rstrip("/").rpartition("/")[2]
        with console.progress(name, 1, stepwise=True, quiet=quiet) as advance:
            try:
                outcome = run(job, networks, request, wanted, advance)
            except UsageError as error:
                if len(planned) == 1:
                    raise
                # What does not suit one of several stops no other.
                outcome = Outcome(job.source, job.target, error=reason(job.source, error))
        report(outcome)
        well = well and outcome.error is None
    return well
