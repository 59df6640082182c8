"""The clean pictures of a benchmark: which can be read, whether in colour, and which test set they are."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from linn_cli.errors import explain
from linn_cli.pictures import reading
from linn_cli.progress import Progress, silent
from linn_cli.units import GREY_LEVELS


@dataclass
class CleanPictures:
    """Pictures to measure on, in their order.

    `colour`: whether they are measured in colour. `digest` is that of all their pixels, whatever the files are called
    and in which format they are. `faults` says by index why pictures are left out.
    """

    paths: Sequence[Path]
    colour: bool = False
    digest: str = ""
    faults: dict[int, str] = field(default_factory=dict)

    @classmethod
    def read(
        cls, paths: Sequence[Path], *, grey: bool = False, progress: Progress = silent
    ) -> CleanPictures:
        """Look at each picture once; those that cannot be read become faults.

        Args:
            paths: the files.
            grey: measure the luma. Otherwise all are measured in colour if any is stored in colour.
            progress: counts pictures.
        """
        found = cls(paths)
        digests = []
        for index, path in enumerate(paths):
            try:
                levels = reading.read_levels(path, as_grey=grey)
            except Exception as error:
                found.leave_out(index, error)
            else:
                found.colour |= levels.ndim == 3
                pixels = repr(levels.shape).encode() + levels.tobytes()
                digests.append(hashlib.sha256(pixels).digest())
            progress(1, path.name)
        found.digest = hashlib.sha256(b"".join(sorted(digests))).hexdigest()
        return found

    def leave_out(self, index: int, error: Exception) -> None:
        """Take a picture for faulty from now on."""
        reason, path = explain(error), str(self.paths[index])
        self.faults[index] = reason if path in reason else f"{path}: {reason}"

    @property
    def usable(self) -> list[tuple[int, Path]]:
        """The index and the file of each picture without a fault."""
        return [pair for pair in enumerate(self.paths) if pair[0] not in self.faults]

    def planes(self, path: Path) -> Tensor:
        """A picture (1, C, H, W) in [0, 1]: its luma, or red, green and blue.

        Raises:
            InputError: it cannot be read.
        """
        levels = torch.from_numpy(reading.read_levels(path, as_grey=not self.colour)).float()
        planes = levels.permute(2, 0, 1) if levels.dim() == 3 else levels[None]
        return (planes / GREY_LEVELS).expand(3 if self.colour else 1, -1, -1)[None]
