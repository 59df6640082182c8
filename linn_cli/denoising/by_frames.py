"""A video into a video, frame by frame in constant memory, for noise that is measured once."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from linn_cli.denoising import outcome, planes
from linn_cli.denoising.document import in_doubt
from linn_cli.denoising.job_list import Job
from linn_cli.denoising.loaded_network import LoadedNetwork
from linn_cli.denoising.networks import Networks
from linn_cli.denoising.outcome import DENOISING, ESTIMATING, READING, Outcome
from linn_cli.errors import InputError
from linn_cli.files import write_atomically
from linn_cli.noise.profile import NoiseProfile
from linn_cli.noise.request import Request
from linn_cli.pictures.high_depth import too_large
from linn_cli.pictures.picture import Picture
from linn_cli.progress import Progress, share
from linn_cli.videos.formats import Settings

if TYPE_CHECKING:
    from linn_cli.videos.reading import Video

# So many frames tell the noise of all.
_SAMPLED = 9
_COLOURS = 3


def denoise(
    job: Job,
    networks: Networks,
    request: Request,
    settings: Settings,
    *,
    max_pixels: int,
    progress: Progress,
    show: Callable[[Picture, Picture], None] | None = None,
) -> Outcome:
    """Denoise a video; each frame as a picture by itself, for the noise of all. `progress` counts to 1.

    Args:
        job: the files.
        networks: to choose from.
        request: the noise to remove.
        settings: of the encoder.
        max_pixels: refuse larger frames.
        progress: counts to 1; its notes are the steps.
        show: takes the first frame before and after.

    Raises:
        InputError: PyAV is missing, the file is damaged, or the output cannot hold what it holds.
        OSError: the output cannot be written.
    """
    progress(0, READING)
    with _opened(job.source, max_pixels) as video:
        from linn_cli.videos import transcoding

        if request.is_estimate:
            progress(0, ESTIMATING)
        sampled = [_picture(array) for array in video.sample(_SAMPLED)]
        profile = measure(sampled, request)
        advance = share(progress, video.length, DENOISING)
        told = share(advance, video.size[1])
        used: list[LoadedNetwork] = []
        count = 0

        def change(array: NDArray[Any]) -> NDArray[Any]:
            nonlocal count
            noisy = _picture(array)
            clean, network = planes.denoise(networks, noisy, profile, request.strength, told)
            used[:] = [in_doubt([*used, network])]
            if show and not count:
                show(noisy, clean)
            count += 1
            return _array(clean)

        job.target.parent.mkdir(parents=True, exist_ok=True)
        with write_atomically(job.target) as temporary:
            remarks = transcoding.transcode(video, temporary, change, settings)
            if not used:
                raise InputError(f"{job.source}: holds no frame that can be decoded")
        first = sampled[0]
        removed = outcome.of_removal(used[0], [profile], request)
        return replace(
            removed,
            width=first.size[0],
            height=first.size[1],
            frames=count,
            channels=first.values.shape[2],
            depth=first.values.dtype.name,
            remarks=(*removed.remarks, *remarks),
        )


def typical(path: Path, *, max_pixels: int) -> tuple[Picture, str]:
    """The frame whose noise is taken for that of all, and how it was found.

    Raises:
        InputError: PyAV is missing, the file is damaged, its frames are too large, or none can tell.
    """
    with _opened(path, max_pixels) as video:
        ranked = _ranked([_picture(array) for array in video.sample(_SAMPLED)], Request())
    return _middle(ranked)[1], _told(ranked)


@contextmanager
def _opened(path: Path, max_pixels: int) -> Iterator[Video]:
    try:
        from linn_cli.videos import reading
    except ImportError as error:
        raise InputError(
            f"{path}: is a video, which needs PyAV: python -m pip install 'linn-cli[video]'"
        ) from error
    with reading.opened(path) as video:
        if math.prod(video.size) > max_pixels:
            raise InputError(f"{path}: {too_large(max_pixels).text}")
        yield video


def measure(sampled: Sequence[Picture], request: Request) -> NoiseProfile:
    """The noise of all frames: that of the sampled one in the middle, by its sigma. Frames without noise do not count.

    Raises:
        InputError: no frame can tell.
        UsageError: sigma or a camera's noise is given for another number of channels.
    """
    if not request.is_estimate:
        return request.find(sampled[0])
    ranked = _ranked(sampled, request)
    middle, _ = _middle(ranked)
    if len(ranked) == 1 or not middle.words:
        return middle
    return replace(middle, words=(f"{middle.words[0]}, {_told(ranked)}", *middle.words[1:]))


_Ranked = list[tuple[NoiseProfile, Picture]]


def _ranked(sampled: Sequence[Picture], request: Request) -> _Ranked:
    """Frames with their noise, by its strength; those without noise only if there are no others.

    Raises:
        InputError: no frame can tell.
    """
    found, faults = [], []
    for picture in sampled:
        try:
            found.append((request.find(picture), picture))
        except InputError as error:
            faults.append(error)
    if not found:
        raise faults[0]
    noisy = [one for one in found if not one[0].sigma.is_nothing] or found
    return sorted(noisy, key=lambda one: _level(one[0]))


def _middle(ranked: _Ranked) -> tuple[NoiseProfile, Picture]:
    return ranked[(len(ranked) - 1) // 2]


def _told(ranked: _Ranked) -> str:
    low, high = _level(ranked[0][0]), _level(ranked[-1][0])
    return f"in the middle one of {len(ranked)} frames ({low:.2f} to {high:.2f})"


def _level(profile: NoiseProfile) -> float:
    return max(profile.sigma.levels)


def _picture(array: NDArray[Any]) -> Picture:
    """A frame (H, W, C) as a picture; a fourth channel is alpha."""
    if array.shape[2] > _COLOURS:
        return Picture(array[:, :, :_COLOURS], array[:, :, _COLOURS])
    return Picture(array)


def _array(picture: Picture) -> NDArray[Any]:
    if picture.alpha is None:
        return picture.values
    stacked: NDArray[Any] = np.dstack([picture.values, picture.alpha])
    return stacked
