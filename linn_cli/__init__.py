"""linn: image denoising by DnINN, the lifting-inspired invertible network.

`denoise(image, sigma)` is the Python API; `linn` is the command line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from linn_cli.denoising.networks import denoise

__version__ = "0.1.0"
__all__ = ["__version__", "denoise"]


def __getattr__(name: str) -> Any:
    """Load `denoise` on first use: importing the package must not import torch."""
    if name == "denoise":
        from linn_cli.denoising.networks import denoise

        return denoise
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
