"""What became of a picture, for people and for programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from linn_cli.denoising.loaded_network import LoadedNetwork
from linn_cli.noise import measurement
from linn_cli.noise.profile import NoiseProfile
from linn_cli.noise.request import AUTO, Request
from linn_cli.noise.strength import FULL
from linn_cli.pictures.picture import Document
from linn_cli.samples import white
from linn_cli.units import GREY_LEVELS
from linn_cli.wording import as_options

PIPE = "-"
# Of more levels than these a line shows the least and the most.
_MOST_LEVELS = 4
# The steps of a picture, as people see them.
READING, ESTIMATING, DENOISING, WRITING = "reading", "estimating noise", "denoising", "writing"


@dataclass(frozen=True)
class Outcome:
    """What became of a picture; `seconds` includes reading and writing, `error` is None if all went well.

    Sigma, gain and read noise are in 8-bit grey levels, by channel, or by channel and frame where each has its own. Sigma
    of a photograph's noise is by plane: brightness, then two of colour. `strength` is in per cent, one or that of
    brightness and that of colour; sigma of other noise is at the first.
    `estimate` says in words what was estimated, `remarks` what the output has not kept. `range` has the values that
    were taken for black and white, where they are not those of the depth.
    """

    input: str
    output: str
    width: int | None = None
    height: int | None = None
    frames: int | None = None
    channels: int | None = None
    depth: str | None = None
    bytes: int | None = None
    sigma: tuple[float, ...] = ()
    noise: str | None = None
    gain: tuple[float, ...] = ()
    read: tuple[float, ...] = ()
    strength: tuple[float, ...] = ()
    clipped: tuple[str, ...] = ()
    range: tuple[float, float] | None = None
    variant: str | None = None
    scales: int | None = None
    network: str | None = None
    weights: str | None = None
    device: str | None = None
    precision: str | None = None
    seconds: float = 0.0
    estimate: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    skipped: bool = False
    error: str | None = None

    def __str__(self) -> str:
        """In one short line: what was written, and for which noise."""
        if self.error or self.skipped:
            return self.error or f"{self.output}: there already, left as it is"
        found = "estimated" if self.estimate else "given"
        model = "" if self.noise in (None, measurement.WHITE) else f"{self.noise} noise of "
        levels = _range(self._told)
        if self.range:
            levels += " of {:.4g} to {:.4g}".format(*self.range)
        output = "standard output" if self.output == PIPE else self.output
        bytes = "" if self.bytes is None else f", {_size(self.bytes)}"
        size = f"{self.width} x {self.height}{bytes}"
        apart = f", strength {','.join(f'{one:g}' for one in self.strength)}" * (
            len(self.strength) > 1
        )
        return f"{output}: {size}, {model}sigma {levels} {found}{apart}, {self.seconds:.1f} s"

    @property
    def _told(self) -> tuple[float, ...]:
        """Sigma as people are told: in grey levels, or in the file's values if these have a range of their own."""
        if self.range is None or self.depth is None:
            return self.sigma
        return tuple(level * white(np.dtype(self.depth)) / GREY_LEVELS for level in self.sigma)

    def details(self) -> tuple[str, ...]:
        """All that is known of a picture that was denoised, in lines."""
        kind = {1: "grey", 3: "colour"}.get(self.channels or 1, f"{self.channels} channels")
        frames = f"{self.frames} frames, " if self.frames != 1 else ""
        levels = ", ".join(f"{level:g}" for level in self._told)
        span = "" if self.range is None else ", values {:g} to {:g}".format(*self.range)
        limits = f" cut off at {' and '.join(self.clipped)}" if self.clipped else ""
        network = f"{self.network}, weights {self.weights}"
        where = f"{self.device}, {self.precision}, {self.seconds:.2f} s"
        size = f"{self.width} x {self.height} {kind} {self.depth}{span}"
        what = f"{size}, {frames}sigma {levels}{limits}"
        return f"{what}, {network}, {where}", *self.estimate


def _range(levels: Sequence[float]) -> str:
    """Levels one by one, of many the least and the most."""
    if len(levels) <= _MOST_LEVELS:
        return ", ".join(f"{level:.3g}" for level in levels)
    return f"{min(levels):.3g} to {max(levels):.3g}"


def _size(count: float) -> str:
    """A number of bytes, as people write it."""
    for unit in ("bytes", "kB", "MB"):
        if count < 999.5:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} GB"


@dataclass
class Tally:
    """How many pictures there were, and how many of them failed or were skipped."""

    total: int = 0
    failed: int = 0
    skipped: int = 0

    def add(self, outcome: Outcome) -> None:
        """Count what became of one more."""
        self.total += 1
        self.failed += outcome.error is not None
        self.skipped += outcome.skipped

    def __str__(self) -> str:
        """In words."""
        done = self.total - self.failed - self.skipped
        return f"{done} of {self.total} pictures denoised"


def described(
    document: Document,
    network: LoadedNetwork,
    profiles: Sequence[NoiseProfile],
    request: Request,
) -> Outcome:
    """The outcome of a document that was denoised, without its files."""
    first = document.frames[0]
    removed = of_removal(network, profiles, request)
    levels = [level for one in profiles for level in one.sigma.levels]
    hidden = measurement.hidden(document.format.name, levels) if removed.estimate else ()
    return replace(
        removed,
        estimate=(*removed.estimate, *hidden),
        width=first.size[0],
        height=first.size[1],
        frames=len(document.frames),
        channels=first.values.shape[2],
        depth=first.values.dtype.name,
    )


def of_removal(
    network: LoadedNetwork, profiles: Sequence[NoiseProfile], request: Request
) -> Outcome:
    """What was removed from each plane, by which network, and whether that suits."""
    model = measurement.CAMERA if any(one.grows for one in profiles) else measurement.WHITE
    model = measurement.PHOTO if any(one.photo for one in profiles) else model
    # What is the same for all is said once.
    distinct = profiles if len({one.shown_at(FULL) for one in profiles}) > 1 else profiles[:1]
    # Gain and read noise of light that was stored by a curve are no numbers that --gain takes.
    raw = [
        (one, profile.unit) for profile in distinct for one in profile.cameras if not one.encoded
    ]
    cameras = [one.times(unit) for one, unit in raw]
    advice = [as_options(word) for one in profiles for word in one.advice]
    shared = next((one.range for one in profiles if one.range), None)
    return Outcome(
        input=PIPE,
        output=PIPE,
        frames=1,
        sigma=tuple(level for one in distinct for level in one.shown_at(request.strength)),
        noise=model if request.model == AUTO else request.model,
        gain=tuple(one.levels[0] for one in cameras),
        read=tuple(one.levels[1] for one in cameras),
        strength=request.strength.percents,
        clipped=tuple(dict.fromkeys(where for one in profiles for where in one.clipped.where)),
        estimate=_in_words(profiles),
        range=(shared.low, shared.high) if shared else None,
        variant=network.weight_set.architecture.variant,
        scales=network.weight_set.architecture.scales,
        network=str(network.weight_set.architecture),
        weights=network.weight_set.name,
        device=str(network.device),
        precision=network.precision,
        remarks=tuple(dict.fromkeys([*([network.doubt] if network.doubt else []), *advice])),
    )


def _in_words(profiles: Sequence[NoiseProfile]) -> tuple[str, ...]:
    """What was estimated: of one plane all of it, of several their sigmas and what else holds for some."""
    words = [profile.words for profile in profiles if profile.words]
    if len(profiles) < 2 or len(set(words)) < 2:
        return tuple(dict.fromkeys(word for each in words for word in each))
    levels = [max(profile.levels_at(1.0)) for profile in profiles]
    said = f"sigma {min(levels):.4g} to {max(levels):.4g} in {len(levels)} planes, each estimated by itself"
    return said, *dict.fromkeys(word for each in words for word in each[1:])
