from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from linn_cli.evaluation.clean_pictures import CleanPictures
from tests.conftest import noisy_picture

Grey = NDArray[np.uint8]


@pytest.fixture
def colour() -> Grey:
    return (noisy_picture((25.0, 25.0, 25.0)).clip(0, 1) * 255).astype(np.uint8)


def test_broken_pictures_are_faults_and_the_others_are_kept(tmp_path: Path, grey: Grey) -> None:
    (tmp_path / "a.png").write_bytes(b"no picture")
    Image.fromarray(grey).save(tmp_path / "b.png")
    paths = [tmp_path / "a.png", tmp_path / "b.png", tmp_path / "missing.png"]
    counted: list[str] = []
    pictures = CleanPictures.read(
        paths, progress=lambda done, note="", total=None: counted.append(note)
    )
    assert counted == ["a.png", "b.png", "missing.png"]
    assert pictures.usable == [(1, paths[1])]
    assert sorted(pictures.faults) == [0, 2]
    assert all(str(paths[index]) in fault for index, fault in pictures.faults.items())


def test_a_set_is_known_by_its_pixels(tmp_path: Path, grey: Grey, colour: Grey) -> None:
    Image.fromarray(grey).save(tmp_path / "a.png")
    Image.fromarray(grey.T.copy()).save(tmp_path / "b.png")
    Image.fromarray(grey).save(tmp_path / "z.bmp")
    Image.fromarray(grey[:, ::-1].copy()).save(tmp_path / "flipped.png")
    Image.fromarray(colour).save(tmp_path / "colour.png")

    def digest(*names: str, grey: bool = False) -> str:
        return CleanPictures.read([tmp_path / name for name in names], grey=grey).digest

    assert digest("a.png", "b.png") == digest("b.png", "z.bmp")
    assert digest("a.png", "b.png") != digest("a.png")
    assert digest("a.png") != digest("b.png")
    assert digest("a.png") != digest("flipped.png")
    assert digest("a.png", "a.png") != digest("a.png")
    assert digest("colour.png") != digest("colour.png", grey=True)


def test_one_in_colour_makes_all_colour(tmp_path: Path, grey: Grey, colour: Grey) -> None:
    paths = [tmp_path / "grey.png", tmp_path / "colour.png"]
    for path, levels in zip(paths, (grey, colour), strict=True):
        Image.fromarray(levels).save(path)
    mixed = CleanPictures.read(paths)
    assert mixed.colour
    expected = torch.from_numpy(grey).float() / 255
    torch.testing.assert_close(mixed.planes(paths[0]), expected.expand(1, 3, -1, -1))
    torch.testing.assert_close(
        mixed.planes(paths[1])[0], torch.from_numpy(colour).permute(2, 0, 1).float() / 255
    )
    luma = CleanPictures.read(paths, grey=True)
    assert not luma.colour
    assert luma.planes(paths[1]).shape == (1, 1, 128, 128)
