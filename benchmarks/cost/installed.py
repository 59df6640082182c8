"""What linn takes on disk: each package that it needs, in the environment of this Python.

    python -m benchmarks.cost.installed [--extra video]

Packages of one namespace, such as torch's CUDA libraries, count each by itself.
"""

from __future__ import annotations

import re
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

from benchmarks.common import script_parser

MEGABYTE = 1e6
# Less than this, in MB, is in one line.
LEAST = 3.0


def main() -> None:
    """Measure and print a table."""
    parser = script_parser(__doc__)
    parser.add_argument("--extra", default="", help="with what an extra needs")
    options = parser.parse_args()
    sizes = {name: size(found) for name, found in needed("linn-cli", options.extra).items()}
    print("| package | MB |\n|---|---|")
    rest = sum(each for each in sizes.values() if each < LEAST)
    for name, each in sorted(sizes.items(), key=lambda pair: -pair[1]):
        if each >= LEAST:
            print(f"| {name} | {each:.0f} |")
    print(f"| {sum(each < LEAST for each in sizes.values())} smaller ones | {rest:.0f} |")
    print(f"| **all {len(sizes)}** | **{sum(sizes.values()):.0f}** |")


def needed(name: str, extra: str = "") -> dict[str, Distribution]:
    """A package that is installed here, and all that it needs."""
    found: dict[str, Distribution] = {}
    waiting = [(name, extra)]
    while waiting:
        wanted, which = waiting.pop()
        plain = re.sub(r"[-_.]+", "-", wanted).lower()
        if plain in found:
            continue
        try:
            found[plain] = distribution(wanted)
        except PackageNotFoundError:
            continue  # of another platform
        for text in found[plain].requires or ():
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate({"extra": which}):
                waiting += [(requirement.name, one) for one in requirement.extras or {""}]
    return found


def size(package: Distribution) -> float:
    """The MB of a package's files, as they were installed."""
    paths = (Path(str(package.locate_file(file))) for file in package.files or ())
    return sum(path.stat().st_size for path in paths if path.is_file()) / MEGABYTE


if __name__ == "__main__":
    main()
