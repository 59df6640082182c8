"""Small networks that come with linn in files of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypeVar

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from linn_cli.errors import WeightsError

Network = TypeVar("Network", bound=nn.Module)

# What networks were fitted to most: noise of cameras, or grain that is the same in all colours.
Group = Literal["cameras", "grain"]
GROUPS: tuple[Group, ...] = ("cameras", "grain")


def files(name: str) -> dict[tuple[int, Group], Path]:
    """The files of these networks, by the number of planes, 1 or 3, and by group."""
    folder = Path(__file__).parent
    greys: dict[int, str] = {1: "-grey", 3: ""}
    groups: dict[Group, str] = {"cameras": "", "grain": "-grain"}
    return {
        (planes, group): folder / f"{name}{grey}{of_group}.safetensors"
        for planes, grey in greys.items()
        for group, of_group in groups.items()
    }


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
