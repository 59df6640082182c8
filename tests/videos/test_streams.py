"""The streams of a video that is written: what cannot be is said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("av", reason="needs PyAV, the extra video")

import av

from linn_cli.errors import InputError
from linn_cli.videos import _streams, reading
from linn_cli.videos.formats import CODECS, Settings
from tests.videos import clips


def test_an_encoder_that_is_missing_is_named(tmp_path: Path) -> None:
    codec = replace(CODECS["h264"], encoder="libnone")
    with (
        reading.opened(clips.make(tmp_path / "a.mp4")) as video,
        av.open(str(tmp_path / "b.mp4"), "w") as container,
        pytest.raises(InputError, match="no encoder libnone: choose another --codec"),
    ):
        _streams.add_frames(video, container, codec, Settings())


def test_streams_are_described(tmp_path: Path) -> None:
    path = clips.add_stream(clips.make(tmp_path / "a.mp4"), tmp_path / "b.mp4", cover=True)
    with av.open(str(path)) as container:
        said = [_streams.described(stream) for stream in container.streams]
    assert said == ["video h264", "audio aac", "cover mjpeg"]
