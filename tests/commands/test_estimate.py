from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from tests.conftest import Run, only_line


def test_estimate_goes_on_after_a_bad_file(linn: Run, noisy_file: Path) -> None:
    small = noisy_file.with_name("small.png")
    Image.new("L", (30, 7)).save(small)
    done = linn("estimate", small, noisy_file)
    assert done.returncode == 1
    assert "30 x 7 pixels are too few" in done.stderr
    assert only_line(done.stdout).startswith(f"{noisy_file}: sigma ")


def test_coarse_noise_is_said(linn: Run, noisy_file: Path) -> None:
    noise = np.random.default_rng(0).normal(0, 20, (300, 301))
    smoothed = (127 + (noise[:, 1:] + noise[:, :-1]) / 2).round().clip(0, 255)
    Image.fromarray(smoothed.astype(np.uint8)).save(noisy_file)
    assert "coarse noise" in only_line(linn("estimate", noisy_file).stdout)
