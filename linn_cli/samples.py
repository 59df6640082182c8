"""Samples as files and arrays store them, to floats that are white at 1, and back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from linn_cli.errors import InputError, UsageError

_DTYPES = {
    *(torch.float16, torch.bfloat16, torch.float32, torch.float64),
    *(torch.uint8, torch.uint16, torch.uint32),
    *(torch.int8, torch.int16, torch.int32),
}
# float32 holds integers of up to 24 bits exactly.
_MOST_BYTES_IN_FLOAT32 = 2


def check(samples: Tensor) -> None:
    """Refuse what is no picture.

    Raises:
        UsageError: the dtype is neither float nor an integer of up to 32 bits.
        InputError: there are none.
    """
    if samples.dtype not in _DTYPES:
        raise UsageError(f"expected floats or integers of up to 32 bits, not {samples.dtype}")
    if samples.numel() == 0:
        raise InputError("the image is empty")


def white(dtype: torch.dtype | np.dtype[Any]) -> float:
    """The value that stands for white: the largest of an integer type, 1 of floats."""
    if isinstance(dtype, torch.dtype):
        return 1.0 if dtype.is_floating_point else float(torch.iinfo(dtype).max)
    return 1.0 if dtype.kind == "f" else float(np.iinfo(dtype).max)


def is_grey(images: Tensor) -> bool:
    """Whether all channels of images (..., C, H, W) are the same."""
    return bool((images == images[..., :1, :, :]).all())


def to_floats(samples: Tensor) -> Tensor:
    """Samples of any dtype and shape as float32, white at 1.

    Raises:
        InputError: some are not finite.
    """
    if samples.is_floating_point():
        floats = samples.float()
        if not bool(torch.isfinite(floats).all()):
            raise InputError("the image holds values that are not finite numbers")
        return floats
    exact = torch.float32 if samples.dtype.itemsize <= _MOST_BYTES_IN_FLOAT32 else torch.float64
    return (samples.to(exact) / white(samples.dtype)).float()


def from_floats(floats: Tensor, dtype: torch.dtype) -> Tensor:
    """Floats, white at 1, as samples of a dtype; integers are rounded and kept within its range."""
    if dtype.is_floating_point:
        return floats.to(dtype)
    span = torch.iinfo(dtype)
    return (floats.double() * span.max).round().clamp(span.min, span.max).to(dtype)


Back = Callable[[Iterable[Tensor]], Iterator[Tensor]]


def as_floats(rows: Iterable[Tensor]) -> tuple[Iterator[Tensor], Back]:
    """Rows of any dtype as floats, and what takes rows that were computed of them back to that dtype."""
    dtypes: list[torch.dtype] = []

    def there() -> Iterator[Tensor]:
        for some in rows:
            dtypes[:] = [some.dtype]
            yield to_floats(some)

    def back(answers: Iterable[Tensor]) -> Iterator[Tensor]:
        for answer in answers:
            yield from_floats(answer, dtypes[0])

    return there(), back


@dataclass(frozen=True)
class Range:
    """The values that stand for black and for white in a picture.

    Those of a dtype are `nominal`. Measured values, such as counts or elevations, have a range of their own
    (`pictures/ranges.py`), in which the network sees them: sigma counts in 255ths of it.
    """

    low: float
    high: float

    @classmethod
    def nominal(cls, dtype: torch.dtype | np.dtype[Any]) -> Range:
        """From 0 to the dtype's white."""
        return cls(0.0, white(dtype))

    @property
    def span(self) -> float:
        """How far white is from black."""
        return self.high - self.low

    def to_floats(self, values: Tensor) -> Tensor:
        """Values of any dtype and shape as float32, black at 0 and white at 1.

        Raises:
            InputError: some are not finite.
        """
        if self == Range.nominal(values.dtype):
            return to_floats(values)
        exact = (
            values.double().sub_(self.low) if values.dtype != torch.float64 else values - self.low
        )
        return to_floats(exact.div_(self.span))

    def from_floats(self, floats: Tensor, dtype: torch.dtype) -> Tensor:
        """Floats, black at 0 and white at 1, as values of a dtype, rounded to integers and kept within its range."""
        if self == Range.nominal(dtype):
            return from_floats(floats, dtype)
        exact = floats.double() * self.span + self.low
        if dtype.is_floating_point:
            return exact.to(dtype)
        limits = torch.iinfo(dtype)
        return exact.round().clamp(limits.min, limits.max).to(dtype)
