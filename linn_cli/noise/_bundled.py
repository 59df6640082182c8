"""Small networks that come with linn in files of their own."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from linn_cli.errors import WeightsError

Network = TypeVar("Network", bound=nn.Module)


def load(network: Network, file: Path) -> Network:
    """The network with the values of a file, in evaluation mode.

    Raises:
        WeightsError: the file is damaged or missing.
    """
    network.requires_grad_(requires_grad=False).eval()
    try:
        network.load_state_dict(load_file(file))
    except (OSError, SafetensorError, RuntimeError) as error:
        raise WeightsError(f"{file}: damaged or missing ({error}); reinstall linn") from error
    return network
