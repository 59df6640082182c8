from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from linn_cli.evaluation.clean_pictures import CleanPictures
from linn_cli.evaluation.other_methods import Classical
from linn_cli.evaluation.published import Published
from tests.conftest import Run, only_line
from tests.pages.test_html import shown


def test_benchmark_prints_tables_or_data(
    linn: Run, tmp_path: Path, grey: NDArray[np.uint8]
) -> None:
    Image.fromarray(grey).save(tmp_path / "clean.png")
    done = linn("benchmark", tmp_path, "--sigma", 25, "--sigma", 40)
    assert (done.returncode, done.stderr) == (0, "")
    assert "as published" not in done.stdout
    assert "DnINN" in done.stdout
    assert "clean.png" not in done.stdout
    assert "clean.png" in linn("benchmark", tmp_path, "--sigma", 25, "--verbose").stdout

    done = linn("benchmark", tmp_path, "--sigma", 25, "--sigma", 40, "--json", "--verbose")
    data = json.loads(only_line(done.stdout))
    assert [summary["sigma"] for summary in data["summaries"]] == [25, 40]
    assert [picture["image"] for picture in data["pictures"]] == ["clean.png", "clean.png"]
    assert data["published"] is None
    assert data["failed"] == []


def test_figures_are_published_beside_the_test_set_alone(
    linn: Run, tmp_path: Path, grey: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> None:
    Image.fromarray(grey).save(tmp_path / "a.png")
    digest = CleanPictures.read([tmp_path / "a.png"]).digest
    known = Published("BSD68", {"WNNM": {25: 28.83}})
    monkeypatch.setattr("linn_cli.evaluation.published._KNOWN", {digest: known})
    done = linn("benchmark", tmp_path, "--sigma", 25)
    assert "as published on BSD68" in done.stdout
    assert "WNNM" in done.stdout
    assert "(this run)" in done.stdout
    data = json.loads(linn("benchmark", tmp_path, "--sigma", 25, "--json").stdout)
    assert data["published"] == {"on": "BSD68", "psnr": {"WNNM": {"25": 28.83}}}
    Image.fromarray(grey).save(tmp_path / "b.png")
    assert "as published" not in linn("benchmark", tmp_path, "--sigma", 25).stdout
    (tmp_path / "b.png").write_bytes(b"broken")
    # The other pictures are the set, but who says what the broken one was?
    assert "as published" not in linn("benchmark", tmp_path, "--sigma", 25).stdout


def test_a_broken_picture_stops_nothing_and_is_named(
    linn: Run, tmp_path: Path, grey: NDArray[np.uint8]
) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "a.png").write_bytes(b"broken")
    for name in ("b.png", "c.png"):
        Image.fromarray(grey).save(folder / name)
    target = tmp_path / "report.html"
    done = linn("benchmark", folder, "--sigma", 25, "--json", "--report", target)
    assert done.returncode == 1
    broken, count = done.stderr.splitlines()
    assert f"{folder / 'a.png'}: not a picture" in broken
    assert "1 of 3 pictures are left out" in count
    data = json.loads(only_line(done.stdout))
    assert [picture["image"] for picture in data["pictures"]] == ["b.png", "c.png"]
    assert data["failed"][0]["picture"] == str(folder / "a.png")
    page = shown(target.read_bytes())
    assert [picture["name"] for picture in page["sigmas"][0]["pictures"]] == ["b.png", "c.png"]
    for name in ("b.png", "c.png"):
        (folder / name).write_bytes(b"broken")
    done = linn("benchmark", folder, "--sigma", 25)
    assert done.returncode == 1
    assert "none of the pictures" in done.stderr.splitlines()[-1]


def test_what_one_method_cannot_do_counts_for_none(
    linn: Run, tmp_path: Path, grey: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail_if_upright(noisy: NDArray[np.float64], sigma: float) -> NDArray[np.float64]:
        if noisy.shape[0] > noisy.shape[1]:
            raise ValueError("too tall")
        return noisy

    method = Classical("other", fail_if_upright)
    monkeypatch.setattr("linn_cli.evaluation.other_methods.load", lambda name: method)
    Image.fromarray(grey).save(tmp_path / "a.png")
    Image.fromarray(grey.T.copy()).save(tmp_path / "tall.png")
    done = linn("benchmark", tmp_path, "--sigma", 25, "--against", "nlm", "--json")
    assert done.returncode == 1
    assert "too tall" in done.stderr
    data = json.loads(only_line(done.stdout))
    assert [summary["images"] for summary in data["summaries"]] == [1, 1]


def test_other_methods_run_in_colour(linn: Run, tmp_path: Path, grey: NDArray[np.uint8]) -> None:
    pytest.importorskip("skimage", reason="needs linn-cli[compare]")
    Image.fromarray(np.dstack([grey, grey // 2, 255 - grey])).save(tmp_path / "colour.png")
    done = linn("benchmark", tmp_path, "--sigma", 25, "--against", "nlm", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    own, other = json.loads(only_line(done.stdout))["summaries"]
    assert other["method"] == "NLM (scikit-image)"
    assert own["psnr"] > other["psnr"] > 22  # 20.2 dB before


def test_benchmark_can_store_the_noisy_pictures_in_eight_bits(
    linn: Run, tmp_path: Path, grey: NDArray[np.uint8]
) -> None:
    # So dark that black cuts off much of the noise: each step is worth more than 1 dB.
    Image.fromarray(grey // 4).save(tmp_path / "clean.png")
    done = linn("benchmark", tmp_path, "--sigma", 50, "--quantize", "--variant", "st", "--json")
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
        *("benchmark", clean_file.parent, "--sigma", 12, "--sigma", 50, "--against", "nlm"),
        *("--report", target, "--json"),
    )
    assert (done.returncode, done.stderr) == (0, "")
    record = json.loads(only_line(done.stdout))
    methods = [(summary["method"], summary["sigma"]) for summary in record["summaries"]]
    own = "best for each sigma"  # DnINN at 12 and the polyphase form at 50
    assert methods == [
        (own, 12),
        (own, 50),
        ("NLM (scikit-image)", 12),
        ("NLM (scikit-image)", 50),
    ]
    data = shown(target.read_bytes())
    assert [level["sigma"] for level in data["sigmas"]] == [12, 50]
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
