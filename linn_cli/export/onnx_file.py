"""ONNX files of weight sets, which say what they hold, and their agreement with torch."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from linn_cli import __version__
from linn_cli.engine.folding import fold
from linn_cli.errors import InputError, UsageError
from linn_cli.files import write_atomically
from linn_cli.network import planes
from linn_cli.network.model import DnINN
from linn_cli.units import GREY_LEVELS
from linn_cli.weights import sets
from linn_cli.weights.card import lineage
from linn_cli.weights.selection import select
from linn_cli.weights.sets import WeightSet
from linn_cli.weights.sources import Source
from linn_cli.wording import setting

# The operations that a graph uses are those of this version on.
LEAST_OPSET = 18
OPSET = LEAST_OPSET
# How far ONNX Runtime may be from torch, in parts of white: both compute in float32.
TOLERANCE = 1e-5
# Two orders of summation differ by about as much as each of them differs from the exact sum.
_ROUNDINGS = 3
# Odd and even, low and wide; a file is tried at these sizes.
SIZES = ((8, 8), (17, 31), (33, 40), (9, 64))
_USUAL_SIGMA = 25.0
_INSTALL = "python -m pip install onnx onnxruntime"


def content(
    weight_set: WeightSet, licence: str, *, opset: int = OPSET, sigma: float | None = None
) -> bytes:
    """The bytes of an ONNX file.

    Args:
        weight_set: what it is made from.
        licence: that of the weights, for the metadata.
        opset: the version of ONNX's operations.
        sigma: a noise level, in 8-bit grey levels, to fix in the file; None makes it an input.

    Raises:
        UsageError: onnx is not installed, or does not know the opset.
        WeightsError: as `sets.load`.
    """
    onnx = _imported("onnx")
    most = onnx.defs.onnx_opset_version()
    if not LEAST_OPSET <= opset <= most:
        raise UsageError(f"opset {opset}: choose from {LEAST_OPSET} to {most}")
    from linn_cli.export import graph

    scales = fold(sets.load(weight_set))
    fixed = None if sigma is None else sigma / GREY_LEVELS
    model = onnx.helper.make_model_gen_version(
        graph.of_network(scales, fixed), opset_imports=[onnx.helper.make_opsetid("", opset)]
    )
    model.producer_name, model.producer_version = "linn", __version__
    model.doc_string = describe(weight_set, sigma)
    onnx.helper.set_model_props(model, facts(weight_set, licence, sigma))
    onnx.checker.check_model(model, full_check=True)
    serialised: bytes = model.SerializeToString(deterministic=True)
    return serialised


def choose(source: Source, sigma: float | None = None) -> WeightSet:
    """The weight set to export, on this machine: the one that was asked for by name, else one for colour and all sigmas.

    Args:
        source: the sets to choose from. If none is for colour, one for grey is chosen.
        sigma: the noise level that is fixed in the file, for which the best set serves.
    """
    if source.named:
        return source.obtain(source.sets[0])
    colour = [one for one in source.sets if one.architecture.planes > 1]
    fitting = colour or list(source.sets)
    if sigma is None:
        widest = max(_width(one) for one in fitting)
        fitting = [one for one in fitting if _width(one) == widest]
    channels = fitting[0].architecture.planes
    return source.obtain(select(fitting, sigma or _USUAL_SIGMA, None, None, channels=channels))


def _width(weight_set: WeightSet) -> float:
    low, high = weight_set.sigma
    return high - low


def can_check() -> bool:
    """Whether ONNX Runtime is installed."""
    return importlib.util.find_spec("onnxruntime") is not None


def write(path: Path, data: bytes) -> None:
    """Write a file; it appears whole or not at all.

    Raises:
        InputError: it cannot be written.
    """
    try:
        with write_atomically(path) as temporary:
            temporary.write_bytes(data)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror or error})") from error


def facts(weight_set: WeightSet, licence: str, sigma: float | None = None) -> dict[str, str]:
    """What the metadata says of a file: where it comes from, what it is for, and on which terms."""
    low, high = weight_set.sigma
    known = {
        "licence": licence,
        "weights": weight_set.name,
        "weights_sha256": sets.digest(weight_set.path),
        "provenance": lineage(weight_set.provenance),
        "architecture": str(weight_set.architecture),
        "trained_for_sigma": f"{low:g} to {high:g} of 255",
        "trained_for_noise": weight_set.noise,
        "made_by": f"linn {__version__}",
    }
    return known | ({} if sigma is None else {"sigma": f"{sigma:g} of 255"})


def describe(weight_set: WeightSet, sigma: float | None = None) -> str:
    """What goes into such a file and comes out."""
    kind = "grey" if weight_set.architecture.planes == 1 else "red, green and blue"
    noise = (
        "sigma: the noise's standard deviation in the same units, (N, 1, 1, 1) or a map (N, 1, h, w), of which the "
        "mean is taken."
        if sigma is None
        else f"The noise has a standard deviation of {sigma:g}/255."
    )
    planes_ = weight_set.architecture.planes
    return (
        f"DnINN, an image denoiser. input: pictures (N, {planes_}, H, W), {kind}, white at 1, each side at least 4. "
        f"{noise} output: the clean pictures, in the same form."
    )


def reference(model: DnINN, images: Tensor, sigma: Tensor) -> Tensor:
    """What torch makes of images (N, C, H, W) with noise of sigma (N, 1, 1, 1), by the network as a whole."""
    turned = planes.from_channels(images - 0.5) + 0.5
    clean: Tensor = model(turned, sigma)
    return planes.to_channels(clean - 0.5) + 0.5


class Agreement(NamedTuple):
    """The largest difference from torch, and how far torch in float32 is from float64; in parts of white."""

    apart: float
    rounding: float

    @property
    def holds(self) -> bool:
        """Whether the difference is nothing but rounding, which some networks amplify; NaN is more."""
        return self.apart <= max(TOLERANCE, _ROUNDINGS * self.rounding)


@torch.inference_mode()
def compare(
    data: bytes, weight_set: WeightSet, sizes: Iterable[tuple[int, int]] = SIZES
) -> Agreement:
    """Compare ONNX Runtime with torch on random pictures of these sizes.

    Raises:
        UsageError: ONNX Runtime is not installed, or does not take the file.
    """
    runtime = _imported("onnxruntime")
    try:
        session = runtime.InferenceSession(data, providers=["CPUExecutionProvider"])
    except Exception as error:  # its errors have no type in common but this one
        reason = str(error).partition("\n")[0]
        raise UsageError(
            f"ONNX Runtime {runtime.__version__} does not take the file ({reason}): "
            f"choose a lower {setting('opset')}"
        ) from error
    known: Mapping[str, str] = session.get_modelmeta().custom_metadata_map
    model = sets.load(weight_set)
    generator = torch.Generator().manual_seed(0)
    worst = torch.zeros(2, dtype=torch.float64)
    for count, (height, width) in enumerate(sizes, start=1):
        shape = count % 2 + 1, weight_set.architecture.planes, height, width
        images = torch.rand(shape, generator=generator)
        sigma = 0.02 + 0.2 * torch.rand((shape[0], 1, 1, 1), generator=generator)
        feeds = {"input": images.numpy(), "sigma": sigma.numpy()}
        if "sigma" in known:
            del feeds["sigma"]
            sigma = torch.full_like(sigma, float(known["sigma"].split()[0]) / GREY_LEVELS)
        [answer] = session.run(None, feeds)
        expected = reference(model.float(), images, sigma)
        exact = reference(model.double(), images.double(), sigma.double())
        found = torch.stack(((expected - torch.from_numpy(answer)), expected - exact)).abs()
        worst = torch.maximum(worst, found.flatten(1).amax(dim=1))
    return Agreement(*worst.tolist())


def _imported(name: str) -> Any:
    """A module that linn does not install by itself.

    Raises:
        UsageError: it is not there.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise UsageError(
            f"linn export needs what linn does not install by itself ({error}): {_INSTALL}"
        ) from error
