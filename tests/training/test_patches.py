from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from linn_cli.errors import InputError
from linn_cli.training.patches import Patches, hold_out, read, reduce

CPU = torch.device("cpu")


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    paths = []
    for index in range(20):
        path = tmp_path / f"{index:02}.png"
        ramp = np.arange(24 * 30, dtype=np.uint32).reshape(24, 30) * (index + 1) % 251
        Image.fromarray(ramp.astype(np.uint8)).save(path)
        paths.append(path)
    return paths


def test_every_eighteenth_picture_is_held_out(pictures: list[Path]) -> None:
    training, held = hold_out(pictures)
    assert [path.name for path in held] == ["00.png", "18.png"]
    assert sorted(training + held) == pictures


def test_named_pictures_are_held_out(pictures: list[Path]) -> None:
    training, held = hold_out(pictures, ["07.png", "03.png"])
    assert [path.name for path in held] == ["03.png", "07.png"]
    assert len(training) == 18
    with pytest.raises(InputError, match=r"x\.png: to be held out, but not among"):
        hold_out(pictures, ["x.png"])


@pytest.mark.parametrize("names", [[], [f"{index:02}.png" for index in range(20)]])
def test_no_part_may_be_empty(pictures: list[Path], names: list[str]) -> None:
    with pytest.raises(InputError, match="at least one"):
        hold_out(pictures, names)


def test_patches_are_parts_of_the_pictures(pictures: list[Path]) -> None:
    whole = read(pictures[0], as_grey=True)[:, :, 0].float() / 255
    patches = Patches(pictures[:1], 24, CPU).sample(8, torch.Generator().manual_seed(0))
    assert patches.shape == (8, 1, 24, 24)
    assert patches.dtype == torch.float32
    turned = [
        patch
        for left in range(7)
        for k in range(4)
        for patch in (
            whole[:, left : left + 24].rot90(k),
            whole[:, left : left + 24].rot90(k).flip(0),
        )
    ]
    # At this size only the unreduced picture is large enough.
    for patch in patches[:, 0]:
        assert any(torch.equal(patch, candidate) for candidate in turned)


def test_patches_depend_on_the_generator_only(pictures: list[Path]) -> None:
    patches = Patches(pictures, 8, CPU)
    one, two = (patches.sample(4, torch.Generator().manual_seed(1)) for _ in range(2))
    assert torch.equal(one, two)
    assert not torch.equal(one, patches.sample(4, torch.Generator().manual_seed(2)))


def test_pictures_smaller_than_a_patch_are_an_error(pictures: list[Path]) -> None:
    with pytest.raises(InputError, match="25 x 25"):
        Patches(pictures, 25, CPU)


def test_pictures_are_reduced(pictures: list[Path]) -> None:
    assert tuple(reduce(read(pictures[0], as_grey=True), 0.5).shape) == (12, 15, 1)
