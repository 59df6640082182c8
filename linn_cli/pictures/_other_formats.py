"""Formats that linn does not read: which of them a file is, by its name or its content, and what to do about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

_HEIC = "convert {} to PNG first (heif-convert, or a photo program)"
_RAW = "develop {} to TIFF first (darktable, RawTherapee, dcraw -T)"
_EXPORT = "export {} as PNG or TIFF first"
_ADVICE = {
    **dict.fromkeys(("heic", "heif"), _HEIC),
    **dict.fromkeys(
        (
            *("3fr", "arw", "cr2", "cr3", "crw", "dcr", "dng", "erf", "fff", "iiq", "kdc", "mef"),
            *("mos", "mrw", "nef", "nrw", "orf", "pef", "raf", "raw", "rw2", "rwl", "sr2", "srf"),
            *("srw", "x3f"),
        ),
        _RAW,
    ),
    **dict.fromkeys(
        ("bpg", "exr", "hdr", "j2k", "jp2", "jxl", "jxr", "kra", "pdf", "psb", "psd", "svg", "xcf"),
        _EXPORT,
    ),
}
_BROKEN = "broken"
# What stands at the start of a file, and at which byte.
_SIGNATURES = (
    *((4, b"ftyp" + brand, "HEIC", _HEIC) for brand in (b"hei", b"hev", b"mif1", b"msf1")),
    (4, b"ftypcrx", "CR3", _RAW),
    (0, b"FUJIFILMCCD-RAW", "RAF", _RAW),
    (0, b"8BPS", "Photoshop", _EXPORT),
    (0, b"\xff\x0a", "JPEG XL", _EXPORT),
    (4, b"JXL ", "JPEG XL", _EXPORT),
    (4, b"jP  ", "JPEG 2000", _EXPORT),
    (0, b"%PDF", "PDF", _EXPORT),
    (0, b"PK\x03\x04", "ZIP", "unpack {} first"),
)
_MARKUP = (b"<!doctype html", b"<html")


def advice(path: Path) -> str | None:
    """What to do about a file that linn does not read, by its name; None if the name says nothing."""
    known = _ADVICE.get(_kind(path))
    return known and known.format("it")


def recognised(head: bytes) -> str | None:
    """What a file that is no picture for linn is, by its first bytes, and what to do; None if they do not say."""
    for place, signature, name, todo in _SIGNATURES:
        if head[place:].startswith(signature):
            return f"holds {name}, which linn does not read, {todo.format('it')}"
    if head.lstrip().lower().startswith(_MARKUP):
        return "holds a web page and no picture, download the picture itself"
    if not any(head):
        return "holds nothing but zeros, it was damaged, copy it again"
    return None


def in_words(files: Sequence[Path]) -> str:
    """Files that linn does not read, counted by kind, and what to do about pictures among them."""
    counts = Counter(_kind(path) if path.is_file() else _BROKEN for path in files)
    words = [f"{count} {kind.upper()}" for kind, count in counts.most_common() if kind in _ADVICE]
    if broken := counts.pop(_BROKEN, 0):
        words.append(f"{broken} broken link{'s' if broken > 1 else ''}")
    if others := sorted(kind for kind in counts if kind not in _ADVICE):
        kinds = ", ".join(kind.upper() or "no ending" for kind in others)
        words.append(f"{sum(counts[kind] for kind in others)} of other kinds ({kinds})")
    todo: dict[str, list[str]] = {}
    for kind in counts:
        if kind in _ADVICE:
            todo.setdefault(_ADVICE[kind], []).append(kind.upper())
    said = ", ".join(words)
    return "; ".join([said, *(text.format(" and ".join(kinds)) for text, kinds in todo.items())])


def _kind(path: Path) -> str:
    return path.suffix.lower().removeprefix(".")
