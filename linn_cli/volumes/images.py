"""The images in a Zarr: OME-Zarr's multiscales with their axes and levels, or one array by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import zarr

from linn_cli.errors import InputError, UsageError
from linn_cli.volumes.axes import COLOUR, LEAST_PLANE, STACK, Axes

# Kinds of numbers that linn takes, and their most bytes.
_KINDS = {"u": 4, "i": 4, "f": 8}
_LABELS = "labels"
# OME-Zarr before 0.3 has these axes and does not say so.
_FIVE = "tczyx"
_RGB = ("FF0000", "00FF00", "0000FF")


@dataclass(frozen=True)
class Image:
    """An image: its axes, and its arrays from the largest level to the smallest."""

    axes: Axes
    levels: tuple[zarr.Array[Any], ...]

    @property
    def paths(self) -> tuple[str, ...]:
        """Where its arrays lie in the store."""
        return tuple(level.path for level in self.levels)


def find(root: Any, address: str, axes: str | None = None) -> list[Image]:
    """The images in a node of a Zarr, those in plates and series included; labels are none.

    Args:
        root: an array or a group.
        address: what errors name.
        axes: one letter for each axis, if the Zarr's own are not to be taken.

    Raises:
        InputError: there is none, or its values are of a kind that linn does not take.
        UsageError: the axes do not fit.
    """
    if isinstance(root, zarr.Array):
        letters = _axes_of_array(root, address) if axes is None else axes
        found = [Image(Axes(letters), (root,))]
    else:
        found = list(_within(root, address, axes))
    if not found:
        raise InputError(f"{address}: is a group without images of OME-Zarr{_named(root, address)}")
    for image in found:
        for level in image.levels:
            _check(level, image.axes, address)
    return found


def _at(address: str, node: Any) -> str:
    return f"{address}/{node.path}".rstrip("/")


def _check(array: zarr.Array[Any], axes: Axes, address: str) -> None:
    where = _at(address, array)
    dtype = np.dtype(array.dtype)
    if dtype.itemsize > _KINDS.get(dtype.kind, 0):
        raise InputError(f"{where}: linn takes floats or integers of up to 32 bits, not {dtype}")
    try:
        axes.check(array.shape)
    except UsageError as error:
        raise UsageError(f"{where}: {error.text}") from error
    if 0 in array.shape:
        raise InputError(f"{where}: the array is empty")


def _named(group: Any, address: str) -> str:
    arrays = [name for name, _ in group.arrays()]
    return f"; name one of its arrays, as {address}/{arrays[0]}" if arrays else ""


def _within(group: Any, address: str, axes: str | None) -> Iterator[Image]:
    attributes = group.attrs.asdict()
    facts = attributes.get("ome", attributes)
    multiscales = facts.get("multiscales") if isinstance(facts, Mapping) else None
    if multiscales:
        for one in multiscales:
            yield _image(group, address, one, facts.get("omero"), axes)
        return
    for name, inner in sorted(group.groups()):
        if name != _LABELS:
            yield from _within(inner, address, axes)


def _image(
    group: Any, address: str, facts: Mapping[str, Any], omero: Any, axes: str | None
) -> Image:
    try:
        levels = tuple(_array(group, one["path"]) for one in facts["datasets"])
        if not levels:
            raise LookupError("no datasets")
        letters = _letters(facts.get("axes") or list(_FIVE)) if axes is None else axes
        if axes is None and _is_rgb(levels[0], letters, omero):
            letters = letters.replace("c", "s")
    except (LookupError, TypeError, AttributeError) as error:
        raise InputError(
            f"{_at(address, group)}: its OME-Zarr metadata is damaged ({error!r})"
        ) from error
    return Image(Axes(letters), levels)


def _array(group: Any, path: str) -> zarr.Array[Any]:
    found = group[path]
    if not isinstance(found, zarr.Array):
        raise TypeError(f"{path} is no array")
    return found


def _letters(axes: Sequence[Any]) -> str:
    named = [(one, "") if isinstance(one, str) else (one["name"], one.get("type")) for one in axes]
    return "".join(
        "c" if kind == "channel" else name.lower() if name.lower() in "yxc" else STACK
        for name, kind in named
    )


def _is_rgb(array: zarr.Array[Any], letters: str, omero: Any) -> bool:
    """Whether three channels of 8 bits are shown in red, green and blue, in this order: a photograph or a slide."""
    if "c" not in letters or array.dtype != np.uint8 or len(letters) != array.ndim:
        return False
    if array.shape[letters.index("c")] != len(_RGB) or not isinstance(omero, Mapping):
        return False
    channels = omero.get("channels") or []
    return tuple(str(one.get("color", "")).upper() for one in channels) == _RGB


def _axes_of_array(array: zarr.Array[Any], address: str) -> str:
    named: Any = getattr(array.metadata, "dimension_names", None) or array.attrs.get(
        "_ARRAY_DIMENSIONS"
    )
    if named and all(named) and {"y", "x"} <= {name.lower() for name in named}:
        return _letters([str(name) for name in named])
    where = _at(address, array)
    if array.ndim < 2:
        raise InputError(f"{where}: has {array.ndim} axes and no planes")
    colour = array.ndim > 2 and array.shape[-1] == COLOUR
    planes = array.shape[:-1] if colour else array.shape
    if len(planes) > 2 and min(planes[-2:]) < LEAST_PLANE:
        raise UsageError(
            f"{where}: which axes of {array.shape} are the rows and columns? Name one letter for each, as --axes zyx"
        )
    letters = "yxs" if colour else "yx"
    return STACK * (array.ndim - len(letters)) + letters
