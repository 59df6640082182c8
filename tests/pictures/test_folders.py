"""The pictures of a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from linn_cli.errors import InputError
from linn_cli.pictures import folders


def test_a_folder_is_listed_in_name_order(tmp_path: Path) -> None:
    for name in ("b.png", "a.jpg", "notes.txt", "c.PNG", ".linn-half.png"):
        (tmp_path / name).touch()
    (tmp_path / "folder.png").mkdir()
    assert [path.name for path in folders.list_pictures(tmp_path)] == ["a.jpg", "b.png", "c.PNG"]
    with pytest.raises(InputError, match="not a folder"):
        folders.list_pictures(tmp_path / "a.jpg")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no pictures in it"):
        folders.list_pictures(tmp_path / "empty")
