"""The commands that make pages: inspect, compare, denoise --compare and benchmark --report."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from linn_cli import denoise
from tests.conftest import Run, only_line
from tests.pages.test_embedding import decoded
from tests.pages.test_html import shown

Grey = NDArray[np.uint8]


@pytest.fixture
def clean_file(noisy_file: Path, grey: Grey) -> Path:
    path = noisy_file.with_name("original.png")
    Image.fromarray(grey).save(path)
    return path


def test_denoise_shows_what_it_did(linn: Run, noisy_file: Path, noisy: Grey) -> None:
    folder = noisy_file.parent
    for ending in ("html", "PNG"):
        view = folder / f"view.{ending}"
        done = linn(
            "denoise", noisy_file, "-o", folder / "clean.png", "--sigma", 25, "--compare", view
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    data = shown((folder / "view.html").read_bytes())
    np.testing.assert_array_equal(decoded(data["pictures"][0]["source"])[..., 0], noisy)
    np.testing.assert_array_equal(
        decoded(data["pictures"][1]["source"])[..., 0], denoise(noisy, 25)
    )
    with Image.open(folder / "view.PNG") as strip:
        assert strip.format == "PNG"


@pytest.mark.parametrize("name", ["view.pdf", "noisy.png", "clean.png", "missing/view.html"])
def test_a_view_that_cannot_be_is_refused_before_any_work(
    linn: Run, noisy_file: Path, name: str
) -> None:
    before = noisy_file.read_bytes()
    target = noisy_file.with_name("clean.png")
    view = noisy_file.parent / name
    done = linn("denoise", noisy_file, "-o", target, "--sigma", 25, "--compare", view)
    assert done.returncode == 2
    assert name.partition("/")[0] in only_line(done.stderr)
    assert noisy_file.read_bytes() == before
    assert list(noisy_file.parent.iterdir()) == [noisy_file]


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


@pytest.mark.parametrize(
    ("options", "code", "reason"),
    [
        (["--sigma", 0], 2, "too small to scale by"),
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


def test_benchmark_reports_and_runs_another_method(
    linn: Run, noisy_file: Path, clean_file: Path
) -> None:
    pytest.importorskip("skimage", reason="needs linn-cli[compare]")
    noisy_file.unlink()
    target = clean_file.parent.parent / "report.html"
    done = linn(
        *("benchmark", clean_file.parent, "--sigma", 25, "--sigma", 50, "--against", "nlm"),
        *("--report", target, "--json"),
    )
    assert (done.returncode, done.stderr) == (0, "")
    record = json.loads(only_line(done.stdout))
    methods = [(summary["method"], summary["sigma"]) for summary in record["summaries"]]
    own = methods[0][0]
    assert methods == [
        (own, 25),
        (own, 50),
        ("NLM (scikit-image)", 25),
        ("NLM (scikit-image)", 50),
    ]
    data = shown(target.read_bytes())
    assert [level["sigma"] for level in data["sigmas"]] == [25, 50]
    scores = data["sigmas"][1]["pictures"][0]["scores"]
    assert list(scores) == [f"linn {own}", "NLM (scikit-image)"]
    by_hand = {
        (picture["method"], picture["sigma"]): picture["psnr"] for picture in record["pictures"]
    }
    assert scores["NLM (scikit-image)"]["psnr"] == by_hand["NLM (scikit-image)", 50]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--against", "ffdnet"], "unknown method 'ffdnet'"),
        (["--report", "report.pdf"], "ends in .html"),
    ],
)
def test_faults_of_benchmark_come_before_the_work(
    linn: Run, noisy_file: Path, options: list[str], reason: str
) -> None:
    done = linn("benchmark", noisy_file.parent, "--sigma", 25, *options)
    assert done.returncode == 2
    assert reason in only_line(done.stderr)
