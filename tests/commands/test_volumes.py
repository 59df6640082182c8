from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from linn_cli.volumes import addresses
from tests.conftest import Run, only_line
from tests.volumes.zarrs import assert_close, expected, noisy, ome, plain, zarr

ARGUMENTS = ["--sigma", "20", "--precision", "float32", "--fast"]


def test_a_zarr_is_denoised_and_told_of(linn: Run, tmp_path: Path) -> None:
    values = noisy((2, 40, 50), "uint8")
    source = ome(tmp_path / "a.ome.zarr", values, "zyx", chunks=(1, 16, 16))
    done = linn("denoise", source, *ARGUMENTS)
    assert (done.returncode, done.stdout) == (0, "")
    line = only_line(done.stderr)
    assert line.startswith(f"linn: {tmp_path}/a-denoised.ome.zarr: 50 x 40, ")
    assert "sigma 20 given" in line
    answer = zarr.open_group(tmp_path / "a-denoised.ome.zarr", mode="r")["0"][:]
    assert_close(answer[1], expected(values[1]))


def test_several_zarrs_go_into_a_folder_and_one_that_fails_stops_no_other(
    linn: Run, tmp_path: Path
) -> None:
    for name in ("a.zarr", "c.zarr"):
        plain(tmp_path / name, noisy((40, 40)), chunks=(20, 20))
    (tmp_path / "b.zarr").mkdir()
    names = [tmp_path / name for name in ("a.zarr", "b.zarr", "c.zarr")]
    done = linn("denoise", *names, "-o", tmp_path / "out", "--json", *ARGUMENTS)
    assert done.returncode == 1
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert [record["error"] is None for record in records] == [True, False, True]
    assert only_line(done.stderr) == (f"linn: {tmp_path}/b.zarr: is not there, or is not a Zarr")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.zarr", "c.zarr"]


def test_of_several_zarrs_one_that_the_options_do_not_suit_stops_no_other(
    linn: Run, tmp_path: Path
) -> None:
    plain(tmp_path / "a.zarr", noisy((2, 40, 40)), chunks=(1, 20, 20))
    plain(tmp_path / "b.zarr", noisy((40, 40)), chunks=(20, 20))
    both = tmp_path / "a.zarr", tmp_path / "b.zarr"
    done = linn("denoise", *both, "-o", tmp_path / "out", "--axes", "yx", *ARGUMENTS)
    assert done.returncode == 1
    assert "axes yx are 2, and the array has 3" in done.stderr.splitlines()[0]
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["b.zarr"]
    done = linn("denoise", *both, "-o", tmp_path / "out", *ARGUMENTS)
    assert done.returncode == 2
    assert "b.zarr: there already" in only_line(done.stderr)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["b.zarr"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["a.zarr", "--compare", "page.html"], "--compare is for pictures"),
        (["a.zarr", "-r"], "--recursive is for pictures"),
        (["a.zarr", "--codec", "av1"], "--codec is for pictures"),
        (["a.zarr", "photo.png"], "photo.png: denoise pictures and Zarrs one after the other"),
        (["photo.png", "--axes", "yx"], "--axes is for Zarrs"),
        (["a.zarr", "--shard", "1/2", "--manifest", "m.jsonl"], "--shard is for pictures"),
        (["a.zarr", "-o", "a.zarr"], "is an input too"),
        (["a.zarr", "--overwrite", "--skip-existing"], "exclude each other"),
    ],
)
def test_faults_of_usage_are_found_before_any_work(
    linn: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    plain(tmp_path / "a.zarr", noisy((40, 40)))
    done = linn("denoise", *arguments)
    assert done.returncode == 2
    assert said in only_line(done.stderr)
    assert [path.name for path in tmp_path.iterdir()] == ["a.zarr"]


def test_without_zarr_linn_says_what_to_install(
    linn: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(addresses, "find_spec", lambda name: None)
    done = linn("denoise", tmp_path / "a.zarr")
    assert done.returncode == 2
    assert "pip install 'linn-cli[zarr]'" in only_line(done.stderr)


def test_the_noise_of_a_zarr_is_estimated_by_channel(linn: Run, tmp_path: Path) -> None:
    values = np.stack([noisy((3, 60, 70)), 0.5 + (noisy((3, 60, 70), seed=1) - 0.5) / 2])
    ome(tmp_path / "a.zarr", values.astype(np.float32), "czyx", chunks=(1, 1, 30, 30))
    done = linn("estimate", tmp_path / "a.zarr")
    first, second = done.stdout.splitlines()
    assert first.startswith(f"{tmp_path}/a.zarr/0 channel 0: sigma ")
    assert second.startswith(f"{tmp_path}/a.zarr/0 channel 1: sigma ")
    found = linn("estimate", tmp_path / "a.zarr", "--json").stdout.splitlines()
    sigma = [level for line in found for level in json.loads(line)["sigma"]]
    # One channel has a range of its own, so that both count in the array's values.
    assert {json.loads(line)["sigma_unit"] for line in found} == {"value"}
    assert sigma == pytest.approx([20 / 255, 10 / 255], rel=0.15)
    command = ["denoise", tmp_path / "a.zarr", "-o", tmp_path / "b.zarr", "--json"]
    assert json.loads(only_line(linn(*command).stdout))["sigma"] == pytest.approx(sigma, rel=0.1)
    done = linn("estimate", tmp_path / "a.zarr", tmp_path / "no.zarr", "--axes", "yx")
    assert (done.returncode, done.stdout) == (1, "")
    first, second = done.stderr.splitlines()
    assert first.startswith(f"linn: {tmp_path}/a.zarr/0: axes yx are 2, and the array has 4")
    assert second == f"linn: {tmp_path}/no.zarr: is not there, or is not a Zarr"
    done = linn("estimate", tmp_path / "photo.png", "--axes", "yx")
    assert (done.returncode, "--axes is for Zarrs" in done.stderr) == (2, True)
