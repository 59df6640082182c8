from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from linn_cli.errors import InputError
from linn_cli.pictures._conversion import is_deep, suited
from linn_cli.pictures.formats import format_named
from linn_cli.pictures.picture import Document, Picture


def document(
    *kinds: str, channels: int = 1, alpha: NDArray[Any] | None = None, **metadata: Any
) -> Document:
    """A document of a frame for each dtype, black to white."""
    frames = []
    for kind in kinds:
        dtype = np.dtype(kind)
        white = np.iinfo(dtype).max if dtype.kind == "u" else 1
        ramp = (np.linspace(0, 1, 12).reshape(3, 4, 1) * white).astype(dtype)
        frames.append(Picture(ramp.repeat(channels, axis=2), alpha))
    return Document(tuple(frames), format_named("png"), metadata)


def test_what_a_format_holds_is_left_as_it_is() -> None:
    given = document("uint16", channels=3, icc_profile=b"profile")
    answer, remarks = suited(given, format_named("png"))
    assert remarks == []
    assert np.array_equal(answer.frames[0].values, given.frames[0].values)
    assert answer.metadata == given.metadata


@pytest.mark.parametrize(
    ("kind", "target", "becomes"),
    [("float32", "png", "uint16"), ("uint16", "jpeg", "uint8"), ("float32", "bmp", "uint8")],
)
def test_depth_goes_down_to_what_the_format_has(kind: str, target: str, becomes: str) -> None:
    answer, remarks = suited(document(kind), format_named(target))
    values = answer.frames[0].values
    assert values.dtype == becomes
    white = np.iinfo(becomes).max
    np.testing.assert_allclose(
        values[..., 0].ravel() / white, np.linspace(0, 1, 12), atol=1 / white
    )
    assert remarks == [f"{kind} samples became {becomes}, which {format_named(target)} holds"]


def test_an_animation_has_eight_bits() -> None:
    answer, remarks = suited(document("uint16", "uint16"), format_named("png"))
    assert [frame.values.dtype.name for frame in answer.frames] == ["uint8", "uint8"]
    assert len(remarks) == 1


HALF = np.full((3, 4), 128, np.uint8)


@pytest.mark.parametrize(
    ("given", "target", "reason"),
    [
        (document("uint8", "uint8"), "jpeg", "holds one picture, not 2 frames"),
        (document("uint8", alpha=HALF), "jpeg", "has no transparency"),
        (document("uint8", alpha=HALF), "gif", "GIF has no partial transparency"),
    ],
)
def test_what_a_format_has_no_place_for_is_refused(
    given: Document, target: str, reason: str
) -> None:
    with pytest.raises(InputError, match=reason):
        suited(given, format_named(target))


def test_metadata_without_a_place_is_said() -> None:
    given = document("uint8", icc_profile=b"profile", chunks=[(b"gAMA", b"")])
    answer, remarks = suited(given, format_named("bmp"))
    assert answer.metadata == {}
    assert remarks == [
        "BMP does not hold the metadata (icc_profile)",
        "what the file says of its colours is left out of BMP: they may shift",
    ]


def test_deep_pictures_are_those_that_pillow_cannot_write() -> None:
    assert not is_deep(document("uint16").frames)
    assert is_deep(document("uint16", channels=3).frames)
    assert is_deep(document("uint16", alpha=HALF.astype(np.uint16)).frames)
    assert not is_deep(document("uint8", channels=3, alpha=HALF).frames)


@pytest.mark.parametrize(
    ("dtype", "low", "high"), [("float32", 0, 60_000), ("float64", -9, -2), ("int16", -1000, 500)]
)
def test_measured_values_are_not_cut_off_in_silence(dtype: str, low: float, high: float) -> None:
    values = np.linspace(low, high, 100).reshape(10, 10, 1).astype(dtype)
    counts = Document((Picture(values),), format_named("tiff"))
    assert suited(counts, format_named("tiff"))[1] == []
    with pytest.raises(InputError, match=rf"from {low} to {high}, which PNG would cut off: write"):
        suited(counts, format_named("png"))


def test_pixels_without_a_value_are_black_in_formats_of_integers() -> None:
    values = np.full((4, 4, 1), 0.5, np.float32)
    values[1, 2] = np.nan
    answer, remarks = suited(
        Document((Picture(values),), format_named("tiff")), format_named("png")
    )
    assert answer.frames[0].values[1, 2, 0] == 0
    assert "pixels without a value became black" in remarks


@pytest.mark.parametrize("kinds", [("uint8", "uint16"), ("uint16", "uint8"), ("float32", "uint8")])
def test_every_frame_goes_down_to_what_the_format_has(kinds: tuple[str, str]) -> None:
    answer, remarks = suited(document(*kinds), format_named("png"))
    assert [frame.values.dtype.name for frame in answer.frames] == ["uint8", "uint8"]
    [deep] = [kind for kind in kinds if kind != "uint8"]
    assert remarks == [f"{deep} samples became uint8, which PNG holds"]


@pytest.mark.parametrize(
    ("durations", "loop", "target", "words"),
    [
        ([100, 250], 0, "tiff", ["TIFF does not hold how long each frame is shown"]),
        ([100, 255], 0, "gif", ["in steps of 10 ms"]),
        ([100, 250], 0, "gif", []),
        ([100, 255], 3, "avif", ["AVIF does not hold how often the animation plays"]),
        ([100, 255], 3, "webp", []),
    ],
)
def test_timing_without_a_place_is_said(
    durations: list[int], loop: int, target: str, words: list[str]
) -> None:
    frames = document("uint8", "uint8").frames
    timing = {"duration": durations, "loop": loop}
    moving = Document(frames, format_named("webp"), timing=timing)
    remarks = suited(moving, format_named(target))[1]
    assert len(remarks) == len(words)
    assert all(word in remark for word, remark in zip(words, remarks, strict=True))
