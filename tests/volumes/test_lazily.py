from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from linn_cli import Denoiser, denoise
from linn_cli.errors import InputError, UsageError
from tests.volumes.zarrs import SIGMA, assert_close, expected, noisy, plain, zarr

da: Any = pytest.importorskip("dask.array", reason="needs the extra linn-cli[zarr]")
from linn_cli.volumes import lazily  # noqa: E402


def lazily_denoised(array: Any, sigma: Any = SIGMA, **options: Any) -> Any:
    answer: Any = denoise(array, sigma, precision="float32", fast=True, **options)
    return answer


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lazily, "_LEAST_SIDE", 1)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_blocks_have_the_answer_of_the_whole_plane(dtype: str) -> None:
    values = noisy((2, 420, 410), dtype)
    lazy = da.from_array(values, chunks=(1, (201, 219), (200, 210)))
    answer = lazily_denoised(lazy)
    assert isinstance(answer, da.Array)
    assert (answer.chunks, answer.dtype) == (lazy.chunks, lazy.dtype)
    computed = answer.compute()
    for plane, noisy_plane in zip(computed, values, strict=True):
        assert_close(plane, expected(noisy_plane))


@pytest.mark.usefixtures("small_blocks")
def test_colour_is_denoised_together() -> None:
    values = np.moveaxis(noisy((3, 60, 700)), 0, 2)
    lazy = da.from_array(values, chunks=(60, 350, 1))
    answer = lazily_denoised(lazy)
    assert answer.chunks == lazy.chunks
    assert_close(answer.compute(), expected(values))


def test_nothing_but_the_sample_is_computed_at_once() -> None:
    seen: list[Any] = []

    def source(block: Any) -> Any:
        if block.size:
            seen.append(block.shape)
        return block

    values = noisy((2, 40, 40))
    lazy = da.from_array(values, chunks=(1, 20, 20)).map_blocks(source, dtype=values.dtype)
    seen.clear()
    answer = lazily_denoised(lazy)
    assert answer.shape == lazy.shape
    assert len(answer[0, :5, :5].compute()) == 5
    assert_close(answer[0].compute(), expected(values[0]))


def test_the_noise_of_all_planes_is_estimated_once() -> None:
    values = noisy((3, 100, 90))
    answer = denoise(da.from_array(values, chunks=(1, 50, 50)), precision="float32").compute()
    assert np.abs(answer - noisy((3, 100, 90), seed=1)).std() < 1.2 * SIGMA / 255


def test_zarr_arrays_become_dask_arrays(tmp_path: Path) -> None:
    values = noisy((2, 60, 50))
    source = plain(tmp_path / "a.zarr", values, chunks=(1, 10, 10), shards=(1, 30, 50))
    answer = lazily_denoised(zarr.open_array(source, mode="r"))
    assert answer.chunks == ((1, 1), (30, 30), (50,))
    assert_close(answer[1].compute(), expected(values[1]))


@pytest.mark.parametrize(("shape", "axis"), [((3, 40, 50), 0), ((1, 40, 50), 0), ((40, 50, 3), 2)])
def test_channels_lie_where_it_is_said(shape: tuple[int, ...], axis: int) -> None:
    values = np.moveaxis(noisy((shape[axis], 40, 50)), 0, axis)
    lazy = da.from_array(values, chunks=30)
    options: dict[str, Any] = {"sigma": SIGMA, "precision": "float32", "channel_axis": axis}
    answer = denoise(lazy, **options)
    assert answer.chunks == lazy.chunks
    assert_close(answer.compute(), denoise(values, **options))


def test_three_columns_are_columns_if_no_axis_has_channels() -> None:
    values = noisy((1, 40, 3))
    answer = denoise(
        da.from_array(values, chunks=40), SIGMA, channel_axis=None, precision="float32", fast=True
    ).compute()
    assert_close(answer[0], expected(values[0]))


def test_what_cannot_be_taken_says_what_to_do() -> None:
    values = noisy((40, 40))
    lazy = da.from_array(values, chunks=20)
    refused: list[tuple[Any, dict[str, Any], str]] = [
        (lazy[lazy[:, 0] > 0.5], {}, r"compute_chunk_sizes\(\) first"),
        (da.ma.masked_greater(lazy, 0.5), {}, "fill what is masked"),
        (da.stack([lazy] * 4), {"channel_axis": 0}, "linn takes one channel or three"),
        (da.stack([lazy] * 3), {"channel_axis": 3}, "channel_axis is 3: give one of the axes"),
        (zarr.create_group(zarr.storage.MemoryStore()), {}, "expected an array .*, not Group"),
    ]
    for array, options, said in refused:
        with pytest.raises(UsageError, match=said):
            denoise(array, SIGMA, **options)
    for shape in ((0, 50), (2, 0, 50)):
        with pytest.raises(InputError, match="the image is empty"):
            denoise(da.zeros(shape, dtype="float32"), SIGMA)


def test_what_is_no_plane_or_no_number_is_refused() -> None:
    for array in (da.zeros((40,)), da.zeros((4, 40, 2)), da.zeros((40, 40), dtype="int64")):
        with pytest.raises(UsageError, match="expected"):
            denoise(array, 25)
    with pytest.raises(InputError, match="too few"):
        denoise(da.zeros((5, 5), dtype="float32"))


def test_noise_in_blotches_goes_by_parts() -> None:
    blotches = np.random.default_rng(2).normal(0, 0.1, (80, 75)).repeat(2, 0).repeat(2, 1)
    values = (0.5 + blotches).astype(np.float32)
    options: dict[str, Any] = {"noise": "correlated", "precision": "float32"}
    answer = denoise(da.from_array(values, chunks=50), **options)
    assert_close(answer.compute(), denoise(values, **options))


def test_a_graph_can_be_sent_to_other_processes(small_blocks: None) -> None:
    values = noisy((40, 40))
    answer = lazily_denoised(da.from_array(values, chunks=20))
    again = pickle.loads(pickle.dumps(answer))  # noqa: S301  our own
    assert_close(again.compute(), expected(values))


def test_weights_that_do_not_suit_are_told_at_once() -> None:
    denoiser = Denoiser(weight_file="dninn-st-1-15")
    picture: Any = da.from_array(noisy((40, 40)))
    with pytest.warns(UserWarning, match="weights dninn-st-1-15 are for sigma"):
        denoiser(picture, 60)


@pytest.mark.parametrize("shape", [(40,), (40, 50, 4), (40, 50, 1), (2, 40, 2), ()])
def test_what_is_no_stack_of_planes_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(UsageError, match=r"expected an array \(H, W\)"):
        denoise(da.zeros(shape, dtype=np.uint8), 25)
