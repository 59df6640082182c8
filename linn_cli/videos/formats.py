"""Which files are videos, by their names, and the codecs that linn writes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from linn_cli.errors import InputError, UsageError

ENDINGS = (".mp4", ".m4v", ".mov", ".mkv", ".webm")
# If the source says nothing of its bits per second, and nobody asks for a quality.
_QUALITY = 75
_BEST = 100
# What FFmpeg puts into such a file, and few players show.
_RARE = {("ffv1", "mp4"), ("ffv1", "m4v")}
# The first that a container holds is written where it does not hold the source's codec.
_USUAL = ("h264", "vp9")


@dataclass(frozen=True)
class Codec:
    """A codec under FFmpeg's name.

    `worst` and `best` are its largest and smallest constant rate factor; one that has no largest is without loss, or
    fixes its own bits per second. `ceiling` is a limit to the bits per second that a constant rate factor needs.
    `options` go to the encoder. `halves_even`: it halves the colours only of sides that are even.
    `experimental` are pixel formats that it names and does not write.
    """

    name: str
    encoder: str
    worst: int | None = None
    best: int = 0
    ceiling: int = 0
    options: dict[str, str] = field(default_factory=dict)
    halves_even: bool = False
    experimental: tuple[str, ...] = ()

    def rate(self, quality: int | None, bit_rate: int | None) -> tuple[dict[str, str], int]:
        """The encoder's options and bits per second, 0 for none, for a quality of 1 to 100 or the source's bit rate.

        Raises:
            UsageError: there is a quality, and the codec knows none.
        """
        if self.worst is None:
            if quality is not None:
                raise UsageError(f"{self.name} has no quality to choose: leave --quality out")
            return self.options, 0
        if quality is None and bit_rate:
            return self.options, bit_rate
        factor = round(self.worst * (_BEST - (quality or _QUALITY)) / _BEST)
        return {**self.options, "crf": str(max(factor, self.best))}, self.ceiling


@dataclass(frozen=True)
class Settings:
    """How frames are encoded: by default in the source's codec, with its bits per second; quality 1 to 100."""

    codec: Codec | None = None
    quality: int | None = None
    strip_metadata: bool = False


_VPX = {"deadline": "good", "cpu-used": "4"}
CODECS = {
    codec.name: codec
    for codec in (
        Codec("h264", "libx264", 51, halves_even=True),
        Codec(
            "hevc",
            "libx265",
            51,
            options={"x265-params": "log-level=error"},
            halves_even=True,
            experimental=("yuva420p", "yuva420p10le"),
        ),
        Codec(
            "vp8",
            "libvpx",
            63,
            ceiling=10**9,
            # Frames for reference alone do not go with transparency, and 4 is its usual best.
            options={**_VPX, "auto-alt-ref": "0", "qmin": "0"},
        ),
        Codec(
            "vp9",
            "libvpx-vp9",
            63,
            options={**_VPX, "row-mt": "1"},
            experimental=("yuva422p", "yuva444p", "gbrap"),
        ),
        Codec("av1", "libsvtav1", 63, best=1),  # it takes 0 for none
        Codec("ffv1", "ffv1"),
        Codec("prores", "prores_ks"),
    )
}


def is_video(path: Path) -> bool:
    """Whether a file's name is that of a video."""
    return path.suffix.lower() in ENDINGS


def codec_named(name: str) -> Codec:
    """The codec of this name.

    Raises:
        UsageError: linn writes none of this name.
    """
    try:
        return CODECS[name.lower()]
    except KeyError:
        raise UsageError(f"unknown codec {name!r}: choose one of {', '.join(CODECS)}") from None


def choose(source: str, wanted: Codec | None, held: Collection[str], container: str) -> Codec:
    """The codec to write: the one that is wanted, else the source's, else a usual one that the container holds.

    Raises:
        InputError: the container does not hold the one that is wanted.
    """
    if wanted:
        if wanted.name not in held:
            raise InputError(f"{container} does not hold {wanted.name}: choose another --codec")
        return wanted
    names = [
        name
        for name in (source, *_USUAL)
        if name in CODECS and name in held and (name, container) not in _RARE
    ]
    if not names:
        raise InputError(f"{container} holds no codec that linn writes: name another output")
    return CODECS[names[0]]
