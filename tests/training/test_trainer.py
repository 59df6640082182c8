from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from linn_cli.errors import UsageError
from linn_cli.network.architecture import Architecture
from linn_cli.network.model import DnINN
from linn_cli.training.initialisation import initialise
from linn_cli.training.patches import Patches
from linn_cli.training.trainer import NoiseName, Recipe, Trainer, parse_noise, patch_loss
from linn_cli.training.white import draw_sigma
from tests.conftest import POLYPHASE

CPU = torch.device("cpu")
SHORT = Recipe(
    Architecture("lista", 2), sigma=(5, 50), steps=6, batch=2, patch=16, warmup=2, cooldown=3
)


def test_the_rate_rises_stays_and_falls() -> None:
    recipe = replace(SHORT, steps=10, warmup=2, cooldown=4)
    rates = [recipe.rate(step) for step in range(10)]
    assert rates == [0.5, 1, 1, 1, 1, 1, 1, 0.75, 0.5, 0.25]
    assert replace(recipe, warmup=0, cooldown=0).rate(9) == 1


def test_the_loss_counts_patches_as_psnr_does() -> None:
    clean, sigma = torch.zeros(2, 1, 8, 8), torch.full((2, 1, 1, 1), 25 / 255)
    typical = 0.012 * 25 / 255
    flat, textured = (math.sqrt(typical * share) for share in (0.25, 4.0))
    estimate = torch.stack([torch.full((1, 8, 8), error) for error in (flat, textured)])
    expected = (math.log(1 + 2 * 0.25) + math.log(1 + 2 * 4)) / 2
    assert patch_loss(estimate, clean, sigma).item() == pytest.approx(expected, rel=1e-5)
    # A fifth of the floor's noise: a fifth of the weight.
    quiet = patch_loss(estimate * math.sqrt(3 / 25), clean, sigma * 3 / 25)
    assert quiet.item() == pytest.approx(expected * 3 / 15, rel=1e-5)


def test_the_middle_of_a_range_is_drawn_most() -> None:
    drawn = draw_sigma((1, 81), 10_000, torch.Generator().manual_seed(0))
    assert drawn.shape == (10_000, 1, 1, 1)
    roots = ((drawn.double() * 255).sqrt() - 1) / 8
    assert roots.min() >= 0
    assert roots.max() <= 1
    # As of the mean of two uniform numbers; 0.01 is two standard errors or more for each of these.
    assert roots.mean().item() == pytest.approx(1 / 2, abs=0.01)
    shares = [(roots < limit).double().mean().item() for limit in (0.25, 0.5, 0.75)]
    assert shares == pytest.approx([1 / 8, 1 / 2, 7 / 8], abs=0.01)
    assert draw_sigma((25, 25), 1, torch.Generator()).item() == pytest.approx(25 / 255)


def test_thresholds_never_turn_negative(pictures: list[Path]) -> None:
    model = initialise(DnINN(SHORT.architecture), torch.Generator().manual_seed(0))
    patches = Patches(pictures, SHORT.patch, CPU)
    recipe = replace(SHORT, warmup=0)
    subject = Trainer(recipe, model, patches, CPU, compiled=False, provenance="a test")
    thresholds = [value for value in subject.model.parameters() if value.dim() < 4]
    with torch.no_grad():
        for value in thresholds:
            value.fill_(1e-6)  # much less than a step, so that half of them would cross 0
    for _ in range(3):
        subject.step()
    assert min(value.min().item() for value in thresholds) == 0


def test_no_noise_is_nothing_to_train_on() -> None:
    with pytest.raises(UsageError, match="is no noise"):
        replace(SHORT, sigma=(0, 50))


def test_kinds_of_noise_go_by_their_names() -> None:
    assert [parse_noise(name) for name in ("white", "photo")] == ["white", "photo"]
    with pytest.raises(UsageError, match="'pink' is unknown: choose white or photo"):
        parse_noise("pink")


def of_colour(folder: Path, noise: NoiseName) -> Trainer:
    rows, columns = np.mgrid[:40, :48]
    picture = np.stack([rows * 5, columns * 4, rows + columns], axis=2).astype(np.uint8)
    Image.fromarray(picture).save(folder / "colour.png")
    recipe = replace(SHORT, architecture=POLYPHASE[1], noise=noise, batch=4, warmup=0)
    side = recipe.patch + recipe.noise_kind.margin
    patches = Patches([folder / "colour.png"], side, CPU, as_grey=False)
    assert patches.sample(3, torch.Generator().manual_seed(0)).shape == (3, 3, side, side)
    model = initialise(DnINN(recipe.architecture), torch.Generator().manual_seed(0))
    return Trainer(recipe, model, patches, CPU, compiled=False, provenance="a test")


@pytest.mark.parametrize("noise", ["white", "photo"])
def test_colour_is_learned_in_planes(tmp_path: Path, noise: NoiseName) -> None:
    subject = of_colour(tmp_path, noise)
    model = subject.model
    before = {name: value.clone() for name, value in model.state_dict().items()}
    losses = [subject.step() for _ in range(3)]
    assert all(bool(torch.isfinite(loss)) for loss in losses)
    changed = {
        name for name, value in model.state_dict().items() if not torch.equal(value, before[name])
    }
    assert changed == before.keys()  # the first step moves the output filters, the next ones all


def test_the_caller_can_hold_the_rate_down(tmp_path: Path) -> None:
    subject = of_colour(tmp_path, "white")
    subject.step()
    before = {name: value.clone() for name, value in subject.model.state_dict().items()}
    subject.step(most=0.0)
    for name, value in subject.model.state_dict().items():
        assert torch.equal(value, before[name]), name
    assert subject.steps_done == 2
    subject.step(most=0.5)
    rates = [group["lr"] / group["share"] for group in subject.optimisers[0].param_groups]
    assert rates == pytest.approx([SHORT.lr / 2] * 2)


def test_a_checkpoint_without_a_kind_of_noise_is_of_white_noise(tmp_path: Path) -> None:
    old = of_colour(tmp_path, "white").state_dict()
    del old["recipe"]["noise"]
    of_colour(tmp_path, "white").load_state_dict(old)
    with pytest.raises(UsageError, match="the run has noise white, not photo"):
        of_colour(tmp_path, "photo").load_state_dict(old)


def test_float32_is_not_rounded_to_bfloat16(pictures: list[Path]) -> None:
    """Weak noise is lost where P's inputs, in units of the noise, are rounded to eight bits."""

    def loss(precision: torch.dtype) -> float:
        model = initialise(DnINN(POLYPHASE[0]), torch.Generator().manual_seed(0))
        recipe = replace(SHORT, architecture=POLYPHASE[0], sigma=(0.5, 0.5), warmup=0)
        patches = Patches(pictures, recipe.patch, CPU, as_grey=True)
        subject = Trainer(
            recipe,
            model,
            patches,
            CPU,
            compiled=False,
            provenance="a test",
            precision=precision,
        )
        # A fresh network passes everything through: the first step's loss is the same in both.
        return [float(subject.step()) for _ in range(3)][-1]

    assert loss(torch.float32) != loss(torch.bfloat16)
