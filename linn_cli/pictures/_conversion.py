"""What a picture must become for a format to hold it: depth, colour, transparency, frames, metadata."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linn_cli.errors import InputError
from linn_cli.pictures import _exif, _tiff_tags
from linn_cli.pictures import metadata as kept
from linn_cli.pictures.formats import Format
from linn_cli.pictures.picture import Document, Picture
from linn_cli.samples import white

# What metadata is called in remarks, where that is not its name.
_CALLED = {
    "chunks": "chunks of a PNG",
    "density": "resolution without a unit",
    "iptc": "IPTC",
    "segments": "further segments of a JPEG",
}
_TOLD = {"tiff", "cicp"}  # in other words, and of the tags of a TIFF only what EXIF does not hold
_GIF_STEP = 10  # milliseconds
# From this part of a picture's values on it is said that they are cut off, and refused; and how far from black and
# white noise leads, in floats.
_LEAST_CUT_OFF, _MOST_CUT_OFF, _NOISE = 0.01, 0.5, 0.25
# Of a PNG's chunks, those that all formats do without, and the one that then is missed.
_COLOUR_CHUNKS, _GAMMA = (b"gAMA", b"cHRM", b"sRGB", b"pHYs", b"iCCP"), b"gAMA"


def suited(document: Document, target: Format) -> tuple[Document, list[str]]:
    """A document that the format can hold, and remarks on what had to be done for it.

    Raises:
        InputError: the format has no place for its frames, transparency or colour.
    """
    remarks = []
    frames, metadata = document.frames, document.metadata
    if len(frames) > 1 and not target.frames:
        raise InputError(f"{target} holds one picture, not {len(frames)} frames: write TIFF or PNG")
    if any(frame.alpha is not None for frame in frames) and not target.alpha:
        raise InputError(f"{target} has no transparency: write PNG, TIFF or WebP")
    if target.name == "GIF" and any(map(_is_translucent, frames)):
        raise InputError("GIF has no partial transparency: write PNG or WebP")
    if not target.colour and any(frame.is_colour for frame in frames):
        raise InputError(f"{target} has no colour: write PNG, TIFF or PPM")
    if target.name != "TIFF" and any(
        not frame.is_colour and frame.values.shape[2] > 1 for frame in frames
    ):
        raise InputError(f"{target} has no place for separate channels: write TIFF")
    for depth in dict.fromkeys(frame.values.dtype.name for frame in frames):
        wanted = depth if depth in target.depths else target.depths[-1]
        if len(frames) > 1 and target.name == "PNG":
            wanted = "uint8"  # animations have 8 bits
        if wanted == depth:
            continue
        concerned = [frame for frame in frames if frame.values.dtype.name == depth]
        remarks += _cut_off(concerned, np.dtype(wanted), target)
        frames = tuple(
            _in_depth(frame, np.dtype(wanted)) if frame.values.dtype.name == depth else frame
            for frame in frames
        )
        remarks.append(f"{depth} samples became {wanted}, which {target} holds")
    if len(frames) > 1:
        remarks += _timing_lost(document.timing, target)
    if "exif" in metadata and "exif" not in target.metadata:
        turn = kept.orientation(metadata)
        frames = tuple(frame.turned(turn) for frame in frames)
    stored_in_colour = frames[0].is_colour or _stores_as_colour(frames[0], target)
    if stored_in_colour and kept.is_of_grey(metadata.get("icc_profile", b"")):
        metadata = {key: value for key, value in metadata.items() if key != "icc_profile"}
        remarks.append(f"{target} stores grey as colour, so the grey colour profile was left out")
    remarks += [*_contradicted(metadata, target), *_lost(metadata, target)]
    metadata = {key: metadata[key] for key in target.metadata if key in metadata}
    return replace(document, frames=frames, metadata=metadata), remarks


def _cut_off(frames: Sequence[Picture], dtype: np.dtype[Any], target: Format) -> list[str]:
    """What to say of frames that lose values as integers.

    Raises:
        InputError: many values lie beyond black and white.
    """
    if dtype.kind != "u":
        return []
    remarks = []
    for frame in frames:
        beyond = _NOISE if frame.values.dtype.kind == "f" else 0
        least, most = -beyond, white(frame.values.dtype) + beyond
        finite = frame.values[np.isfinite(frame.values)]
        part = ((finite < least) | (finite > most)).mean() if finite.size else 0.0
        if part > _MOST_CUT_OFF:
            raise InputError(
                f"holds values from {finite.min():g} to {finite.max():g}, which {target} would cut off: write TIFF"
            )
        if part > _LEAST_CUT_OFF:
            remarks.append(
                f"{100 * part:.0f} % of the values lie beyond black and white and were cut off"
            )
    if any(not np.isfinite(frame.values).all() for frame in frames):
        remarks.append("pixels without a value became black")
    return list(dict.fromkeys(remarks))


def _timing_lost(timing: dict[str, Any], target: Format) -> list[str]:
    """What of an animation's timing the format does not hold, in words."""
    durations = timing.get("duration", ())
    if target.name == "TIFF" and timing:
        return ["TIFF does not hold how long each frame is shown"]
    if target.name == "GIF" and any(duration % _GIF_STEP for duration in durations):
        return [
            f"GIF counts in steps of {_GIF_STEP} ms, so that frames are shown that much shorter"
        ]
    if target.name == "AVIF" and timing.get("loop"):
        return ["AVIF does not hold how often the animation plays"]
    return []


def _contradicted(metadata: dict[str, Any], target: Format) -> list[str]:
    """What to say where EXIF and the rest of a file name two resolutions and the format has a place for one."""
    dpi, said = metadata.get("dpi"), _exif.resolution(metadata.get("exif", b""))
    has_one = target.name == "JPEG" or (target.name == "TIFF" and "tiff" not in metadata)
    if not has_one or not dpi or not said or _exif.are_alike(said, dpi):
        return []
    return [f"the EXIF said {said[0]:g} dpi and now says {dpi[0]:g}, as the rest of the file did"]


def _lost(metadata: dict[str, Any], target: Format) -> list[str]:
    """What of the metadata the format does not hold, in words.

    Raises:
        InputError: the values would mean something else without it.
    """
    remarks = []
    lost = metadata.keys() - set(target.metadata)
    chunks = {name for name, _ in metadata.get("chunks", ())} if "chunks" in lost else set()
    if chunks <= set(_COLOUR_CHUNKS):
        lost -= {"chunks"}
    if b"pHYs" in {name for name, _ in metadata.get("chunks", ())} and target.name == "PNG":
        lost -= {"density"}
    if names := sorted(_CALLED.get(name, name) for name in lost - _TOLD):
        remarks.append(f"{target} does not hold the metadata ({', '.join(names)})")
    if "tiff" in lost and (tags := _tiff_tags.only_of_tiff(metadata["tiff"])):
        remarks.append(f"{target} does not hold the TIFF tags ({', '.join(tags)})")
    is_new_tiff = target.name == "TIFF" and "tiff" not in metadata
    if is_new_tiff and _exif.has_thumbnail(metadata.get("exif", b"")):
        remarks.append("TIFF does not hold the thumbnail of the EXIF")
    cicp = metadata.get("cicp", b"") if "cicp" in lost else b""
    if kept.is_hdr(cicp):
        raise InputError(f"holds HDR (PQ or HLG), which {target} cannot say: write PNG or AVIF")
    if _GAMMA in chunks or (cicp and not kept.is_usual(cicp)):
        remarks.append(f"what the file says of its colours is left out of {target}: they may shift")
    return remarks


def _is_translucent(picture: Picture) -> bool:
    return picture.alpha is not None and not bool(
        np.isin(picture.alpha, (0, white(picture.alpha.dtype))).all()
    )


def _in_depth(picture: Picture, dtype: np.dtype[Any]) -> Picture:
    def converted(samples: NDArray[Any]) -> NDArray[Any]:
        floats = samples.astype(np.float64) / white(samples.dtype)
        if dtype.kind == "u":
            floats = np.nan_to_num(floats * white(dtype), posinf=0, neginf=0).round()
            floats = floats.clip(0, white(dtype))
        return floats.astype(dtype)

    alpha = None if picture.alpha is None else converted(picture.alpha)
    return Picture(converted(picture.values), alpha, picture.separate)


def is_deep(frames: Sequence[Picture]) -> bool:
    """Whether Pillow cannot write the frames: deep colour, or with transparency."""
    return any(
        frame.values.dtype != np.uint8 and (frame.is_colour or frame.alpha is not None)
        for frame in frames
    )


def _stores_as_colour(picture: Picture, target: Format) -> bool:
    deep_with_alpha = picture.values.dtype != np.uint8 and picture.alpha is not None
    return target.name == "WebP" or (target.name == "PNG" and deep_with_alpha)
