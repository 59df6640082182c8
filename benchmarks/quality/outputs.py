"""Print a hash of every kind of output, so that a change of structure can be shown to change none.

    python -m benchmarks.quality.outputs > before.txt     # then change the code
    python -m benchmarks.quality.outputs | diff before.txt -

Run both on one machine: another processor may round differently. What a clock says is left out.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image

SIDE = 96
# What differs from run to run: seconds, pixels a second and time stamps.
CLOCK = re.compile(
    rb'("?[a-z_]*(?:seconds|per_second|speed|time)"?:\s*)[-+0-9.e]+|[0-9.]+ s\b|-?[0-9.]+ kpx/s'
)

# A name, what goes to the command line, and the file that it writes; None for its standard output.
COMMANDS: list[tuple[str, str, str | None]] = [
    ("grey", "denoise grey.png -o OUT.png --sigma 25", "OUT.png"),
    ("grey, estimated", "denoise grey.png -o OUT.png", "OUT.png"),
    ("colour", "denoise colour.png -o OUT.png --sigma 15", "OUT.png"),
    ("colour, estimated", "denoise colour.png -o OUT.png", "OUT.png"),
    ("colour, by channel", "denoise colour.png -o OUT.png --sigma 10,15,20", "OUT.png"),
    ("grey stored as colour", "denoise alike.png -o OUT.png", "OUT.png"),
    ("alpha", "denoise alpha.png -o OUT.png --sigma 20", "OUT.png"),
    ("JPEG", "denoise colour.jpg -o OUT.jpg --sigma 15", "OUT.jpg"),
    ("16 bits", "denoise deep.png -o OUT.png --sigma 25", "OUT.png"),
    ("16 bits, colour", "denoise deep-colour.tif -o OUT.tif --sigma 25", "OUT.tif"),
    ("floats", "denoise float.tif -o OUT.tif --sigma 25", "OUT.tif"),
    ("pages", "denoise pages.tif -o OUT.tif --sigma 25", "OUT.tif"),
    ("TIFF by rows", "denoise large.tif -o OUT.tif", "OUT.tif"),
    ("camera noise", "denoise camera.tif -o OUT.tif --noise camera", "OUT.tif"),
    ("camera noise, found", "denoise camera.tif -o OUT.tif", "OUT.tif"),
    (
        "camera noise, given",
        "denoise camera.tif -o OUT.tif --noise camera --gain 2 --read-noise 3",
        "OUT.tif",
    ),
    ("correlated noise", "denoise blotchy.png -o OUT.png --noise correlated", "OUT.png"),
    ("two scales", "denoise grey.png -o OUT.png --sigma 25 --scales 2", "OUT.png"),
    ("LISTA", "denoise grey.png -o OUT.png --sigma 25 --variant lista", "OUT.png"),
    ("strength", "denoise grey.png -o OUT.png --strength 60", "OUT.png"),
    ("heavy noise", "denoise grey.png -o OUT.png --sigma 90", "OUT.png"),
    ("bfloat16", "denoise grey.png -o OUT.png --sigma 25 --precision emulated-bfloat16", "OUT.png"),
    ("a pipe", "denoise - -o - --sigma 25", None),
    ("a pipe, as TIFF", "denoise - -o - --format tiff", None),
    ("denoise --json", "denoise grey.png colour.png deep.png -o out --json", None),
    ("denoise --compare", "denoise colour.png -o OUT.png --compare OUT.html", "OUT.html"),
    ("denoise --compare, PNG", "denoise grey.png -o OUT.png --compare PAGE.png", "PAGE.png"),
    ("estimate --json", "estimate grey.png colour.png deep.png camera.tif --json", None),
    ("estimate", "estimate grey.png colour.png blotchy.png", None),
    ("inspect", "inspect grey.png -o OUT.html --sigma 25", "OUT.html"),
    ("inspect --json", "inspect grey.png -o OUT.html --sigma 25 --json", None),
    ("inspect colour", "inspect colour.png -o OUT.html", "OUT.html"),
    ("compare without clean", "compare grey.png OTHER.png -o OUT.html", "OUT.html"),
    ("compare", "compare grey.png OTHER.png --clean clean.png -o OUT.html", "OUT.html"),
    ("compare --json", "compare grey.png OTHER.png --clean clean.png --json", None),
    ("benchmark --json", "benchmark pictures --sigma 25 --json", None),
    ("benchmark --grey --json", "benchmark pictures --grey --sigma 25 --json", None),
    ("benchmark --report", "benchmark pictures --sigma 25 --report OUT.html", "OUT.html"),
    (
        "verify-invertibility --json",
        "verify-invertibility small.png --weights dninn-st-1-25 --json",
        None,
    ),
    ("weights list --json", "weights list --json", None),
    ("weights verify --json", "weights verify --json", None),
]


def main() -> None:
    """Make the inputs, run every command and print what came out."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default="", help="commands whose names hold this")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_inputs(folder)
        for title, command, written in COMMANDS:
            if options.only in title:
                print(f"{title:32} {run(folder, command, written)}", flush=True)


def run(folder: Path, command: str, written: str | None) -> str:
    """The hash of what a command writes, and its exit code if that is not 0."""
    before = {path.name for path in folder.iterdir()}
    done = subprocess.run(
        [sys.executable, "-m", "linn_cli", *command.split()],
        cwd=folder,
        input=(folder / "grey.png").read_bytes(),
        capture_output=True,
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
    )
    content = done.stdout if written is None else b""
    if written is not None and (folder / written).exists():
        content = (folder / written).read_bytes()
    for path in folder.iterdir():
        if path.name not in before and path.is_file() and path.name != "OTHER.png":
            path.unlink()
    is_text = written is None or written.endswith(".html")
    digest = hashlib.sha256(CLOCK.sub(rb"\1", content) if is_text else content).hexdigest()[:16]
    if done.returncode:
        return f"{digest} exit {done.returncode}: {done.stderr.decode().strip()}"
    return f"{digest} {len(content)} bytes" if not is_text else digest


def make_inputs(folder: Path) -> None:
    """Write small pictures with noise of every kind."""
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[:SIDE, : SIDE + 17]
    clean = 0.45 + 0.25 * np.sin(rows / 9) * np.cos(columns / 13) + 0.2 * (rows > columns)
    colours = np.dstack([clean, 0.9 * clean + 0.05, 0.2 + 0.5 * clean])

    def noise(like: NDArray[Any], sigma: float = 25) -> NDArray[Any]:
        return rng.normal(0, sigma / 255, like.shape)

    def levels(values: NDArray[Any]) -> NDArray[np.uint8]:
        rounded: NDArray[np.uint8] = np.clip(np.rint(255 * values), 0, 255).astype(np.uint8)
        return rounded

    def deep(values: NDArray[Any]) -> NDArray[np.uint16]:
        rounded: NDArray[np.uint16] = np.clip(np.rint(65535 * values), 0, 65535).astype(np.uint16)
        return rounded

    def save(name: str, values: NDArray[np.uint8]) -> None:
        Image.fromarray(values).save(folder / name)

    grey, colour = levels(clean + noise(clean)), levels(colours + noise(colours, 15))
    save("clean.png", levels(clean))
    save("grey.png", grey)
    save("OTHER.png", levels(clean + noise(clean, 10)))
    save("small.png", grey[:24, :30])
    save("colour.png", colour)
    save("colour.jpg", colour)
    save("alike.png", np.dstack([grey] * 3))
    save("alpha.png", np.dstack([colour, np.where(rows < 20, 0, 255).astype(np.uint8)]))
    smooth = noise(clean, 60)
    save(
        "blotchy.png", levels(clean + (smooth + np.roll(smooth, 1, 0) + np.roll(smooth, 1, 1)) / 3)
    )
    Image.fromarray(deep(clean + noise(clean))).save(folder / "deep.png")
    tifffile.imwrite(folder / "deep-colour.tif", deep(colours + noise(colours)), photometric="rgb")
    tifffile.imwrite(folder / "float.tif", (clean + noise(clean)).astype(np.float32))
    tifffile.imwrite(
        folder / "pages.tif",
        np.stack([deep(clean + noise(clean)) for _ in range(3)]),
        photometric="minisblack",
    )
    counts = np.tile(1200 * clean, (6, 6))
    tifffile.imwrite(folder / "camera.tif", (20 * rng.poisson(counts)).astype(np.uint16))
    large = np.tile(clean, (43, 36))  # over 2^24 pixels, from which TIFFs go by rows
    tifffile.imwrite(folder / "large.tif", deep(large + noise(large)), rowsperstrip=64)
    (folder / "pictures").mkdir()
    Image.fromarray(levels(colours)).save(folder / "pictures" / "a.png")
    Image.fromarray(levels(1 - colours[::-1])).save(folder / "pictures" / "b.png")


if __name__ == "__main__":
    main()
