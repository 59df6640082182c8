"""Pages: one HTML file each that opens from disk, holds all it shows and asks the network for nothing."""

from __future__ import annotations

import base64
import hashlib
import html
import io
import string
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from linn_cli import __version__
from linn_cli.errors import InputError
from linn_cli.files import write_atomically
from linn_cli.jsontext import to_json

ENDING = ".html"

_MOST_SIDE = 16_383  # of a WebP file
_LEAST_SIDE = 16
_LOSSLESS_UP_TO = 2**20  # pixels


def render(name: str, title: str, data: Mapping[str, Any]) -> bytes:
    """Fill a template of `pages/` with data.

    The data come in as JSON that no tag can end, and the scripts put them on the page as text, so names
    of files may hold anything. The policy lets only this page's own script and style run, by their
    hashes, and loads nothing but what the file holds.
    """
    style = _part("style.css")
    script = _part("linn.js") + _part(f"{name}.js")
    policy = (
        f"default-src 'none'; img-src data:; style-src '{_digest(style)}'; "
        f"script-src '{_digest(script)}'; base-uri 'none'; form-action 'none'"
    )
    escaped = to_json(data).replace("<", "\\u003c").replace(">", "\\u003e")
    page = string.Template(_part("skeleton.html")).substitute(
        policy=policy,
        version=__version__,
        title=html.escape(title),
        style=style,
        body=_part(f"{name}.html"),
        data=escaped,
        script=script,
    )
    # A name may hold bytes that are no text; as escapes they are valid JSON.
    return page.encode("utf-8", "backslashreplace")


def write(path: Path, content: bytes) -> None:
    """Write a page or a picture; it appears whole or not at all.

    Raises:
        InputError: the folder cannot be written to, or the disk is full.
    """
    try:
        with write_atomically(path) as temporary:
            temporary.write_bytes(content)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror or error})") from error


def embed(levels: NDArray[Any], name: str) -> dict[str, str]:
    """A picture (H, W) or (H, W, 3) in 8-bit grey levels for a page; lossless up to a million pixels."""
    lossless = levels.shape[0] * levels.shape[1] <= _LOSSLESS_UP_TO
    return {"name": name, "source": data_uri(webp(levels, None if lossless else 90))}


def webp(levels: NDArray[Any], quality: int | None) -> bytes:
    """Encode a picture (H, W) or (H, W, 3) in 8-bit grey levels; lossless without a quality."""
    image = Image.fromarray(np.clip(np.rint(levels), 0, 255).astype(np.uint8))
    content = io.BytesIO()
    lossless = quality is None
    # For lossless files the quality is the effort.
    image.save(
        content, "WEBP", lossless=lossless, quality=30 if quality is None else quality, method=2
    )
    return content.getvalue()


def data_uri(content: bytes) -> str:
    """A WebP file as an address that holds it."""
    return f"data:image/webp;base64,{base64.b64encode(content).decode()}"


def preview(levels: NDArray[Any], most: int) -> str:
    """A picture as above in a file of at most `most` bytes: first coarser, then smaller."""
    factor = 1
    while True:
        small, _ = fitting(levels, levels.shape[0] * levels.shape[1] // factor**2)
        for quality in (85, 70, 50, 30):
            content = webp(small, quality)
            if len(content) <= most or max(small.shape[:2]) <= _LEAST_SIDE:
                return data_uri(content)
        factor += 1


def fitting(levels: NDArray[Any], most: int) -> tuple[NDArray[Any], int]:
    """The picture (H, W, ...) if a page can hold it, else its means over squares, and their side.

    `most` is a number of pixels.
    """
    height, width = levels.shape[:2]
    factor = 1
    while height * width > most * factor**2 or max(height, width) > _MOST_SIDE * factor:
        factor += 1
    if factor == 1:
        return levels, 1
    height, width = max(1, height // factor), max(1, width // factor)
    cut = levels[: height * factor, : width * factor]
    squares = cut.reshape(height, cut.shape[0] // height, width, cut.shape[1] // width, -1)
    return squares.mean(axis=(1, 3)).reshape(height, width, *levels.shape[2:]), factor


def _part(name: str) -> str:
    return (resources.files("linn_cli") / "pages" / name).read_text(encoding="utf-8")


def _digest(source: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()}"
