"""The pictures of a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

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


def expanded(*inputs: Path, **options: Any) -> tuple[list[str], list[str]]:
    """The pictures below the first input, and what was told."""
    told: list[str] = []
    found = list(folders.expand(inputs, notify=told.append, **options))
    return [item.below.as_posix() for item in found], told


def test_what_is_passed_over_is_told(tree: Path) -> None:
    (tree / "x.CR3").touch()
    (tree / "gone.png").symlink_to(tree / "nowhere.png")
    names, [told] = expanded(tree)
    assert names == ["a.png", "b.jpg"]
    assert f"{tree}: passed over 1 folder (-r enters), 1 CR3, 1 broken link; develop CR3" in told
    names, [told] = expanded(tree, recursive=True)
    assert names == ["a.png", "b.jpg", "deep/a.png", "deep/deeper/c.tif"]
    assert "1 CR3, 1 broken link, 1 of other kinds (TXT); " in told
    for path in (tree / "deep").iterdir():
        if path.suffix == ".png":
            path.unlink()
    with pytest.raises(InputError, match=r"no pictures in it; passed over 1 folder .*TXT"):
        expanded(tree / "deep")


def test_links_are_followed_and_loops_end_with_a_word(tree: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "d.png").write_bytes((tree / "a.png").read_bytes())
    (tree / "album").symlink_to(other, target_is_directory=True)
    (other / "back").symlink_to(tree, target_is_directory=True)
    (tree / "also").symlink_to(tree / "deep", target_is_directory=True)
    names, told = expanded(tree, recursive=True)
    assert names == ["a.png", "b.jpg", "deep/a.png", "deep/deeper/c.tif", "album/d.png"]
    refused = {line.partition(":")[0] for line in told if "a link to" in line}
    assert refused == {str(tree / "also"), str(tree / "album" / "back")}


def test_a_picture_is_taken_once_under_its_own_name(tree: Path) -> None:
    (tree / "0.jpg").symlink_to(tree / "b.jpg")
    names, told = expanded(tree, tree / "a.png")
    assert names == ["a.png", "b.jpg"]
    assert f"{tree / '0.jpg'}: the same picture as {tree / 'b.jpg'}, which is taken" in told


def test_the_name_that_comes_first_counts(tree: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.png"
    link.symlink_to(tree / "a.png")
    first, again = tree / "deep" / "a.png", tree / "deep" / ".." / "a.png"
    assert expanded(first, tree, again, recursive=True)[0] == [
        "a.png",
        "a.png",
        "b.jpg",
        "deep/deeper/c.tif",
    ]
    assert expanded(tree, tree / "deep", first)[0] == ["a.png", "b.jpg", "a.png"]
    assert expanded(link, tree / "a.png", link)[0] == ["a.png"]
    assert expanded(link, link)[0] == ["link.png"]
    assert expanded(tree / "*.png", tree / "a.*", tree / "b.jpg")[0] == ["a.png", "b.jpg"]


def test_only_the_wanted_files_are_taken_and_all_are_counted(tree: Path) -> None:
    names, told = expanded(tree, recursive=True, takes=lambda below: below.startswith("deep/"))
    assert names == ["deep/a.png", "deep/deeper/c.tif"]
    assert told == [f"{tree}: passed over 1 of other kinds (TXT)"]
    assert expanded(tree, takes=lambda _: False)[0] == []


def test_a_folder_that_cannot_be_read_is_an_error(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def scandir(_: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.scandir", scandir)
    for recursive in (False, True):
        with pytest.raises(InputError, match=r"in: cannot be read \(Permission denied"):
            expanded(tree, recursive=recursive)


def test_a_folder_that_is_left_out_is_not_entered_by_a_link_either(tree: Path) -> None:
    (tree / "link").symlink_to(tree / "deep", target_is_directory=True)
    names, _ = expanded(tree, recursive=True, leave_out=tree / "deep")
    assert names == ["a.png", "b.jpg"]
