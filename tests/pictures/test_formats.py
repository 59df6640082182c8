from __future__ import annotations

from pathlib import Path

import pytest

from linn_cli.errors import UsageError
from linn_cli.pictures.formats import FORMATS, SUFFIXES, format_named, format_of


def test_every_ending_has_one_format() -> None:
    assert len(set(SUFFIXES)) == len(SUFFIXES)
    for known in FORMATS:
        for suffix in known.suffixes:
            assert format_of(Path(f"A.B{suffix.upper()}")) is known


@pytest.mark.parametrize(("name", "found"), [("png", "PNG"), ("JPEG", "JPEG"), (".tif", "TIFF")])
def test_formats_have_names(name: str, found: str) -> None:
    assert str(format_named(name)) == found


def test_others_are_refused() -> None:
    with pytest.raises(UsageError, match="unknown format 'tga': choose one of png, jpeg"):
        format_named("tga")
    with pytest.raises(UsageError, match=r"picture.tga: choose an output name that ends in .png"):
        format_of(Path("picture.tga"))


@pytest.mark.parametrize("name", ["jpeg", "webp", "avif"])
def test_lossy_formats_have_a_quality(name: str) -> None:
    assert format_named(name).remarks_on(80) == ()


@pytest.mark.parametrize("name", ["png", "tiff", "gif", "pfm"])
def test_others_say_that_they_have_none(name: str) -> None:
    [said] = format_named(name).remarks_on(80)
    assert said == f"{format_named(name)} has no quality to choose"
    assert format_named(name).remarks_on(None) == ()
