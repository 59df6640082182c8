"""Videos denoised: each frame as a picture by itself, for the noise of all."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import linn_cli.videos
from linn_cli.denoising import by_frames, jobs, planes
from linn_cli.denoising.job_list import Job
from linn_cli.denoising.networks import Networks
from linn_cli.errors import InputError
from linn_cli.noise.request import Request
from linn_cli.noise.strength import FULL, Strength
from linn_cli.pictures.picture import Picture
from linn_cli.units import Sigma
from tests.conftest import ROOT, Run, noisy_picture, only_line


def picture(sigma: float, seed: int = 0) -> Picture:
    return Picture(noisy_picture((sigma,), seed))


def test_the_noise_is_that_of_the_frame_in_the_middle() -> None:
    sampled = [picture(sigma, seed) for seed, sigma in enumerate((10, 30, 20, 0))]
    profile = by_frames.measure(sampled, Request())
    assert profile.sigma.levels[0] == pytest.approx(20, abs=2)
    assert "in the middle one of 3 frames" in profile.words[0]


def test_frames_too_small_to_tell_do_not_count() -> None:
    tiny = Picture(np.zeros((3, 3, 1), np.uint8))
    assert by_frames.measure([tiny, picture(20)], Request()).sigma.levels[0] > 15
    with pytest.raises(InputError, match="too few"):
        by_frames.measure([tiny], Request())


def test_a_noise_that_is_given_is_taken() -> None:
    given = Request(Sigma((25.0,)))
    assert by_frames.measure([picture(10)], given).sigma.levels == (25.0,)


def test_without_pyav_the_error_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    for name in ("frames", "reading", "transcoding"):
        monkeypatch.delitem(sys.modules, f"linn_cli.videos.{name}", raising=False)
        monkeypatch.delattr(linn_cli.videos, name, raising=False)
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"0")
    outcome = jobs.run(Job(clip, tmp_path / "out.mp4"), Networks(), Request())
    assert outcome.error == (
        f"{clip}: is a video, which needs PyAV: python -m pip install 'linn-cli[video]'"
    )


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """A lossless video whose frames are red, green and blue, so that nothing but linn changes them."""
    pytest.importorskip("av", reason="needs PyAV, the extra video")
    from tests.videos import clips

    return clips.make(tmp_path / "clip.mkv", "ffv1", "bgr0")


def test_a_frame_equals_the_picture_denoised_alone(tmp_path: Path, clip: Path) -> None:
    from tests.videos import clips

    request = Request(Sigma((15.0,)))
    networks = Networks(fast=True)
    told: list[float] = []
    outcome = jobs.run(
        Job(clip, tmp_path / "out.mkv"),
        networks,
        request,
        progress=lambda done, note="", total=None: told.append(done),
    )
    assert outcome.error is None
    assert (outcome.frames, outcome.width, outcome.height) == (6, clips.WIDTH, clips.HEIGHT)
    # This file does not say how many frames it has: its duration has room for more.
    assert 0.2 < sum(told) <= 1
    assert clips.times(tmp_path / "out.mkv") == clips.times(clip)
    pairs = list(zip(clips.decoded(clip), clips.decoded(tmp_path / "out.mkv"), strict=True))
    for before, after in pairs[:2]:
        noisy = Picture(before.to_ndarray(format="rgb24"))
        alone, _ = planes.denoise(networks, noisy, request.find(noisy), FULL, lambda *_: None)
        assert not np.array_equal(alone.values, noisy.values)
        np.testing.assert_array_equal(after.to_ndarray(format="rgb24"), alone.values)


def test_an_estimate_is_that_of_the_frame_in_the_middle(linn: Run, clip: Path) -> None:
    frame, said = by_frames.typical(clip, max_pixels=10**6)
    assert Request().find(frame).sigma.levels[0] == pytest.approx(15, abs=3)
    assert re.fullmatch(r"in the middle one of \d frames \(1[\d.]+ to 1[\d.]+\)", said)
    done = linn("estimate", clip)
    assert done.returncode == 0, done.stderr
    assert only_line(done.stdout).startswith(f"{clip}: sigma 1")
    assert only_line(done.stdout).endswith(said)
    with pytest.raises(InputError, match="more than 100 pixels"):
        by_frames.typical(clip, max_pixels=100)


def test_the_page_shows_the_first_frame(tmp_path: Path, clip: Path) -> None:
    shown: list[Picture] = []
    jobs.run(
        Job(clip, tmp_path / "out.mkv"),
        Networks(fast=True),
        Request(strength=Strength.of(0)),
        show=lambda *pair: shown.extend(pair),
    )
    assert len(shown) == 2


def test_transparency_stays(tmp_path: Path) -> None:
    pytest.importorskip("av", reason="needs PyAV, the extra video")
    held = Picture(np.full((8, 8, 3), 9, np.uint8), np.full((8, 8), 7, np.uint8))
    array = by_frames._array(held)
    assert array.shape == (8, 8, 4)
    again = by_frames._picture(array)
    assert again.alpha is not None
    assert int(again.alpha[0, 0]) == 7


def test_larger_frames_are_refused(tmp_path: Path, clip: Path) -> None:
    handling = replace(jobs._PLAIN, max_pixels=1000)
    outcome = jobs.run(Job(clip, tmp_path / "out.mkv"), Networks(), Request(), handling=handling)
    assert "max-pixels" in str(outcome.error)
    assert not (tmp_path / "out.mkv").exists()


def test_a_video_through_the_command_line(linn: Run, tmp_path: Path, clip: Path) -> None:
    done = linn("denoise", clip, "--fast", "--verbose")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "clip-denoised.mkv").exists()
    assert "in the middle one of" in done.stderr
    # linn leaves what is there, refuses a picture's name and an unknown codec, before any work.
    for arguments, said in (
        ((), "there already"),
        (("-o", tmp_path / "a.png"), "choose an output name that ends in .mp4"),
        (("--codec", "divx"), "unknown codec"),
        (("--format", "png"), "--format is for pictures"),
    ):
        refused = linn("denoise", clip, *arguments)
        assert refused.returncode == 2
        assert said in only_line(refused.stderr)


def test_a_picture_does_not_go_into_a_video(linn: Run, noisy_file: Path) -> None:
    refused = linn("denoise", noisy_file, "-o", noisy_file.with_name("a.mp4"))
    assert refused.returncode == 2
    assert "choose an output name that ends in .png" in refused.stderr


def test_a_damaged_video_is_one_clear_line(linn: Run, tmp_path: Path) -> None:
    pytest.importorskip("av", reason="needs PyAV, the extra video")
    wrong = tmp_path / "wrong.mp4"
    wrong.write_bytes(b"no video" * 99)
    done = linn("denoise", wrong)
    assert done.returncode == 1
    assert only_line(done.stderr).startswith(f"linn: {wrong}: cannot be read as a video")
    assert list(tmp_path.iterdir()) == [wrong]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
def test_ctrl_c_leaves_nothing(tmp_path: Path, clip: Path) -> None:
    target = tmp_path / "out.mkv"
    code = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from linn_cli.cli import app; app()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, "denoise", str(clip), "-o", str(target), "--scales", "2"],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 100
    while not list(tmp_path.glob(".linn-*")) and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=100)
    assert (process.returncode, only_line(error)) == (130, "linn: interrupted")
    assert list(tmp_path.iterdir()) == [clip]
