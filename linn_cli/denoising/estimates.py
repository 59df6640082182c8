"""The noise of every plane of a picture file, estimated as it is before the file is denoised."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from linn_cli.denoising import by_frames
from linn_cli.denoising import document as documents
from linn_cli.errors import InputError
from linn_cli.noise import measurement
from linn_cli.noise.measured import Measured, hidden
from linn_cli.noise.profile import NoiseProfile
from linn_cli.pictures import reading, tiff_pages, tiff_rows
from linn_cli.pictures.high_depth import too_large
from linn_cli.pictures.picture import Picture
from linn_cli.pictures.tiff_pages import Frames
from linn_cli.progress import Progress, share, silent
from linn_cli.units import EIGHT_BITS, VALUE
from linn_cli.videos.formats import is_video


@dataclass(frozen=True)
class PlaneNoise:
    """The noise of one plane: `page` counts from 1, `channel` too where the page is one of several, else it is None.

    `measured` is that of `picture`, in grey levels of its own range, and None where `error` says why nothing can be estimated.
    """

    page: int
    channel: int | None
    picture: Picture
    measured: Measured | None
    advice: tuple[str, ...] = ()
    error: str = ""

    @property
    def deviation(self) -> float:
        """The strongest noise of its channels, in grey levels of its own range; 0 if it is not known."""
        if self.measured is None:
            return 0.0
        return max([one.deviation for one in self.measured.photo] or self.measured.sigma)

    def words(self, unit: str) -> tuple[str, ...]:
        """What is to be said of it, in a unit."""
        if self.measured is None:
            return (self.error,)
        return (*self.measured.of(self.picture, unit), *self.advice)

    def as_data(self, unit: str) -> dict[str, Any]:
        """For programs, as `noise_data`, in a unit."""
        if self.measured is None:
            return {"error": self.error}
        return noise_data(self.measured, self.picture, unit)


@dataclass(frozen=True)
class FileNoise:
    """The noise of the planes of a file, at least one of which could be measured."""

    size: tuple[int, int]
    pages: int
    planes: tuple[PlaneNoise, ...]
    remarks: tuple[str, ...]

    @property
    def unit(self) -> str:
        """What the noise of all planes is told in: the file's values if some plane has a range of its own."""
        return VALUE if any(plane.picture.range for plane in self.planes) else EIGHT_BITS

    @property
    def first(self) -> PlaneNoise:
        """The first plane that could be measured."""
        return next(plane for plane in self.planes if plane.measured)

    def lines(self) -> Iterator[str]:
        """The noise of each plane in words."""
        for plane in self.planes:
            words = "; ".join((*plane.words(self.unit), *self.remarks))
            named = [f"page {plane.page}"] if self.pages > 1 else []
            named += [] if plane.channel is None else [f"channel {plane.channel}"]
            yield f"{', '.join(named)}: {words}" if named else words

    def as_data(self) -> dict[str, Any]:
        """For programs: the first plane's noise, and that of every plane."""
        width, height = self.size
        planes = [
            {"page": plane.page, "channel": plane.channel, **plane.as_data(self.unit)}
            for plane in self.planes
        ]
        size = {"width": width, "height": height, "sigma_unit": self.unit}
        data = {**size, **self.first.as_data(self.unit)}
        return {**data, "planes": planes, "remarks": self.remarks}


def noise_data(measured: Measured, picture: Picture, unit: str) -> dict[str, Any]:
    """For programs: `Measured.as_data`, and as `sigma` what is removed when the picture is denoised, both in a unit."""
    sigma = NoiseProfile.of_measured(measured, picture).shown_in(unit)
    return {"sigma": sigma, **measured.told_in(unit, picture).as_data()}


def of_file(source: Path | BinaryIO, *, max_pixels: int, progress: Progress = silent) -> FileNoise:
    """Estimate the noise of every plane of a file. Of a large TIFF linn holds no more than a page, or a sample of it.

    A video's noise is that of one frame, which `by_frames` chooses.

    Args:
        source: a file, or a stream that is read to its end.
        max_pixels: refuse larger pictures.
        progress: counts to 1.

    Raises:
        InputError: the file cannot be read, or its noise cannot be estimated.
    """
    with _opened(source, max_pixels) as (frames, size, format_name, said):
        step = -(-len(frames) // documents.MOST_PAGES)
        scale = documents.in_own_range(_every(frames, step))
        told = share(progress, len(frames))
        planes: list[PlaneNoise] = []
        for page, frame in enumerate(_every(frames, 1), start=1):
            for part in frame.parts():
                planes.append(_measured(documents.in_range(part, scale), page))
            told(1)
        if not any(plane.measured for plane in planes):
            raise InputError(planes[0].error or "")
        remarks = hidden(format_name, [plane.deviation for plane in planes])
        return FileNoise(size, len(frames), tuple(planes), (*said, *remarks))


def _measured(part: Picture, page: int) -> PlaneNoise:
    index, count = part.channel
    channel = index + 1 if count > 1 else None
    try:
        if part.is_empty:
            raise InputError("no pixel has a value")
        measured = measurement.measure(part)
    except InputError as error:
        if part.known is None:
            raise
        return PlaneNoise(page, channel, _without_values(part), None, error=error.text)
    hot = measurement.find_hot_pixels(part, asked=False)
    lonely = measurement.find_lonely(part)
    advice = lonely if hot is None else (hot.advice("linn denoise --hot-pixels"),)
    return PlaneNoise(page, channel, _without_values(part), measured, advice)


def _without_values(part: Picture) -> Picture:
    """What a plane's noise is told by: its dtype and its range."""
    return part.part(slice(0))


_Opened = tuple[Sequence[Picture] | Frames, tuple[int, int], str, tuple[str, ...]]


@contextmanager
def _opened(source: Path | BinaryIO, max_pixels: int) -> Iterator[_Opened]:
    """The frames of a file, of a large one as they are asked for or as a sample; their size, the file's format, remarks."""
    if isinstance(source, Path) and is_video(source):
        frame, said = by_frames.typical(source, max_pixels=max_pixels)
        yield [frame], frame.size, "video", (said,)
        return
    if isinstance(source, Path):
        with tiff_rows.opened(source, tiff_rows.LARGE) as rows:
            if rows is not None:
                height, width, _ = rows.shape
                _check(source, height * width, max_pixels)
                sample = Picture(rows.sample(), nodata=rows.nodata)
                yield [sample], (width, height), "TIFF", ()
                return
        with tiff_pages.opened(source, tiff_pages.LARGE) as stack:
            if stack is not None:
                _check(source, stack.frames.largest, max_pixels)
                yield stack.frames, stack.frames.at(0).size, "TIFF", stack.frames.missing
                return
    document = reading.read_any(source, max_pixels=max_pixels)
    name = document.format.name
    yield document.frames, document.frames[0].size, name, document.missing


def _check(source: Path, pixels: int, max_pixels: int) -> None:
    if pixels > max_pixels:
        raise InputError(f"{source}: {too_large(max_pixels).text}")


def _every(frames: Sequence[Picture] | Frames, step: int) -> Iterator[Picture]:
    if isinstance(frames, Frames):
        return (frames.at(index) for index in range(0, len(frames), step))
    return iter(frames[::step])
