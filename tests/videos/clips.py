"""Small videos with sound, made for tests. Import it after `pytest.importorskip("av")`."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
from av.stream import Disposition
from av.video.stream import VideoStream
from numpy.typing import NDArray

WIDTH, HEIGHT = 96, 64  # less is too small for AV1
# Milliseconds; the rate varies.
TIMES = (0, 40, 80, 200, 240, 280)
BASE = Fraction(1, 12800)


def pictures(count: int = len(TIMES), sigma: float = 15) -> list[NDArray[np.uint8]]:
    """Smooth colour frames with noise, uint8 (HEIGHT, WIDTH, 3)."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    clean = np.dstack([130 + 50 * np.sin(rows / k) * np.cos(columns / 9) for k in (6, 7, 8)])
    chance = np.random.default_rng(0)
    return [
        (clean + chance.normal(0, sigma, clean.shape)).round().clip(0, 255).astype(np.uint8)
        for _ in range(count)
    ]


def make(
    path: Path,
    codec: str = "libx264",
    pixels: str = "yuv420p",
    *,
    frames: Sequence[NDArray[np.uint8]] | None = None,
    sound: str | None = "aac",
    rotation: int = 90,
    options: dict[str, str] | None = None,
    **metadata: str,
) -> Path:
    """Write a video of BT.709 colours with a varying rate, rotated, beside a second of silence."""
    options = options or ({"crf": "1"} if codec == "libx264" else {})
    with av.open(str(path), "w") as container:
        container.metadata.update(metadata)
        stream = cast(VideoStream, container.add_stream(codec, rate=25, options=options))
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, pixels
        context = stream.codec_context
        context.time_base = BASE
        context.colorspace, context.color_range = 1, 1
        context.color_primaries, context.color_trc = 1, 1
        stream.set_display_rotation(rotation)
        audio: Any = container.add_stream(sound, rate=48000, layout="mono") if sound else None
        for at, picture in zip(TIMES, frames or pictures(), strict=True):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame = frame.reformat(format=pixels, dst_colorspace=1, dst_color_range=1)
            frame.pts, frame.time_base = int(Fraction(at, 1000) / BASE), BASE
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if audio:
            for index in range(20):
                silence = np.zeros((1, 1024), np.float32)
                part = av.AudioFrame.from_ndarray(silence, format="fltp", layout="mono")
                part.sample_rate, part.pts = 48000, index * 1024
                container.mux(audio.encode(part))
            container.mux(audio.encode(None))
    return path


def ramp(width: int = WIDTH, height: int = HEIGHT, *, alpha: bool = False) -> NDArray[np.uint8]:
    """A smooth colour frame; with `alpha` its left half is transparent."""
    rows, columns = np.mgrid[:height, :width]
    planes = [60 + columns, 200 - columns, 100 + rows]
    if alpha:
        planes.append(np.where(columns < width // 2, 0, 255))
    return np.dstack(planes).astype(np.uint8)


def make_still(
    path: Path,
    codec: str,
    pixels: str,
    picture: NDArray[np.uint8],
    *,
    count: int = 3,
    alpha_mode: str = "",
    chapters: Sequence[str] = (),
) -> Path:
    """Write a video of one frame that stays; `alpha_mode` is what WebM says of transparency."""
    height, width, channels = picture.shape
    with av.open(str(path), "w") as container:
        stream = cast(VideoStream, container.add_stream(codec, rate=25))
        stream.width, stream.height, stream.pix_fmt = width, height, pixels
        if alpha_mode:
            stream.metadata["alpha_mode"] = alpha_mode
        container.set_chapters(
            [
                {
                    "id": number + 1,
                    "start": number * 40,
                    "end": number * 40 + 40,
                    "time_base": Fraction(1, 1000),
                    "metadata": {"title": title},
                }
                for number, title in enumerate(chapters)
            ]
        )
        for at in range(count):
            frame = av.VideoFrame.from_ndarray(picture, format="rgba" if channels > 3 else "rgb24")
            frame.pts, frame.time_base = at, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def add_stream(
    source: Path, target: Path, *, cover: bool = False, subtitle: Path | None = None
) -> Path:
    """Copy a video and add a cover, a file of subtitles, or else its film once more."""
    with av.open(str(source)) as read, av.open(str(target), "w") as container:
        streams = {one.index: container.add_stream_from_template(one) for one in read.streams}
        extra: list[av.Packet[Any]] = []
        if cover:
            picture = cast(VideoStream, container.add_stream("mjpeg"))
            picture.width, picture.height, picture.pix_fmt = 32, 32, "yuvj420p"
            picture.disposition = Disposition.attached_pic
            frame = av.VideoFrame.from_ndarray(ramp(32, 32)).reformat(format="yuvj420p")
            frame.pts = 0
            extra = [*picture.encode(frame), *picture.encode(None)]
        elif subtitle:
            with av.open(str(subtitle)) as texts:
                added = container.add_stream_from_template(texts.streams[0])
                extra = [packet for packet in texts.demux() if packet.dts is not None]
            for packet in extra:
                packet.stream = added
        else:
            again = container.add_stream_from_template(read.streams.video[0])
            with av.open(str(source)) as twice:
                extra = [packet for packet in twice.demux(video=0) if packet.dts is not None]
            for packet in extra:
                packet.stream = again
        container.mux(extra)
        for packet in read.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream.index]
                container.mux(packet)
    return target


def decoded(path: Path) -> list[av.VideoFrame]:
    with av.open(str(path)) as container:
        return list(container.decode(video=0))


def times(path: Path) -> list[int]:
    """When each frame is shown, in milliseconds, and how long the last one is."""
    frames = decoded(path)
    last = frames[-1]
    seconds = [frame.time for frame in frames] + [float(last.duration * (last.time_base or 0))]
    return [round(1000 * at) for at in seconds]


def sound(path: Path) -> list[tuple[float, bytes]]:
    """The packets of the sound, and when each is heard."""
    with av.open(str(path)) as container:
        packets = container.demux(audio=0)
        return [
            (round(float((packet.pts or 0) * packet.time_base), 4), bytes(packet))
            for packet in packets
            if packet.size
        ]
