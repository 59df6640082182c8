from __future__ import annotations

import os
from pathlib import Path

import pytest

from linn_cli.denoising.planning import Existing
from linn_cli.errors import InputError, UsageError
from tests.volumes.zarrs import noisy, ome, zarr

from linn_cli.volumes import stores, targets  # isort: skip  after the skip without zarr


def test_an_output_appears_when_it_is_finished(tmp_path: Path) -> None:
    source = ome(tmp_path / "a.zarr", noisy((16, 16)), "yx", chunks=(8, 8))
    target = targets.opened(str(tmp_path / "deep" / "b.zarr"), Existing())
    assert target is not None
    like = zarr.open_array(source / "0", mode="r")
    store = stores.opened(str(source), read_only=True)
    array = target.array(stores.node(store, "0"))
    array[:] = like[:] + 1
    (tmp_path / "deep" / "b.zarr.partial" / "0" / "c" / "0" / "0.7e.partial").touch()
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["b.zarr.partial"]
    target.finish(store, ["0"])
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["b.zarr"]
    answer = zarr.open_group(tmp_path / "deep" / "b.zarr", mode="r")
    assert (answer["0"][:] == like[:] + 1).all()
    assert (answer["1"][:] == like[::2, ::2]).all()  # which was not named
    assert not list((tmp_path / "deep").rglob("*.partial"))
    assert targets.size(str(source)) == targets.size(str(tmp_path / "deep" / "b.zarr"))


def test_what_is_there_is_left_skipped_or_replaced(tmp_path: Path) -> None:
    there = tmp_path / "b.zarr"
    there.mkdir()
    (there / "precious").touch()
    with pytest.raises(UsageError, match="there already"):
        targets.opened(str(there), Existing())
    assert targets.opened(str(there), Existing(skip=True)) is None
    target = targets.opened(str(there), Existing(overwrite=True))
    assert target is not None
    assert (there / "precious").exists()
    source = ome(tmp_path / "a.zarr", noisy((16, 16)), "yx")
    target.finish(stores.opened(str(source), read_only=True), [])
    assert not (there / "precious").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.zarr", "b.zarr"]


def test_a_run_that_is_killed_at_its_end_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = ome(tmp_path / "a.zarr", noisy((16, 16)), "yx")
    there, store = tmp_path / "b.zarr", stores.opened(str(source), read_only=True)
    there.mkdir()
    (there / "old").touch()
    original = os.rename
    for calls in (1, 2):  # before the old output is put aside, and after
        target = targets.opened(str(there), Existing(overwrite=True))
        assert target is not None
        target.record.begin({}, "b.zarr")
        done: list[Path] = []

        def rename(*arguments: Path, calls: int = calls, done: list[Path] = done) -> None:
            done.append(arguments[0])
            if len(done) == calls:
                raise KeyboardInterrupt
            original(*arguments)

        monkeypatch.setattr(os, "rename", rename)
        with pytest.raises(KeyboardInterrupt):
            target.finish(store, [])
        monkeypatch.setattr(os, "rename", original)
        assert target.record.begin({}, "b.zarr"), "what is finished is known"
    again = targets.opened(str(there), Existing())
    assert again is not None
    again.finish(store, [])
    other = targets.opened(str(there), Existing(overwrite=True))
    assert other is not None
    other.finish(store, [])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.zarr", "b.zarr"]
    assert targets.size(str(source)) == targets.size(str(there))


def test_what_is_not_linns_is_left(tmp_path: Path) -> None:
    (tmp_path / "a.zarr").touch()
    (tmp_path / "b.zarr.partial").mkdir()
    (tmp_path / "b.zarr.partial" / "precious").touch()
    for existing in (Existing(), Existing(overwrite=True)):
        with pytest.raises(UsageError, match=r"a\.zarr: is a file"):
            targets.opened(str(tmp_path / "a.zarr"), existing)
        with pytest.raises(UsageError, match=r"b\.zarr\.partial: is in the way"):
            targets.opened(str(tmp_path / "b.zarr"), existing)
    assert (tmp_path / "b.zarr.partial" / "precious").exists()


def test_a_failure_leaves_only_what_is_finished(tmp_path: Path) -> None:
    target = targets.opened(str(tmp_path / "b.zarr"), Existing())
    assert target is not None
    target.record.begin({}, "b.zarr")
    target.record.finish("0", "0.0")
    target.remove_if_nothing_is_finished()
    assert [path.name for path in tmp_path.iterdir()] == ["b.zarr.partial"]
    stores.remove(target.store, ".linn/done/0")
    target.remove_if_nothing_is_finished()
    assert not list(tmp_path.iterdir())


def test_no_right_to_write_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"b\.zarr: cannot be written \("):
        targets.opened(str(tmp_path / "file" / "b.zarr"), Existing())
