"""The page on Python: its code runs, each of its lines for other libraries too, and its reference is as it should be."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import linn_cli
from tests import python_reference as reference

TEXT = reference.PAGE.read_text(encoding="utf-8")
LINES = re.findall(r"^\| `\w+\..*` \| `(.*)` \|$", TEXT, re.MULTILINE)


@pytest.fixture
def names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the page calls image, colour and so on, in a folder with photo.png."""
    chance = np.random.default_rng(0)
    levels = chance.normal(128, 10, (24, 20)).astype(np.uint8)
    bgr = np.dstack([levels, levels[::-1], levels[:, ::-1]])
    Image.fromarray(levels).save(tmp_path / "photo.png")
    monkeypatch.chdir(tmp_path)
    public = {name: getattr(linn_cli, name) for name in linn_cli.__all__}
    image, colour = (array.astype(np.float32) / 255 for array in (levels, bgr))
    pictures = {"image": image, "colour": colour, "levels": levels, "bgr": bgr, "s": 10 / 255}
    return public | pictures | {"images": [image, image[::-1]]}


@pytest.mark.parametrize("block", re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL))
def test_every_block_runs(names: dict[str, Any], block: str) -> None:
    exec(compile(block, "python.md", "exec"), names)  # noqa: S102


@pytest.mark.parametrize("line", LINES)
def test_every_line_for_another_library_runs(names: dict[str, Any], line: str) -> None:
    answer = eval(line, names)  # noqa: S307
    if np.isscalar(answer):
        assert answer == pytest.approx(names["s"], rel=0.2)
    else:
        assert np.std(answer) < 0.7 * max(np.std(names["levels"]), 0)
        assert answer.dtype in (np.float32, np.uint8)


def test_there_is_a_line_for_each_of_three_libraries() -> None:
    libraries = set(re.findall(r"^\| `(\w+)\.", TEXT, re.MULTILINE))
    assert {"skimage", "cv2", "bm3d"} <= libraries
    assert len(LINES) == 9


def test_the_reference_is_of_these_docstrings() -> None:
    assert reference.written(TEXT) == TEXT, "run python -m tests.python_reference"
