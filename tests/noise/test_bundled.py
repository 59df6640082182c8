from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from linn_cli.errors import WeightsError
from linn_cli.noise import _by_bands, _by_pixels
from linn_cli.noise._bundled import GROUPS, Group, files, load


def test_what_was_saved_is_loaded_for_good(tmp_path: Path) -> None:
    network, file = nn.Linear(3, 2), tmp_path / "any.safetensors"
    save_file(network.state_dict(), file)
    loaded = load(nn.Linear(3, 2), file)
    assert torch.equal(loaded.weight, network.weight)
    assert not loaded.training
    assert not loaded.weight.requires_grad


@pytest.mark.parametrize("name", ["by_bands", "by_pixels"])
def test_each_group_has_files_of_its_own_for_colour_and_grey(name: str) -> None:
    found = files(name)
    assert set(found) == {(planes, group) for planes in (1, 3) for group in GROUPS}
    assert len({file.read_bytes() for file in found.values()}) == 4


@pytest.mark.parametrize("module", [_by_bands, _by_pixels])
@pytest.mark.parametrize("planes", [1, 3])
@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize("damage", ["missing", "empty", "of another network"])
def test_a_damaged_file_is_said(
    module: ModuleType,
    damage: str,
    planes: int,
    group: Group,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = tmp_path / "any.safetensors"
    if damage == "empty":
        file.write_bytes(b"")
    if damage == "of another network":
        save_file({"mean": torch.zeros(3)}, file)
    monkeypatch.setitem(module.FILES, (planes, group), file)
    module.bundled.cache_clear()
    with pytest.raises(WeightsError, match="reinstall linn"):
        module.bundled(planes, group)
    module.bundled.cache_clear()
