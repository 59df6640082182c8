"""Formats that linn does not read: which of them a file is, by its name or its content, and what to do about it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import BinaryIO

import tifffile

_HEIC = "convert {} to PNG first (heif-convert FILE FILE.png)"
_RAW = "develop {} to TIFF first (darktable-cli FILE FILE.tif, or dcraw -T -w FILE)"
_EXPORT = "export {} as PNG or TIFF first (magick FILE FILE.png)"
_JXL = "convert {} to PNG first (djxl FILE FILE.png)"
_JP2 = "convert {} to TIFF first (opj_decompress -i FILE -o FILE.tif)"
_FLOATS = "convert {} to a TIFF of floats first (oiiotool FILE -o FILE.tif)"
_FITS = "convert {} to TIFF first (gdal_translate FILE FILE.tif)"
_DICOM = "convert {} to TIFF first (dcm2img FILE FILE.tif)"
_NETPBM = "write {} as PNG first (magick FILE FILE.png)"
_BIO = "convert {} to OME-TIFF first (bfconvert FILE FILE.ome.tif)"
_VIDEO = "linn denoise and linn estimate take {} by its name (linn denoise FILE)"
_VIDEOS = ("m4v", "mkv", "mov", "mp4", "webm")
_ADVICE = {
    **dict.fromkeys(("avci", "heic", "heics", "heif", "heifs", "hif"), _HEIC),
    **dict.fromkeys(
        (
            *("3fr", "arw", "cap", "cr2", "cr3", "crw", "dcr", "dng", "erf", "fff", "gpr", "iiq"),
            *("kdc", "mdc", "mef", "mos", "mrw", "nef", "nrw", "orf", "pef", "raf", "raw", "rw2"),
            *("rwl", "sr2", "srf", "srw", "x3f"),
        ),
        _RAW,
    ),
    **dict.fromkeys(
        (
            *("ai", "bpg", "cin", "dds", "dpx", "emf", "eps", "hdp", "icns", "ico", "jls", "jng"),
            *("jxr", "kra", "mng", "pcx", "pdf", "psb", "psd", "qoi", "sgi", "svg", "tga", "wdp"),
            *("wmf", "xcf", "xpm"),
        ),
        _EXPORT,
    ),
    **dict.fromkeys(("exr", "hdr", "mxr", "rgbe", "sxr"), _FLOATS),
    **dict.fromkeys(("j2c", "j2k", "jhc", "jp2", "jpc", "jpf", "jph", "jpm", "jpx"), _JP2),
    "pam": _NETPBM,
    **dict.fromkeys(
        (
            *("czi", "dv", "lif", "mrc", "nd2", "nii", "nrrd", "oib"),
            *("oif", "oir", "r3d", "vsi", "zvi"),
        ),
        _BIO,
    ),
    **dict.fromkeys(("fit", "fits", "fts"), _FITS),
    **dict.fromkeys(("dcm", "dicom"), _DICOM),
    "jxl": _JXL,
    **dict.fromkeys(_VIDEOS, _VIDEO),
}
BROKEN = "broken link"
# What stands at the start of a file, and at which byte.
_SIGNATURES = (
    *((4, b"ftyp" + brand, "HEIC", _HEIC) for brand in (b"hei", b"hev", b"mif1", b"msf1")),
    (4, b"ftypcrx", "CR3", _RAW),
    (4, b"ftyp", "a video", _VIDEO),
    (0, b"\x1a\x45\xdf\xa3", "a video", _VIDEO),
    (0, b"FUJIFILMCCD-RAW", "RAF", _RAW),
    *((0, start, "ORF", _RAW) for start in (b"IIRO", b"IIRS", b"MMOR")),
    (0, b"IIU\0", "RW2", _RAW),
    (0, b"FOVb", "X3F", _RAW),
    (0, b"\0MRM", "MRW", _RAW),
    (6, b"HEAPCCDR", "CRW", _RAW),
    (0, b"IIII", "IIQ", _RAW),
    (0, b"II\xbc", "JPEG XR", _EXPORT),
    (0, b"BPG\xfb", "BPG", _EXPORT),
    (0, b"qoif", "QOI", _EXPORT),
    (0, b"\x8aMNG", "MNG", _EXPORT),
    (0, b"\0\0\1\0", "ICO", _EXPORT),
    (0, b"%!PS", "PostScript", _EXPORT),
    (0, b"P7\n", "PAM", _NETPBM),
    (0, b"ZISRAWFILE", "CZI", _BIO),
    (0, b"\xda\xce\xbe\x0a", "ND2", _BIO),
    (0, b"\x70\0\0\0", "LIF", _BIO),
    (0, b"NRRD", "NRRD", _BIO),
    (0, b"\x89HDF", "HDF5", "write its picture as TIFF first (h5py)"),
    (0, b"\x93NUMPY", "a NumPy array", "denoise it in Python (linn_cli.denoise)"),
    (0, b"\x1f\x8b", "gzip", "unpack {} first (gunzip FILE)"),
    (0, b"8BPS", "Photoshop", _EXPORT),
    (0, b"\xff\x0a", "JPEG XL", _JXL),
    (4, b"JXL ", "JPEG XL", _JXL),
    (4, b"jP  ", "JPEG 2000", _JP2),
    (0, b"\xff\x4f\xff\x51", "JPEG 2000", _JP2),
    (0, b"\x76\x2f\x31\x01", "OpenEXR", _FLOATS),
    *((0, b"#?" + name, "Radiance HDR", _FLOATS) for name in (b"RADIANCE", b"RGBE")),
    (0, b"SIMPLE  =", "FITS", _FITS),
    (128, b"DICM", "DICOM", _DICOM),
    (0, b"%PDF", "PDF", _EXPORT),
    (0, b"PK\x03\x04", "ZIP", "unpack {} first"),
)
_RAW_KINDS = (32803, 34892)  # a colour filter array, linear raw
_DNG_VERSION, _MOST_PAGES = 50706, 8
_IS_RAW = f"holds a camera's raw data, which linn does not read, {_RAW.format('it')}"
_MARKUP = (b"<!doctype html", b"<html")
_POINTER = b"version https://git-lfs"


def advice(path: Path) -> str | None:
    """What a file that linn does not read as a picture is, by its name, and what to do; None if the name says nothing."""
    known = _ADVICE.get(kind(path))
    if known is None:
        return None
    what = "is a video" if known is _VIDEO else f"linn does not read {path.suffix} files"
    return f"{what}, {known.format('it').replace('FILE', path.name)}"


def recognised(head: bytes) -> str | None:
    """What a file that is no picture for linn is, by its first bytes, and what to do; None if they do not say."""
    for place, signature, name, todo in _SIGNATURES:
        if head[place:].startswith(signature):
            if todo is _VIDEO:
                endings = ", ".join(f".{ending}" for ending in _VIDEOS)
                return f"holds a video, which linn takes from a file whose name ends in {endings}"
            return f"holds {name}, which linn does not read, {todo.format('it')}"
    text = head.lstrip().lower()
    if text.startswith(_MARKUP):
        return "holds a web page and no picture, download the picture itself"
    if b"<svg" in text:
        return f"holds SVG, which linn does not read, {_EXPORT.format('it')}"
    if text.startswith(_POINTER):
        return "stands for a picture that was not fetched (git lfs pull)"
    if not any(head):
        return "holds nothing but zeros, it was damaged, copy it again"
    return None


def raw(file: BinaryIO, head: bytes) -> str | None:
    """What to do about a TIFF that holds a camera's raw data, which its thumbnail is not; None of others."""
    if head[8:10] == b"CR":
        return _IS_RAW
    file.seek(0)
    try:
        with tifffile.TiffFile(file) as tiff:
            pages = [
                tiff.pages[index].aspage() for index in range(min(len(tiff.pages), _MOST_PAGES))
            ]
            # Below a page only directories that are pictures: 330 and no further.
            below = [inner for page in pages if page.subifds for inner in page.pages or ()]
            raws = any(page.photometric in _RAW_KINDS for page in (*pages, *below))
            return _IS_RAW if raws or _DNG_VERSION in pages[0].tags else None
    except Exception:  # damaged: reading will say
        return None


def in_words(counts: Counter[str]) -> str:
    """Files that linn does not read, counted by `kind`, and what to do about pictures among them."""
    words = [f"{count} {kind.upper()}" for kind, count in counts.most_common() if kind in _ADVICE]
    if broken := counts[BROKEN]:
        words.append(f"{broken} broken link{'s' if broken > 1 else ''}")
    if others := sorted(kind for kind in counts if kind not in (*_ADVICE, BROKEN)):
        kinds = ", ".join(kind.upper() or "no ending" for kind in others)
        words.append(f"{sum(counts[kind] for kind in others)} of other kinds ({kinds})")
    todo: dict[str, list[str]] = {}
    for kind in counts:
        if kind in _ADVICE:
            todo.setdefault(_ADVICE[kind], []).append(kind.upper())
    said = ", ".join(words)
    return "; ".join([said, *(text.format(" and ".join(kinds)) for text, kinds in todo.items())])


def kind(path: Path) -> str:
    """The kind of a file by its name, as `in_words` counts it."""
    return path.suffix.lower().removeprefix(".")
