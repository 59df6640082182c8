"""Put a trained weight file into `weights/`: manifest, model card and the table of docs/weights.md.

    python -m benchmarks.ship_weights runs/mine/weights.safetensors dninn-st-1-any --bsd68 BSD68/
    python -m benchmarks.ship_weights runs/mine/weights.safetensors polyphase-colour --cbsd68 CBSD68/
    python -m benchmarks.ship_weights            # only rewrite card and table from the manifest

With --bsd68 or --cbsd68 the file's PSNR on that folder is measured and recorded.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from benchmarks.common import network_psnr, read, script_parser
from linn_cli.pictures import folders
from linn_cli.weights import publishing, sets
from linn_cli.weights.card import model_card, weights_table

ROOT = Path(__file__).resolve().parent.parent
WEIGHTS = ROOT / "weights"
MANIFEST = WEIGHTS / "manifest.json"
BEGIN, END = "<!-- weights -->\n", "<!-- /weights -->"


def main() -> None:
    """Ship a file, or only rewrite what is derived from the manifest."""
    parser = script_parser(__doc__)
    parser.add_argument("source", type=Path, nargs="?", help="the trained .safetensors file")
    parser.add_argument("name", nargs="?", help="its name in weights/, without ending")
    parser.add_argument(
        "--suits", help="LOW-HIGH, where benchmarks/quality/windows.py finds it better"
    )
    parser.add_argument("--bsd68", type=Path, help="folder with the clean test images in grey")
    parser.add_argument("--cbsd68", type=Path, help="folder with the clean test images in colour")
    options = parser.parse_args()
    if options.source and not options.name:
        parser.error("a source needs a name")
    entries: list[dict[str, Any]] = json.loads(MANIFEST.read_text(encoding="utf-8"))["files"]
    if options.source:
        entry = ship(options.source, options.name)
        for key in ("bsd68", "cbsd68"):
            if folder := getattr(options, key):
                entry[key] = measured(
                    WEIGHTS / entry["file"], folder, entry["sigma"], key == "bsd68"
                )
        if options.suits:
            entry["suits"] = list(sets.parse_range(options.suits))
        others = [other for other in entries if other["file"] != entry["file"]]
        entries = sorted([*others, entry], key=lambda listed: str(listed["file"]))
    for entry in entries:
        if "golden" not in entry:
            entry["golden"] = publishing.entry(WEIGHTS / entry["file"])["golden"]
    MANIFEST.write_text(json.dumps({"files": entries}, indent=2) + "\n", encoding="utf-8")
    (WEIGHTS / "README.md").write_text(model_card(entries), encoding="utf-8")
    page = ROOT / "docs" / "weights.md"
    head, rest = page.read_text(encoding="utf-8").split(BEGIN)
    tail = rest[rest.index(END) :]
    page.write_text(head + BEGIN + weights_table(entries) + tail, encoding="utf-8")


def ship(source: Path, name: str) -> dict[str, Any]:
    """Copy the file and describe it for the manifest."""
    sets.load(sets.describe(source))
    target = WEIGHTS / f"{name}.safetensors"
    if source.resolve() != target:
        shutil.copyfile(source, target)
    return {**publishing.entry(target), "commit": commit()}


def measured(
    file: Path, folder: Path, levels: tuple[float, float], as_grey: bool
) -> dict[str, float]:
    """The mean PSNR that `linn benchmark` gives at each sigma of the range, rounded to a thousandth of a dB."""
    low, high = levels
    pictures = [read(path, as_grey=as_grey) for path in folders.list_pictures(folder)]
    sigmas = [sigma for sigma in (15, 25, 50) if low <= sigma <= high]
    return {f"{sigma}": round(network_psnr(pictures, sigma, file), 3) for sigma in sigmas}


def commit() -> str:
    """The commit of the code that ships the file."""
    command = ["git", "rev-parse", "--short=12", "HEAD"]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()


if __name__ == "__main__":
    main()
