from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from linn_cli.errors import InputError, UsageError
from tests.volumes.zarrs import noisy, ome, plain, zarr

from linn_cli.volumes import images  # isort: skip  after the skip without zarr


def found(path: Path, axes: str | None = None) -> list[tuple[str, tuple[str, ...]]]:
    root = zarr.open(path, mode="r")
    return [(one.axes.letters, one.paths) for one in images.find(root, "a.zarr", axes)]


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_axes_and_levels_are_those_of_the_metadata(tmp_path: Path, version: str) -> None:
    path = ome(tmp_path / "a.zarr", noisy((2, 3, 16, 16)), "tcyx", version)
    assert found(path) == [("-cyx", ("0", "1"))]
    assert found(path, "czyx") == [("czyx", ("0", "1"))]


def test_series_and_wells_are_images_and_labels_are_none(tmp_path: Path) -> None:
    for name in ("", "A", "A/1", "A/1/labels"):
        zarr.create_group(tmp_path / "a.zarr" / name)
    for name in ("0", "A/1/0", "A/1/labels/cells"):
        ome(tmp_path / "a.zarr" / name, noisy((16, 16)), "yx")
    assert [paths for _, paths in found(tmp_path / "a.zarr")] == [
        ("0/0", "0/1"),
        ("A/1/0/0", "A/1/0/1"),
    ]


def test_three_channels_shown_in_red_green_and_blue_are_colour(tmp_path: Path) -> None:
    path = ome(tmp_path / "a.zarr", noisy((3, 16, 16), "uint8"), "cyx")
    assert found(path) == [("cyx", ("0", "1"))]
    group = zarr.open_group(path, mode="r+")
    channels = [{"color": colour} for colour in ("ff0000", "00FF00", "0000FF")]
    group.attrs["ome"] = {**group.attrs["ome"], "omero": {"channels": channels}}
    assert found(path) == [("syx", ("0", "1"))]
    assert found(path, "cyx") == [("cyx", ("0", "1"))]


def test_an_array_by_itself_has_planes_at_its_end_or_says_where(tmp_path: Path) -> None:
    values = noisy((4, 16, 16))
    assert found(plain(tmp_path / "a.zarr", values)) == [("-yx", ("",))]
    colour = plain(tmp_path / "rgb.zarr", noisy((2, 16, 16, 3)))
    assert found(colour) == [("-yxs", ("",))]
    for shape in ((16, 16, 4), (16, 16, 2), (4, 3, 5)):
        with pytest.raises(UsageError, match=r"which axes of .* are the rows and columns"):
            found(plain(tmp_path / f"{shape}.zarr", noisy(shape)))
    assert found(tmp_path / "(16, 16, 2).zarr", "yxc") == [("yxc", ("",))]
    with pytest.raises(UsageError, match="name one axis y"):
        found(tmp_path / "a.zarr", "")
    named = plain(tmp_path / "b.zarr", values, dimension_names=["x", "channel", "y"])
    assert found(named) == [("x-y", ("",))]
    xarray = plain(tmp_path / "c.zarr", values, zarr_format=2)
    zarr.open_array(xarray, mode="r+").attrs["_ARRAY_DIMENSIONS"] = ["c", "Y", "X"]
    assert found(xarray) == [("cyx", ("",))]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (np.zeros(5, np.uint8), r"^a\.zarr: has 1 axes and no planes"),
        (np.zeros((5, 5), np.int64), "32 bits, not int64"),
        (np.zeros((5, 5), complex), "not complex128"),
        (np.zeros((5, 5), bool), "not bool"),
        (np.zeros((0, 5), np.uint8), "is empty"),
    ],
)
def test_arrays_that_linn_does_not_take_are_refused(tmp_path: Path, values: Any, said: str) -> None:
    zarr.create_array(
        tmp_path / "a.zarr", shape=values.shape, dtype=values.dtype, chunks=(5,) * values.ndim
    )
    with pytest.raises(InputError, match=said):
        found(tmp_path / "a.zarr")


def test_a_group_without_images_names_its_arrays(tmp_path: Path) -> None:
    zarr.create_group(tmp_path / "a.zarr")
    with pytest.raises(InputError, match=r"a\.zarr: is a group without images of OME-Zarr$"):
        found(tmp_path / "a.zarr")
    plain(tmp_path / "a.zarr" / "raw", noisy((8, 8)))
    with pytest.raises(InputError, match=r"name one of its arrays, as a\.zarr/raw"):
        found(tmp_path / "a.zarr")


def test_damaged_metadata_is_told(tmp_path: Path) -> None:
    path = ome(tmp_path / "a.zarr", noisy((16, 16)), "yx")
    group = zarr.open_group(path, mode="r+")
    zarr.create_group(path / "inner")
    axes = [{"name": name} for name in "yx"]
    for damaged in (
        [{"axes": [5], "datasets": []}],
        [{"axes": axes, "datasets": []}],
        [{"axes": axes, "datasets": [{"path": "inner"}]}],
        [{"datasets": [{"path": "9"}]}],
        ["x"],
    ):
        group.attrs["ome"] = {"multiscales": damaged}
        with pytest.raises(InputError, match=r"^a\.zarr: its OME-Zarr metadata is damaged"):
            found(path)


def test_colours_that_are_nonsense_are_told(tmp_path: Path) -> None:
    path = ome(tmp_path / "a.zarr", noisy((3, 16, 16), "uint8"), "cyx")
    group = zarr.open_group(path, mode="r+")
    group.attrs["ome"] = {**group.attrs["ome"], "omero": {"channels": ["red", "green", "blue"]}}
    with pytest.raises(InputError, match="OME-Zarr metadata is damaged"):
        found(path)


def test_axes_that_do_not_fit_say_where(tmp_path: Path) -> None:
    path = ome(tmp_path / "a.zarr", noisy((16, 16)), "yx")
    with pytest.raises(UsageError, match=r"a\.zarr/0: axes zyx are 3"):
        found(path, "zyx")
