from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

from tests.conftest import Run, noisy_picture, only_line
from tests.pages.test_embedding import decoded
from tests.pages.test_html import shown

Grey = NDArray[np.uint8]


def test_inspect_writes_a_page_and_prints_a_table(linn: Run, noisy_file: Path) -> None:
    target = noisy_file.with_name("inspect.html")
    done = linn("inspect", noisy_file, "--sigma", 25, "-o", target)
    assert (done.returncode, done.stderr) == (0, "")
    assert "scale 1 diagonal" in done.stdout
    data = shown(target.read_bytes())
    assert (data["width"], data["height"]) == (52, 37)
    assert data["largest"] < 1e-2  # float32 rounding in grey levels; a fault would show as levels


def test_inspect_looks_at_the_middle_and_says_so(linn: Run, noisy_file: Path, noisy: Grey) -> None:
    target = noisy_file.with_name("inspect.html")
    done = linn("inspect", noisy_file, "--sigma", 25, "-o", target, "--side", 20, "--json")
    assert done.returncode == 0
    assert "the middle 20 x 20 pixels" in only_line(done.stderr)
    record = json.loads(only_line(done.stdout))
    assert (record["width"], record["height"]) == (20, 20)
    assert record["scales"][0]["zeros"] == pytest.approx([0.9] * 3, abs=0.1)
    seen = decoded(shown(target.read_bytes())["noisy"]["source"])[..., 0]
    np.testing.assert_array_equal(seen, noisy[8:28, 16:36])


def test_inspect_estimates_sigma(linn: Run, tmp_path: Path) -> None:
    source, target = tmp_path / "noisy.png", tmp_path / "page.html"
    levels = noisy_picture((20.0,))[:, :, 0].clip(0, 1) * 255
    Image.fromarray(levels.round().astype(np.uint8)).save(source)
    done = linn("inspect", source, "-o", target, "--json")
    assert done.returncode == 0
    record = json.loads(only_line(done.stdout))
    assert record["sigma"] == pytest.approx(20, rel=0.1)
    assert only_line(done.stderr) == f"linn: {only_line(linn('estimate', source).stdout)}"
    Image.new("L", (40, 40), 90).save(source)
    done = linn("inspect", source, "-o", target)
    assert done.returncode == 1
    assert "finds no noise in it, give --sigma" in only_line(done.stderr)


def test_inspect_looks_at_the_luma_of_a_colour_picture(linn: Run, tmp_path: Path) -> None:
    source, target = tmp_path / "noisy.png", tmp_path / "page.html"
    levels = (noisy_picture((20.0, 20.0, 20.0)).clip(0, 1) * 255).round().astype(np.uint8)
    Image.fromarray(levels).save(source)
    done = linn("inspect", source, "-o", target, "--json", "--sigma", 20)
    assert (done.returncode, done.stderr) == (0, "")
    record = json.loads(only_line(done.stdout))
    assert record["channel_sigmas"] == [20, 20, 20]
    assert record["sigma"] == pytest.approx(20 / 3**0.5)
    data = shown(target.read_bytes())
    assert "128 x 128 pixels of the luma" in data["lead"]
    seen = decoded(data["noisy"]["source"])[..., 0]
    np.testing.assert_allclose(seen, levels.mean(axis=2), atol=0.51)
    done = linn("inspect", source, "-o", target, "--json", "--sigma", "15,20,25")
    assert json.loads(only_line(done.stdout))["channel_sigmas"] == [15, 20, 25]
    done = linn("inspect", source, "-o", target, "--json")
    estimated = json.loads(only_line(done.stdout))["channel_sigmas"]
    assert estimated == pytest.approx([20] * 3, rel=0.1)


def test_inspect_looks_at_the_first_of_several_channels(linn: Run, tmp_path: Path) -> None:
    source, target = tmp_path / "noisy.tif", tmp_path / "page.html"
    levels = noisy_picture((20.0,)).clip(0, 1) * 255
    channels = np.dstack((levels, 255 - levels)).round().astype(np.uint8)
    tifffile.imwrite(source, channels, photometric="minisblack", planarconfig="contig")
    done = linn("inspect", source, "-o", target, "--json", "--sigma", "20,30")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(only_line(done.stdout))["channel_sigmas"] == [20]


@pytest.mark.parametrize(
    ("options", "code", "reason"),
    [
        (["--sigma", 0], 2, "too small to scale by"),
        (["--sigma", "1,2"], 2, "give one, a decimal as 7.5"),
        (["--sigma", "1,2,3"], 2, "3 sigmas for a picture of 1 channel:"),
        (["--sigma", "much"], 2, "give a number"),
        (["--sigma", 25, "-o", "x.png"], 2, "ends in .html"),
        (["--sigma", 25, "--weights", "missing.safetensors"], 1, "cannot read the weights"),
    ],
)
def test_faults_of_inspect_are_one_line(
    linn: Run, noisy_file: Path, options: list[object], code: int, reason: str
) -> None:
    target = noisy_file.with_name("inspect.html")
    done = linn("inspect", noisy_file, "-o", target, *options)
    assert done.returncode == code
    assert reason in only_line(done.stderr)
    assert list(noisy_file.parent.iterdir()) == [noisy_file]


def test_weights_that_do_not_suit_are_doubted(linn: Run, noisy_file: Path) -> None:
    target = noisy_file.with_name("inspect.html")
    options = ["--sigma", 3, "--weights", "dninn-st-1-25", "--side", 20]
    done = linn("inspect", noisy_file, "-o", target, *options)
    assert done.returncode == 0
    assert "are for sigma 21 to 29, and this noise is 3" in done.stderr


def test_inspect_looks_at_counts_in_their_own_range(linn: Run, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    counts = 20_000 + 9_000 * np.sin(np.mgrid[:64, :80][1] / 9) + rng.normal(0, 1500, (64, 80))
    tifffile.imwrite(tmp_path / "a.tif", np.stack([counts, counts]).astype(np.float32))
    done = linn("inspect", tmp_path / "a.tif", "-o", tmp_path / "a.html")
    assert done.returncode == 0
    seen = decoded(shown((tmp_path / "a.html").read_bytes())["noisy"]["source"])[..., 0]
    assert 40 < seen.std() < 90  # all white or black without a range


@pytest.mark.parametrize(
    ("dtype", "middle", "sigma"), [("float32", 20_000, 1500), ("uint16", 600, 20)]
)
def test_inspect_counts_in_the_files_values(
    linn: Run, tmp_path: Path, dtype: str, middle: float, sigma: float
) -> None:
    source, target = tmp_path / "a.tif", tmp_path / "a.html"
    wave = middle + 6 * sigma * np.sin(np.mgrid[:64, :80][1] / 9)
    noisy = wave + np.random.default_rng(0).normal(0, sigma, wave.shape)
    tifffile.imwrite(source, noisy.round().astype(dtype))
    told = only_line(linn("estimate", source).stdout)
    assert "in the file's values (--sigma-unit value)" in told
    done = linn("inspect", source, "-o", target)
    assert only_line(done.stderr) == f"linn: {told}"
    heading = " ".join(done.stdout.split("┏")[0].split())
    level = told.partition(": sigma ")[2].partition(" ")[0]
    assert f"sigma {level} in the file's values (--sigma-unit value)" in heading
    assert "in the file's values" in shown(target.read_bytes())["lead"]
    estimated = json.loads(only_line(linn("inspect", source, "-o", target, "--json").stdout))
    known = json.loads(only_line(linn("estimate", source, "--json").stdout))
    assert estimated["sigma"] == pytest.approx(known["sigma"][0])
    assert estimated["sigma_unit"] == known["sigma_unit"] == "value"
    assert estimated["residual"]["sigma"] == estimated["sigma"]
    # Given back, it is the same.
    again = ["--sigma", repr(estimated["sigma"]), "--sigma-unit", "value", "--json"]
    done = linn("inspect", source, "-o", target, *again)
    assert (done.returncode, done.stderr) == (0, "")
    given = json.loads(only_line(done.stdout))
    assert given["sigma"] == pytest.approx(estimated["sigma"])
    assert given["scales"][0]["zeros"] == pytest.approx(estimated["scales"][0]["zeros"])
    little = ["--sigma", sigma / 1e6, "--sigma-unit", "value"]
    done = linn("inspect", source, "-o", target, *little)
    assert done.returncode == 2
    assert "give more, or another --sigma-unit" in only_line(done.stderr)


def test_inspect_looks_into_the_polyphase_form(linn: Run, noisy_file: Path) -> None:
    target = noisy_file.with_name("inspect.html")
    weights = ("--weights", "polyphase-grey")
    done = linn("inspect", noisy_file, "-o", target, "--sigma", 50, *weights)
    assert (done.returncode, done.stderr) == (0, "")
    data = shown(target.read_bytes())
    assert "polyphase" in data["lead"]
    assert (data["width"], data["height"]) == (52, 37)
    assert data["largest"] < 1e-2  # float32 rounding in grey levels
