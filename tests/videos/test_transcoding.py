"""Videos copied with changed frames: timing, rotation, colours, sound and metadata stay, and losses are told."""

from __future__ import annotations

import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("av", reason="needs PyAV, the extra video")

import av
from numpy.typing import NDArray

from linn_cli.errors import InputError
from linn_cli.videos import reading, transcoding
from linn_cli.videos.formats import CODECS, Settings
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
