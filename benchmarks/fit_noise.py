"""Fit the small networks that know the noise of photographs (`linn_cli/noise/_by_bands.py`, `_by_pixels.py`), and judge them.

    python -m benchmarks.fit_noise bsd432/ photos/ --without weights/held-out.txt -o linn_cli/noise/ [--group cameras|grain]
    python -m benchmarks.fit_noise bsd432/ photos/ --names weights/held-out.txt --count 2000

The first fits a group of networks to other pictures than held-out ones, and the second judges both groups by these; with
--grey, those for grey.

Noise of cameras, grain, JPEG, scaling and white noise is made on patches of the pictures. Beside it stand patches without
noise, as they are and made smaller, drawings, text, halftones, stars, gradients and textures of one colour. It prints, for
patches that they were not fitted to, how many of each kind they take for noise and for white noise, and how far the logarithms
of their deviations are off. Without -o it judges the bundled networks. One core takes more than an hour for 26,000
patches, which fill 3 GB of memory.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image, ImageDraw
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional as F

from benchmarks.common import by_name, script_parser
from linn_cli.network.planes import from_channels
from linn_cli.noise import _by_bands, _by_pixels, _evenness, _recognition, _spectra
from linn_cli.noise._bundled import GROUPS, Group
from linn_cli.noise._by_bands import BandNetworks, features
from linn_cli.noise._by_pixels import PixelNetwork
from linn_cli.noise._spectra import PLANES
from linn_cli.pictures import folders
from linn_cli.training import filters
from linn_cli.training.photographs import PhotographNoise
from linn_cli.units import GREY_LEVELS

_SIDES: dict[Group, tuple[int, ...]] = {"cameras": (128, 192), "grain": (128, 192, 256)}
_PART, _KEPT = (
    128,
    192,
)  # the network that sees pixels is fitted to parts of what is kept of a patch
_BATCH = 8
_LEVELS = (0.5, 60.0)
_GAMMA = 2.2
_AS_IT_IS = 1.3  # a picture that would become so much larger or less stays as it is
# What a patch is, and how often.
_SHARES: dict[Group, dict[str, float]] = {
    "cameras": {
        "photograph": 0.42,
        "white": 0.1,
        "sensor": 0.05,
        "clean": 0.1,
        "smaller": 0.1,
        "enlarged": 0.05,
        "compressed": 0.05,
        "drawn": 0.05,
        "texture": 0.06,
        "gradient": 0.02,
    },
    "grain": {
        "photograph": 0.36,
        "film": 0.1,
        "white": 0.09,
        "sensor": 0.05,
        "clean": 0.065,
        "as it is": 0.065,
        "smaller": 0.08,
        "enlarged": 0.05,
        "compressed": 0.05,
        "drawn": 0.04,
        "texture": 0.03,
        "gradient": 0.02,
    },
}
# In grey some of that is noise of a sensor without a tone curve, as in raw-like and instruments' files.
_RAW = {"white": -0.02, "sensor": -0.02, "raw": 0.04}
_GREY = (0.299, 0.587, 0.114)  # of ITU-R BT.601
_CLEAN = ("clean", "as it is", "smaller", "enlarged", "compressed", "drawn", "texture", "gradient")
_WHITE = ("white", "sensor", "raw")
# These may have noise of their own, and count less for being clean.
_AS_THEY_ARE = ("clean", "as it is")
_DOUBTFUL: dict[Group, float] = {"cameras": 0.3, "grain": 0.5}
_LEAST = 0.5  # grey levels; weaker noise than this is none
_STEPS, _PATCHES_A_STEP, _RATE = 12_000, 256, 4e-3
# What the networks see of bands is blurred so much. One plane tells little of noise that is unlike any here, such as that of
# nine neighbours averaged: there they must not be too sure.
_BLUR = {1: 0.5, PLANES: 0.1}
_PIXELS_STEPS, _PATCHES_A_BATCH, _PIXELS_RATE = 8_000, 32, 2e-3
_HELD = 8  # one patch of so many is not fitted to


class Truth(NamedTuple):
    """What is to be told of patches (n, ...): log deviations, whether there is noise, how sure that is, and whether it is white."""

    deviations: Tensor
    noisy: Tensor
    known: Tensor
    white: Tensor

    def of(self, places: Tensor) -> Truth:
        """The same of some of them."""
        return Truth(*(one[places] for one in self))

    def loss(self, told: Tensor) -> Tensor:
        """How far off what was told is.

        The deviations count where there is noise. Whether there is any counts where that is known: where it is not too weak.
        """
        off = F.smooth_l1_loss(told[:, :-2], self.deviations, beta=0.2, reduction="none")
        is_noise = _odds(told[:, -2], self.noisy) * self.known
        is_white = _odds(told[:, -1], self.white)
        weights = self.noisy / self.noisy.sum().clamp(min=1)
        return (weights * (off.mean(1) + is_white / 2)).sum() + is_noise.mean() / 2


@dataclass(frozen=True)
class Made:
    """Patches and what is known of them.

    Levels, uint8, (C, H, W) each; features (n, f), of so many patches each, (n,), whether noise in them is even, bool (n,), deviations
    (n, C) in grey levels, and their kinds. C is 3, or 1 in grey. Pictures that may be noisy count as clean `doubtful` times as much as others.
    """

    levels: tuple[Tensor, ...]
    features: Tensor
    counts: Tensor
    even: Tensor
    deviations: Tensor
    kinds: tuple[str, ...]
    doubtful: float

    @property
    def planes(self) -> int:
        """3, or 1 in grey."""
        return self.deviations.shape[1]

    @cached_property
    def truth(self) -> Truth:
        """What the networks are to tell of them."""
        clean = self.are(_CLEAN)
        noisy = ~clean & (self.deviations[:, 0] > 2 * _LEAST)
        counts = torch.where(self.are(_AS_THEY_ARE), self.doubtful, 1.0)
        return Truth(
            self.deviations.clamp(min=_LEAST).log(),
            noisy.float(),
            (noisy | clean).float() * counts,
            self.are(_WHITE).float(),
        )

    def of(self, chosen: Tensor) -> Made:
        """The same of the chosen patches alone, bool (n,)."""
        places = chosen.nonzero()[:, 0].tolist()
        return Made(
            tuple(self.levels[place] for place in places),
            self.features[chosen],
            self.counts[chosen],
            self.even[chosen],
            self.deviations[chosen],
            tuple(self.kinds[place] for place in places),
            self.doubtful,
        )

    def are(self, kinds: tuple[str, ...]) -> Tensor:
        """Which patches are of these kinds, bool (n,)."""
        return torch.tensor([kind in kinds for kind in self.kinds])


class Pictures:
    """Random patches of clean pictures."""

    def __init__(self, paths: list[Path], seed: int) -> None:
        self._paths = paths
        self.random = np.random.default_rng(seed)
        self.draws = torch.Generator().manual_seed(seed)

    def patch(self, side: int, *, smaller: bool = False, as_it_is: bool = False) -> Tensor:
        """A patch (3, side, side) of a picture made `smaller`, so that its own noise goes, or a little, or larger.

        Pictures of large sensors are as soft as enlarged ones.
        """
        path = self._paths[self.random.integers(len(self._paths))]
        with Image.open(path) as image:
            picture = image.convert("RGB")
        low, high = (0.4, 0.55) if smaller else (0.5, 3.0)
        factor = 1.0 if as_it_is else self.random.uniform(low, high)
        factor = max(factor, (side + 1) / min(picture.size))
        if min(picture.size) < side or not 1 <= factor <= _AS_IT_IS:
            size = (math.ceil(factor * picture.width), math.ceil(factor * picture.height))
            picture = picture.resize(size, Image.Resampling.BICUBIC)
        left = int(self.random.integers(picture.width - side + 1))
        top = int(self.random.integers(picture.height - side + 1))
        values = np.asarray(picture.crop((left, top, left + side, top + side)))
        return torch.from_numpy(values.copy()).permute(2, 0, 1).float() / GREY_LEVELS

    def normal(self, *shape: int) -> Tensor:
        """White noise of deviation 1."""
        return torch.randn(shape, generator=self.draws)

    def between(self, low: float, high: float) -> float:
        """A number whose logarithm is uniform."""
        return math.exp(self.random.uniform(math.log(low), math.log(high)))

    def colour(self, low: int, high: int) -> tuple[int, int, int]:
        """A random colour."""
        red, green, blue = (int(level) for level in self.random.integers(low, high, 3))
        return red, green, blue


def main() -> None:
    """Make patches, fit, judge and write."""
    parser = script_parser(__doc__)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--names", type=Path, help="only the pictures named in this file")
    parser.add_argument("--without", type=Path, help="only the other pictures")
    parser.add_argument("--count", type=int, default=26_000, help="so many patches")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--grey", action="store_true", help="in grey")
    parser.add_argument(
        "--group", choices=GROUPS, default="grain", help="fit these, or judge by what these see"
    )
    parser.add_argument("-o", "--output", type=Path, help="the folder that the networks go to")
    options = parser.parse_args()
    paths = [path for folder in options.folders for path in folders.list_pictures(folder)]
    planes, group = 1 if options.grey else PLANES, options.group
    made = gather(Pictures(by_name(paths, options), options.seed), options.count, planes, group)
    if not options.output:
        bundled = (
            (_by_bands.bundled(planes, one), _by_pixels.bundled(planes, one)) for one in GROUPS
        )
        report(made, {one: tell(made, *both) for one, both in zip(GROUPS, bundled, strict=True)})
        return
    held = torch.arange(len(made.kinds)) % _HELD == 0
    by_bands = fit_by_bands(made, ~held, options.seed)
    by_pixels = fit_by_pixels(made, ~held, options.seed)
    judged = made.of(held)
    report(judged, {group: tell(judged, by_bands, by_pixels)})
    save_file(by_bands.state_dict(), options.output / _by_bands.FILES[planes, group].name)
    save_file(by_pixels.state_dict(), options.output / _by_pixels.FILES[planes, group].name)


def gather(pictures: Pictures, count: int, planes: int, group: Group) -> Made:
    """`count` patches of so many planes, 1 or 3, for a group of networks, and what is known of these."""
    stored: list[Tensor] = []
    seen: list[Tensor] = []
    counts: list[int] = []
    even: list[bool] = []
    deviations: list[Tensor] = []
    kinds: list[str] = []
    shares = dict(_SHARES[group])
    if planes == 1:
        for kind, more in _RAW.items():
            shares[kind] = shares.get(kind, 0.0) + more
    while len(kinds) < count:
        kind = str(pictures.random.choice(list(shares), p=list(shares.values())))
        for name, noisy, clean in MAKERS[kind](
            pictures, int(pictures.random.choice(_SIDES[group]))
        ):
            if planes == 1:
                noisy, clean = _in_grey(pictures, noisy, clean)
            levels = (GREY_LEVELS * noisy).round().clamp(0, GREY_LEVELS).byte()
            spectra = _spectra.measure(list(levels.float() / GREY_LEVELS))
            if not spectra:
                continue
            difference = GREY_LEVELS * from_channels(noisy - clean)
            stored.append(levels[:, :_KEPT, :_KEPT].clone())
            seen.append(features(spectra))
            counts.append(len(spectra[0].powers))
            even.append(_evenness.is_even(spectra))
            deviations.append(difference.square().mean((1, 2)).sqrt())
            kinds.append(name)
    return Made(
        tuple(stored),
        torch.stack(seen),
        torch.tensor(counts),
        torch.tensor(even),
        torch.stack(deviations),
        tuple(kinds),
        _DOUBTFUL[group],
    )


def _in_grey(pictures: Pictures, *ones: Tensor) -> list[Tensor]:
    """Pictures as programs turn colour into grey, or as someone mixes the channels."""
    mixed = pictures.random.dirichlet((1, 1, 1)).tolist()
    parts = _GREY if pictures.random.random() < 0.5 else mixed
    weights = torch.tensor(parts)[:, None, None]
    return [(weights * one).sum(0, keepdim=True) for one in ones]


Patch = tuple[str, Tensor, Tensor]
Maker = Callable[[Pictures, int], Iterator[Patch]]


def _photograph(pictures: Pictures, side: int) -> Iterator[Patch]:
    noise = PhotographNoise(side, _LEVELS)
    clean = torch.stack([pictures.patch(side + noise.margin) for _ in range(_BATCH)])
    noisy, clean, _ = noise(clean, pictures.draws)
    for kind, *patch in zip(noise.kinds(_BATCH), noisy, clean, strict=True):
        yield kind, *patch


def _film(pictures: Pictures, side: int) -> Iterator[Patch]:
    """Grain that is the same in all colours, as of film, half the time under JPEG."""
    for _ in range(_BATCH // 2):
        clean = pictures.patch(side)
        radius = torch.tensor(pictures.random.uniform(0.4, 2.5)).view(1, 1, 1, 1).float()
        grains = filters.blur(pictures.normal(1, 1, side, side), radius)[0]
        noise = pictures.between(1.5, 30) / GREY_LEVELS / grains.std() * grains
        if pictures.random.random() < 0.5:
            at, around = pictures.random.uniform(0.1, 0.7), pictures.random.uniform(0.15, 0.5)
            least = pictures.random.uniform(0.2, 0.8)
            tone = torch.exp(-0.5 * ((clean.mean(0, keepdim=True) - at) / around) ** 2)
            noise = noise * (least + (1 - least) * tone)
        noisy = (clean + noise).clamp(0, 1)
        if pictures.random.random() < 0.5:
            noisy = _stored(pictures, noisy, 75)
        yield "film", noisy, clean


def _white(pictures: Pictures, side: int) -> Iterator[Patch]:
    for _ in range(_BATCH // 2):
        clean = pictures.patch(side)
        sigma = torch.full((3, 1, 1), pictures.between(0.7, 75) / GREY_LEVELS)
        if pictures.random.random() < 0.3:
            sigma = sigma * torch.from_numpy(pictures.random.uniform(0.4, 1.6, (3, 1, 1))).float()
        yield "white", (clean + sigma * pictures.normal(*clean.shape)).clamp(0, 1), clean


def _sensor(pictures: Pictures, side: int) -> Iterator[Patch]:
    for _ in range(_BATCH // 2):
        clean = pictures.patch(side)
        noisy = _counted(pictures, clean**_GAMMA)
        yield "sensor", noisy.clamp(0, 1) ** (1 / _GAMMA), clean


def _raw(pictures: Pictures, side: int) -> Iterator[Patch]:
    for _ in range(_BATCH // 2):
        clean = pictures.patch(side)
        yield "raw", _counted(pictures, clean).clamp(0, 1), clean


def _counted(pictures: Pictures, light: Tensor) -> Tensor:
    variance = pictures.between(1e-4, 2e-2) * light + pictures.between(1e-3, 3e-2) ** 2
    return light + variance.sqrt() * pictures.normal(*light.shape)


def _compressed(pictures: Pictures, _: int) -> Iterator[Patch]:
    for _ in range(_BATCH // 2):
        patch = pictures.patch(_PART, smaller=True)
        stored = _stored(pictures, patch, 60)
        yield "compressed", stored, stored


def _stored(pictures: Pictures, picture: Tensor, least: int) -> Tensor:
    """As JPEG of a quality from the least."""
    levels = (GREY_LEVELS * picture).round().byte().permute(1, 2, 0).numpy()
    file = io.BytesIO()
    quality, subsampling = pictures.random.integers(least, 99), pictures.random.integers(3)
    Image.fromarray(levels).save(file, "JPEG", quality=int(quality), subsampling=int(subsampling))
    with Image.open(file) as image:
        return torch.from_numpy(np.array(image)).permute(2, 0, 1).float() / GREY_LEVELS


def _alone(name: str, draw: Callable[[Pictures, int], Tensor]) -> Maker:
    """Patches without noise."""

    def make(pictures: Pictures, side: int) -> Iterator[Patch]:
        for _ in range(_BATCH // 2):
            patch = draw(pictures, side)
            yield name, patch, patch

    return make


def _enlarged(pictures: Pictures, side: int) -> Tensor:
    """Pictures as soft as those of large sensors, without noise of their own."""
    factor = pictures.random.uniform(1.2, 3.0)
    small = pictures.patch(math.ceil(side / factor), smaller=True)
    large = F.interpolate(small[None], (side, side), mode="bicubic", antialias=True)[0]
    return large.clamp(0, 1)


def _drawn(pictures: Pictures, side: int) -> Tensor:
    which = pictures.random.integers(4)
    if which == 0:
        return _halftone(pictures, side)
    if which == 1:
        stars = (torch.rand((side, side), generator=pictures.draws) > 0.995).float()
        return (0.03 + 0.9 * stars * torch.rand(side, side, generator=pictures.draws)).expand(
            3, -1, -1
        )
    image = Image.new("RGB", (side, side), pictures.colour(180, 256))
    draw = ImageDraw.Draw(image)
    if which == 2:
        for top in range(0, side, int(pictures.random.integers(8, 18))):
            letters = "".join(map(chr, pictures.random.integers(48, 122, 60)))
            draw.text((0, top), letters, fill=pictures.colour(0, 90))
    else:
        for _ in range(int(pictures.random.integers(20, 200))):
            ends = [int(place) for place in pictures.random.integers(0, side, 4)]
            draw.line(ends, pictures.colour(0, 256), int(pictures.random.integers(1, 4)))
    return torch.from_numpy(np.array(image)).permute(2, 0, 1).float() / GREY_LEVELS


def _halftone(pictures: Pictures, side: int) -> Tensor:
    picture, spacing = pictures.patch(side), int(pictures.random.integers(3, 7))
    y, x = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    turn = 2 * math.pi / spacing
    screen = 0.5 + 0.5 * (turn * (x + y)).sin() * (turn * (x - y)).sin()
    if pictures.random.random() < 0.5:
        picture = picture.mean(0, keepdim=True).expand(3, -1, -1)
    return (picture > screen).float()


def _waves(pictures: Pictures, side: int, least: float, most: float, count: int = 3) -> Tensor:
    """A mean of a few waves (side, side), between -1 and 1."""
    place = torch.arange(side)
    waves = torch.zeros(side, side)
    for _ in range(count):
        y, x = (pictures.between(least, most) for _ in range(2))
        waves += (place[:, None] / y).sin() * (place / x).cos()
    return waves / count


def _gradient(pictures: Pictures, side: int) -> Tensor:
    """A smooth picture, of many colours or few."""
    one = _waves(pictures, side, 10, 100)
    return torch.stack(
        [
            pictures.random.uniform(0.3, 0.7) + pictures.random.uniform(0.05, 0.3) * one
            for _ in range(3)
        ]
    )


def _texture(pictures: Pictures, side: int) -> Tensor:
    """Gravel or grass: of one colour, and here stronger, there weaker."""
    radius = torch.tensor(pictures.random.uniform(0.5, 1.5)).view(1, 1, 1, 1).float()
    grains = filters.blur(pictures.normal(1, 1, side, side), radius)[0]
    count = int(pictures.random.integers(1, 4))
    beds = 1 + pictures.random.uniform(0.5, 0.9) * _waves(pictures, side, 4, 20, count)
    strength = pictures.between(1, 40) / GREY_LEVELS / grains.std()
    colour = torch.from_numpy(pictures.random.uniform(0.6, 1.0, (3, 1, 1))).float()
    return (pictures.random.uniform(0.3, 0.7) + strength * beds * grains * colour).clamp(0, 1)


MAKERS: dict[str, Maker] = {
    "photograph": _photograph,
    "film": _film,
    "white": _white,
    "sensor": _sensor,
    "raw": _raw,
    "clean": _alone("clean", lambda pictures, side: pictures.patch(side)),
    "as it is": _alone("as it is", lambda pictures, side: pictures.patch(side, as_it_is=True)),
    "smaller": _alone("smaller", lambda pictures, _: pictures.patch(_PART, smaller=True)),
    "enlarged": _alone("enlarged", _enlarged),
    "compressed": _compressed,
    "drawn": _alone("drawn", _drawn),
    "texture": _alone("texture", _texture),
    "gradient": _alone("gradient", _gradient),
}


def fit_by_bands(made: Made, chosen: Tensor, seed: int) -> BandNetworks:
    """Fit each of the networks that see bands to the chosen patches."""
    torch.manual_seed(seed)
    networks = BandNetworks(made.planes)
    networks.mean.copy_(made.features[chosen].mean(0))
    networks.scale.copy_(made.features[chosen].std(0).clamp(min=0.2))
    features, (places,) = networks.seen(made.features), chosen.nonzero(as_tuple=True)
    for network in networks.members:
        optimiser = torch.optim.AdamW(network.parameters(), _RATE / 4, weight_decay=0.05)
        rate = torch.optim.lr_scheduler.OneCycleLR(optimiser, _RATE, total_steps=_STEPS)
        for _ in range(_STEPS):
            some = places[torch.randint(len(places), (_PATCHES_A_STEP,))]
            seen = features[some]
            loss = made.truth.of(some).loss(
                network(seen + _BLUR[made.planes] * torch.randn(seen.shape))
            )
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            rate.step()
    return networks.eval()


def fit_by_pixels(made: Made, chosen: Tensor, seed: int) -> PixelNetwork:
    """Fit the network that sees pixels to parts of the chosen patches, turned and mirrored."""
    torch.manual_seed(seed)
    network, (places,) = PixelNetwork(made.planes), chosen.nonzero(as_tuple=True)
    optimiser = torch.optim.AdamW(network.parameters(), _PIXELS_RATE / 4, weight_decay=0.02)
    rate = torch.optim.lr_scheduler.OneCycleLR(optimiser, _PIXELS_RATE, total_steps=_PIXELS_STEPS)
    for _ in range(_PIXELS_STEPS):
        some = places[torch.randint(len(places), (_PATCHES_A_BATCH,))]
        seen = torch.stack([_part(made.levels[place]) for place in some.tolist()]).float()
        loss = made.truth.of(some).loss(network.tell(network.places(seen).flatten(2)))
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        rate.step()
    return network.eval()


def _part(levels: Tensor) -> Tensor:
    """A random square of a patch, turned or mirrored."""
    side = _PART
    top, left = (int(torch.randint(size - side + 1, ())) for size in levels.shape[1:])
    part = levels[:, top : top + side, left : left + side]
    mirrored, upside_down, turned = (torch.rand(3) < 0.5).tolist()
    part = part.flip(2) if mirrored else part
    part = part.flip(1) if upside_down else part
    return part.mT if turned else part


def _odds(log_odds: Tensor, truth: Tensor) -> Tensor:
    return F.binary_cross_entropy_with_logits(log_odds, truth, reduction="none")


def tell(made: Made, by_bands: BandNetworks, by_pixels: PixelNetwork) -> Tensor:
    """What the networks of a group say together of patches, (n, C + 2)."""
    with torch.inference_mode():
        seen = torch.stack([by_pixels(levels[None].float()) for levels in made.levels])
        return _recognition.together(by_bands(made.features), seen)


def report(made: Made, told: dict[Group, Tensor]) -> None:
    """Print a table of what groups say of patches: each is asked where those before it find no noise."""
    out = torch.zeros(0)
    found = torch.zeros(len(made.kinds), dtype=torch.bool)
    for group, one in told.items():
        least = [
            _recognition.least_odds(count, made.planes, group, is_even=is_even)
            for count, is_even in zip(made.counts.tolist(), made.even.tolist(), strict=True)
        ]
        finds = one[:, -2] > torch.tensor(least)
        out = torch.where((finds & ~found)[:, None], one, out) if out.numel() else one
        found |= finds
    print("       kind  deviation  patches  noise  white  error of log deviations")
    for kind in dict.fromkeys(made.kinds):
        of_kind = made.are((kind,))
        ranges = [(0.0, math.inf)] if kind in _CLEAN else [(1, 2), (2, 4), (4, 8), (8, math.inf)]
        for low, high in ranges:
            luma = made.deviations[:, 0]
            some = of_kind & (luma >= low) & (luma < high)
            if not bool(some.any()):
                continue
            error = out[some, :-2] - made.deviations[some].clamp(min=_LEAST).log()
            off = "" if kind in _CLEAN else f"{error.square().mean().sqrt().item():.2f}"
            is_white = out[some, -1] > _recognition.IS_WHITE
            noise, white = (are.float().mean().item() for are in (found[some], is_white))
            print(
                f"{kind:>11}  {low:4g}-{high:<4g}  {int(some.sum()):7}  {noise:5.2f}  {white:5.2f}  {off}"
            )


if __name__ == "__main__":
    main()
