from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
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


def test_compare_needs_no_clean_picture(linn: Run, noisy_file: Path, clean_file: Path) -> None:
    target = noisy_file.with_name("map.html")
    done = linn("compare", noisy_file, clean_file, "--json", "-o", target)
    assert (done.returncode, done.stderr) == (0, "")
    data = json.loads(only_line(done.stdout))
    assert data["pictures"] == ["noisy.png", "original.png"]
    assert data["deviation"] == pytest.approx(25, abs=2)
    assert abs(data["brighter"]) < 2
    assert data["psnr"] == pytest.approx(20.2, abs=1)
    assert shown(target.read_bytes())["title"] == "noisy.png and original.png"
    assert "pixels that differ" in linn("compare", noisy_file, clean_file).stdout
    done = linn("compare", noisy_file, noisy_file, "--json")
    assert json.loads(only_line(done.stdout))["psnr"] is None
    Image.new("L", (5, 6)).save(noisy_file.with_name("small.png"))
    done = linn("compare", noisy_file, noisy_file.with_name("small.png"))
    assert done.returncode == 1
    assert "second picture is 5 x 6 and the first one 52 x 37" in only_line(done.stderr)


def test_compare_refuses_other_sizes(linn: Run, noisy_file: Path, clean_file: Path) -> None:
    Image.new("L", (5, 6)).save(noisy_file.with_name("small.png"))
    done = linn("compare", noisy_file, noisy_file.with_name("small.png"), "--clean", clean_file)
    assert done.returncode == 1
    assert "second picture is 5 x 6 and the clean one 52 x 37" in only_line(done.stderr)
    done = linn("compare", noisy_file, noisy_file, "--clean", clean_file, "-o", clean_file)
    assert done.returncode == 2
    assert "same file" in only_line(done.stderr)
