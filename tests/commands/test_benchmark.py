from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.conftest import Run, only_line
from tests.pages.test_html import shown


def test_benchmark_prints_tables_or_data(
    linn: Run, tmp_path: Path, grey: NDArray[np.uint8]
) -> None:
    Image.fromarray(grey).save(tmp_path / "clean.png")
    done = linn("benchmark", tmp_path, "--sigma", 25, "--sigma", 40)
    assert (done.returncode, done.stderr) == (0, "")
    assert "WNNM" in done.stdout
    assert "(this run)" in done.stdout
    assert "clean.png" not in done.stdout
    assert "clean.png" in linn("benchmark", tmp_path, "--sigma", 25, "--verbose").stdout

    done = linn("benchmark", tmp_path, "--sigma", 25, "--sigma", 40, "--json", "--verbose")
    data = json.loads(only_line(done.stdout))
    assert [summary["sigma"] for summary in data["summaries"]] == [25, 40]
    assert [picture["image"] for picture in data["pictures"]] == ["clean.png", "clean.png"]
    assert data["published"]["psnr"]["DnCNN"]["25"] == 29.19


def test_benchmark_can_store_the_noisy_pictures_in_eight_bits(
    linn: Run, tmp_path: Path, grey: NDArray[np.uint8]
) -> None:
    # So dark that black cuts off much of the noise: each step is worth more than 1 dB.
    Image.fromarray(grey // 4).save(tmp_path / "clean.png")
    done = linn("benchmark", tmp_path, "--sigma", 50, "--quantize", "--json")
    summaries = json.loads(only_line(done.stdout))["summaries"]
    methods = [summary["method"].partition(", ")[2] for summary in summaries]
    assert methods == ["", "8 bits", "8 bits plain"]
    floats, corrected, plain = (summary["psnr"] for summary in summaries)
    assert floats > corrected > plain


def test_benchmark_defaults_to_the_published_sigmas(
    linn: Run, tmp_path: Path, grey: NDArray[np.uint8]
) -> None:
    Image.fromarray(grey[:16, :16]).save(tmp_path / "clean.png")
    data = json.loads(linn("benchmark", tmp_path, "--json").stdout)
    assert [summary["sigma"] for summary in data["summaries"]] == [15, 25, 50]


def test_benchmark_needs_pictures(linn: Run, tmp_path: Path) -> None:
    done = linn("benchmark", tmp_path)
    assert done.returncode == 1
    assert "no pictures in it" in only_line(done.stderr)
    done = linn("benchmark", tmp_path / "missing")
    assert done.returncode == 1
    assert "not a folder" in only_line(done.stderr)


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


def test_weights_that_do_not_suit_are_doubted(
    linn: Run, tmp_path: Path, grey: NDArray[np.uint8]
) -> None:
    Image.fromarray(grey[:16, :16]).save(tmp_path / "clean.png")
    done = linn("benchmark", tmp_path, "--weights", "dninn-st-1-25", "--sigma", 25, "--sigma", 50)
    assert done.returncode == 0
    assert "are for sigma 21 to 29, and this noise is 50" in only_line(done.stderr)
