"""The oracle is the plain whole-image network."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from torch import Tensor

from linn_cli.denoising import networks
from linn_cli.engine import _convolution, _shrinkage, bands, budget, streaming
from linn_cli.engine._convolution import Workspaces
from linn_cli.engine.bands import Filling, marked
from linn_cli.engine.devices import BFLOAT16_FROM
from linn_cli.engine.folding import fold
from linn_cli.engine.streaming import MergeStream, SplitStream, Work
from linn_cli.metrics import add_noise
from linn_cli.network import haar, polyphase
from linn_cli.network.architecture import Architecture, Variant
from linn_cli.network.model import DnINN
from linn_cli.progress import silent
from linn_cli.weights import sets
from linn_cli.weights.selection import select
from tests.conftest import ARCHITECTURES, FAMILY, POLYPHASE, random_image, random_model, shared
from tests.network.test_model import arrays

UNCOUNTED = Work(silent, Filling(1))
PARTS = {module.__name__ for module in (streaming, _convolution, _shrinkage, bands)}
MODELS = {architecture: random_model(architecture) for architecture in FAMILY}
FOLDED = {architecture: fold(model, torch.float64) for architecture, model in MODELS.items()}


def whole(model: DnINN, image: Tensor) -> Tensor:
    coarse, details = model.analyse(image)
    return model.synthesise(coarse, model.shrink(details))[..., : image.shape[2], : image.shape[3]]


@settings(max_examples=60)
@given(
    architecture=st.sampled_from(FAMILY),
    height=st.integers(1, 60),
    width=st.integers(1, 12),
    band=st.integers(1, 70),
)
def test_bands_of_any_height_give_the_whole_images_answer(
    architecture: Architecture, height: int, width: int, band: int
) -> None:
    image = random_image(height, width, planes=architecture.planes)
    streamed = streaming.run(FOLDED[architecture], image, band=band)
    expected = whole(MODELS[architecture], image)
    # float64, so that only the folding's and the convolutions' rounding is left, amplified by random
    # networks; a wrong or missing row is off by 0.01 or more.
    torch.testing.assert_close(streamed, expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("architecture", FAMILY, ids=str)
def test_a_picture_much_higher_than_the_receptive_field(architecture: Architecture) -> None:
    image = random_image(900, 3, planes=architecture.planes)
    streamed = streaming.run(FOLDED[architecture], image, band=40)
    torch.testing.assert_close(streamed, whole(MODELS[architecture], image), rtol=0, atol=1e-9)


@settings(max_examples=20)
@given(
    architecture=st.sampled_from([Architecture("lista", 2), POLYPHASE[2]]),
    cuts=st.lists(st.integers(1, 9), min_size=1, max_size=8),
    band=st.integers(1, 9),
)
def test_the_source_may_cut_its_bands_anyhow(
    architecture: Architecture, cuts: list[int], band: int
) -> None:
    image = random_image(sum(cuts), 5, planes=architecture.planes)
    streamed = streaming.stream(FOLDED[architecture], image.split(cuts, dim=2), 5, band=band)
    expected = whole(MODELS[architecture], image)
    torch.testing.assert_close(torch.cat(list(streamed), dim=2), expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("architecture", FAMILY, ids=str)
def test_without_shrinkage_the_picture_comes_back(architecture: Architecture) -> None:
    image = random_image(50, 13, planes=architecture.planes)
    streamed = streaming.run(FOLDED[architecture], image, band=7, shrink=False)
    torch.testing.assert_close(streamed, image, rtol=0, atol=1e-11)


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=str)
def test_agrees_with_the_independent_implementation(architecture: Architecture) -> None:
    golden = np.load(shared("weights/golden.npz"))
    case = f"{architecture.variant}-{architecture.scales}"
    model = DnINN(architecture)
    model.load_state_dict(arrays(golden, f"{case}/weights/"))
    for dtype, tolerance in ((torch.float64, 1e-8), (torch.float32, 2e-5)):
        scales = fold(model.to(dtype), dtype)
        for q in range(4):
            sigma = float(golden[f"{case}/pairs/{q}/sigma"]) / 255
            noisy = torch.from_numpy(golden[f"{case}/pairs/{q}/noisy"]).to(dtype)[None, None]
            expected = torch.from_numpy(golden[f"{case}/pairs/{q}/denoised"])
            answer = streaming.run(scales, (noisy - 0.5) / sigma, band=8)[0, 0] * sigma + 0.5
            # Some golden thresholds are 0, and folding floors them: hence 1e-8, not 1e-10.
            torch.testing.assert_close(answer.double(), expected, rtol=0, atol=tolerance)


@pytest.mark.parametrize("entry", sets.bundled(), ids=lambda entry: entry.name)
def test_trained_networks_in_float32_agree_to_a_hundred_thousandth(
    entry: sets.WeightSet,
) -> None:
    model = sets.load(entry)
    rows, columns = torch.meshgrid(torch.arange(90.0), torch.arange(24.0), indexing="ij")
    clean = 0.5 + 0.3 * torch.sin(rows / 9) * torch.cos(columns / 7)
    planes = clean.expand(1, model.architecture.planes, -1, -1)
    noisy = add_noise(planes, 25 / 255, seed=0)
    with torch.no_grad():
        expected = model(noisy, 25 / 255)
    scales = fold(model)
    for band in (11, 200):
        answer = streaming.run(scales, (noisy - 0.5) / (25 / 255), band=band)
        torch.testing.assert_close(answer * (25 / 255) + 0.5, expected, rtol=0, atol=1e-5)


def test_eight_bit_answers_are_the_untiled_ones_on_real_pictures() -> None:
    denoiser = networks.load(25, precision="float32")
    model = sets.load(denoiser.weight_set)
    different, pixels = 0, 0
    for index, path in enumerate(sorted(shared("data/BSD68").iterdir())[:2]):
        with Image.open(path) as picture:
            part = picture.crop((60, 60, 300, 260))
        clean = torch.from_numpy(np.array(part))[None, None] / 255
        noisy = (add_noise(clean, 25 / 255, seed=index) * 255).round().clamp(0, 255)
        with torch.no_grad():
            expected = (model(noisy / 255, 25 / 255) * 255).round().clamp(0, 255)
        answer = denoiser(noisy.to(torch.uint8), 25).float()
        assert (answer - expected).abs().max() <= 1
        different += int((answer != expected).sum())
        pixels += clean.numel()
    assert different <= pixels / 1000


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=str)
@pytest.mark.parametrize("sigma", [BFLOAT16_FROM, 25, 75])
def test_half_precision_stays_near_the_whole_images_answer(
    sigma: float, architecture: Architecture
) -> None:
    rows, columns = torch.meshgrid(torch.arange(90.0), torch.arange(24.0), indexing="ij")
    clean = 0.5 + 0.3 * torch.sin(rows / 9) * torch.cos(columns / 7)
    noisy = add_noise(clean[None, None], sigma / 255, seed=0)
    entry = select(sets.bundled(), sigma, architecture.variant, architecture.scales)
    model = sets.load(entry)
    with torch.no_grad():
        expected = model(noisy, sigma / 255)
    normalised = (noisy - 0.5) * 255 / sigma
    for band in (11, 200):
        streamed = streaming.run(fold(model, torch.bfloat16), normalised, band=band)
        difference = streamed - (expected - 0.5) * 255 / sigma
        # In units of sigma: bfloat16 rounds by 2^-9 relative, and at sigma 5 the normalised picture
        # reaches 25, so that single values may be rounded by a twentieth of sigma, more than once.
        assert difference.abs().max() < 0.25
        assert difference.std() < 0.03


@pytest.mark.parametrize("sigma", [0.01, 1, 25, 255])
@pytest.mark.parametrize("picture", ["black", "white", "chessboard", "huge"])
@pytest.mark.parametrize("variant", ["st", "lista"])
def test_half_precision_never_turns_black_or_nan(
    sigma: float, picture: str, variant: Variant, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = (torch.arange(40)[:, None] + torch.arange(40)[None, :]) % 2
    image = {
        "black": torch.zeros((40, 40)),
        "white": torch.ones((40, 40)),
        "chessboard": board.float(),
        "huge": 1000 * board.float(),
    }[picture][None, None]
    monkeypatch.setattr(budget, "_BAND_PIXELS", 9 * 40)
    monkeypatch.setattr(budget, "_ENOUGH_ROWS", 1)
    answer = networks.load(sigma, precision="emulated-bfloat16", variant=variant)(image, sigma)
    assert torch.isfinite(answer).all()
    # The mean is what is left of a picture taken for noise; 2^-8 is the rounding of a bfloat16.
    scale = max(1.0, image.max().item())
    assert (answer.mean() - image.mean()).abs() < 0.02 * scale


@pytest.mark.parametrize(
    "entry",
    [one for one in sets.bundled() if one.name.endswith("-any")],
    ids=lambda one: one.name,
)
def test_the_answer_is_the_same_every_time(entry: sets.WeightSet) -> None:
    scales = fold(sets.load(entry))
    image = random_image(90, 20).float()
    for band in (7, 200):
        hashes = {
            hashlib.sha256(streaming.run(scales, image, band=band).numpy().tobytes()).hexdigest()
            for _ in range(3)
        }
        assert len(hashes) == 1


def test_what_is_kept_does_not_depend_on_the_height() -> None:
    scales = FOLDED[Architecture("lista", 2)]

    def most_kept(height: int) -> int:
        engine = streaming.ScaleStream(
            scales[0], scales[1:], 6, 20, shrink=True, spaces=Workspaces()
        )
        rows = engine.through(marked(random_image(height, 6).split(20, dim=2)), UNCOUNTED)
        return max(held(engine) for _ in rows)

    assert most_kept(600) == most_kept(900)


def test_no_band_that_comes_out_is_much_higher_than_those_that_went_in() -> None:
    for scales in FOLDED.values():
        for height in (120, 121, 125, 127):
            image = random_image(height, 4, planes=scales[0].planes)
            streamed = streaming.stream(scales, image.split(8, dim=2), 4, band=8)
            heights = [rows.shape[2] for rows in streamed]
            assert sum(heights) == height
            # A band has a row more once it is split, and at the end a step gives up the 18 that it lags.
            assert max(heights) <= 8 + 1 + 18


def held(part: object) -> int:
    """The bytes behind all tensors below an object; shared ones count once."""
    seen: dict[int, int] = {}

    def visit(value: object) -> None:
        if isinstance(value, Tensor):
            storage = value.untyped_storage()
            seen[storage.data_ptr()] = storage.nbytes()
        elif isinstance(value, list | tuple):
            for item in value:
                visit(item)
        elif type(value).__module__ in PARTS:
            for item in vars(value).values():
                visit(item)

    visit(part)
    return sum(seen.values())


def test_short_of_memory_the_band_is_lower_and_the_answer_the_same(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    scales, image = FOLDED[Architecture("lista", 2)], random_image(60, 9)
    expected = streaming.run(scales, image, band=32)
    original = _convolution.rows_like

    def short(bank: Tensor, height: int, width: int) -> Tensor:
        if height > 45:  # workspaces have 57 rows at bands of 32 and 41 at bands of 16
            raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory")
        return original(bank, height, width)

    monkeypatch.setattr(_convolution, "rows_like", short)
    answer = streaming.run(scales, image, band=32)
    assert [record.args for record in caplog.records] == [(16,)]
    torch.testing.assert_close(answer, expected, rtol=0, atol=1e-9)


def test_without_memory_for_one_row_there_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(bank: Tensor, height: int, width: int) -> Tensor:
        raise MemoryError

    monkeypatch.setattr(_convolution, "rows_like", none)
    with pytest.raises(MemoryError):
        streaming.run(FOLDED[Architecture("st", 1)], random_image(20, 9))


def test_no_bands_no_answer() -> None:
    assert list(streaming.stream(FOLDED[Architecture("st", 1)], [], 5)) == []


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=str)
def test_no_part_adds_a_band(architecture: Architecture, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = 0
    original = _convolution.convolve

    def counting(rows: Tensor, *arguments: Any) -> Tensor:
        nonlocal calls
        calls += 1
        return original(rows, *arguments)

    monkeypatch.setattr(_convolution, "convolve", counting)

    def convolutions(height: int) -> int:
        nonlocal calls
        calls = 0
        streaming.run(FOLDED[architecture], random_image(height, 4), band=200)
        return calls

    lista = 6 if architecture.variant == "lista" else 0
    assert convolutions(200) == architecture.scales * (144 + lista)
    # Three bands each, and what the last one grows by, cut once it is too high.
    assert convolutions(600) <= 5 * convolutions(200)


@given(
    cuts=st.lists(st.integers(1, 4), min_size=1, max_size=8),
    width=st.integers(1, 6),
    dilation=st.sampled_from([1, 2]),
    phases=st.sampled_from([1, 2]),
)
def test_splitting_and_merging_bands(
    cuts: list[int], width: int, dilation: int, phases: int
) -> None:
    # The filling is no part of these streams: with phases, both sides must suit the split.
    if phases > 1:
        width += (width + dilation) % phases
        cuts = [*cuts[:-1], cuts[-1] + (sum(cuts) + dilation) % phases]
    image = random_image(sum(cuts), width)
    pairs = list(SplitStream(dilation, phases).through(marked(image.split(cuts, dim=2))))
    assert [last for _, _, last in pairs] == [False] * (len(pairs) - 1) + [True]
    coarse = torch.cat([coarse for coarse, _, _ in pairs], dim=2)
    detail = torch.cat([detail for _, detail, _ in pairs], dim=2)
    expected = tuple(polyphase.split(rows, phases) for rows in haar.split(image, dilation))
    torch.testing.assert_close((coarse, detail), expected, rtol=0, atol=0)
    merged = torch.cat([rows for rows, _ in MergeStream(dilation, phases).through(pairs)], dim=2)
    torch.testing.assert_close(merged, image, rtol=0, atol=1e-14)
