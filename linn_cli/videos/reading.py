"""A video file opened: what it holds, a few frames of it, and all of it in order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import av
import imageio.v3 as iio
from av.codec.context import CodecContext, ThreadType
from av.container import InputContainer
from av.sidedata.sidedata import SideData, Type
from av.stream import Disposition, Stream
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream
from numpy.typing import NDArray

from linn_cli.errors import InputError
from linn_cli.videos import frames

# What FFmpeg's own decoders leave out of WebM: transparency.
_TRANSPARENT = {"vp8": "libvpx", "vp9": "libvpx-vp9"}
_ACCURATE = "flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp"


@dataclass(frozen=True)
class Video:
    """An open video file, the stream of it whose frames are meant, what decodes it, and the first of these."""

    path: Path
    container: InputContainer
    stream: VideoStream
    decoder: VideoCodecContext
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
        """Bits per second of the frames; where only the whole file's are known, less those of the sound.

        0 where they are unknown, or only say that the codec loses nothing.
        """
        if not self.stream.codec_context.codec.lossy:
            return 0
        if self.stream.bit_rate:
            return self.stream.bit_rate
        streams = self.container.streams.audio
        sound = sum(audio.bit_rate or 0 for audio in streams if codec_of(audio))
        return max(0, (self.container.bit_rate or 0) - sound)

    def sample(self, count: int) -> list[NDArray[Any]]:
        """Some frames spread over the video, as `frames.to_array` gives them; the first one at least."""
        rate = float(self.stream.guessed_rate or 1)
        seconds = (self.container.duration or 0) / av.time_base
        places = {int((index + 0.5) / count * seconds * rate) for index in range(count)}
        if self.stream is not self.container.streams.video[0]:
            return [frames.to_array(self.first)]  # imageio knows only the first, a cover
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
            iio.imopen(self.path.absolute(), "r", plugin="pyav") as file,
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
            return self.decoder.decode(packet)
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
    with _container(path) as container:
        film = _film(path, container)
        yield Video(path, container, film, _decoder(film), _first_frame(path))


def _container(path: Path) -> InputContainer:
    try:
        # FFmpeg takes what stands before a colon for a protocol, but not in a whole path.
        return av.open(str(path.absolute()), metadata_errors="replace")
    except (av.FFmpegError, OSError) as error:
        raise _damaged(path, error) from error


def _film(path: Path, container: InputContainer) -> VideoStream:
    """The moving pictures of a file: a cover is a still one beside them."""
    films = [stream for stream in container.streams.video if not is_cover(stream)]
    if not films or not codec_of(films[0]):
        raise InputError(f"{path}: holds no moving pictures that linn can decode")
    return films[0]


def _decoder(film: VideoStream) -> VideoCodecContext:
    """What decodes a stream: what FFmpeg chooses, unless that leaves transparency out."""
    decoder = film.codec_context
    known = {key.lower(): value for key, value in film.metadata.items()}
    if known.get("alpha_mode") == "1" and (name := _TRANSPARENT.get(codec_of(film))):
        with suppress(ValueError):  # not every FFmpeg has it
            decoder = cast("VideoCodecContext", CodecContext.create(name, "r"))
    decoder.thread_type = ThreadType.AUTO
    return decoder


def _first_frame(path: Path) -> av.VideoFrame:
    """The first frame of a file, through a door of its own, so that reading in order is not disturbed."""
    with _container(path) as container:
        film = _film(path, container)
        decoder = _decoder(film)
        try:
            for packet in container.demux(film):
                for frame in decoder.decode(packet):
                    return frame
        except av.FFmpegError as error:
            raise _damaged(path, error) from error
    raise InputError(f"{path}: holds no frame that can be decoded")


def codec_of(stream: Stream) -> str:
    """FFmpeg's name for the codec of a stream; empty if it has none that FFmpeg knows."""
    context: CodecContext | None = stream.codec_context  # the stubs say that every stream has one
    return "" if context is None else str(context.codec.canonical_name)


def is_cover(stream: Stream) -> bool:
    """Whether a stream is a still picture beside the film."""
    return bool(stream.disposition & Disposition.attached_pic)


def cover(path: Path, index: int) -> bytes:
    """The picture file that a stream which is a cover holds; empty if there is none."""
    with _container(path) as container:
        return next((bytes(one) for one in container.demux(container.streams[index])), b"")


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
