from __future__ import annotations

import inspect
import pickle
import pydoc
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import torch
from numpy.typing import NDArray
from PIL import Image
from typer.testing import CliRunner

import linn_cli
from linn_cli import Denoiser, denoise, estimate, read, verify_invertibility, write
from linn_cli.cli import app
from linn_cli.engine import devices
from linn_cli.errors import InputError, UsageError
from linn_cli.metrics import psnr
from linn_cli.network.architecture import Architecture
from linn_cli.weights import sets
from tests.conftest import random_model

ANY = "dninn-st-1-any"


def test_denoising_brings_the_picture_closer(
    grey: NDArray[np.uint8], noisy: NDArray[np.uint8]
) -> None:
    clean = torch.from_numpy(grey) / 255
    before = psnr(torch.from_numpy(noisy) / 255, clean)
    after = psnr(torch.from_numpy(denoise(noisy, 25)) / 255, clean)
    assert after > before + 5


@pytest.mark.parametrize(
    "dtype", [np.uint8, np.uint16, np.int16, np.uint32, np.float16, np.float32]
)
def test_the_dtype_decides_the_range_only(noisy: NDArray[np.uint8], dtype: Any) -> None:
    kind = np.dtype(dtype)
    white = np.iinfo(kind).max if kind.kind in "iu" else 1.0
    scaled = (noisy / 255 * white).round() if kind.kind in "iu" else noisy / 255
    answer = denoise(scaled.astype(kind), 25, precision="float32")
    assert (answer.dtype, answer.shape) == (kind, noisy.shape)
    expected = denoise(noisy / 255, 25, precision="float32")
    # uint8 is rounded by half a level, float16 to 11 bits, in and out. In bfloat16 a last bit of the input
    # may come out as a whole level.
    tolerance = 2.1e-3 if kind == np.uint8 else 1e-3
    np.testing.assert_allclose(answer.astype(float) / white, expected, atol=tolerance, rtol=0)


def test_tensors_come_back_as_tensors(noisy: NDArray[np.uint8]) -> None:
    batch = torch.from_numpy(np.stack([noisy, noisy[::-1].copy()]))[:, None]
    answer = denoise(batch, 25)
    assert isinstance(answer, torch.Tensor)
    assert (answer.dtype, answer.shape) == (batch.dtype, batch.shape)
    np.testing.assert_array_equal(answer[0, 0].numpy(), denoise(noisy, 25))


def test_stacks_are_denoised_plane_by_plane(
    noisy: NDArray[np.uint8], noisy_colour: NDArray[np.float32]
) -> None:
    stack = np.stack([noisy, noisy[::-1], noisy[:, ::-1], 255 - noisy]).reshape(2, 2, *noisy.shape)
    answer = denoise(stack, 25)
    assert (answer.dtype, answer.shape) == (stack.dtype, stack.shape)
    for index in np.ndindex(2, 2):
        np.testing.assert_array_equal(answer[index], denoise(stack[index], 25))
    colours = np.stack([noisy_colour, noisy_colour[::-1]])
    answers = denoise(colours, 25)
    for one, picture in zip(answers, colours, strict=True):
        np.testing.assert_array_equal(one, denoise(picture, 25))


def test_the_input_is_not_changed(noisy: NDArray[np.uint8]) -> None:
    image = noisy.astype(np.float32) / 255
    before = image.copy()
    denoise(image, 25)
    np.testing.assert_array_equal(image, before)


def test_read_only_strided_and_foreign_endian_arrays_are_taken(noisy: NDArray[np.uint8]) -> None:
    expected = denoise(np.ascontiguousarray(noisy[::2, ::-1]), 25)
    noisy.flags.writeable = False
    np.testing.assert_array_equal(denoise(noisy[::2, ::-1], 25), expected)
    assert denoise((noisy / 255).astype(">f4"), 25).dtype == np.dtype(">f4")
    swapped = (noisy.astype(np.float32) / 255).astype(">f4")
    np.testing.assert_array_equal(denoise(swapped, 25), denoise(swapped.astype("<f4"), 25))


def test_floats_outside_the_range_are_not_clipped(noisy: NDArray[np.uint8]) -> None:
    image = noisy.astype(np.float32) / 255
    brighter = denoise(0.5 + 2 * (image - 0.5), 50, weight_file=ANY)
    # What the network does to a picture it does to one of twice the contrast and noise, but for where its range
    # begins: that moves a pixel by less than a tenth of the noise.
    np.testing.assert_allclose(
        brighter, 0.5 + 2 * (denoise(image, 25, weight_file=ANY) - 0.5), atol=0.02, rtol=0
    )
    assert brighter.max() > 1


def test_what_is_not_finite_stays() -> None:
    image = np.random.default_rng(0).normal(0.5, 0.1, (40, 40)).astype(np.float32)
    image[5, 6], image[7, 8] = np.nan, np.inf
    answer = denoise(image)
    assert np.isnan(answer[5, 6])
    assert answer[7, 8] == np.inf
    assert np.isfinite(answer).sum() == 1598


def test_next_to_no_noise_returns_the_input(noisy: NDArray[np.uint8]) -> None:
    answer = denoise(noisy, 0)
    np.testing.assert_array_equal(answer, noisy)
    assert answer is not noisy
    with pytest.warns(UserWarning, match="next to no noise"):
        np.testing.assert_array_equal(denoise(noisy, 0.0099), noisy)


@pytest.mark.parametrize("sigma", [-1, float("nan"), float("inf")])
def test_an_impossible_sigma_is_refused(noisy: NDArray[np.uint8], sigma: float) -> None:
    with pytest.raises(UsageError, match="not a noise level"):
        denoise(noisy, sigma)


@pytest.mark.parametrize(
    ("image", "error", "reason"),
    [
        (np.zeros((4, 4, 2)), UsageError, "which axis .* Give channel_axis"),
        (np.zeros((4, 4), bool), UsageError, "not bool"),
        (np.zeros((4, 4), complex), UsageError, "not complex"),
        (np.zeros((4, 4), np.int64), UsageError, "up to 32 bits"),
        (np.zeros((0, 4)), InputError, "empty"),
        (np.full((4, 4), 1e300), InputError, "not finite"),
        (np.zeros((4, 4), np.longdouble), UsageError, "up to 32 bits"),
        (torch.zeros((1, 1, 4, 4)).to(torch.float8_e4m3fn), UsageError, "up to 32 bits"),
        (torch.zeros(4), UsageError, r"an image \(H, W\) or"),
        ("photo.png", UsageError, r"is a name, .*read\('photo.png'\)"),
        ([[1, 2], [3]], UsageError, "list is no image"),
        (torch.zeros((1, 1, 4, 4), dtype=torch.bool), UsageError, "bool"),
    ],
)
def test_images_that_cannot_be_are_refused(image: Any, error: type[Exception], reason: str) -> None:
    with pytest.raises(error, match=reason):
        denoise(image, 25)


def test_a_weight_file_decides_the_network(tmp_path: Path, noisy: NDArray[np.uint8]) -> None:
    path = tmp_path / "own.safetensors"
    sets.save(path, random_model(Architecture("lista", 2)), (5, 60), "random")
    assert not np.array_equal(denoise(noisy, 25, weight_file=path), denoise(noisy, 25))
    denoise(noisy, 25, weight_file=str(path), variant="lista")
    for scales in (0, 1):
        with pytest.raises(UsageError, match="holds DnINN-LISTA 2-scale"):
            denoise(noisy, 25, weight_file=path, scales=scales)


def test_an_answer_that_is_not_finite_is_an_error(tmp_path: Path, noisy: NDArray[np.uint8]) -> None:
    path = tmp_path / "extreme.safetensors"
    model = random_model(Architecture("st", 1)).float()
    for name, value in model.named_parameters():
        if name.endswith("weight"):
            value.mul_(1e30)
    sets.save(path, model, (5, 60), "extreme")
    with pytest.raises(InputError, match="the answer is not finite"):
        denoise(noisy, 25, weight_file=path)


def test_a_grey_picture_stored_as_colour_is_denoised_as_grey(noisy: NDArray[np.uint8]) -> None:
    answer = denoise(np.dstack([noisy] * 3), 25)
    np.testing.assert_array_equal(answer, np.dstack([denoise(noisy, 25)] * 3))


def test_sigma_may_differ_by_channel(noisy_colour: NDArray[np.float32]) -> None:
    for variant in (None, "st"):
        options: dict[str, Any] = {"precision": "float32", "variant": variant}
        same = denoise(noisy_colour, (25, 25, 25), **options)
        np.testing.assert_array_equal(same, denoise(noisy_colour, 25, **options))
    # Channels of other units of noise are the same picture to DnINN, which takes one plane at a time.
    scale = np.array([0.5, 1, 2], np.float32)
    stretched = denoise((noisy_colour - 0.5) * scale + 0.5, (12.5, 25, 50), **options)
    expected = (same - 0.5) * scale + 0.5
    np.testing.assert_allclose(stretched, expected, atol=1e-5, rtol=0)  # float32 rounding


def test_a_colour_tensor_is_taken_like_an_array(noisy_colour: NDArray[np.float32]) -> None:
    tensor = torch.from_numpy(noisy_colour).permute(2, 0, 1)[None]
    answer = denoise(tensor, 25)[0].permute(1, 2, 0).numpy()
    np.testing.assert_array_equal(answer, denoise(noisy_colour, 25))


@pytest.mark.parametrize(
    ("sigma", "reason"),
    [((25, 25), "2 sigmas for a picture of 3 channels"), ((-1, 25, 25), "not a noise level")],
)
def test_sigmas_that_do_not_suit_the_channels_are_refused(
    noisy_colour: NDArray[np.float32], sigma: tuple[float, ...], reason: str
) -> None:
    with pytest.raises(UsageError, match=reason):
        denoise(noisy_colour, sigma)


def test_the_default_estimates_as_the_command_line_does(noisy_file: Path) -> None:
    levels = np.array(Image.open(noisy_file))
    target = noisy_file.with_name("clean.png")
    done = CliRunner().invoke(app, ["denoise", str(noisy_file), "-o", str(target)])
    assert done.exit_code == 0
    np.testing.assert_array_equal(denoise(levels), np.array(Image.open(target)))


def test_cameras_noise_is_removed_as_the_command_line_does(tmp_path: Path) -> None:
    ramp = np.linspace(0.1, 0.9, 300)[:, None] * np.ones((1, 300))
    counts = (np.random.default_rng(0).poisson(40 * ramp) / 40).astype(np.float32)
    source, target = tmp_path / "a.tif", tmp_path / "b.tif"
    tifffile.imwrite(source, counts)
    done = CliRunner().invoke(app, ["denoise", str(source), "-o", str(target)])
    assert done.exit_code == 0
    assert estimate(counts).grows
    np.testing.assert_array_equal(denoise(counts), tifffile.imread(target))


def test_an_estimate_has_its_interval(noisy: NDArray[np.uint8]) -> None:
    found = estimate(noisy)
    assert found.overall.low < 25 < found.overall.high
    assert found.sigma == (found.overall.sigma,)
    with pytest.raises(UsageError, match="not a stack of 2"):
        estimate(torch.zeros((2, 1, 20, 20)))


def test_every_image_of_a_batch_is_estimated_by_itself(noisy: NDArray[np.uint8]) -> None:
    strong = torch.from_numpy(noisy)[None]
    weak = (strong.float() * 0.25 + 90).to(torch.uint8)
    answers = denoise(torch.stack([strong, weak]))
    for answer, image in zip(answers, (strong, weak), strict=True):
        assert torch.equal(answer[None], denoise(image[None]))


def test_a_denoiser_loads_a_network_once(noisy: NDArray[np.uint8]) -> None:
    denoiser = Denoiser(weight_file=ANY)
    first = denoiser(noisy, 25)
    made = dict(denoiser._networks._made)
    np.testing.assert_array_equal(first, denoiser(noisy, 25))
    assert denoiser._networks._made == made
    assert len(made) == 1


def test_sigma_counts_in_the_values_of_any_dtype(noisy: NDArray[np.uint8]) -> None:
    counts = 500 + 2 * noisy.astype(np.uint16)
    answer = denoise(counts, 50, sigma_unit="value")
    expected = denoise(counts.astype(np.float32), 50, sigma_unit="unit")
    np.testing.assert_allclose(answer, expected, rtol=0, atol=0.51)  # rounded
    np.testing.assert_array_equal(denoise(noisy, 25, sigma_unit="value"), denoise(noisy, 25))


def test_strength_none_leaves_the_image(noisy: NDArray[np.uint8]) -> None:
    np.testing.assert_array_equal(denoise(noisy, strength=0), noisy)


def test_half_precision_tensors_are_estimated_too() -> None:
    image = torch.rand((1, 1, 40, 40), generator=torch.Generator().manual_seed(0)) / 4 + 0.4
    for dtype in (torch.bfloat16, torch.float16):
        answer = denoise(image.to(dtype))
        assert (answer.dtype, answer.shape) == (dtype, image.shape)


def test_a_sigma_that_is_no_number_is_refused(noisy: NDArray[np.uint8]) -> None:
    with pytest.raises(UsageError, match="or 'auto'"):
        denoise(noisy, "loud")


def test_the_public_names_are_shown_though_they_load_late() -> None:
    names = {"denoise", "estimate", "Denoiser", "verify_invertibility", "read", "write"}
    assert names <= set(dir(linn_cli))
    shown = pydoc.plain(pydoc.render_doc(linn_cli))
    for name in names:
        assert re.search(rf"^    (class )?{name}\(", shown, re.MULTILINE), name


def test_every_public_name_and_argument_is_explained() -> None:
    for name in linn_cli.__all__:
        public = getattr(linn_cli, name)
        if not callable(public):
            continue
        told = inspect.getdoc(public) or ""
        called = public.__call__ if inspect.isclass(public) else public
        told += inspect.getdoc(called) or ""
        known = inspect.signature(public).parameters
        # Those of `denoise` are said to be those of `Denoiser`.
        missing = [one for one in known if f"{one}: " not in told and name != "denoise"]
        assert not missing, name


@pytest.mark.parametrize(("sigma", "strength"), [(0, 1.0), (15, 0.0), (15, 1.0), ("auto", 1.0)])
def test_an_image_that_requires_gradients_is_taken(sigma: float | str, strength: float) -> None:
    image = torch.rand((1, 1, 24, 24), generator=torch.Generator().manual_seed(0))
    image.requires_grad_(True)
    answer = denoise(image, sigma, strength=strength)
    assert not answer.requires_grad
    if sigma == 0 or strength == 0:
        assert torch.equal(answer, image.detach())


def test_one_channel_without_noise_is_no_obstacle_at_half_strength() -> None:
    rng = np.random.default_rng(0)
    noisy = np.clip(rng.normal(128, 15, (64, 64, 3)), 0, 255).astype(np.uint8)
    noisy[:, :, 2] = 128
    answer = denoise(noisy, strength=0.5)
    assert answer[:, :, :2].std() < 0.8 * noisy[:, :, :2].std()
    assert np.abs(answer[:, :, 2].astype(int) - 128).max() <= 1


def test_a_strength_in_per_cent_is_refused(noisy: NDArray[np.uint8]) -> None:
    for strength in (150, -1, float("nan")):
        with pytest.raises(UsageError, match="give a factor from 0 to 2"):
            denoise(noisy, 25, strength=strength)


def test_weights_that_do_not_suit_warn(noisy: NDArray[np.uint8]) -> None:
    with pytest.warns(UserWarning, match="are for sigma 21 to 29, and this noise is 3"):
        denoise(noisy, 3, weight_file="dninn-st-1-25")


def test_bfloat16_is_emulated_only_by_its_own_name(
    noisy: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "has_bfloat16", lambda _: False)
    with pytest.raises(UsageError, match="emulating it is slower"):
        denoise(noisy, 25, precision="bfloat16")
    forced = denoise(noisy, 25, precision="emulated-bfloat16").astype(float)
    assert 0 < np.abs(forced - denoise(noisy, 25)).max() < 25 / 4


def test_an_unknown_variant_is_refused() -> None:
    with pytest.raises(UsageError, match="unknown variant 'foo'"):
        Denoiser(variant="foo")  # type: ignore[arg-type]


def test_a_denoiser_is_pickled_as_what_it_was_made_with(noisy: NDArray[np.uint8]) -> None:
    denoiser = Denoiser(weight_file=ANY, fast=True, precision="float32")
    expected = denoiser(noisy, 25)
    again = pickle.loads(pickle.dumps(denoiser))  # noqa: S301
    assert repr(again) == repr(denoiser)
    assert repr(again) == f"Denoiser(fast=True, weight_file='{ANY}', precision='float32')"
    np.testing.assert_array_equal(again(noisy, 25), expected)


def test_a_denoiser_moves_to_a_device(noisy: NDArray[np.uint8]) -> None:
    denoiser = Denoiser()
    expected = denoiser(noisy, 25)
    assert denoiser.to(torch.device("cpu")) is denoiser
    np.testing.assert_array_equal(denoiser(noisy, 25), expected)
    with pytest.raises(UsageError, match="unknown device 'tpu'"):
        denoiser.to("tpu")


@pytest.mark.parametrize("sigma", [25, 50.0, 100])
def test_floats_whose_white_is_255_are_not_left_as_they_are(
    noisy: NDArray[np.uint8], sigma: float
) -> None:
    floats = noisy.astype(np.float32)
    with pytest.raises(UsageError, match=r"go up to 255.*sigma_unit='unit'.*divide the image"):
        denoise(floats, sigma)
    removed = floats - denoise(floats, 25, sigma_unit="unit")
    assert 15 < removed.std() < 35
    assert 15 < (floats - denoise(floats)).std() < 35
    with pytest.warns(UserWarning, match=r"255ths of 1, and \d+ is 2\d"):
        estimate(floats)
    flat = np.random.default_rng(0).normal(128, 3, (40, 40))
    with pytest.raises(UsageError, match="divide the image, as by 255"):
        denoise(flat, sigma)


def test_weak_noise_in_a_floats_own_values_is_taken_at_its_word(noisy: NDArray[np.uint8]) -> None:
    answer = denoise(noisy.astype(np.float32), 0.5, sigma_unit="unit")
    assert 0 < np.abs(answer - noisy).max() < 5


def test_a_sigma_that_counts_in_another_unit_is_asked_about(noisy: NDArray[np.uint8]) -> None:
    floats = noisy.astype(np.float32) / 255
    with pytest.warns(UserWarning, match=r"sigma is 0.1 of 255 .* sigma_unit='unit'") as caught:
        denoise(np.stack([floats, floats]), 0.1)
    assert len(caught) == 1
    with pytest.warns(UserWarning, match="next to no noise"):
        denoise(noisy, 0.1)
    removed = floats - denoise(floats, 0.1, sigma_unit="unit")
    assert removed.std() > 0.05


def test_measured_values_with_a_sigma_of_their_own_are_taken() -> None:
    metres = np.random.default_rng(0).normal(2000 + np.arange(60)[:, None], 5, (60, 60))
    removed = metres - denoise(metres, 5 * 255)
    assert 4 < removed.std() < 6
    np.testing.assert_array_equal(denoise(metres, 5, sigma_unit="unit"), metres - removed)


def test_errors_name_arguments_and_no_options(noisy: NDArray[np.uint8]) -> None:
    wrong: list[dict[str, Any]] = [
        {"sigma": 25, "noise": "correlated"},
        {"sigma": 25, "noise": "camera"},
        {"sigma": 25, "noise": "loud"},
        {"gain": 1.0},
        {"read_noise": 1.0, "noise": "camera"},
        {"sigma": 25, "sigma_unit": "12bit"},
        {"sigma_unit": "12bit"},
        {"max_memory": 0},
        {"sigma": 2000},
        {"sigma": 25, "weight_file": ANY, "scales": 2},
        {"sigma": 25, "variant": "st", "scales": 7},
        {"sigma": 25, "precision": "half"},
        {"sigma": 25, "device": "tpu"},
        {"strength": 150},
    ]
    for arguments in wrong:
        with pytest.raises(UsageError) as caught:
            denoise(noisy, **arguments)
        assert "--" not in str(caught.value), arguments


def test_words_about_noise_name_arguments() -> None:
    ramp = np.linspace(0.1, 0.9, 300)[:, None] * np.ones((1, 200))
    counts = (np.random.default_rng(0).poisson(40 * ramp) / 40).astype(np.float32)
    words = " ".join(estimate(counts).in_words())
    assert "noise='white' would not" in words
    assert "--" not in words


def test_a_cameras_noise_may_be_given() -> None:
    ramp = np.linspace(0.1, 0.9, 100)[:, None] * np.ones((1, 100))
    counts = (np.random.default_rng(0).poisson(40 * ramp) / 40).astype(np.float32)
    answer = denoise(counts, noise="camera", gain=255 / 40, read_noise=0)
    own = denoise(counts, noise="camera", gain=1 / 40, sigma_unit="unit")
    np.testing.assert_array_equal(answer, own)
    assert np.abs(answer - ramp).mean() < 0.5 * np.abs(counts - ramp).mean()


def test_a_file_keeps_its_metadata_on_its_way_through_python(tmp_path: Path) -> None:
    source, target = tmp_path / "a.png", tmp_path / "b.png"
    noisy = np.random.default_rng(0).normal(128, 10, (40, 40, 4)).clip(0, 255).astype(np.uint8)
    noisy[:9, :, 3] = 0
    Image.fromarray(noisy).save(source, dpi=(300, 300))
    document = read(source)
    np.testing.assert_array_equal(document.array, noisy)
    write(target, denoise(document, 10))
    with Image.open(target) as written:
        assert written.info["dpi"] == pytest.approx((300, 300), abs=0.1)
        answer = np.array(written)
    np.testing.assert_array_equal(answer[..., 3], noisy[..., 3])
    np.testing.assert_array_equal(answer[:9], noisy[:9])
    assert answer[9:, :, :3].std() < 0.5 * noisy[9:, :, :3].std()
    with pytest.raises(UsageError, match="there already; overwrite=True replaces it"):
        write(target, answer)
    write(target, denoise(document.array, 10), like=document, overwrite=True)
    with Image.open(target) as written:
        assert "dpi" in written.info
        np.testing.assert_array_equal(np.array(written), answer)


def test_masked_pixels_are_written_as_transparent(tmp_path: Path) -> None:
    values = np.ma.array(np.full((9, 9), 100, np.uint8), mask=np.zeros((9, 9), bool))
    values[2, 3] = np.ma.masked
    write(tmp_path / "a.png", values)
    alpha = read(tmp_path / "a.png").array[..., 1]
    assert (alpha[2, 3], alpha.max(), (alpha == 0).sum()) == (0, 255, 1)


def test_what_a_format_cannot_hold_is_a_warning(tmp_path: Path) -> None:
    values = np.full((9, 9), 30000, np.uint16)
    with pytest.warns(UserWarning, match="16"):
        write(tmp_path / "a.jpg", values)
    with pytest.raises(UsageError, match="quality is 200"):
        write(tmp_path / "b.jpg", values, quality=200)


def test_a_picture_that_is_too_large_names_the_argument(noisy_file: Path) -> None:
    with pytest.raises(InputError, match="a higher max_pixels"):
        read(noisy_file, max_pixels=10)


def test_round_trips_are_checked_from_python() -> None:
    image = np.random.default_rng(0).uniform(0, 9, (9, 11))  # its round trip is the worst
    found = verify_invertibility(image, weight_file=ANY)
    assert found
    assert all(name == ANY and trip.passed for name, trip in found)
    assert (9, 11) in {(trip.height, trip.width) for _, trip in found}
    with pytest.raises(UsageError, match="too small to scale by"):
        verify_invertibility(sigma=0)
    with pytest.raises(UsageError, match="has colours"):
        verify_invertibility(np.zeros((8, 8, 3)))


def test_a_warning_is_in_the_name_of_who_called(noisy: NDArray[np.uint8]) -> None:
    with pytest.warns(UserWarning, match="are for sigma") as caught:
        denoise(noisy, 3, weight_file="dninn-st-1-25")
    assert caught[0].filename == __file__
