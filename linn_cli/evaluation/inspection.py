"""The transform from inside: what lifting makes of a picture's channels, and what shrinkage leaves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from linn_cli import samples
from linn_cli.errors import UsageError
from linn_cli.network import haar, polyphase
from linn_cli.network.lifting import LiftingNetwork
from linn_cli.network.model import DnINN, Scale
from linn_cli.network.shrinkage import Lista, soft_threshold
from linn_cli.progress import Progress, silent
from linn_cli.units import EIGHT_BITS, Sigma, shown

CHANNELS = ("coarse", "across", "down", "diagonal")
_REACH, _BINS = 6.0, 121
MIDDLES = (np.arange(_BINS) + 0.5) * (2 * _REACH / _BINS) - _REACH

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Step:
    """One lifting step; all in units of the noise's sigma but the filters.

    `predicted` and `updated` are the root mean squares of P's answer and of U's, `detail` and `coarse`
    those of the channels after the step. `predict_energy` and `update_energy` are the sums of squares
    of all filters of P and of U.
    """

    predicted: float
    updated: float
    detail: float
    coarse: float
    predict_energy: float
    update_energy: float


@dataclass(frozen=True)
class ScaleView:
    """One scale: its channels (4, H + d, W + d), coarse first, in units of the noise's sigma.

    `plain` is the undecimated Haar transform alone, of the picture or of its plain coarse channel;
    `split` what goes into the lifting steps; `lifted` what comes out; `shrunk` that after the shrinkage. Of a
    polyphase network the channels are put together from their components, of a picture filled up to suit it.
    `zeros` is the share of coefficients, in each detail channel or for each of LISTA's atoms, that the
    shrinkage sets to 0.
    """

    plain: Array
    split: Array
    lifted: Array
    shrunk: Array
    steps: tuple[Step, ...]
    zeros: tuple[float, ...]


@dataclass(frozen=True)
class SigmaUnit:
    """What sigma is told in; one grey level of an inspection is `level` of it."""

    unit: str = EIGHT_BITS
    level: float = 1.0

    def words(self, sigma: float) -> str:
        """A noise level in grey levels, in words that name another unit."""
        where = f" in the file's values (--sigma-unit {self.unit})" * (self.unit != EIGHT_BITS)
        return f"sigma {shown(self.level * sigma)}{where}"

    @property
    def name(self) -> str:
        """The unit, as it stands behind a number."""
        return "grey levels" if self.unit == EIGHT_BITS else "in the file's values"


@dataclass(frozen=True)
class Inspection:
    """A picture's way through the network; pictures (H, W) in 8-bit grey levels.

    `error` is what the round trip without shrinkage changes. `plain` is the picture denoised by the plain
    Haar transform, its soft thresholds such that as many coefficients are 0 as in the network.
    """

    noisy: Array
    denoised: Array
    plain: Array
    error: Array
    scales: tuple[ScaleView, ...]


@torch.inference_mode()
def inspect(model: DnINN, levels: Array, sigma: float, progress: Progress = silent) -> Inspection:
    """Follow a picture through the network.

    Args:
        model: the network, on the CPU.
        levels: the picture (H, W) in 8-bit grey levels; all of it is in memory at once.
        sigma: the noise's standard deviation in 8-bit grey levels, more than 0.
        progress: told of each part once it is finished: each scale, "denoised", "round trip".

    Raises:
        UsageError: the picture is not grey, or the network is for colour.
    """
    if levels.ndim != 2:
        raise UsageError(f"expected a grey picture (H, W), not {levels.shape}")
    if model.architecture.planes > 1:
        raise UsageError(
            f"inspect looks at grey, not with a {model.architecture}: choose other weights"
        )
    picture = ((torch.from_numpy(levels) - 127.5) / sigma)[None, None].to(next(model.parameters()))
    image = polyphase.fill(picture, model.architecture.alignment)
    views, details, shrunk = [], [], []
    coarse = plain = image
    for number, scale in enumerate(model.scales, start=1):
        plain, plain_detail = haar.split(plain, scale.dilation)
        view, coarse, detail = _look(scale, coarse, _stack(plain, plain_detail))
        details.append(detail)
        shrunk.append(scale.shrinkage(detail))
        views.append(view)
        progress(1, f"scale {number}")
    denoised = model.synthesise(coarse, shrunk)
    progress(1, "denoised")
    error = model.synthesise(coarse, details) - image
    progress(1, "round trip")

    def cropped(filled: Tensor) -> Array:
        return _array(filled[0, 0, : levels.shape[0], : levels.shape[1]])

    return Inspection(
        noisy=levels,
        denoised=cropped(denoised * sigma + 127.5),
        plain=cropped(_plain_denoised(model, image, views) * sigma + 127.5),
        error=cropped(error * sigma),
        scales=tuple(views),
    )


def plane(levels: Array, sigma: Sigma) -> tuple[Array, tuple[float, ...]]:
    """What goes through the network of a picture (H, W) or (H, W, 3) in grey levels, and the sigma of its channels.

    Of a colour picture that is the luma as a grey picture: the mean of the channels, those with less noise counting
    more. Its noise is the `network_sigma` of theirs. Grey stored as colour is grey.

    Raises:
        UsageError: sigma is given for another number of channels.
    """
    if levels.ndim == 2:
        return levels, sigma.by_channel(1)
    channels = sigma.by_channel(levels.shape[2])
    alike = len(set(channels)) == 1
    if alike and samples.is_grey(torch.from_numpy(levels).permute(2, 0, 1)):
        return levels[:, :, 0], channels[:1]
    luma = np.average(levels, axis=2, weights=1 / np.array(channels))
    return luma.astype(np.float32), channels


def parts(model: DnINN) -> int:
    """How many parts `inspect` tells of."""
    return len(model.scales) + 2


def middle(levels: NDArray[Any], side: int) -> NDArray[Any]:
    """The middle of a picture (H, W) or (H, W, C), at most `side` pixels high and wide."""
    top, left = (max(0, (length - side) // 2) for length in levels.shape[:2])
    return levels[top : top + side, left : left + side]


def histogram(channels: Array) -> list[float]:
    """The share of values in each bin around `MIDDLES`; those beyond are in the first and last."""
    counts, _ = np.histogram(np.clip(channels, -_REACH, _REACH), _BINS, (-_REACH, _REACH))
    return [float(share) for share in counts / channels.size]


def _look(scale: Scale, image: Tensor, plain: Array) -> tuple[ScaleView, Tensor, Tensor]:
    def whole(components: Tensor) -> Tensor:
        return polyphase.merge(components, scale.phases)

    coarse, detail = haar.split(image, scale.dilation)
    before = _stack(coarse, detail)
    coarse, detail = polyphase.split(coarse, scale.phases), polyphase.split(detail, scale.phases)
    steps = []
    for step in scale.steps:
        predicted = step.predict(coarse)
        detail = detail - predicted
        updated = step.update(detail)
        coarse = coarse + updated
        steps.append(
            Step(
                predicted=_rms(predicted),
                updated=_rms(updated),
                detail=_rms(detail),
                coarse=_rms(coarse),
                predict_energy=_energy(step.predict),
                update_energy=_energy(step.update),
            )
        )
    shrinkage = scale.shrinkage
    shrunk = shrinkage(detail)
    code = shrinkage.code(detail) if isinstance(shrinkage, Lista) else whole(shrunk)
    coarse = whole(coarse)
    view = ScaleView(
        plain=plain,
        split=before,
        lifted=_stack(coarse, whole(detail)),
        shrunk=_stack(coarse, whole(shrunk)),
        steps=tuple(steps),
        zeros=tuple(float(share) for share in (code == 0).double().mean(dim=(0, 2, 3))),
    )
    return view, coarse, detail


def _plain_denoised(model: DnINN, image: Tensor, views: list[ScaleView]) -> Tensor:
    coarse, details = image, []
    for scale, view in zip(model.scales, views, strict=True):
        coarse, detail = haar.split(coarse, scale.dilation)
        share = float(np.mean(view.zeros))
        sizes = detail.abs().flatten(2)[0]
        # torch.quantile refuses more than 16 million values.
        bounds = torch.from_numpy(np.quantile(sizes.numpy(), share, axis=1)).to(detail)
        details.append(soft_threshold(detail, bounds))
    for scale, detail in zip(reversed(model.scales), reversed(details), strict=True):
        coarse = haar.merge(coarse, detail, scale.dilation)
    return coarse


def _stack(coarse: Tensor, detail: Tensor) -> Array:
    return _array(torch.cat((coarse, detail), dim=1)[0])


def _array(value: Tensor) -> Array:
    array: Array = value.float().numpy()
    return array


def rms(values: Array) -> float:
    """The root mean square."""
    return float(np.sqrt(np.mean(np.square(values, dtype=np.float64))))


def _rms(value: Tensor) -> float:
    return rms(_array(value))


def _energy(network: LiftingNetwork) -> float:
    filters = (value for name, value in network.named_parameters() if "threshold" not in name)
    return sum(value.double().square().sum().item() for value in filters)
