"""Videos copied with changed frames: timing, rotation, colours, sound and metadata stay, and losses are told."""

from __future__ import annotations

import weakref
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("av", reason="needs PyAV, the extra video")

import av
from av.codec.context import CodecContext
from numpy.typing import NDArray

from linn_cli.errors import InputError
from linn_cli.videos import frames, reading, transcoding
from linn_cli.videos.formats import CODECS, Codec, Settings
from tests.videos import clips

KINDS = [
    ("a.mp4", "libx264", "yuv420p", "aac"),
    ("a.mov", "libx265", "yuv420p10le", "aac"),
    ("a.mkv", "ffv1", "yuv444p", "aac"),
    ("a.mkv", "libx264", "yuv422p10le", "libopus"),
    ("a.webm", "libvpx-vp9", "yuv420p", "libopus"),
    ("a.mp4", "libsvtav1", "yuv420p10le", "aac"),
]


_USUAL = Settings()


def copied(
    source: Path, target: Path, settings: Settings = _USUAL, change: Any = None
) -> list[str]:
    with reading.opened(source) as video:
        return transcoding.transcode(video, target, change or (lambda array: array), settings)


@pytest.mark.parametrize(("name", "codec", "pixels", "sound"), KINDS)
def test_a_copy_keeps_all_but_the_frames(
    tmp_path: Path, name: str, codec: str, pixels: str, sound: str
) -> None:
    options = {"x265-params": "log-level=error"} if codec == "libx265" else None
    source = clips.make(
        tmp_path / name, codec, pixels, sound=sound, title="A title", options=options
    )
    target = tmp_path / f"copy-{name}"
    assert copied(source, target) == []
    assert clips.times(target) == clips.times(source)
    assert clips.sound(target) == clips.sound(source)
    before, after = clips.decoded(source)[0], clips.decoded(target)[0]
    assert after.format.name == before.format.name == pixels
    assert after.rotation == before.rotation == 90
    for kind in ("colorspace", "color_range", "color_primaries", "color_trc"):
        assert getattr(after, kind) == getattr(before, kind), kind
    with av.open(str(source)) as one, av.open(str(target)) as other:
        assert {key.lower(): value for key, value in other.metadata.items()}["title"] == "A title"
        codecs = [[reading.codec_of(stream) for stream in file.streams] for file in (one, other)]
        assert codecs[0] == codecs[1]


def test_a_lossless_copy_has_the_changed_frames(tmp_path: Path) -> None:
    source = clips.make(tmp_path / "a.mkv", "ffv1", "bgr0", sound=None)

    def invert(array: NDArray[Any]) -> NDArray[Any]:
        return 255 - array

    copied(source, tmp_path / "b.mkv", change=invert)
    pairs = zip(clips.decoded(source), clips.decoded(tmp_path / "b.mkv"), strict=True)
    for before, after in pairs:
        np.testing.assert_array_equal(
            255 - before.to_ndarray(format="rgb24"), after.to_ndarray(format="rgb24")
        )


def test_frames_are_freed_as_they_are_written(tmp_path: Path) -> None:
    source = clips.make(tmp_path / "a.mkv", "ffv1", "bgr0", sound=None)
    seen: list[weakref.ref[NDArray[Any]]] = []
    alive = []

    def count(array: NDArray[Any]) -> NDArray[Any]:
        seen.append(weakref.ref(array))
        alive.append(sum(one() is not None for one in seen))
        return array

    copied(source, tmp_path / "b.mkv", change=count)
    assert len(alive) == len(clips.TIMES)
    assert max(alive) <= 2


def test_a_codec_and_a_quality_can_be_chosen(tmp_path: Path) -> None:
    source = clips.make(tmp_path / "a.mp4")
    sizes = []
    for quality in (20, 90):
        target = tmp_path / f"{quality}.mp4"
        settings = Settings(CODECS["hevc"], quality)
        assert copied(source, target, settings) == []
        with av.open(str(target)) as file:
            assert reading.codec_of(file.streams.video[0]) == "hevc"
            assert file.streams.video[0].codec_context.codec_tag == "hvc1"
        sizes.append(target.stat().st_size)
    assert sizes[0] < sizes[1]


def test_another_container_says_which_codec_it_got(tmp_path: Path) -> None:
    source = clips.make(tmp_path / "a.mkv", sound="libopus")
    [said] = copied(source, tmp_path / "b.webm")
    assert said == "the video was h264 and is vp9 now"
    assert clips.times(tmp_path / "b.webm") == clips.times(source)


def first_array(path: Path) -> NDArray[Any]:
    with reading.opened(path) as video:
        return frames.to_array(video.first).astype(int)


@pytest.mark.parametrize("name", ["b.mp4", "b.webm", "b.mkv"])
def test_red_green_and_blue_keep_their_colours(tmp_path: Path, name: str) -> None:
    source = clips.make_still(tmp_path / "a.mov", "png", "rgb24", clips.ramp())
    copied(source, tmp_path / name, Settings(quality=100))
    difference = first_array(tmp_path / name) - first_array(source)
    assert np.abs(difference).mean() < 1.5


def test_transparency_stays_in_webm(tmp_path: Path) -> None:
    picture = clips.ramp(alpha=True)
    source = tmp_path / "a.webm"
    clips.make_still(source, "libvpx-vp9", "yuva420p", picture, alpha_mode="1")
    for target, settings in (
        (tmp_path / "b.webm", Settings(strip_metadata=True)),
        (tmp_path / "c.webm", Settings(CODECS["vp8"], 100)),
    ):
        assert copied(source, target, settings) == []
        assert np.abs(first_array(target)[:, :, 3] - picture[:, :, 3]).mean() < 2


def test_what_the_codec_does_not_hold_is_named(tmp_path: Path) -> None:
    source = clips.make_still(tmp_path / "a.mov", "png", "rgba", clips.ramp(alpha=True))
    assert copied(source, tmp_path / "b.mp4") == [
        "the video was png and is h264 now",
        "left out: transparency, as h264 holds yuv444p",
    ]
    for codec in ("hevc", "av1"):
        [said] = copied(source, tmp_path / "c.mkv", Settings(CODECS[codec]))
        assert said.startswith("left out: transparency")


@pytest.mark.parametrize("codec", [*CODECS.values()], ids=lambda codec: codec.name)
@pytest.mark.parametrize("size", [(97, 65), (96, 65)])
def test_sides_may_be_odd(tmp_path: Path, codec: Codec, size: tuple[int, int]) -> None:
    source = clips.make_still(tmp_path / "a.mkv", "ffv1", "yuv420p", clips.ramp(*size))
    assert copied(source, tmp_path / "b.mkv", Settings(codec)) == []
    frame = clips.decoded(tmp_path / "b.mkv")[0]
    assert (frame.width, frame.height) == size


@pytest.mark.parametrize("name", ["b.mp4", "b.mkv"])
def test_a_cover_stays_one(tmp_path: Path, name: str) -> None:
    source = clips.add_stream(clips.make(tmp_path / "a.mp4"), tmp_path / "cover.mp4", cover=True)
    assert copied(source, tmp_path / name) == []
    with av.open(str(tmp_path / name)) as file:
        assert [reading.is_cover(one) for one in file.streams] == [False, False, True]
    assert reading.cover(tmp_path / name, 2) == reading.cover(source, 2)
    assert copied(source, tmp_path / "b.mov") == ["left out: cover mjpeg, which mov does not hold"]


def test_a_second_film_is_copied_and_that_is_said(tmp_path: Path) -> None:
    source = clips.add_stream(clips.make(tmp_path / "a.mp4"), tmp_path / "two.mp4")
    [said] = copied(source, tmp_path / "b.mp4")
    assert said == "1 more of its videos were copied as they are, noise and all"


def test_subtitles_stay_or_are_named(tmp_path: Path) -> None:
    texts = tmp_path / "a.srt"
    texts.write_text("1\n00:00:00,000 --> 00:00:00,200\nhello\n")
    source = clips.add_stream(clips.make(tmp_path / "a.mp4"), tmp_path / "a.mkv", subtitle=texts)
    assert copied(source, tmp_path / "b.mkv") == []
    said = copied(source, tmp_path / "b.mp4")
    assert said == ["left out: subtitle subrip, which mp4 does not hold"]


def test_chapters_go_from_one_container_to_the_next(tmp_path: Path) -> None:
    titles = ["one", "two"]
    path = tmp_path / "a.mkv"
    clips.make_still(path, "libx264", "yuv420p", clips.ramp(), chapters=titles)
    for name in ("b.mp4", "c.mp4", "d.mkv"):
        assert copied(path, tmp_path / name) == []
        path = tmp_path / name
        with av.open(str(path)) as file:
            assert [one["metadata"]["title"] for one in file.chapters()] == titles


def test_frames_of_another_size_are_scaled_and_that_is_said(tmp_path: Path) -> None:
    source = tmp_path / "a.mkv"
    with av.open(str(source), "w") as container:
        stream: Any = container.add_stream("libvpx-vp9", rate=25)
        stream.width, stream.height, stream.pix_fmt = clips.WIDTH, clips.HEIGHT, "yuv420p"
        for at, size in enumerate(((clips.WIDTH, clips.HEIGHT), (48, 32))):
            encoder: Any = CodecContext.create("libvpx-vp9", "w")
            encoder.width, encoder.height = size
            encoder.pix_fmt, encoder.time_base = "yuv420p", Fraction(1, 25)
            frame = av.VideoFrame.from_ndarray(clips.ramp(*size))
            frame.pts, frame.time_base = at, Fraction(1, 25)
            for packet in (*encoder.encode(frame), *encoder.encode(None)):
                packet.stream = stream
                container.mux(packet)
    assert copied(source, tmp_path / "b.mkv") == ["frames of another size were scaled to 96 x 64"]
    assert len(clips.decoded(tmp_path / "b.mkv")) == 2


def test_sound_is_never_dropped(tmp_path: Path) -> None:
    source = clips.make(tmp_path / "a.mp4")
    with pytest.raises(InputError, match="webm does not hold the sound"):
        copied(source, tmp_path / "b.webm")


def test_metadata_goes_where_that_is_asked_for(tmp_path: Path) -> None:
    source = clips.make(tmp_path / "a.mp4", title="A title")
    copied(source, tmp_path / "b.mp4", Settings(strip_metadata=True))
    with av.open(str(tmp_path / "b.mp4")) as file:
        assert "title" not in file.metadata
    assert clips.decoded(tmp_path / "b.mp4")[0].rotation == 90


def test_metadata_that_a_container_does_not_hold_is_named(tmp_path: Path) -> None:
    source = clips.make(tmp_path / "a.mkv", sound=None, shutter="1/50")
    said = copied(source, tmp_path / "b.mp4")
    assert said == ["left out: metadata (SHUTTER)"]


def test_a_file_that_is_cut_short_says_how_much_was_read(tmp_path: Path) -> None:
    source = clips.make(tmp_path / "a.mp4", sound=None, options={"movflags": "faststart"})
    with reading.opened(source) as video:
        assert transcoding._of_the_source(video, 4, 0.2) == [
            "the file names 6 frames, and 4 can be decoded"
        ]


def test_a_stream_that_is_cut_short_says_when_it_ends(tmp_path: Path) -> None:
    source = clips.make(tmp_path / "a.mkv", "ffv1", "bgr0", sound=None)
    with reading.opened(source) as video:
        seconds = (video.container.duration or 0) / av.time_base
        assert transcoding._of_the_source(video, 6, seconds) == []
        [said] = transcoding._of_the_source(video, 1, seconds - 1.5)
    assert said.startswith("the frames end after")
