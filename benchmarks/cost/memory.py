"""The peak resident memory of a whole `linn denoise` process, by the size of the picture.

    python -m benchmarks.cost.memory --width 10000 --heights 256 512 10000
    python -m benchmarks.cost.memory --zarr --width 4000 --heights 4300 8600
    python -m benchmarks.cost.memory --zarr --width 512 --heights 512 --planes 8 32

The pictures are 8-bit files of noise, grey or with --colour in colour, made in a temporary folder: PNG, or
with --tiff TIFF in strips, which goes by rows from 16.8 million pixels on, or with --zarr arrays of --planes in chunks
of 512 x 512.
"""

from __future__ import annotations

import platform
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image

from benchmarks.common import script_parser

# On Linux getrusage also counts the process that started this one; /proc does not.
_CHILD = """
import resource, sys
from pathlib import Path
from linn_cli.cli import app
app(sys.argv[1:], standalone_mode=False)
status = Path("/proc/self/status")
if status.exists():
    lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
    print(int(lines["VmHWM"].split()[0]) * 1024)
else:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def main() -> None:
    """Measure and print a table."""
    parser = script_parser(__doc__)
    parser.add_argument("--width", type=int, default=10_000)
    parser.add_argument("--heights", type=int, nargs="+", default=[256, 512])
    parser.add_argument("--precision", default="float32")
    parser.add_argument("--scales", default="1")
    parser.add_argument("--colour", action="store_true")
    parser.add_argument("--tiff", action="store_true")
    parser.add_argument("--zarr", action="store_true")
    parser.add_argument("--planes", type=int, nargs="+", default=[1])
    options = parser.parse_args()
    choice = ["--precision", options.precision, "--scales", options.scales]
    colour = "colour" if options.colour else "grey"
    print(platform.machine(), "linn denoise", *choice, "of pictures in", colour)
    with tempfile.TemporaryDirectory() as folder:
        for height in options.heights:
            kind = ".tif" if options.tiff else ".png"
            shape = (height, options.width, 3) if options.colour else (height, options.width)
            for planes in options.planes:
                if options.zarr:
                    kind, shape = ".zarr", (planes, height, options.width)
                peak = peak_memory(Path(folder), shape, choice, kind)
                print(f"{' x '.join(map(str, shape))}: {peak / 1e6:.0f} MB", flush=True)


def peak_memory(
    folder: Path, shape: tuple[int, ...], choice: Sequence[str] = (), kind: str = ".png"
) -> int:
    """The peak resident memory in bytes of denoising one picture of noise with these options."""
    source = folder / ("x".join(map(str, shape)) + kind)
    levels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    if kind == ".zarr":
        import zarr

        chunks = *(1 for _ in shape[:-2]), 512, 512
        zarr.create_array(source, data=levels, chunks=chunks, overwrite=True)
    elif kind == ".tif":
        tifffile.imwrite(source, levels, rowsperstrip=16)
    else:
        Image.fromarray(levels).save(source, compress_level=1)
    options = [*choice, "--overwrite", "--sigma", "25", "--max-pixels", str(levels.size)]
    command = [
        sys.executable,
        "-c",
        _CHILD,
        "denoise",
        str(source),
        "-o",
        str(folder / f"clean{kind}"),
    ]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=True)
    return int(done.stdout)


if __name__ == "__main__":
    main()
