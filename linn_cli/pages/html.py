"""Pages: one HTML file each that opens from disk, holds all it shows and asks the network for nothing."""

from __future__ import annotations

import base64
import hashlib
import string
from collections.abc import Mapping
from html import escape
from importlib import resources
from pathlib import Path
from typing import Any

from linn_cli import __version__
from linn_cli.errors import InputError
from linn_cli.files import write_atomically
from linn_cli.jsontext import to_json

ENDING = ".html"


def render(name: str, title: str, data: Mapping[str, Any]) -> bytes:
    """Fill a template of `templates/` with data.

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
    data_block = to_json(data).replace("<", "\\u003c").replace(">", "\\u003e")
    page = string.Template(_part("skeleton.html")).substitute(
        policy=policy,
        version=__version__,
        title=escape(title),
        style=style,
        body=_part(f"{name}.html"),
        data=data_block,
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


def _part(name: str) -> str:
    return (resources.files("linn_cli.pages") / "templates" / name).read_text(encoding="utf-8")


def _digest(source: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()}"
