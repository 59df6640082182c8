"""The streams of a video that is written: that of its frames, and those that are copied from another."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import cast

import av
from av.container import OutputContainer
from av.stream import AttachmentStream, Stream
from av.video.stream import VideoStream

from linn_cli.errors import InputError
from linn_cli.videos import frames, reading
from linn_cli.videos.formats import Codec, Settings
from linn_cli.videos.reading import Video


def add_frames(
    video: Video, container: OutputContainer, codec: Codec, settings: Settings
) -> VideoStream:
    """A stream for the frames of a video, with its colours, its time base and its rotation.

    Raises:
        InputError: PyAV brings no encoder for the codec.
    """
    source = video.stream
    os.environ.setdefault("SVT_LOG", "1")  # only errors: that encoder prints its settings otherwise
    options, bit_rate = codec.rate(settings.quality, video.bit_rate)
    try:
        stream = container.add_stream(codec.encoder, rate=source.average_rate, options=options)
    except ValueError as error:
        raise InputError(
            f"PyAV's FFmpeg has no encoder {codec.encoder}: choose another --codec"
        ) from error
    added = cast("VideoStream", stream)
    context = added.codec_context
    context.width, context.height = video.size
    known = [one.name for one in context.codec.video_formats or ()]
    held = [name for name in known if name not in codec.experimental]
    pixels = frames.pixel_format(
        video.first.format.name, held, video.size, halves_even=codec.halves_even
    )
    context.pix_fmt = pixels
    if codec.encoder.startswith("libvpx") and frames.has_alpha(av.VideoFormat(pixels)):
        added.metadata["alpha_mode"] = "1"  # without it players do not look for transparency
    context.time_base = source.time_base or context.time_base
    if source.sample_aspect_ratio:
        context.sample_aspect_ratio = source.sample_aspect_ratio
    first = video.first
    context.colorspace, context.color_range = frames.matrix_and_range(first, pixels)
    context.color_primaries, context.color_trc = first.color_primaries, first.color_trc
    if bit_rate:
        context.bit_rate = bit_rate
    if matrix := reading.display_matrix(first):
        added.set_display_matrix(matrix)
    return added


def add_copy(video: Video, source: Stream, container: OutputContainer, name: str) -> Stream | None:
    """A stream for the packets of another one of a video, or a file that is attached; None if the container holds none.

    Raises:
        InputError: that is sound.
    """
    if isinstance(source, AttachmentStream):
        known = source.metadata
        held = known.get("filename", "attachment"), source.mimetype or known.get("mimetype", "")
        with suppress(ValueError, av.FFmpegError):
            return container.add_attachment(*held, source.data)
        return None
    if reading.is_cover(source) and name == "mov":
        return None  # FFmpeg would drop it without a word
    if reading.is_cover(source) and name == "mkv":
        kind = "png" if reading.codec_of(source) == "png" else "jpeg"
        held = f"cover.{kind.replace('e', '')}", f"image/{kind}"
        return container.add_attachment(*held, reading.cover(video.path, source.index))
    if reading.codec_of(source) in container.supported_codecs:
        with suppress(ValueError, av.FFmpegError):
            return container.add_stream_from_template(source)
    if source.type == "audio":
        raise InputError(
            f"{name} does not hold the sound ({described(source)}): name an output that ends in .mkv"
        )
    return None


def described(stream: Stream) -> str:
    """What a stream is, in words."""
    kind = "cover" if reading.is_cover(stream) else stream.type
    return f"{kind} {reading.codec_of(stream)}".rstrip()
