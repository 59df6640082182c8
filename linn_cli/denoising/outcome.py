"""What became of a picture, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from linn_cli.denoising.loaded_network import LoadedNetwork
from linn_cli.noise.measured import CAMERA, PHOTO, WHITE, hidden
from linn_cli.noise.profile import NoiseProfile
from linn_cli.noise.request import AUTO, Request
from linn_cli.noise.strength import FULL
from linn_cli.pictures.picture import Document
from linn_cli.units import EIGHT_BITS, VALUE, shown, three_digits
from linn_cli.wording import as_options

PIPE = "-"
# Of more levels than these a line shows the least and the most.
_MOST_LEVELS = 4
_WHOLE = FULL.percents
# Noise whose option is not what people call it.
_SAID = {PHOTO: "coarse"}
# The steps of a picture, as people see them.
READING, ESTIMATING, DENOISING, WRITING = "reading", "estimating noise", "denoising", "writing"


@dataclass(frozen=True)
class Outcome:
    """What became of a picture; `seconds` includes reading and writing, `error` is None if all went well.

    Sigma, gain and read noise are in `sigma_unit`, by channel, or by channel and frame where each has its own: in the
    file's values where these have a range of their own, else in 8-bit grey levels. They are those of the noise, of which
    `strength` is removed: per cent, one or that of brightness and that of colour. Sigma of a photograph's noise is by
    plane: brightness, then two of colour. It is empty where noise was neither given nor estimated.
    `beside` names the weights of a second network that saw a photograph beside that of `weights`.
    `estimate` says in words what was estimated, `remarks` what the output has not kept. `range` has the values that
    were taken for black and white of all planes, where they are not those of the depth and are the same for all.
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
    sigma_unit: str = EIGHT_BITS
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
    beside: str | None = None
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
        output = "standard output" if self.output == PIPE else self.output
        bytes = "" if self.bytes is None else f", {_size(self.bytes)}"
        size = f"{self.width} x {self.height}{bytes}"
        return f"{output}: {size}, {', '.join(self._noise())}, {self.seconds:.1f} s"

    def _noise(self) -> Iterator[str]:
        """Which noise was removed, and how much of it."""
        found = "estimated" if self.estimate else "given"
        model = (
            "" if self.noise in (None, WHITE) else f"{_SAID.get(self.noise, self.noise)} noise of "
        )
        levels = _range(self.sigma, one_by_one=self.frames in (None, 1))
        if self.range:
            levels += " of {:.4g} to {:.4g}".format(*self.range)
        unit = "" if self.sigma_unit == EIGHT_BITS else f" (--sigma-unit {self.sigma_unit})"
        is_removed = bool(self.sigma) and self._takes
        yield f"{model}sigma {levels} {found}{unit}" if is_removed else "left as it is"
        if self.strength not in ((), _WHOLE):
            yield f"strength {','.join(f'{one:g}' for one in self.strength)}"

    @property
    def _takes(self) -> bool:
        """Whether the strength takes anything from this picture: that of colour needs colour."""
        percents = self.strength or _WHOLE
        return any(percents if self.channels == 3 else percents[:1])

    def details(self) -> tuple[str, ...]:
        """All that is known of a picture that was denoised, in lines."""
        kind = {1: "grey", 3: "colour"}.get(self.channels or 1, f"{self.channels} channels")
        frames = f"{self.frames} frames, " if self.frames != 1 else ""
        levels = ", ".join(f"{level:g}" for level in self.sigma) or "unknown"
        span = "" if self.range is None else ", values {:g} to {:g}".format(*self.range)
        limits = f" cut off at {' and '.join(self.clipped)}" if self.clipped else ""
        network = f"{self.network}, weights {self.weights}"
        network += f" beside {self.beside}" if self.beside else ""
        where = f"{self.device}, {self.precision}, {self.seconds:.2f} s"
        size = f"{self.width} x {self.height} {kind} {self.depth}{span}"
        what = f"{size}, {frames}sigma {levels}{limits}"
        return f"{what}, {network}, {where}", *self.estimate


def _range(levels: Sequence[float], *, one_by_one: bool) -> str:
    """Levels one by one, or the least and the most: those of frames would pass for those of colours."""
    if len(levels) <= 1 or (one_by_one and len(levels) <= _MOST_LEVELS):
        return ", ".join(map(three_digits, levels))
    return f"{three_digits(min(levels))} to {three_digits(max(levels))}"


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
    doubt = hidden(document.format.name, levels) if removed.estimate else ()
    return replace(
        removed,
        estimate=(*removed.estimate, *doubt),
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
    model = CAMERA if any(one.grows for one in profiles) else WHITE
    model = PHOTO if any(one.photo for one in profiles) else model
    # What is the same for all is said once.
    unit = VALUE if any(one.range for one in profiles) else EIGHT_BITS
    distinct = profiles if len({one.shown_in(unit) for one in profiles}) > 1 else profiles[:1]
    is_known = any(one.is_known for one in profiles)
    cameras = [camera for one in distinct for camera in one.cameras_in(unit)]
    advice = [as_options(word) for one in profiles for word in one.advice]
    ranges = {one.range for one in profiles if one.is_known}
    shared = ranges.pop() if len(ranges) == 1 else None
    return Outcome(
        input=PIPE,
        output=PIPE,
        frames=1,
        sigma=tuple(level for one in distinct for level in one.shown_in(unit)) if is_known else (),
        sigma_unit=unit,
        noise=model if request.model == AUTO else request.model,
        gain=tuple(one.levels[0] for one in cameras),
        read=tuple(one.levels[1] for one in cameras),
        strength=request.strength.percents,
        clipped=tuple(dict.fromkeys(where for one in profiles for where in one.clipped.where)),
        estimate=_in_words(profiles, unit),
        range=(shared.low, shared.high) if shared else None,
        variant=network.weight_set.architecture.variant,
        scales=network.weight_set.architecture.scales,
        network=str(network.weight_set.architecture),
        weights=network.weight_set.name,
        beside=network.beside or None,
        device=str(network.device),
        precision=network.precision,
        remarks=tuple(dict.fromkeys([*([network.doubt] if network.doubt else []), *advice])),
    )


def _in_words(profiles: Sequence[NoiseProfile], unit: str) -> tuple[str, ...]:
    """What was estimated: of one plane all of it, of several their sigmas and what else holds for some."""
    words = [profile.words for profile in profiles if profile.words]
    if len(profiles) < 2 or len(set(words)) < 2:
        return tuple(dict.fromkeys(word for each in words for word in each))
    levels = [max(profile.shown_in(unit)) for profile in profiles if profile.is_known]
    least, most = shown(min(levels)), shown(max(levels))
    said = f"sigma {least} to {most} in {len(levels)} planes, each estimated by itself"
    if unit == VALUE:
        said += f" in the file's values (--sigma-unit {VALUE})"
    return said, *dict.fromkeys(word for each in words for word in each[1:])
