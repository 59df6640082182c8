"""What became of a picture, for people and for programs."""

from __future__ import annotations

from dataclasses import dataclass, replace

from linn_cli.denoising.loaded_network import LoadedNetwork
from linn_cli.noise import measurement
from linn_cli.noise.request import AUTO, NoiseProfile, Request
from linn_cli.pictures.picture import Document

PIPE = "-"
# The steps of a picture, as people see them.
READING, ESTIMATING, DENOISING, WRITING = "reading", "estimating noise", "denoising", "writing"


@dataclass(frozen=True)
class Outcome:
    """What became of a picture; `seconds` includes reading and writing, `error` is None if all went well.

    Sigma, gain and read noise are in 8-bit grey levels. `estimate` says in words what was estimated, `remarks` what
    the output has not kept.
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
    clipped: tuple[str, ...] = ()
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
        levels = ", ".join(f"{level:.3g}" for level in self.sigma)
        output = "standard output" if self.output == PIPE else self.output
        size = f"{self.width} x {self.height}, {_size(self.bytes or 0)}"
        return f"{output}: {size}, {model}sigma {levels} {found}, {self.seconds:.1f} s"

    def details(self) -> tuple[str, ...]:
        """All that is known of a picture that was denoised, in lines."""
        kind = "grey" if self.channels == 1 else "colour"
        frames = f"{self.frames} frames, " if self.frames != 1 else ""
        levels = ", ".join(f"{level:g}" for level in self.sigma)
        limits = f" cut off at {' and '.join(self.clipped)}" if self.clipped else ""
        network = f"{self.network}, weights {self.weights}"
        where = f"{self.device}, {self.precision}, {self.seconds:.2f} s"
        what = f"{self.width} x {self.height} {kind} {self.depth}, {frames}sigma {levels}{limits}"
        return f"{what}, {network}, {where}", *self.estimate


def _size(count: float) -> str:
    """A number of bytes, as people write it."""
    for unit in ("bytes", "kB", "MB"):
        if count < 999.5:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} GB"


def described(
    document: Document, network: LoadedNetwork, profile: NoiseProfile, request: Request
) -> Outcome:
    """The outcome of a document that was denoised, without its files."""
    first = document.frames[0]
    return replace(
        of_removal(network, profile, request),
        width=first.size[0],
        height=first.size[1],
        frames=len(document.frames),
        channels=first.values.shape[2],
        depth=first.values.dtype.name,
    )


def of_removal(network: LoadedNetwork, profile: NoiseProfile, request: Request) -> Outcome:
    """What was removed, by which network, and whether that suits."""
    model = measurement.CAMERA if profile.grows else measurement.WHITE
    model = measurement.PHOTO if profile.is_photo else model
    return Outcome(
        input=PIPE,
        output=PIPE,
        frames=1,
        sigma=profile.sigma_at(request.strength).levels,
        noise=model if request.model == AUTO else request.model,
        gain=tuple(one.levels[0] for one in profile.cameras),
        read=tuple(one.levels[1] for one in profile.cameras),
        clipped=profile.clipped.where,
        estimate=profile.words,
        variant=network.weight_set.architecture.variant,
        scales=network.weight_set.architecture.scales,
        network=str(network.weight_set.architecture),
        weights=network.weight_set.name,
        device=str(network.device),
        precision=network.precision,
        remarks=(network.doubt,) if network.doubt else (),
    )
