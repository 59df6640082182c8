"""The pictures in a folder."""

from __future__ import annotations

from pathlib import Path

from linn_cli.errors import InputError
from linn_cli.pictures.formats import SUFFIXES


def list_pictures(folder: Path) -> list[Path]:
    """The pictures directly in a folder, in name order.

    Raises:
        InputError: there is no such folder, or no picture in it.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: not a folder of pictures")
    pictures = pictures_in(folder)
    if not pictures:
        raise InputError(f"{folder}: no pictures in it ({', '.join(SUFFIXES)})")
    return pictures


def pictures_in(folder: Path) -> list[Path]:
    """The files directly in a folder whose names are pictures', in name order; hidden ones are not."""
    files = (path for path in folder.iterdir() if path.is_file() and path.name[0] != ".")
    # By name and not by path, which some systems compare without regard to case.
    return sorted(
        (path for path in files if path.suffix.lower() in SUFFIXES), key=lambda path: path.name
    )
