"""Weight sets: the bundled ones, files on disk, and the checks that every one of them passes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as parse_tensors
from safetensors.torch import save as serialise_tensors
from torch import Tensor

from linn_cli.errors import UsageError, WeightsError
from linn_cli.files import write_atomically
from linn_cli.network.architecture import MOST_BYTES, Architecture
from linn_cli.network.model import DnINN

_HEADER_LENGTH_BYTES = 8
# The bundled sets for one sigma were trained for a tenth less and more.
_NEAR = 1.1
_DTYPES = (torch.float32, torch.float64, torch.float16, torch.bfloat16)
_PACKAGE = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class WeightSet:
    """A file of trained weights and what it is good for; `sigma` is a range in 8-bit grey levels.

    `suits` is the range in which it was found better than less specialised sets, by default `sigma`, which it was
    trained for. `noise` is the kind of noise that it learned: "white", or "photo" as of photographs. `facts` is the whole entry of the manifest that lists it.
    """

    path: Path
    architecture: Architecture
    sigma: tuple[float, float]
    provenance: str
    sha256: str | None = None
    suits: tuple[float, float] | None = None
    noise: str = "white"
    facts: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def name(self) -> str:
        """The file's name without its ending."""
        return self.path.stem

    @property
    def span(self) -> tuple[float, float]:
        """All sigmas that it was trained for or suits."""
        ranges = (self.sigma, self.suits or self.sigma)
        return min(low for low, _ in ranges), max(high for _, high in ranges)

    def reaches(self, sigma: float) -> bool:
        """Whether a luma's sigma lies in its span, or so near that it makes next to no difference."""
        low, high = self.span
        return low / _NEAR <= self.architecture.own_sigma(sigma) <= high * _NEAR


def bundled() -> tuple[WeightSet, ...]:
    """The weight sets that come with linn, as the manifest lists them."""
    manifest = _bundle() / "manifest.json"
    try:
        entries = json.loads(manifest.read_text(encoding="utf-8"))["files"]
        return tuple(listed(entry, manifest.parent) for entry in entries)
    except (OSError, ValueError, KeyError, TypeError, WeightsError) as error:
        raise WeightsError(
            f"{manifest}: the manifest is unreadable ({error}); reinstall linn"
        ) from error


def listed(entry: Mapping[str, Any], folder: Path) -> WeightSet:
    """The weight set that an entry of a manifest describes; its file is in `folder`.

    Raises:
        WeightsError: the entry lacks something or holds what cannot be.
    """
    try:
        return WeightSet(
            path=folder / entry["file"],
            architecture=Architecture.of(entry),
            sigma=_listed_range(entry["sigma"]),
            provenance=entry["provenance"],
            sha256=entry["sha256"],
            suits=_listed_range(entry["suits"]) if "suits" in entry else None,
            noise=str(entry.get("noise", "white")),
            facts=entry,
        )
    except (ValueError, KeyError, TypeError) as error:
        raise WeightsError(f"an entry of the manifest cannot be used ({error})") from error


def _listed_range(pair: Any) -> tuple[float, float]:
    low, high = pair
    return _checked_range(float(low), float(high))


def describe(path: Path) -> WeightSet:
    """Read what a local file says it is; it belongs to no manifest, so it has no known hash."""
    return _described(path, _metadata(path, _read(path)))


def load(weight_set: WeightSet) -> DnINN:
    """Check a weight set and build its network, in evaluation mode, float32, on the CPU.

    Raises:
        WeightsError: the file is missing, its sha256 is not the manifest's, it is no safetensors file,
            or its architecture, names, shapes or values are not those of a DnINN.
    """
    content = _read(weight_set.path)
    found = hashlib.sha256(content).hexdigest()
    if weight_set.sha256 not in (None, found):
        raise WeightsError(
            f"{weight_set.path}: damaged or changed (sha256 {found[:12]}..., the manifest says "
            f"{str(weight_set.sha256)[:12]}...); install or fetch it again"
        )
    described = _described(weight_set.path, _metadata(weight_set.path, content))
    if described.architecture != weight_set.architecture:
        raise WeightsError(
            f"{weight_set.path}: holds {described.architecture}, not {weight_set.architecture}"
        )
    try:
        state = parse_tensors(content)
    except (SafetensorError, LookupError, ValueError, TypeError, RuntimeError) as error:
        raise WeightsError(f"{weight_set.path}: not a valid safetensors file ({error})") from error
    model = DnINN(weight_set.architecture)
    check_state(weight_set.path, state, model)
    model.load_state_dict(state)
    return model.eval().requires_grad_(False)


def check_state(path: Path, state: Mapping[str, Tensor], model: DnINN) -> None:
    """Raise `WeightsError` unless `state` has this model's names and shapes and sane values."""
    expected = model.state_dict()
    missing, unknown = expected.keys() - state.keys(), state.keys() - expected.keys()
    if missing or unknown:
        kind, keys = ("lacks", missing) if missing else ("has an unknown", unknown)
        raise WeightsError(f"{path}: not {model.architecture}, it {kind} {min(keys)!r}")
    for key, value in state.items():
        if value.shape != expected[key].shape:
            raise WeightsError(
                f"{path}: {key} has shape {tuple(value.shape)}, expected {tuple(expected[key].shape)}"
            )
        if value.dtype not in _DTYPES or not bool(torch.isfinite(value.float()).all()):
            raise WeightsError(f"{path}: {key} holds values that are not finite numbers")
        if "threshold" in key and bool((value < 0).any()):
            raise WeightsError(f"{path}: {key} holds a negative threshold")


def save(
    path: Path, model: DnINN, sigma: tuple[float, float], provenance: str, **more: object
) -> None:
    """Write a model as a safetensors file whose header says what it is; appears whole or not at all.

    Args:
        path: where to; an existing file is replaced.
        model: the network; its values are stored as float32.
        sigma: the range it was trained for, in 8-bit grey levels.
        provenance: how the weights came to be, in words.
        more: further facts for the header (steps, seed, ...), stored as text.
    """
    low, high = sigma
    metadata = {
        "architecture": "dninn",
        **{name: str(value) for name, value in model.architecture.facts.items()},
        "sigma": f"{low:g}-{high:g}",
        "provenance": provenance,
        **{key: str(value) for key, value in more.items()},
    }
    state = {
        key: value.detach().float().cpu().contiguous() for key, value in model.state_dict().items()
    }
    check_state(path, state, model)
    with write_atomically(path) as temporary:
        temporary.write_bytes(serialise_tensors(state, metadata))


def parse_range(text: str) -> tuple[float, float]:
    """A range of sigma written "5-60", or one sigma written "25", in 8-bit grey levels.

    Raises:
        UsageError: it is neither, or not within 0 to 255.
    """
    low, dash, high = text.partition("-")
    try:
        sigma = float(low), float(high if dash else low)
    except ValueError as error:
        raise UsageError(f"sigma {text!r}: give one number or a range such as 5-60") from error
    return _checked_range(*sigma)


def _checked_range(low: float, high: float) -> tuple[float, float]:
    if not 0 <= low <= high <= 255:  # False for NaN too
        raise UsageError(f"sigma {low:g}-{high:g}: give rising grey levels from 0 to 255")
    return low, high


def digest(path: Path) -> str:
    """The sha256 of a file of weights.

    Raises:
        WeightsError: it cannot be read.
    """
    return hashlib.sha256(_read(path)).hexdigest()


def is_bundled(weight_set: WeightSet) -> bool:
    """Whether the file is one of those that come with linn, chosen by it or not."""
    return weight_set.path.resolve().is_relative_to(_bundle().resolve())


def licence() -> Path:
    """The file that says on which terms the weights that come with linn may be used."""
    return _bundle() / "LICENSE.md"


def _bundle() -> Path:
    """The folder of the bundled sets: inside an installed package, or the checkout's `weights/`."""
    installed = _PACKAGE / "bundled"
    return installed if installed.is_dir() else _PACKAGE.parent / "weights"


def _read(path: Path) -> bytes:
    if path.suffix.lower() in {".pth", ".pt", ".bin", ".ckpt", ".pkl"}:
        raise WeightsError(
            f"{path}: pickled weights can run code and are refused; use .safetensors"
        )
    try:
        if path.stat().st_size > MOST_BYTES:
            raise WeightsError(f"{path}: too large for a DnINN weight file")
        return path.read_bytes()
    except OSError as error:
        raise WeightsError(f"{path}: cannot read the weights ({error.strerror})") from error


def _metadata(path: Path, content: bytes) -> Mapping[str, Any]:
    """The metadata of a safetensors file: 8 bytes of header length, then the header as JSON."""
    length = int.from_bytes(content[:_HEADER_LENGTH_BYTES], "little")
    end = _HEADER_LENGTH_BYTES + length
    if len(content) < end:
        raise WeightsError(f"{path}: not a safetensors file, or cut short")
    try:
        metadata = json.loads(content[_HEADER_LENGTH_BYTES:end])["__metadata__"]
        if isinstance(metadata, dict):
            return metadata
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    raise WeightsError(f"{path}: not a DnINN weight file, its header does not say what it is")


def _described(path: Path, metadata: Mapping[str, Any]) -> WeightSet:
    try:
        if not all(isinstance(value, str) for value in metadata.values()):
            raise ValueError("the metadata is not text")
        if metadata["architecture"] != "dninn":
            raise ValueError(f"architecture {metadata['architecture']!r}")
        architecture = Architecture.of(metadata)
        sigma = parse_range(metadata["sigma"])
        return WeightSet(
            path,
            architecture,
            sigma,
            str(metadata.get("provenance", "")),
            noise=str(metadata.get("noise", "white")),
        )
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise WeightsError(f"{path}: not a DnINN weight file (header: {error})") from error
