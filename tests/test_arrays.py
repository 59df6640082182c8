from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from linn_cli import arrays, denoise
from linn_cli.errors import InputError, UsageError

GREY = np.random.default_rng(0).normal(128, 20, (12, 14)).clip(0, 255).astype(np.uint8)
COLOUR = np.random.default_rng(1).normal(128, 20, (12, 14, 3)).clip(0, 255).astype(np.uint8)


def there_and_back(image: Any, axis: Any = arrays.AUTO) -> tuple[tuple[int, ...], Any]:
    """The shape of an array's images, and the array made of their values."""
    images = arrays.take(image, axis)
    return images.values.shape, images.restore(images.values)


@pytest.mark.parametrize(
    ("shape", "axis", "images"),
    [
        ((12, 14), "auto", (1, 12, 14, 1)),
        ((12, 14, 1), "auto", (1, 12, 14, 1)),
        ((12, 14, 3), "auto", (1, 12, 14, 3)),
        ((12, 14, 4), "auto", (1, 12, 14, 3)),
        ((5, 12, 14), "auto", (5, 12, 14, 1)),
        ((1, 12, 14), "auto", (1, 12, 14, 1)),
        ((2, 5, 12, 14, 3), "auto", (10, 12, 14, 3)),
        ((3, 12, 14), 0, (1, 12, 14, 3)),
        ((3, 12, 14), None, (3, 12, 14, 1)),
        ((12, 3, 14), 1, (1, 12, 14, 3)),
        ((12, 14, 2), -1, (1, 12, 14, 2)),
        ((12, 14, 7), -1, (1, 12, 14, 7)),
        ((2, 3, 12, 14), -3, (2, 12, 14, 3)),
    ],
)
def test_channels_are_found_and_put_back(
    shape: tuple[int, ...], axis: Any, images: tuple[int, ...]
) -> None:
    values = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    found, again = there_and_back(values, axis)
    assert found == images
    np.testing.assert_array_equal(again, values)


@pytest.mark.parametrize(
    ("shape", "axis", "images"),
    [
        ((12, 14), "auto", (1, 12, 14, 1)),
        ((3, 12, 14), "auto", (1, 12, 14, 3)),
        ((5, 12, 14), "auto", (5, 12, 14, 1)),
        ((2, 1, 12, 14), "auto", (2, 12, 14, 1)),
        ((2, 4, 12, 14), "auto", (2, 12, 14, 3)),
        ((2, 12, 14, 3), -1, (2, 12, 14, 3)),
    ],
)
def test_a_tensor_has_its_channels_in_front(
    shape: tuple[int, ...], axis: Any, images: tuple[int, ...]
) -> None:
    values = torch.arange(torch.Size(shape).numel(), dtype=torch.int32).reshape(shape)
    found, again = there_and_back(values, axis)
    assert found == images
    assert torch.equal(again, values)


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((3, 12, 14)),
        np.zeros((4, 12, 14)),
        np.zeros((12, 14, 2)),
        np.zeros((5, 3, 12, 14)),
        torch.zeros((2, 12, 14, 3)),
        torch.zeros((4, 12, 14)),
        torch.zeros((12, 14, 3)),
    ],
)
def test_channels_that_may_be_anywhere_are_asked_for(image: Any) -> None:
    with pytest.raises(UsageError, match=r"which axis of .* has the channels"):
        arrays.take(image)


@pytest.mark.parametrize(
    ("shape", "axis"),
    [((12, 14), 0), ((3, 12, 14), 3), ((3, 12, 14), "c"), ((3, 12, 14), True), ((3, 12, 14), 1.0)],
)
def test_an_axis_that_is_not_there_is_refused(shape: tuple[int, ...], axis: Any) -> None:
    with pytest.raises(UsageError, match=rf"channel_axis is {axis!r}: give one of the axes"):
        arrays.take(np.zeros(shape), axis)


def test_an_axis_may_be_a_number_of_numpy() -> None:
    assert arrays.take(np.zeros((3, 12, 14)), np.int64(0)).values.shape == (1, 12, 14, 3)


def test_sixty_four_bits_are_refused_with_what_they_were_before() -> None:
    with pytest.raises(UsageError, match=r"not int64: convert it, as by image.astype\('uint8'\)"):
        arrays.take(np.zeros((12, 14), np.int64))


def test_alpha_is_no_channel_and_comes_back() -> None:
    rgba = np.dstack((COLOUR, GREY // 2))
    rgba[:3, :, 3] = 0
    images = arrays.take(rgba)
    np.testing.assert_array_equal(images.known, rgba[None, ..., 3])
    np.testing.assert_array_equal(images.restore(images.values), rgba)
    answer = denoise(rgba, 20)
    np.testing.assert_array_equal(answer[..., 3], rgba[..., 3])
    np.testing.assert_array_equal(answer[:3], rgba[:3])
    assert answer[3:, :, :3].std() < rgba[3:, :, :3].std()


def test_grey_with_a_channel_is_denoised_as_grey() -> None:
    np.testing.assert_array_equal(denoise(GREY[..., None], 20)[..., 0], denoise(GREY, 20))


def test_other_channels_are_denoised_one_by_one() -> None:
    two = np.dstack((GREY, GREY[::-1]))
    answer = denoise(two, 20, channel_axis=-1)
    np.testing.assert_array_equal(answer[..., 0], denoise(GREY, 20))
    np.testing.assert_array_equal(answer[..., 1], denoise(GREY[::-1], 20))
    differing = denoise(two, (20, 10), channel_axis=-1)
    np.testing.assert_array_equal(differing[..., 1], denoise(GREY[::-1], 10))


def test_a_stack_is_denoised_picture_by_picture() -> None:
    stack = np.stack((GREY, GREY[::-1], GREY[:, ::-1], GREY // 2, GREY))
    answer = denoise(stack, 20)
    for clean, noisy in zip(answer, stack, strict=True):
        np.testing.assert_array_equal(clean, denoise(noisy, 20))


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "I;16", "I", "F"])
def test_a_pil_image_comes_back_with_its_mode_and_metadata(mode: str) -> None:
    kinds: dict[str, NDArray[Any]] = {
        "LA": np.dstack((GREY, GREY)),
        "RGB": COLOUR,
        "RGBA": np.dstack((COLOUR, GREY)),
        "I;16": GREY.astype(np.uint16) * 257,
        "I": GREY.astype(np.int32),
        "F": GREY.astype(np.float32) / 255,
    }
    image = Image.fromarray(kinds.get(mode, GREY))
    assert image.mode == mode
    image.info["dpi"] = (300, 300)
    answer = denoise(image)
    assert (answer.mode, answer.size, answer.info) == (mode, image.size, {"dpi": (300, 300)})
    _, again = there_and_back(image)
    np.testing.assert_array_equal(np.asarray(again), np.asarray(image))


def test_a_pil_image_with_a_palette_is_to_be_converted() -> None:
    with pytest.raises(UsageError, match=r"mode is 'P': convert it, as by image.convert\('RGB'\)"):
        denoise(Image.fromarray(GREY).convert("P"))


def test_a_data_array_keeps_its_dimensions() -> None:
    xarray = pytest.importorskip("xarray", reason="needs xarray, which .[test] installs")
    bands = xarray.DataArray(
        np.moveaxis(COLOUR, -1, 0),
        dims=("band", "y", "x"),
        coords={"x": np.arange(14) * 10.0},
        attrs={"crs": "EPSG:4326"},
        name="scene",
    )
    answer = denoise(bands, 20)
    assert (answer.dims, answer.attrs, answer.name) == (bands.dims, bands.attrs, "scene")
    np.testing.assert_array_equal(answer.x, bands.x)
    np.testing.assert_array_equal(np.moveaxis(answer.values, 0, -1), denoise(COLOUR, 20))
    four = xarray.DataArray(np.stack([GREY] * 4), dims=("band", "y", "x"))
    assert arrays.take(four).values.shape == (1, 12, 14, 4)
    named = bands.rename(band="wavelength")
    np.testing.assert_array_equal(denoise(named, 20, channel_axis="wavelength"), answer)
    with pytest.raises(UsageError, match="give one of wavelength, y, x"):
        denoise(named, channel_axis="time")
    with pytest.raises(UsageError, match=r"a Dataset is many arrays: .*\(scene\)"):
        denoise(bands.to_dataset())


class Foreign:
    """An array of another library, as the array API standard has it."""

    def __init__(self, held: torch.Tensor) -> None:
        self.held = held

    def __dlpack__(self, **options: Any) -> Any:
        return self.held.__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return self.held.__dlpack_device__()

    def __array_namespace__(self) -> Any:
        class Library:
            from_dlpack = Foreign

        return Library


def test_what_exports_dlpack_comes_back_from_its_own_library() -> None:
    answer = denoise(Foreign(torch.from_numpy(COLOUR)), 20)
    assert isinstance(answer, Foreign)
    np.testing.assert_array_equal(answer.held.numpy(), denoise(COLOUR, 20))


def test_what_only_becomes_an_array_comes_back_as_one() -> None:
    class Holder:
        def __array__(self, dtype: Any = None, copy: Any = None) -> NDArray[Any]:
            return GREY

    np.testing.assert_array_equal(denoise(Holder(), 20), denoise(GREY, 20))
    np.testing.assert_array_equal(
        denoise(GREY.astype(float).tolist(), 20, sigma_unit="unit"),
        denoise(GREY.astype(float), 20, sigma_unit="unit"),
    )


class Named(np.ndarray[Any, Any]):
    """An array of a class of its own."""

    name: str

    def __array_finalize__(self, other: Any) -> None:
        self.name = getattr(other, "name", "")


def test_a_class_of_its_own_is_kept() -> None:
    image = GREY.view(Named)
    image.name = "scene"
    answer = denoise(image, 20)
    assert isinstance(answer, Named)
    assert answer.name == "scene"


def test_masked_values_stay_and_do_not_count() -> None:
    image = np.ma.array(GREY.copy(), mask=np.zeros_like(GREY, bool))
    image[2:4, 2:4] = 255
    image[2:4, 2:4] = np.ma.masked
    answer = denoise(image, 20)
    np.testing.assert_array_equal(answer.mask, image.mask)
    np.testing.assert_array_equal(answer.data[2:4, 2:4], image.data[2:4, 2:4])
    assert answer.std() < image.std()


@pytest.mark.parametrize("dtype", [bool, complex, np.int64, np.longdouble, object, "datetime64[s]"])
def test_other_dtypes_say_how_to_convert(dtype: Any) -> None:
    with pytest.raises(UsageError, match=r"up to 32 bits, not .*: convert it, as by image.astype"):
        arrays.take(np.zeros((8, 8), dtype))


def test_nothing_is_refused() -> None:
    with pytest.raises(InputError, match="empty"):
        arrays.take(np.zeros((0, 8)))
    with pytest.raises(UsageError, match="expected an image"):
        arrays.take(None)


@given(
    shape=st.lists(st.integers(1, 6), min_size=2, max_size=5),
    axis=st.one_of(st.none(), st.just(arrays.AUTO), st.integers(-5, 4)),
    dtype=st.sampled_from(["u1", "<u2", ">i2", "u4", "f2", ">f4", "f8"]),
    is_tensor=st.booleans(),
)
def test_whatever_is_taken_is_put_back(
    shape: list[int], axis: int | str | None, dtype: str, is_tensor: bool
) -> None:
    values = np.random.default_rng(0).uniform(0, 100, shape).astype(dtype)
    image: Any = values
    if is_tensor:
        image = torch.from_numpy(values.astype(values.dtype.newbyteorder("=")))
    try:
        images = arrays.take(image, axis)
    except UsageError as error:
        assert "channel" in str(error)  # noqa: PT017
        return
    assert images.values.ndim == 4
    assert images.known is None or images.known.shape == images.values.shape[:3]
    again = images.restore(images.values.copy())
    assert (type(again), again.dtype, tuple(again.shape)) == (
        type(image),
        image.dtype,
        tuple(shape),
    )
    np.testing.assert_array_equal(np.asarray(again), np.asarray(image))
