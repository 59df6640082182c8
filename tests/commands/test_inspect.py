from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.conftest import Run, only_line
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


def test_weights_that_do_not_suit_are_doubted(linn: Run, noisy_file: Path) -> None:
    target = noisy_file.with_name("inspect.html")
    options = ["--sigma", 3, "--weights", "dninn-st-1-25", "--side", 20]
    done = linn("inspect", noisy_file, "-o", target, *options)
    assert done.returncode == 0
    assert "are for sigma 21 to 29, and this noise is 3" in done.stderr
