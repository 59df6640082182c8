"""linn: image denoising by DnINN, the lifting-inspired invertible network.

`denoise(image)` removes noise from an array or a tensor, `estimate(image)` says how much there is, and a
`Denoiser` keeps its networks for many pictures. `linn` is the command line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from linn_cli.api import (
        Denoiser,
        denoise,
        estimate,
        read,
        verify_invertibility,
        write,
    )

__version__ = "0.2.0"
__all__ = [
    "Denoiser",
    "__version__",
    "denoise",
    "estimate",
    "read",
    "verify_invertibility",
    "write",
]


def __getattr__(name: str) -> Any:
    """Load the Python API on first use: importing the package must not import torch."""
    if name in __all__:
        from linn_cli import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """The public names, though they load late."""
    return sorted({*globals(), *__all__})
