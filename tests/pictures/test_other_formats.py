from __future__ import annotations

from pathlib import Path

import pytest

from linn_cli.pictures import _other_formats
from linn_cli.pictures.formats import SUFFIXES


def test_a_name_says_what_to_do() -> None:
    assert "heif-convert" in str(_other_formats.advice(Path("a.HEIC")))
    assert "darktable" in str(_other_formats.advice(Path("a.cr3")))
    assert _other_formats.advice(Path("notes.txt")) is None
    assert not any(_other_formats.advice(Path(f"a{suffix}")) for suffix in SUFFIXES)


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (b"\0\0\0\x18ftypheic\0\0\0\0", "holds HEIC"),
        (b"\0\0\0\x18ftypcrx ", "develop it to TIFF"),
        (b"\n<!DOCTYPE html><p>404", "a web page"),
        (b"%PDF-1.7", "export it as PNG"),
        (bytes(100), "nothing but zeros"),
    ],
)
def test_content_says_what_a_file_is(head: bytes, words: str) -> None:
    assert words in str(_other_formats.recognised(head))


def test_unknown_content_says_nothing() -> None:
    assert _other_formats.recognised(b"no picture") is None


def test_files_are_counted_by_kind(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("a.CR3", "b.cr3", "c.heic", "notes.txt", "noend")]
    for path in files:
        path.touch()
    assert _other_formats.in_words([*files, tmp_path / "gone.png"]) == (
        "2 CR3, 1 HEIC, 1 broken link, 2 of other kinds (no ending, TXT); "
        "develop CR3 to TIFF first (darktable, RawTherapee, dcraw -T); "
        "convert HEIC to PNG first (heif-convert, or a photo program)"
    )
