"""Videos opened: what they hold, samples of them, and what is wrong with them."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("av", reason="needs PyAV, the extra video")

from linn_cli.errors import InputError
from linn_cli.videos import frames, reading
from tests.videos import clips


def test_a_video_says_what_it_holds(tmp_path: Path) -> None:
    with reading.opened(clips.make(tmp_path / "a.mp4")) as video:
        assert video.size == (clips.WIDTH, clips.HEIGHT)
        assert video.length == len(clips.TIMES)
        assert video.codec == "h264"
        assert video.bit_rate > 10_000
        matrix = reading.display_matrix(video.first)
        assert matrix
        assert len(matrix) == 9


def test_samples_are_frames_of_the_video(tmp_path: Path) -> None:
    path = clips.make(tmp_path / "a.mkv", "ffv1", "yuv444p", sound=None)
    all_frames = [frames.to_array(frame).astype(int) for frame in clips.decoded(path)]
    with reading.opened(path) as video:
        sampled = video.sample(3)
    assert 1 <= len(sampled) <= 3
    for array in sampled:
        # The filter that converts them may round otherwise.
        assert min(np.abs(array - one).max() for one in all_frames) <= 1


def test_a_few_frames_give_a_sample_at_least(tmp_path: Path) -> None:
    path = tmp_path / "one.mp4"
    clips.make(path, sound=None)
    with reading.opened(path) as video:
        assert len(video.sample(9)) >= 1


def test_what_is_no_video_says_so(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.mp4"
    wrong.write_bytes(b"no video at all" * 50)
    with (
        pytest.raises(InputError, match=re.escape(f"{wrong}: cannot be read as a video")),
        reading.opened(wrong),
    ):
        pass
    with pytest.raises(InputError, match="no such file"), reading.opened(tmp_path / "none.mp4"):
        pass


def test_sound_alone_is_no_video(tmp_path: Path) -> None:
    import av

    path = tmp_path / "sound.mkv"
    with av.open(str(clips.make(tmp_path / "a.mp4"))) as source, av.open(str(path), "w") as copy:
        stream = copy.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(audio=0):
            if packet.dts is not None:
                packet.stream = stream
                copy.mux(packet)
    with pytest.raises(InputError, match="no moving pictures"), reading.opened(path):
        pass


def test_a_name_with_a_colon_is_no_protocol(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clips.make(tmp_path / "a.mp4").rename(tmp_path / "at 10:30.mp4")
    monkeypatch.chdir(tmp_path)
    with reading.opened(Path("at 10:30.mp4")) as video:
        assert len(video.sample(3)) >= 1


def test_the_bits_of_a_codec_that_loses_nothing_tell_nothing(tmp_path: Path) -> None:
    with reading.opened(clips.make(tmp_path / "a.mkv", "ffv1", "yuv444p")) as video:
        assert video.bit_rate == 0


def test_transparency_of_webm_is_decoded(tmp_path: Path) -> None:
    path = tmp_path / "a.webm"
    clips.make_still(path, "libvpx-vp9", "yuva420p", clips.ramp(alpha=True), alpha_mode="1")
    with reading.opened(path) as video:
        alpha = frames.to_array(video.first)[:, :, 3]
        assert alpha[:, 0].max() < 3
        assert alpha[:, -1].min() > 252
        assert video.sample(2)[0].shape[2] == 4


def test_a_cover_is_no_film(tmp_path: Path) -> None:
    path = clips.add_stream(clips.make(tmp_path / "a.mp4"), tmp_path / "b.mp4", cover=True)
    with reading.opened(path) as video:
        assert video.codec == "h264"
        [index] = [one.index for one in video.container.streams if reading.is_cover(one)]
    assert reading.cover(path, index).startswith(b"\xff\xd8")
