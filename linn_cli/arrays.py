"""Arrays of any kind to images that linn denoises, and back to the same kind.

Taken are numpy arrays, torch tensors, PIL images, xarray's DataArrays, whatever exports DLPack, and whatever numpy
makes an array of.
"""

from __future__ import annotations

import operator
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, SupportsIndex, cast

import numpy as np
import torch
import torch.utils.dlpack
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from linn_cli import samples
from linn_cli.errors import InputError, UsageError

AUTO = "auto"
# Which axis has the channels: a number, the name of a DataArray's dimension, None for none, or AUTO.
ChannelAxis = SupportsIndex | str | None

_LAST, _FIRST = -1, -3
_WITH_ALPHA = 4
# A picture of three axes or more whose last one is so short is rather one of channels.
_NARROW = 4
_BANDS = ("band", "bands", "c", "channel", "channels", "rgb")
_MODES = ("L", "LA", "RGB", "RGBA", "I", "I;16", "F")
_MOST_INTEGER_BYTES, _MOST_FLOAT_BYTES = 4, 8

Back = Callable[[NDArray[Any]], Any]


@dataclass(frozen=True)
class Images:
    """Images of one array: values (N, H, W, C) without alpha.

    `known` (N, H, W) is 0 where nothing is to be seen, None where all is; `restore` makes values of this shape
    an array of the kind, shape and dtype that they came from.
    """

    values: NDArray[Any]
    known: NDArray[Any] | None
    restore: Back


class _Opened(NamedTuple):
    """An array's values, where its channels usually are, and the way back; `axis` if it knows which are its channels.

    `alpha` says whether the last channel is alpha, None for that of four.
    """

    values: NDArray[Any]
    usual: int
    back: Back
    axis: int | None = None
    alpha: bool | None = None


def take(image: Any, channel_axis: ChannelAxis = AUTO) -> Images:
    """The images of an array: one, or a stack of them along all axes before the picture's.

    Args:
        image: an array of any kind. Where it has no channels, its last two axes are rows and columns.
        channel_axis: which axis has the channels. One is grey, three are red, green and blue, a fourth is alpha;
            others are pictures of their own. None: no axis has them. "auto": the last axis of an array and the
            third from the end of a tensor, if it has 1, 3 or 4, else none.

    Raises:
        UsageError: it is no image, or which axis has the channels is not clear.
        InputError: it is empty.
    """
    opened = _open(image, channel_axis)
    values = opened.values
    if values.ndim < 2:
        raise UsageError(
            f"expected an image (H, W) or (H, W, C), or a stack of them, not {values.shape}"
        )
    _check_dtype(values.dtype)
    if values.size == 0:
        raise InputError("the image is empty")
    axis = opened.axis
    if axis is None:
        axis = channels_at(values.shape, channel_axis, opened.usual)
    shaped = values[..., None] if axis is None else np.moveaxis(values, axis, -1)
    flat = shaped.reshape(-1, *shaped.shape[-3:])
    alpha = flat.shape[-1] == _WITH_ALPHA if opened.alpha is None else opened.alpha
    colour = flat[..., :-1] if alpha else flat
    known: Any = flat[..., -1] if alpha else None
    if isinstance(image, np.ma.MaskedArray):
        masked = np.ma.getmaskarray(image)
        masked = masked[..., None] if axis is None else np.moveaxis(masked, axis, -1)
        seen = ~masked.reshape(flat.shape).any(axis=-1)
        known = seen.astype(colour.dtype) * colour.dtype.type(samples.white(colour.dtype))

    def restore(clean: NDArray[Any]) -> Any:
        whole = np.concatenate((clean, flat[..., -1:]), axis=-1) if alpha else clean
        whole = whole.reshape(shaped.shape)
        return opened.back(whole[..., 0] if axis is None else np.moveaxis(whole, -1, axis))

    native = colour.dtype.newbyteorder("=")
    held = np.float32 if native == np.float16 else native
    return Images(colour.astype(held), known, restore)


def _open(image: Any, channel_axis: ChannelAxis) -> _Opened:
    if isinstance(image, str | bytes | os.PathLike):
        raise UsageError(f"{image!r} is a name, not an image: denoise(linn_cli.read({image!r}))")
    if isinstance(image, Tensor):
        return _open_tensor(image)
    if isinstance(image, Image.Image):
        return _open_pil(image)
    if _package(image) == "xarray":
        return _open_xarray(image, channel_axis)
    if hasattr(image, "__dlpack__") and not isinstance(image, np.ndarray):
        return _open_dlpack(image)
    return _open_array(image)


def _open_array(image: Any) -> _Opened:
    """An array of numpy, of a class of its own, or what numpy makes one of."""
    try:
        values = np.asarray(image)
    except (TypeError, ValueError) as error:
        raise UsageError(f"{type(image).__name__} is no image ({error})") from error

    def back(clean: NDArray[Any]) -> Any:
        answer = _as(clean, values.dtype)
        if isinstance(image, np.ma.MaskedArray):
            return np.ma.array(answer, mask=np.ma.getmaskarray(image))
        wrap = getattr(image, "__array_wrap__", None)
        return answer if wrap is None or type(image) is np.ndarray else wrap(answer)

    return _Opened(values, _LAST, back)


def _open_tensor(image: Tensor, usual: int = _FIRST) -> _Opened:
    samples.check(image)
    held = image.detach().cpu()
    if held.dtype in (torch.bfloat16, torch.float16):
        held = held.float()  # numpy knows only one of them
    return _Opened(
        held.numpy(),
        usual,
        lambda clean: torch.from_numpy(np.ascontiguousarray(clean)).to(image.device, image.dtype),
    )


def _open_pil(image: Image.Image) -> _Opened:
    if image.mode not in _MODES:
        raise UsageError(
            f"the image's mode is {image.mode!r}: convert it, as by image.convert('RGB')"
        )

    def back(clean: NDArray[Any]) -> Image.Image:
        answer = Image.fromarray(np.ascontiguousarray(clean))
        answer.info = dict(image.info)
        return answer

    values = np.asarray(image)
    return _Opened(
        values,
        _LAST,
        back,
        axis=_LAST if values.ndim > 2 else None,
        alpha=image.mode.endswith("A"),
    )


def _open_xarray(image: Any, channel_axis: ChannelAxis) -> _Opened:
    """A DataArray; its dimensions may tell which axis has the channels."""
    if hasattr(image, "data_vars"):
        raise UsageError(
            f"a Dataset is many arrays: give one of them ({', '.join(image.data_vars)})"
        )
    names = {str(name).lower(): name for name in image.dims}
    named = [name for known, name in names.items() if known in _BANDS]
    axis, alpha = None, None
    if isinstance(channel_axis, str) and channel_axis != AUTO:
        if channel_axis not in image.dims:
            raise UsageError(
                f"channel_axis is {channel_axis!r}: give one of {', '.join(map(str, image.dims))}"
            )
        axis = image.get_axis_num(channel_axis)
    elif channel_axis == AUTO and len(named) == 1 and image.ndim > 2:
        axis, alpha = image.get_axis_num(named[0]), False  # a fourth band is seldom alpha
    values = np.asarray(image.values)
    return _Opened(
        values, _LAST, lambda clean: image.copy(data=_as(clean, values.dtype)), axis, alpha
    )


def _open_dlpack(image: Any) -> _Opened:
    """Whatever exports DLPack, as CuPy's and JAX's arrays do; its library takes the answer back."""
    if hasattr(image, "__array_namespace__"):
        library = image.__array_namespace__()
    else:
        library = sys.modules.get(_package(image))
    opened = _open_tensor(torch.utils.dlpack.from_dlpack(image), _LAST)
    importer = getattr(library, "from_dlpack", None)
    if importer is None:
        return opened._replace(back=lambda clean: clean)
    return opened._replace(back=lambda clean: importer(opened.back(clean)))


def channels_at(
    shape: tuple[int, ...], channel_axis: ChannelAxis, usual: int = _LAST
) -> int | None:
    """Which axis has the channels, counted from the end or the start; see `take`.

    Raises:
        UsageError: there is no such axis, or it is not clear.
    """
    if channel_axis is None:
        return None
    if channel_axis != AUTO:
        # Numbers of numpy are axes too; True, which Python takes for 1, is hardly meant to be one.
        is_number = isinstance(channel_axis, SupportsIndex) and not isinstance(channel_axis, bool)
        axis = operator.index(cast("SupportsIndex", channel_axis)) if is_number else len(shape)
        if len(shape) > 2 and -len(shape) <= axis < len(shape):
            return axis
        raise UsageError(
            f"channel_axis is {channel_axis!r}: give one of the axes of {shape}, "
            "or None for an image without channels"
        )
    if len(shape) == 2:
        return None
    is_stack = usual == _FIRST and len(shape) == 3 and shape[0] == _WITH_ALPHA
    if shape[usual] in (1, 3, _WITH_ALPHA) and not is_stack:
        return usual
    if shape[_LAST] <= _NARROW or shape[_FIRST] in (3, _WITH_ALPHA):
        raise UsageError(
            f"which axis of {shape} has the channels? Give channel_axis, None for images without channels"
        )
    return None


def _check_dtype(dtype: np.dtype[Any]) -> None:
    most = _MOST_FLOAT_BYTES if dtype.kind == "f" else _MOST_INTEGER_BYTES
    if dtype.kind not in "iuf" or dtype.itemsize > most:
        # numpy makes 64 bits of what was read with 8.
        advice = "uint8" if dtype.kind in "iu" else "float32"
        raise UsageError(
            f"expected floats or integers of up to 32 bits, not {dtype}: "
            f"convert it, as by image.astype('{advice}')"
        )


def _as(values: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    return values.astype(dtype, copy=False)


def _package(image: object) -> str:
    return type(image).__module__.partition(".")[0]
