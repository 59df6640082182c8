"""A package that darktable takes: a zip file with a network in ONNX and what darktable should know of it.

darktable looks for config.json in the folders of its models (dev-doc/AI.md there); its collection of models describes
each in the same words in model.yaml, with its licence and training data.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any

from linn_cli import __version__
from linn_cli.network.architecture import Architecture
from linn_cli.weights import sets
from linn_cli.weights.card import BUNDLED_TERMS, lineage
from linn_cli.weights.sets import WeightSet

ENDING = ".dtmodel"
# darktable's tiles overlap by so many pixels.
OVERLAP = 64
_PAPER = "J. Huang and P. L. Dragotti, LINN: Lifting Inspired Invertible Neural Network for Image Denoising, EUSIPCO 2021"
# Zip files keep a time for each file; the same content is to be the same file.
_TIME = (1980, 1, 1, 0, 0, 0)


def package(weight_set: WeightSet, model: bytes, licence: str, *, inputs: int) -> bytes:
    """The bytes of a package.

    Args:
        weight_set: what the model was made from, for colour.
        model: the bytes of the ONNX file.
        licence: that of the weights.
        inputs: 2 where sigma is an input, for which darktable gives 25; 1 where it is fixed.
    """
    name = identifier(weight_set)
    described = _described(weight_set, licence, inputs)
    files: dict[str, str | bytes] = {
        "config.json": json.dumps(described, indent=2) + "\n",
        "model.yaml": "\n".join(_yaml(described)) + "\n",
        "model.onnx": model,
    }
    if sets.is_bundled(weight_set):
        files["LICENSE.md"] = sets.licence().read_text(encoding="utf-8")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for file, held in files.items():
            archive.writestr(zipfile.ZipInfo(f"{name}/{file}", _TIME), held, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def identifier(weight_set: WeightSet) -> str:
    """The name by which darktable knows the model."""
    return f"denoise-linn-{weight_set.name.lower()}"


def reach(architecture: Architecture) -> int:
    """How many pixels around one decide what becomes of it, at most, to each side."""
    return sum(_reach_of(architecture, number) for number in range(architecture.scales))


def _reach_of(architecture: Architecture, number: int) -> int:
    phases, dilation = architecture.phases_of(number), 1 << number
    spread = phases if architecture.is_polyphase else dilation
    networks = 4 * architecture.pairs * architecture.depth
    lista = 6 if architecture.variant == "lista" else 0
    # A split and a merge reach by the dilation, and within a block of phases.
    return (networks + lista) * spread + 2 * (dilation + phases - 1)


def _described(weight_set: WeightSet, licence: str, inputs: int) -> dict[str, Any]:
    own = sets.is_bundled(weight_set)
    low, high = weight_set.sigma
    return {
        "id": identifier(weight_set),
        "name": f"denoise linn {weight_set.name}",
        "description": _summary(weight_set),
        "task": "denoise",
        "arch": "dninn",
        "backend": "onnx",
        "version": __version__,
        "tiling": True,
        "num_inputs": inputs,
        "type": "single",
        "attributes": {"overlap": reach(weight_set.architecture)},
        "model_card": {
            "long_description": f"{weight_set.architecture}, for {weight_set.noise} noise of sigma {low:g} to {high:g} of "
            "255. It inverts exactly up to its shrinkage.",
            "scope": "single-image denoising",
            "author": "the authors of linn" if own else "unknown",
            "paper": _PAPER,
            "license": licence,
            "training_data": f"{', '.join(BUNDLED_TERMS.datasets)} and what LICENSE.md names"
            if own
            else "unknown",
            "training_data_license": "see LICENSE.md" if own else "unknown",
            "provenance": lineage(weight_set.provenance),
            "sha256": weight_set.sha256 or sets.digest(weight_set.path),
        },
    }


def _summary(weight_set: WeightSet) -> str:
    noise = "photographs" if weight_set.noise == "photo" else f"{weight_set.noise} noise"
    return f"linn's invertible network (DnINN) for {noise}"


def _yaml(data: Mapping[str, Any], indent: str = "") -> Iterator[str]:
    """YAML, line by line. Texts are quoted as JSON, which YAML includes."""
    for key, value in data.items():
        if isinstance(value, Mapping):
            yield f"{indent}{key}:"
            yield from _yaml(value, indent + "  ")
        else:
            yield f"{indent}{key}: {json.dumps(value)}"
