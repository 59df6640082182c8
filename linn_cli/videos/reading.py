"""A video file opened: what it holds, a few frames of it, and all of it in order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import imageio.v3 as iio
from av.codec.context import CodecContext
from av.container import InputContainer
from av.sidedata.sidedata import SideData, Type
from av.stream import Disposition, Stream
from av.video.stream import VideoStream
from numpy.typing import NDArray

from linn_cli.errors import InputError
from linn_cli.videos import frames

_ACCURATE = "flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp"


@dataclass(frozen=True)
class Video:
    """An open video file, the stream of it whose frames are meant, and the first of these."""

    path: Path
    container: InputContainer
    stream: VideoStream
    first: av.VideoFrame

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.stream.width, self.stream.height

    @property
    def length(self) -> float:
        """How many frames there are; where the file does not say, how many its duration has room for."""
        if self.stream.frames:
            return float(self.stream.frames)
        seconds = (self.container.duration or 0) / av.time_base
        return max(1.0, seconds * float(self.stream.average_rate or 0))

    @property
    def codec(self) -> str:
        """FFmpeg's name for the codec."""
        return codec_of(self.stream)

    @property
    def bit_rate(self) -> int:
        """Bits per second of the frames; where only the whole file's are known, less those of the sound; 0 if unknown."""
        if self.stream.bit_rate:
            return self.stream.bit_rate
        sound = sum(audio.bit_rate or 0 for audio in self.container.streams.audio)
        return max(0, (self.container.bit_rate or 0) - sound)

    def sample(self, count: int) -> list[NDArray[Any]]:
        """Some frames spread over the video, as `frames.to_array` gives them; the first one at least."""
        rate = float(self.stream.guessed_rate or 1)
        seconds = (self.container.duration or 0) / av.time_base
        places = {int((index + 0.5) / count * seconds * rate) for index in range(count)}
        # What a place means depends on the rate, which may vary: some may lie behind the end.
        return [*self._read(sorted(places))] or [frames.to_array(self.first)]

    def _read(self, places: list[int]) -> Iterator[NDArray[Any]]:
        layout = frames.array_format(self.first.format)
        how: dict[str, Any] = {
            "format": None,
            "filter_sequence": [("scale", _ACCURATE), ("format", layout)],
            "constant_framerate": True,
        }
        with (
            suppress(StopIteration, av.FFmpegError),
            iio.imopen(self.path, "r", plugin="pyav") as file,
        ):
            for place in places:
                array = file.read(index=place, **how)
                yield array[:, :, None] if array.ndim == 2 else array

    def packets(self) -> Iterator[av.Packet[Any]]:
        """All that the streams hold, in the order of the file.

        Raises:
            InputError: the file is damaged.
        """
        try:
            yield from self.container.demux()
        except av.FFmpegError as error:
            raise _damaged(self.path, error) from error

    def decode(self, packet: av.Packet[Any]) -> list[av.VideoFrame]:
        """The frames that are finished by a packet of the stream.

        Raises:
            InputError: the file is damaged.
        """
        try:
            decoded: list[av.VideoFrame] = packet.decode()
            return decoded
        except av.FFmpegError as error:
            raise _damaged(self.path, error) from error


@contextmanager
def opened(path: Path) -> Iterator[Video]:
    """Open a video file.

    Raises:
        InputError: it is missing, no video, or damaged.
    """
    if not path.is_file():
        raise InputError(f"{path}: {'is a folder' if path.is_dir() else 'no such file'}")
    try:
        container = av.open(str(path), metadata_errors="replace")
    except (av.FFmpegError, OSError) as error:
        raise _damaged(path, error) from error
    with container:
        # A cover is a still picture beside the film.
        films = [
            stream
            for stream in container.streams.video
            if not stream.disposition & Disposition.attached_pic
        ]
        if not films or not codec_of(films[0]):
            raise InputError(f"{path}: holds no moving pictures that linn can decode")
        films[0].thread_type = "AUTO"
        yield Video(path, container, films[0], _first_frame(path, films[0].index))


def _first_frame(path: Path, index: int) -> av.VideoFrame:
    """The first frame of a stream, through a door of its own, so that reading in order is not disturbed."""
    try:
        with av.open(str(path), metadata_errors="replace") as container:
            for frame in container.decode(container.streams[index]):
                if isinstance(frame, av.VideoFrame):
                    return frame
    except av.FFmpegError as error:
        raise _damaged(path, error) from error
    raise InputError(f"{path}: holds no frame that can be decoded")


def codec_of(stream: Stream) -> str:
    """FFmpeg's name for the codec of a stream; empty if it has none that FFmpeg knows."""
    context: CodecContext | None = stream.codec_context  # the stubs say that every stream has one
    return "" if context is None else str(context.codec.canonical_name)


def side_data(frame: av.VideoFrame) -> list[SideData]:
    """What lies beside the pixels of a frame."""
    held: Any = frame.side_data
    return list(held)


def display_matrix(frame: av.VideoFrame) -> list[int] | None:
    """How a player turns the frames, as nine numbers; None if it does not."""
    for data in side_data(frame):
        if data.type == Type.DISPLAYMATRIX:
            return list(memoryview(bytes(data)).cast("i"))
    return None


def _damaged(path: Path, error: Exception) -> InputError:
    reason = getattr(error, "strerror", None) or error
    return InputError(f"{path}: cannot be read as a video, damaged or of another kind ({reason})")
