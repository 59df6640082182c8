"""The published protocol: known noise on clean pictures, and how close the estimate comes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean

from torch import Tensor

from linn_cli.denoising.loaded_network import LoadedNetwork
from linn_cli.evaluation.clean_pictures import CleanPictures
from linn_cli.evaluation.other_methods import Classical
from linn_cli.metrics import add_noise, psnr, ssim
from linn_cli.network.model import DnINN
from linn_cli.noise import clipping
from linn_cli.units import GREY_LEVELS

# How the noisy picture is stored: as the published protocol has it, or in a file, rounded and cut off, and
# whether what was cut off is made up for as `linn denoise` does.
EXACT, EIGHT_BITS, EIGHT_BITS_PLAIN = "", ", 8 bits", ", 8 bits plain"
_BEST = "best for each sigma"


@dataclass(frozen=True)
class Score:
    """One picture at one sigma; `ssim` is None for a picture smaller than its window."""

    image: str
    sigma: float
    psnr: float
    ssim: float | None
    seconds: float
    pixels: int
    method: str


@dataclass(frozen=True)
class Summary:
    """The means over a set of pictures at one sigma, and the speed over all of them.

    `weights` and `parameters` are None for a method that has none.
    """

    method: str
    weights: str | None
    device: str
    precision: str
    sigma: float
    images: int
    psnr: float
    ssim: float | None
    seconds: float
    megapixels_per_second: float
    parameters: int | None = None

    @property
    def label(self) -> str:
        """The method's name among others, as the scores have it."""
        return f"linn {self.method}" if self.weights else self.method


@dataclass(frozen=True)
class Trial:
    """What one score was measured on: the picture's index and clean, noisy, estimate.

    Each is (H, W), or (H, W, 3) in colour.
    """

    index: int
    clean: Tensor
    noisy: Tensor
    estimate: Tensor


def forget(score: Score, trial: Trial) -> None:
    """Keep nothing."""


def measure(
    denoiser: LoadedNetwork | Classical,
    pictures: CleanPictures,
    sigma: float,
    keep: Callable[[Score, Trial], None] = forget,
    *,
    stored: str = EXACT,
    name: str = "",
) -> Iterator[Score]:
    """Score a denoiser on each usable picture; sigma in 8-bit grey levels.

    The picture with index i gets the noise of seed i, neither clipped nor rounded unless `stored` says so;
    the estimate is clamped to [0, 1] and not rounded. Only the denoising is timed. `keep` is called with
    each score before it is yielded. A picture that fails is left out of `pictures` from then on. `name` is that of
    the method, the denoiser's own if it is empty.
    """
    for index, path in pictures.usable:
        try:
            clean = pictures.planes(path)
            score, trial = _tried(denoiser, clean, sigma, index, path.name, stored, name)
        except Exception as error:
            pictures.leave_out(index, error)
        else:
            keep(score, trial)
            yield score


def name_of(*denoisers: LoadedNetwork | Classical) -> str:
    """The name of what denoises at one sigma or at several: networks may differ, and are one method."""
    names = {
        one.name if isinstance(one, Classical) else str(one.weight_set.architecture)
        for one in denoisers
    }
    return names.pop() if len(names) == 1 else _BEST


def _tried(
    denoiser: LoadedNetwork | Classical,
    clean: Tensor,
    sigma: float,
    index: int,
    image: str,
    stored: str,
    name: str,
) -> tuple[Score, Trial]:
    own = "" if isinstance(denoiser, Classical) else "linn "
    noisy = add_noise(clean, sigma / GREY_LEVELS, seed=index)
    if stored != EXACT:
        noisy = (noisy * GREY_LEVELS).round().clamp(0, GREY_LEVELS) / GREY_LEVELS
    began = time.perf_counter()
    estimate = denoiser(noisy, sigma)
    if stored == EIGHT_BITS:
        estimate[0] = clipping.find(noisy, [sigma]).undo(estimate[0])
    estimate = estimate.clamp(0, 1)
    seconds = time.perf_counter() - began
    score = Score(
        image=image,
        sigma=sigma,
        psnr=psnr(estimate, clean),
        ssim=_mean_ssim(estimate[0], clean[0]),
        seconds=seconds,
        pixels=clean[0, 0].numel(),
        method=f"{own}{name or name_of(denoiser)}{stored}",
    )
    return score, Trial(index, *map(_shown, (clean, noisy, estimate)))


def _shown(picture: Tensor) -> Tensor:
    """(1, C, H, W) to (H, W), or (H, W, 3)."""
    return picture[0, 0] if picture.shape[1] == 1 else picture[0].permute(1, 2, 0)


def _mean_ssim(estimate: Tensor, clean: Tensor) -> float | None:
    """The mean over the channels; None for a picture smaller than the window."""
    similarities = [ssim(*planes) for planes in zip(estimate, clean, strict=True)]
    found = [value for value in similarities if value is not None]
    return fmean(found) if found else None


def summarise(
    denoiser: LoadedNetwork | Classical,
    scores: Sequence[Score],
    stored: str = EXACT,
    name: str = "",
) -> Summary:
    """The means of one denoiser's scores at one sigma; `name` as in `measure`."""
    method = f"{name or name_of(denoiser)}{stored}"
    if isinstance(denoiser, Classical):
        return _means(scores, method, None, "cpu", "float64", None)
    return _means(
        scores,
        method,
        denoiser.weight_set.name,
        str(denoiser.device),
        denoiser.precision,
        DnINN(denoiser.weight_set.architecture).parameter_count,
    )


def _means(
    scores: Sequence[Score],
    method: str,
    weights: str | None,
    device: str,
    precision: str,
    parameters: int | None,
) -> Summary:
    seconds = sum(score.seconds for score in scores)
    similarities = [score.ssim for score in scores if score.ssim is not None]
    return Summary(
        method=method,
        weights=weights,
        device=device,
        precision=precision,
        sigma=scores[0].sigma,
        images=len(scores),
        psnr=fmean(score.psnr for score in scores),
        ssim=fmean(similarities) if similarities else None,
        seconds=seconds,
        megapixels_per_second=sum(score.pixels for score in scores) / seconds / 1e6,
        parameters=parameters,
    )
