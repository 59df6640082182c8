"""Small videos with sound, made for tests. Import it after `pytest.importorskip("av")`."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
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
