"""A large stack of pages into a TIFF, one page after the other, without ever holding all of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from linn_cli.denoising import document as documents
from linn_cli.denoising import outcome
from linn_cli.denoising.document import Search
from linn_cli.denoising.job_list import Job
from linn_cli.denoising.loaded_network import LoadedNetwork
from linn_cli.denoising.networks import Networks
from linn_cli.denoising.outcome import DENOISING, READING, Outcome
from linn_cli.errors import InputError
from linn_cli.files import write_atomically
from linn_cli.noise.request import Request
from linn_cli.pictures import metadata, tiff_pages, tiff_writing
from linn_cli.pictures.formats import format_of
from linn_cli.pictures.high_depth import too_large
from linn_cli.pictures.picture import Picture
from linn_cli.progress import Progress, share
from linn_cli.wording import as_options


def denoise(
    job: Job,
    networks: Networks,
    request: Request,
    *,
    strip_metadata: bool,
    max_pixels: int,
    progress: Progress,
) -> Outcome | None:
    """Denoise a file that goes by pages, a large TIFF of several; None of any other. `progress` counts to 1.

    Raises:
        InputError: the file is damaged or cut short, or a page has more than `max_pixels`.
        OSError: the output cannot be written.
    """
    if format_of(job.target).name != "TIFF":
        return None
    with tiff_pages.opened(job.source, tiff_pages.LARGE) as stack:
        if stack is None:
            return None
        frames, kept = stack.frames, {} if strip_metadata else stack.metadata
        if strip_metadata and frames.stacked > 1 and metadata.orientation(stack.metadata) != 1:
            return None  # its pixels must be turned
        if frames.largest > max_pixels:
            raise InputError(f"{job.source}: {too_large(max_pixels).text}")
        progress(0, READING)
        step = -(-len(frames) // documents.MOST_PAGES)
        seen = (frames.at(index) for index in range(0, len(frames), step))
        search = Search(request, documents.in_own_range(seen))
        used: list[LoadedNetwork] = []
        advance = share(progress, len(frames), DENOISING)

        def clean() -> Iterator[Picture]:
            for frame in frames:
                found = search.planes_of(frame)
                told = share(advance, frame.values.shape[0])
                answer, network = documents.denoise_frame(
                    frame, networks, found, request.strength, told
                )
                used[:] = [documents.in_doubt([*used, network])]
                yield answer

        job.target.parent.mkdir(parents=True, exist_ok=True)
        with write_atomically(job.target) as temporary, temporary.open("w+b") as file:
            tiff_writing.write(file, clean(), frames.as_pages, kept, stack.encoding)
        removed = outcome.of_removal(used[0], search.profiles, request)
        lost = () if strip_metadata else metadata.left_out_of_tiff(stack.tags)
        first = frames.at(0)
        return replace(
            removed,
            width=first.size[0],
            height=first.size[1],
            frames=len(frames),
            channels=first.values.shape[2],
            depth=first.values.dtype.name,
            remarks=tuple(
                dict.fromkeys(
                    (
                        *removed.remarks,
                        *map(as_options, search.remarks),
                        *frames.missing,
                        *lost,
                        *frames.remarks,
                    )
                )
            ),
        )
