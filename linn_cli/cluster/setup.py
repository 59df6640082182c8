"""What every worker of a cluster is told, and whether it has the same linn and the same weights as the client."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from linn_cli import __version__
from linn_cli.denoising.jobs import Handling
from linn_cli.denoising.networks import Networks
from linn_cli.denoising.planning import Existing
from linn_cli.errors import ClusterError
from linn_cli.network.architecture import Variant
from linn_cli.noise.request import Request
from linn_cli.weights import sources
from linn_cli.weights.sets import WeightSet
from linn_cli.weights.sources import Source


@dataclass(frozen=True)
class Setup:
    """What to do with the files, and with which networks; the weights are named as on the command line.

    `version` and `digest` are the client's: of linn, and of all weights that it may choose from.
    """

    request: Request
    handling: Handling
    existing: Existing
    weights: str | None = None
    hub_repo: str | None = None
    variant: Variant | None = None
    scales: int | None = None
    fast: bool = False
    device: str = "auto"
    precision: str = "auto"
    max_memory: int | None = None
    threads: int | None = None
    version: str = ""
    digest: str = ""

    def sealed(self) -> Setup:
        """The same, with the version and the weights of this machine."""
        return replace(self, version=__version__, digest=digest(self._source()))

    def networks(self, device: str, max_memory: int | None) -> Networks:
        """The networks, on this machine.

        Raises:
            ClusterError: this machine has another linn or other weights than the one that sealed the setup.
            UsageError, WeightsError: as `Networks.at`.
        """
        if self.version != __version__:
            raise ClusterError(
                f"has linn {__version__}, and {self.version} is at work: install the same on all machines"
            )
        source = self._source()
        if self.digest != digest(source):
            raise ClusterError(
                f"has other weights by the name of {source.name}: install or fetch the same on all machines"
            )
        networks = Networks(
            variant=self.variant,
            scales=self.scales,
            fast=self.fast,
            weight_file=source,
            device=device,
            precision=self.precision,
            max_memory=max_memory,
        )
        networks.check(self.request.sigma)
        return networks

    def _source(self) -> Source:
        return sources.find(self.weights, self.hub_repo)


def digest(source: Source) -> str:
    """A hash of all weight sets that a source has, by their own hashes."""
    lines = (f"{one.path.name} {_hash(one)}\n" for one in source.sets)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _hash(weight_set: WeightSet) -> str:
    """The hash that the manifest tells of a set, which loading checks, or that of its file."""
    return weight_set.sha256 or hashlib.sha256(weight_set.path.read_bytes()).hexdigest()
