from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from linn_cli import denoise
from linn_cli.denoising.planning import Existing
from linn_cli.errors import UsageError
from linn_cli.noise.camera import CameraNoise
from linn_cli.noise.request import Request
from linn_cli.noise.strength import Strength
from linn_cli.units import Sigma
from linn_cli.volumes import planes, targets, units
from tests.conftest import ROOT
from tests.volumes.zarrs import (
    REQUEST,
    assert_close,
    denoised,
    expected,
    noisy,
    ome,
    overwriting,
    plain,
    zarr,
)

BESIDE = ".partial"


def content(folder: Path) -> dict[str, bytes]:
    """All files of a folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def is_metadata(name: str) -> bool:
    return Path(name).name in ("zarr.json", ".zarray", ".zattrs", ".zgroup", ".zmetadata")


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_each_plane_has_the_answer_of_a_picture_and_all_else_is_kept(
    tmp_path: Path, version: str, dtype: str
) -> None:
    values = noisy((2, 3, 50, 40), dtype)
    stored: dict[str, Any] = {"chunks": (1, 1, 16, 16)}
    if version == "0.5":
        stored["shards"] = (1, 1, 32, 32)
    source = ome(tmp_path / "a.ome.zarr", values, "czyx", version, **stored)
    before = content(source)
    target = tmp_path / "b.ome.zarr"
    outcome = denoised(source, target)
    assert outcome.error is None
    assert (outcome.width, outcome.height, outcome.frames, outcome.channels) == (40, 50, 6, 2)
    answer = zarr.open_group(target, mode="r")["0"][:]
    for index in np.ndindex(2, 3):
        assert_close(answer[index], expected(values[index]))
    after = content(target)
    assert content(source) == before
    assert after.keys() == before.keys()
    assert all(after[name] == held for name, held in before.items() if is_metadata(name))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.ome.zarr", "b.ome.zarr"]


def test_levels_are_the_means_of_the_level_above(tmp_path: Path) -> None:
    values = noisy((2, 51, 40), "uint16")
    source = ome(tmp_path / "a.zarr", values, "zyx", chunks=(1, 16, 16))
    assert denoised(source, tmp_path / "b.zarr").error is None
    group = zarr.open_group(tmp_path / "b.zarr", mode="r")
    large, small = group["0"][:].astype(float), group["1"][:]
    means = large[:, :50].reshape(2, 25, 2, 20, 2).mean((2, 4))
    np.testing.assert_array_equal(small[:, :25], np.rint(means))
    np.testing.assert_array_equal(small[:, 25], np.rint(large[:, 50].reshape(2, 20, 2).mean(2)))


@pytest.fixture
def small_units(monkeypatch: pytest.MonkeyPatch) -> None:
    """Units of a single row of shards, in blocks of columns, and no plane is small."""
    monkeypatch.setattr(planes, "LARGE", 1)
    monkeypatch.setattr(units, "_ROWS", 1)
    monkeypatch.setattr(units, "_COLUMNS", 400)
    monkeypatch.setattr(units, "_MOST_BYTES", 1)


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
@pytest.mark.usefixtures("small_units")
def test_a_large_plane_goes_by_rows_and_columns_of_shards(tmp_path: Path, dtype: str) -> None:
    values = noisy((410, 500), dtype)
    source = plain(tmp_path / "a.zarr", values, chunks=(50, 100), shards=(100, 200))
    assert denoised(source, tmp_path / "b.zarr").error is None
    assert_close(zarr.open_array(tmp_path / "b.zarr", mode="r")[:], expected(values))


@pytest.mark.usefixtures("small_units")
def test_planes_that_share_chunks_go_by_rows_with_a_halo(tmp_path: Path) -> None:
    values = noisy((3, 430, 40))
    source = plain(tmp_path / "a.zarr", values, chunks=(2, 150, 40))
    assert denoised(source, tmp_path / "b.zarr").error is None
    answer = zarr.open_array(tmp_path / "b.zarr", mode="r")[:]
    for plane, noisy_plane in zip(answer, values, strict=True):
        assert_close(plane, expected(noisy_plane))


@pytest.mark.usefixtures("small_units")
@pytest.mark.parametrize("sigma", [20.0, 160.0])  # heavy noise takes halves, and they a wider halo
def test_colour_goes_by_rows_as_a_picture_does(tmp_path: Path, sigma: float) -> None:
    values = noisy((3, 900, 30))
    request = Request(Sigma((sigma,)))
    source = plain(tmp_path / "a.zarr", values, chunks=(1, 100, 30))
    done = denoised(source, tmp_path / "b.zarr", request, axes="syx")
    assert (done.error, done.channels) == (None, 3)
    answer = zarr.open_array(tmp_path / "b.zarr", mode="r")[:]
    wanted = expected(np.moveaxis(values, 0, 2), request)
    assert_close(np.moveaxis(answer, 0, 2), wanted)


def test_grey_stored_in_colour_stays_grey(tmp_path: Path) -> None:
    values = np.repeat(noisy((1, 40, 50), "uint8"), 3, axis=0)
    source = plain(tmp_path / "a.zarr", values, chunks=(1, 20, 25))
    assert denoised(source, tmp_path / "b.zarr", axes="syx").error is None
    answer = zarr.open_array(tmp_path / "b.zarr", mode="r")[:]
    for channel in answer:
        assert_close(channel, expected(values[0]))


def test_every_order_of_axes_and_bytes_is_taken(tmp_path: Path) -> None:
    values = noisy((2, 40, 50), "uint16")
    turned = np.ascontiguousarray(values.transpose(2, 0, 1)).astype(">u2")
    source = tmp_path / "a.zarr"
    zarr.create_array(source, data=turned, chunks=(16, 2, 16), zarr_format=2)
    assert denoised(source, tmp_path / "b.zarr", axes="xzy").error is None
    answer = zarr.open_array(tmp_path / "b.zarr", mode="r")[:]
    for plane, noisy_plane in zip(answer.transpose(1, 2, 0), values, strict=True):
        assert_close(plane.astype(np.uint16), expected(noisy_plane))


def test_noise_is_estimated_once_by_channel(tmp_path: Path) -> None:
    chance = np.random.default_rng(0).normal(size=(2, 3, 64, 64))
    rows = np.linspace(0.1, 0.9, 64)[:, None]
    values = (rows + chance * np.array([5, 30])[:, None, None, None] / 255).astype(np.float32)
    source = ome(tmp_path / "a.zarr", values, "czyx", chunks=(1, 1, 32, 32))
    outcome = denoised(source, tmp_path / "b.zarr", Request())
    assert outcome.error is None
    assert outcome.sigma == pytest.approx((5, 30), rel=0.1)


@pytest.mark.parametrize("small", [True, False])
def test_what_has_no_value_stays_to_the_bit(
    tmp_path: Path, small: bool, request: pytest.FixtureRequest
) -> None:
    if not small:
        request.getfixturevalue("small_units")
    values = noisy((430, 60))
    values[100:130, 20:40] = np.nan
    values[300:, 50:] = np.inf
    source = plain(tmp_path / "a.zarr", values, chunks=(100, 60))
    assert denoised(source, tmp_path / "b.zarr").error is None
    answer = zarr.open_array(tmp_path / "b.zarr", mode="r")[:]
    gaps = ~np.isfinite(values)
    np.testing.assert_array_equal(answer[gaps], values[gaps])
    assert np.isfinite(answer[~gaps]).all()
    wanted = expected(values)
    if small:
        assert_close(answer, wanted)
    else:  # the plate ends at strips
        assert np.abs(answer[~gaps] - wanted[~gaps]).max() < 0.1


def test_labels_and_other_arrays_are_copied(tmp_path: Path) -> None:
    source = ome(tmp_path / "a.zarr", noisy((40, 40)), "yx", chunks=(16, 16))
    labels = np.arange(1600, dtype=np.uint16).reshape(40, 40)
    ome(source / "labels" / "cells", labels, "yx", chunks=(16, 16))
    (source / "notes.txt").write_text("kept")
    (source / "0" / "notes.txt").write_text("kept too")
    (source / ".linn" / "done").mkdir(parents=True)
    (source / ".linn" / "run.json").write_text("of another run")
    assert denoised(source, tmp_path / "b.zarr").error is None
    before, after = content(source), content(tmp_path / "b.zarr")
    before.pop(".linn/run.json")
    assert after.keys() == before.keys()
    alike = [name for name in before if name.startswith("labels") or name.endswith(".txt")]
    assert len(alike) > 10
    assert all(after[name] == before[name] for name in alike)


def test_strength_nothing_is_a_copy(tmp_path: Path) -> None:
    source = ome(tmp_path / "a.zarr", noisy((2, 40, 40)), "zyx", chunks=(2, 16, 16))
    assert denoised(source, tmp_path / "b.zarr", Request(strength=Strength.of(0.0))).error is None
    answer = zarr.open_group(tmp_path / "b.zarr", mode="r")["0"][:]
    np.testing.assert_array_equal(answer, noisy((2, 40, 40)))


def test_noise_that_takes_whole_planes_gets_them(tmp_path: Path) -> None:
    values = np.random.default_rng(2).normal(0.5, 0.35, (160, 150)).clip(0, 1).astype(np.float32)
    source = plain(tmp_path / "a.zarr", values, chunks=(40, 50))
    request = Request(model="camera", cameras=(CameraNoise(0.25, 0.0),))
    refused = denoised(source, tmp_path / "b.zarr", request, max_pixels=1000)
    assert refused.error == (
        f"{source}: the noise of few photons takes whole planes, and these have more than "
        "1000 pixels: a higher --max-pixels takes them"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["a.zarr"]
    assert denoised(source, tmp_path / "b.zarr", request).error is None
    whole = denoise(
        values, noise="camera", gain=0.25, precision="float32", fast=True, sigma_unit="unit"
    )
    assert_close(zarr.open_array(tmp_path / "b.zarr", mode="r")[:], whole)


def test_a_run_goes_on_from_another_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain(tmp_path / "a.zarr", noisy((40, 40)), chunks=(20, 20))
    (tmp_path / "inner").mkdir()
    monkeypatch.setattr(planes.Work, "answers", lambda *_: iter([]))  # fails at once
    original = targets.Target.remove_if_nothing_is_finished
    monkeypatch.setattr(targets.Target, "remove_if_nothing_is_finished", lambda _: None)
    monkeypatch.chdir(tmp_path)
    assert denoised(Path("a.zarr"), Path("b.zarr")).error is not None
    monkeypatch.undo()
    assert targets.Target.remove_if_nothing_is_finished is original
    monkeypatch.chdir(tmp_path / "inner")
    done = denoised(Path("../a.zarr"), Path("../b.zarr"))
    assert (done.error, done.remarks) == (None, ("goes on with what an earlier run had finished",))


@pytest.mark.usefixtures("small_units")
def test_a_run_goes_on_where_it_was_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = noisy((430, 60))
    source = plain(tmp_path / "a.zarr", values, chunks=(100, 60))
    target, growing = tmp_path / "b.zarr", tmp_path / f"b.zarr{BESIDE}"
    whole = denoised(source, tmp_path / "whole.zarr")
    assert whole.error is None
    original = planes.Work.answers

    def stopped(self: planes.Work, *arguments: Any) -> Any:
        for number, answer in enumerate(original(self, *arguments)):
            if number == 2:
                raise KeyboardInterrupt
            yield answer

    monkeypatch.setattr(planes.Work, "answers", stopped)
    with pytest.raises(KeyboardInterrupt):
        denoised(source, target)
    assert not target.exists()
    finished = {name: held for name, held in content(growing).items() if name.startswith("c/")}
    assert len(finished) == 2
    assert not any(map(is_metadata, content(growing)))
    monkeypatch.setattr(planes.Work, "answers", original)
    with pytest.raises(UsageError, match=r"b\.zarr\.partial: was begun from another input, or"):
        denoised(source, target, Request(Sigma((10.0,))))
    done = denoised(source, target)
    assert (done.error, done.remarks) == (None, ("goes on with what an earlier run had finished",))
    assert not growing.exists()
    answer = content(target)
    assert finished.items() <= answer.items()
    assert answer.keys() == content(tmp_path / "whole.zarr").keys()
    assert_close(zarr.open_array(target, mode="r")[:], expected(values))


def test_a_killed_run_leaves_no_half_shard_and_can_go_on(tmp_path: Path) -> None:
    values = noisy((12, 128, 128))
    source = plain(tmp_path / "a.zarr", values, chunks=(1, 64, 64))
    target, growing = tmp_path / "b.zarr", tmp_path / f"b.zarr{BESIDE}"
    command = [sys.executable, "-m", "linn_cli", "denoise", str(source), "-o", str(target)]
    command += ["--sigma", "20", "--precision", "float32", "--fast"]
    running = subprocess.Popen(command, cwd=ROOT)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and not list(growing.glob(".linn/done/*/*")):
        time.sleep(0.02)
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    assert not target.exists()
    begun = zarr.open_array(source, mode="r")
    copy_metadata(source, growing)
    half = zarr.open_array(growing, mode="r")[:]
    (growing / "zarr.json").unlink()
    assert half.shape == begun.shape  # every chunk that is there can be decoded
    subprocess.run(command, cwd=ROOT, check=True)
    assert not growing.exists()
    answer = zarr.open_array(target, mode="r")[:]
    for plane, noisy_plane in zip(answer, values, strict=True):
        assert_close(plane, expected(noisy_plane))
    assert not [name for name in content(target) if name.endswith(BESIDE) or ".linn" in name]


def copy_metadata(source: Path, target: Path) -> None:
    (target / "zarr.json").write_bytes((source / "zarr.json").read_bytes())


def test_an_output_that_is_there_is_only_replaced_if_asked_for(tmp_path: Path) -> None:
    source = plain(tmp_path / "a.zarr", noisy((40, 40)), chunks=(16, 16))
    target = plain(tmp_path / "b.zarr", np.zeros((8, 8), np.uint8))
    before = content(target)
    with pytest.raises(UsageError, match=r"b\.zarr: there already"):
        denoised(source, target)
    assert denoised(source, target, existing=Existing(skip=True)).skipped
    assert content(target) == before
    assert denoised(source, target, **overwriting()).error is None
    assert_close(zarr.open_array(target, mode="r")[:], expected(noisy((40, 40))))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.zarr", "b.zarr"]


def broken(path: Path, old: str, new: str) -> None:
    text = (path / "zarr.json").read_text()
    assert old in text
    (path / "zarr.json").write_text(text.replace(old, new))


def damage_nothing_there(source: Path) -> None:
    for path in sorted(source.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()


def damage_codec(source: Path) -> None:
    broken(source / "0", '"zstd"', '"unheard-of"')


def damage_chunk(source: Path) -> None:
    for path in (source / "0" / "c").rglob("*"):
        if path.is_file():
            path.write_bytes(b"nothing that zstd made" * 3)


def damage_json(source: Path) -> None:
    (source / "zarr.json").write_text('{"zarr_format": 3, "node_type"')


def damage_multiscales(source: Path) -> None:
    broken(source, '"path": "1"', '"path": "nowhere"')


def damage_dtype(source: Path) -> None:
    zarr.create_array(source / "0", data=np.zeros((40, 40), np.int64), overwrite=True)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (damage_nothing_there, "a.zarr: is not there, or is not a Zarr"),
        (damage_codec, "Unknown codec: 'unheard-of'"),
        (damage_chunk, "cannot be read"),
        (damage_json, "cannot be read"),
        (damage_multiscales, "its OME-Zarr metadata is damaged"),
        (damage_dtype, "linn takes floats or integers of up to 32 bits, not int64"),
    ],
)
def test_a_damaged_zarr_is_told_in_one_line_and_leaves_nothing(
    tmp_path: Path, damage: Any, said: str
) -> None:
    source = ome(tmp_path / "a.zarr", noisy((40, 40)), "yx", chunks=(16, 16))
    damage(source)
    error = denoised(source, tmp_path / "b.zarr").error
    assert error is not None
    assert "\n" not in error
    assert error.startswith(str(source))
    assert said in error
    assert [path.name for path in tmp_path.iterdir()] in (["a.zarr"], [])


@pytest.mark.parametrize(
    ("axes", "said"),
    [
        ("zyx", "axes zyx are 3, and the array has 2"),
        ("zx", "name one axis y"),
        ("yxx", "name one axis"),
    ],
)
def test_axes_that_do_not_fit_are_a_fault_of_usage(tmp_path: Path, axes: str, said: str) -> None:
    source = plain(tmp_path / "a.zarr", noisy((40, 40)), chunks=(16, 16))
    with pytest.raises(UsageError, match=said):
        denoised(source, tmp_path / "b.zarr", axes=axes)
    assert [path.name for path in tmp_path.iterdir()] == ["a.zarr"]


def test_a_fault_of_usage_names_the_zarr(tmp_path: Path) -> None:
    source = plain(tmp_path / "a.zarr", noisy((40, 40)), chunks=(16, 16))
    with pytest.raises(UsageError, match=r"a\.zarr: 3 sigmas for a picture of 1 channel:"):
        denoised(source, tmp_path / "b.zarr", Request(Sigma((1.0, 2.0, 3.0))))


def test_a_disk_that_fills_is_one_line_and_the_run_can_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = noisy((4, 40, 40))
    source = plain(tmp_path / "a.zarr", values, chunks=(1, 40, 40))
    original, written = zarr.storage.LocalStore.set, []

    async def full(self: Any, key: str, value: Any) -> None:
        if key.startswith("c/"):
            written.append(key)
            if len(written) > 2:
                raise OSError(28, "No space left on device")
        await original(self, key, value)

    monkeypatch.setattr(zarr.storage.LocalStore, "set", full)
    error = denoised(source, tmp_path / "b.zarr").error
    assert error == (f"{tmp_path}/b.zarr.partial: cannot be written (No space left on device)")
    assert not (tmp_path / "b.zarr").exists()
    monkeypatch.setattr(zarr.storage.LocalStore, "set", original)
    assert denoised(source, tmp_path / "b.zarr").error is None
    answer = zarr.open_array(tmp_path / "b.zarr", mode="r")[:]
    assert_close(answer[3], expected(values[3]))


def test_no_right_to_write_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = plain(tmp_path / "a.zarr", noisy((40, 40)), chunks=(40, 40))
    (tmp_path / "file").write_text("no folder")
    error = denoised(source, tmp_path / "file" / "b.zarr").error
    assert error is not None
    assert "cannot be written" in error
    assert "\n" not in error


def test_memory_of_a_large_plane_does_not_depend_on_its_height(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What is asked of the source at a time, in rows.
    monkeypatch.setattr(planes, "LARGE", 1)
    monkeypatch.setattr(units, "_ROWS", 64)
    source = plain(tmp_path / "a.zarr", noisy((2000, 24), "uint8"), chunks=(64, 24))
    original, asked = planes.Work._read, []

    def read(self: planes.Work, outer: Any, part: Any) -> NDArray[Any]:
        asked.append(part.height)
        return original(self, outer, part)

    monkeypatch.setattr(planes.Work, "_read", read)
    assert denoised(source, tmp_path / "b.zarr", REQUEST).error is None
    assert max(asked) <= 64
    assert sum(asked) == 2000  # and nothing is read twice
