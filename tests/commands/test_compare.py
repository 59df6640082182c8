from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from linn_cli import denoise
from tests.conftest import Run, only_line
from tests.pages.test_html import shown

Grey = NDArray[np.uint8]


def test_compare_measures_and_shows(
    linn: Run, noisy_file: Path, clean_file: Path, noisy: Grey
) -> None:
    folder = noisy_file.parent
    Image.fromarray(denoise(noisy, 25)).save(folder / "linn.png")
    arguments = ["compare", folder / "linn.png", noisy_file, "--clean", clean_file]
    done = linn(*arguments, "--json", "-o", folder / "map.html")
    assert (done.returncode, done.stderr) == (0, "")
    better, worse = json.loads(only_line(done.stdout))
    assert (better["picture"], worse["picture"]) == ("linn.png", "noisy.png")
    assert better["psnr"] > worse["psnr"] + 3
    assert better["closer"] > 0.9
    assert shown((folder / "map.html").read_bytes())["title"] == "linn.png and noisy.png"
    done = linn(*arguments, "-o", folder / "map.png")
    assert "closer on" in done.stdout
    with Image.open(folder / "map.png") as strip:
        assert strip.mode == "RGB"


def test_compare_refuses_other_sizes(linn: Run, noisy_file: Path, clean_file: Path) -> None:
    Image.new("L", (5, 6)).save(noisy_file.with_name("small.png"))
    done = linn("compare", noisy_file, noisy_file.with_name("small.png"), "--clean", clean_file)
    assert done.returncode == 1
    assert "second picture is 5 x 6 and the clean one 52 x 37" in only_line(done.stderr)
    done = linn("compare", noisy_file, noisy_file, "--clean", clean_file, "-o", clean_file)
    assert done.returncode == 2
    assert "same file" in only_line(done.stderr)
