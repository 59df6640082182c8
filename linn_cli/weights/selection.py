"""Which of several weight sets suits a picture's noise best."""

from __future__ import annotations

from collections.abc import Iterable

from linn_cli.errors import UsageError
from linn_cli.network.architecture import VARIANTS, Variant
from linn_cli.weights.sets import WeightSet
from linn_cli.wording import setting


def select(
    sets: Iterable[WeightSet],
    sigma: float,
    variant: Variant | None,
    scales: int | None,
    where: str = "bundled",
    most: float | None = None,
    channels: int = 1,
    *,
    fast: bool = False,
    noise: str = "white",
) -> WeightSet:
    """The best set for a grey picture with noise of sigma (8-bit grey levels), or for the luma of a colour one.

    None for variant or scales means any; one that is given means DnINN. Where planes of several contrasts go
    through one network, `most` is the sigma of the weakest. `noise` asks for a network that learned this kind of
    noise, if there is any, and `fast` for the cheapest of those that were trained for this sigma.

    A set that suits this sigma goes before one that does not, then one for all channels together, then the
    polyphase form, then one trained for a narrower range, as the more specialised, then the fewer scales, then
    ST, as the faster, then the larger network. Outside every range the nearest serves.
    """
    fitting = [
        candidate
        for candidate in sets
        if candidate.architecture.planes in (1, channels)
        and candidate.architecture.is_asked_for(variant, scales)
    ]
    if not fitting:
        wanted = " ".join(
            [
                f"DnINN-{variant.upper()}" if variant else "DnINN",
                *([f"{scales}-scale"] if scales else []),
            ]
        )
        raise UsageError(
            f"no weights for {wanted} are {where} yet: leave out what names it, "
            f"or give {setting('weight_file')}"
        )

    def rank(candidate: WeightSet) -> tuple[float, ...]:
        held = candidate.architecture
        low, high = candidate.suits or candidate.sigma
        if fast:
            low, high = candidate.sigma
        level = held.own_sigma(sigma)
        heaviest = level if held.planes > 1 else most or sigma
        distance = max(low - level, heaviest - high, 0)
        trained_low, trained_high = candidate.sigma
        return (
            candidate.noise not in ("white", noise),
            distance,
            candidate.noise != noise,
            held.multiply_adds * (channels / held.planes) if fast else 0,
            -held.planes,
            not held.is_polyphase,
            trained_high - trained_low,
            held.scales,
            VARIANTS.index(held.variant),
            -held.multiply_adds,
        )

    return min(fitting, key=rank)
