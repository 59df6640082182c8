"""Which files are videos, and which codec and rate linn chooses."""

from __future__ import annotations

from pathlib import Path

import pytest

from linn_cli.errors import InputError, UsageError
from linn_cli.videos import formats
from linn_cli.videos.formats import CODECS, Codec


def test_a_video_is_known_by_its_ending() -> None:
    assert formats.is_video(Path("a/CLIP.MP4"))
    assert not formats.is_video(Path("clip.gif"))


def test_a_codec_that_linn_does_not_write_is_refused() -> None:
    with pytest.raises(UsageError, match="'divx': choose one of h264, hevc"):
        formats.codec_named("divx")


@pytest.mark.parametrize(
    ("source", "wanted", "held", "chosen"),
    [
        ("hevc", None, {"h264", "hevc"}, "hevc"),
        ("hevc", "h264", {"h264", "hevc"}, "h264"),
        ("mpeg2video", None, {"h264", "hevc", "mpeg2video"}, "h264"),
        ("h264", None, {"vp8", "vp9", "av1"}, "vp9"),
        ("ffv1", None, {"h264", "ffv1"}, "h264"),  # players show no FFV1 in MP4
        ("ffv1", "ffv1", {"h264", "ffv1"}, "ffv1"),
    ],
)
def test_the_codec_is_the_wanted_the_sources_or_a_usual_one(
    source: str, wanted: str | None, held: set[str], chosen: str
) -> None:
    asked = CODECS[wanted] if wanted else None
    assert formats.choose(source, asked, held, "mp4").name == chosen


def test_a_container_that_does_not_hold_the_wanted_codec_says_so() -> None:
    with pytest.raises(InputError, match="webm does not hold h264: choose another --codec"):
        formats.choose("vp9", CODECS["h264"], {"vp9"}, "webm")


def test_the_rate_is_the_sources_unless_a_quality_is_given() -> None:
    h264 = CODECS["h264"]
    assert h264.rate(None, 5_000_000) == ({}, 5_000_000)
    assert h264.rate(100, 5_000_000) == ({"crf": "0"}, 0)
    assert h264.rate(50, None) == ({"crf": "26"}, 0)
    assert h264.rate(None, None)[0]["crf"] == "13"


@pytest.mark.parametrize("codec", [one for one in CODECS.values() if one.worst])
def test_more_quality_is_a_lower_factor(codec: Codec) -> None:
    factors = [int(codec.rate(quality, None)[0]["crf"]) for quality in (1, 50, 100)]
    assert factors == sorted(factors, reverse=True)
    assert factors[-1] == (1 if codec.name == "av1" else 0)  # AV1's encoder takes 0 for none


def test_a_codec_without_a_quality_refuses_one() -> None:
    assert CODECS["ffv1"].rate(None, 5_000_000) == ({}, 0)
    with pytest.raises(UsageError, match="ffv1 has no quality"):
        CODECS["ffv1"].rate(50, None)
