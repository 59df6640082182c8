"""A video into another with changed frames: these are encoded anew, all else is copied, and what is lost is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import av
from av.container import InputContainer, OutputContainer
from av.sidedata.sidedata import Type
from av.stream import Stream
from av.video.stream import VideoStream
from numpy.typing import NDArray

from linn_cli.errors import InputError
from linn_cli.videos import _streams, formats, frames, reading
from linn_cli.videos.formats import Settings
from linn_cli.videos.reading import Video

# Takes and gives a frame (H, W, C).
Change = Callable[[NDArray[Any]], NDArray[Any]]
# What a container says of itself, its writer and its size, which is another's then.
_OF_THE_FILE = {
    *("major_brand", "minor_version", "compatible_brands", "encoder", "handler_name", "vendor_id"),
    *("duration", "language", "number_of_frames", "number_of_bytes", "bps", "rotate", "alpha_mode"),
}
_STATISTICS = "_statistics"
# A film may end so many seconds before its sound without a word.
_GAP = 1.0
# Turned by the copy, or the encoder's own business.
_CARRIED = {
    *(Type.DISPLAYMATRIX, Type.SEI_UNREGISTERED, Type.VIDEO_ENC_PARAMS, Type.GOP_TIMECODE),
    *(Type.PANSCAN, Type.REGIONS_OF_INTEREST, Type.MOTION_VECTORS),
}
# What Apple's players know HEVC by.
_HEVC_TAG, _TAGGED = "hvc1", (".mp4", ".m4v", ".mov")


def transcode(video: Video, target: Path, change: Change, settings: Settings) -> list[str]:
    """Write a video whose frames are changed one by one; a few of them are held at a time.

    Args:
        video: an open one, from its beginning.
        target: its ending chooses the container. What is there is replaced, and is no video after a failure.
        change: each frame in order.
        settings: of the encoder.

    Returns:
        Remarks: what the container could not hold, what became of the codec, and what the source lacks.

    Raises:
        InputError: the source is damaged, or the container cannot hold the sound or the codec.
    """
    with _writing(target):
        with av.open(str(target.absolute()), "w") as container:
            copy = _Copy.begin(video, container, target, settings)
            count, end = 0, 0.0
            for packet in video.packets():
                if packet.stream.index != video.stream.index:
                    copy.pass_on(packet)
                    continue
                for frame in video.decode(packet):
                    copy.encode(frame, change(frames.to_array(frame)))
                    count += 1
                    end = max(end, float(frame.time or 0))
            copy.finish()
        remarks = [*copy.remarks, *_of_the_source(video, count, end)]
        return remarks if settings.strip_metadata else remarks + _lost(video.container, target)


@contextmanager
def _writing(target: Path) -> Iterator[None]:
    """Errors of the writer, whose cause is the format or the disk; those of the reader are told already."""
    try:
        yield
    except av.FFmpegError as error:
        said = getattr(error, "strerror", None) or error
        raise InputError(f"{target.suffix[1:]} cannot be written ({said})") from error


@dataclass
class _Copy:
    """A container that is being written: its stream of frames, and where each other stream of the source goes."""

    container: OutputContainer
    stream: VideoStream
    others: dict[int, Stream]
    remarks: list[str]
    durations: dict[int, int] = field(default_factory=dict)

    @classmethod
    def begin(
        cls, video: Video, container: OutputContainer, target: Path, settings: Settings
    ) -> _Copy:
        held = container.supported_codecs
        name = target.suffix.lower()[1:]
        codec = formats.choose(video.codec, settings.codec, held, name)
        remarks = []
        if codec.name != video.codec and not settings.codec:
            remarks.append(f"the video was {video.codec} and is {codec.name} now")
        streams: dict[int, Stream] = {}
        chapters = video.container.chapters()
        # In the order of the source, which players show.
        for source in video.container.streams:
            if source.index == video.stream.index:
                added: Stream | None = _streams.add_frames(video, container, codec, settings)
            else:
                added = _streams.add_copy(video, source, container, name)
            if added is None:
                if source.type == "data" and source.frames == len(chapters) > 0:
                    continue  # the names of the chapters, which the container writes by itself
                kind = _streams.described(source)
                remarks.append(f"left out: {kind}, which {name} does not hold")
                continue
            streams[source.index] = added
            if not settings.strip_metadata:
                added.metadata.update(_kept(source.metadata))
                if source.language:
                    added.metadata["language"] = source.language
            with suppress(AttributeError, ValueError):
                added.disposition = source.disposition
        if not settings.strip_metadata:
            container.metadata.update(_kept(video.container.metadata))
            container.set_chapters(chapters)
        stream = cast("VideoStream", streams.pop(video.stream.index))
        pixels = av.VideoFormat(str(stream.pix_fmt))
        losses = frames.losses(video.first.format, pixels)
        remarks += [f"{lost}, as {codec.name} holds {pixels.name}" for lost in losses]
        if codec.name == "hevc" and target.suffix.lower() in _TAGGED:
            stream.codec_context.codec_tag = _HEVC_TAG
        if others := sum(
            one.type == "video" for one in streams.values() if not reading.is_cover(one)
        ):
            remarks.append(f"{others} more of its videos were copied as they are, noise and all")
        packed = {at: one for at, one in streams.items() if one.type != "attachment"}
        return cls(container, stream, packed, remarks)

    def encode(self, like: av.VideoFrame, array: NDArray[Any]) -> None:
        width, height = self.stream.width, self.stream.height
        if (like.width, like.height) != (width, height):
            scaled = f"frames of another size were scaled to {width} x {height}"
            self.remarks += [scaled] if scaled not in self.remarks else []
        frame = frames.to_frame(array, like, str(self.stream.pix_fmt))
        if frame.pts is not None and frame.duration:
            self.durations[frame.pts] = frame.duration
        self._mux(self.stream.encode(frame))

    def _mux(self, packets: Sequence[av.Packet[Any]]) -> None:
        for packet in packets:
            # Not all encoders tell, and the last frame has no next one that ends it.
            if packet.pts is not None:
                packet.duration = self.durations.pop(packet.pts, packet.duration)
            self.container.mux(packet)

    def pass_on(self, packet: av.Packet[Any]) -> None:
        # An empty packet ends a stream; a cover has no time.
        if packet.size and packet.stream.index in self.others:
            packet.stream = self.others[packet.stream.index]
            self.container.mux(packet)

    def finish(self) -> None:
        self._mux(self.stream.encode(None))


def _of_the_source(video: Video, count: int, end: float) -> list[str]:
    """What is to be said of the source, of which so many frames were read, the last of them at `end` in seconds."""
    remarks = []
    seconds = (video.container.duration or 0) / av.time_base
    if not video.stream.frames and end + _GAP < seconds:
        remarks.append(f"the frames end after {end:.1f} s, and the file names {seconds:.1f} s")
    if count < video.stream.frames:
        remarks.append(f"the file names {video.stream.frames} frames, and {count} can be decoded")
    if video.first.interlaced_frame:
        remarks.append(
            "the frames are interlaced and were denoised whole: deinterlace them first "
            "(ffmpeg -i FILE -vf bwdif FILE.mkv)".replace("FILE", video.path.stem)
        )
    if lost := {data.type for data in reading.side_data(video.first)} - _CARRIED:
        names = ", ".join(sorted(map(_named, lost)))
        remarks.append(f"left out: {names}")
    return remarks


def _named(kind: Type) -> str:
    return "closed captions" if kind == Type.A53_CC else kind.name.lower().replace("_", " ")


def _kept(metadata: dict[str, str]) -> dict[str, str]:
    return {key: value for key, value in metadata.items() if not _is_of_the_file(key)}


def _is_of_the_file(key: str) -> bool:
    low = key.lower().partition("-")[0]
    return low in _OF_THE_FILE or low.startswith(_STATISTICS)


def _lost(source: InputContainer, target: Path) -> list[str]:
    """What of the metadata is not in the file that was written."""
    with av.open(str(target.absolute()), metadata_errors="replace") as written:
        known = {key.lower() for key in written.metadata}
        lost = sorted(key for key in _kept(source.metadata) if key.lower() not in known)
        words = [f"left out: metadata ({', '.join(lost)})"] if lost else []
        if len(source.chapters()) > len(written.chapters()):
            words.append("left out: chapters")
    return words
