from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from linn_cli.engine import streaming
from linn_cli.evaluation.invertibility import (
    DTYPES,
    SIZES,
    plan,
    random_pictures,
    worst_by_part,
)
from linn_cli.network.architecture import Architecture
from linn_cli.network.lifting import LiftingStep
from linn_cli.network.model import DnINN, Scale
from linn_cli.weights import sets
from linn_cli.weights.selection import select
from linn_cli.weights.sets import WeightSet
from tests.conftest import ARCHITECTURES, FAMILY, random_model

SMALL = [picture for picture in random_pictures() if picture.numel() < 5000]
SIGMA = 25 / 255


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("weight_set", sets.bundled(), ids=lambda entry: entry.name)
def test_every_bundled_network_is_inverted(weight_set: WeightSet, dtype: torch.dtype) -> None:
    model = sets.load(weight_set).to(dtype)
    # The largest pictures take four fifths of the time: one set of each architecture runs on them too.
    pictures = list(random_pictures())
    worst = worst_by_part(model, pictures if "any" in weight_set.name else pictures[:-1], SIGMA)
    plain = [f"scale {k + 1}" for k in range(weight_set.architecture.scales)]
    streamed = ["streamed"] * (2 if dtype == torch.float32 else 1)
    assert [trip.part for trip in worst] == [*plain, *streamed]
    for trip in worst:
        assert trip.passed, trip


@pytest.mark.parametrize("architecture", FAMILY, ids=str)
def test_random_networks_are_inverted(architecture: Architecture) -> None:
    assert all(trip.passed for trip in worst_by_part(random_model(architecture), SMALL, SIGMA))


def test_every_size_is_tried() -> None:
    assert [tuple(picture.shape) for picture in random_pictures()] == list(SIZES)


def test_a_quick_plan_leaves_no_set_and_no_architecture_out() -> None:
    found = sets.bundled()
    usual = select(found, 25, None, None)
    own = torch.rand((40, 40))
    checks = plan(found, usual, [own])
    assert [check.weight_set for check in checks] == list(found)
    assert all(check.pictures and torch.float32 in check.dtypes for check in checks)
    thorough = [check for check in checks if check.dtypes == DTYPES]
    architectures = {entry.architecture for entry in found}
    assert {check.weight_set.architecture for check in thorough} == architectures
    assert len(thorough) == len(architectures)
    assert architectures >= set(ARCHITECTURES)
    for check in thorough:
        assert [tuple(picture.shape) for picture in check.pictures[:6]] == list(SIZES[:6])
    assert [check.weight_set for check in checks if check.pictures[-1] is own] == [usual]


def test_the_whole_plan_is_every_set_on_every_size() -> None:
    found = sets.bundled()
    checks = plan(found, found[0], everything=True)
    assert {check.weight_set.name for check in checks} == {entry.name for entry in found}
    for check in checks:
        assert check.dtypes == DTYPES
        assert [tuple(picture.shape) for picture in check.pictures] == list(SIZES)


@pytest.mark.parametrize("half", [False, True])
def test_half_precision_can_be_left_out(half: bool) -> None:
    model = random_model(Architecture("st", 1)).float()
    dtypes = {trip.dtype for trip in worst_by_part(model, SMALL[:1], SIGMA, half=half)}
    assert (torch.bfloat16 in dtypes) == half


def test_the_engine_is_tried_with_several_bands(monkeypatch: pytest.MonkeyPatch) -> None:
    heights: list[int] = []
    original = streaming.run

    def run(scales: Any, image: Tensor, **options: Any) -> Tensor:
        heights.append(-(-image.shape[2] // options["band"]))
        return original(scales, image, **options)

    monkeypatch.setattr(streaming, "run", run)
    worst_by_part(random_model(Architecture("st", 1)), [torch.rand((33, 9))], SIGMA)
    assert heights == [4]


class ForgetfulStep(LiftingStep):
    """A step whose inverse leaves out the update."""

    def inverse(self, coarse: Tensor, detail: Tensor) -> tuple[Tensor, Tensor]:
        return coarse, detail + self.predict(coarse)


class SelfishStep(LiftingStep):
    """A step that is no lifting: its update sees the channel that it changes."""

    def forward(self, coarse: Tensor, detail: Tensor) -> tuple[Tensor, Tensor]:
        detail = detail - self.predict(coarse)
        return coarse + self.update(detail) * coarse, detail

    def inverse(self, coarse: Tensor, detail: Tensor) -> tuple[Tensor, Tensor]:
        coarse = coarse - self.update(detail) * coarse
        return coarse, detail + self.predict(coarse)


class ShrinkingScale(Scale):
    """A scale that loses information on the way, as denoising does."""

    def analyse(self, image: Tensor) -> tuple[Tensor, Tensor]:
        coarse, detail = super().analyse(image)
        return coarse, self.shrinkage(detail)


def spoiled(part: type[LiftingStep] | type[Scale]) -> DnINN:
    model = random_model(Architecture("st", 1))
    scale = model.scales[0]
    if issubclass(part, Scale):
        scale.__class__ = part
    else:
        scale.steps[2].__class__ = part
    return model


@pytest.mark.parametrize("part", [ForgetfulStep, SelfishStep, ShrinkingScale])
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_a_network_that_is_not_inverted_fails(
    part: type[LiftingStep] | type[Scale], dtype: torch.dtype
) -> None:
    plain, *_ = worst_by_part(spoiled(part).to(dtype), SMALL, SIGMA)
    assert not plain.passed
    assert plain.error > 100 * plain.bound


def test_a_slight_flaw_fails_in_float64_where_float32_cannot_see_it() -> None:
    model = random_model(Architecture("st", 1))
    original = model.scales[0].steps[0].inverse

    def slightly_off(coarse: Tensor, detail: Tensor) -> tuple[Tensor, Tensor]:
        coarse, detail = original(coarse, detail)
        return coarse * (1 + 1e-9), detail

    model.scales[0].steps[0].inverse = slightly_off  # type: ignore[method-assign]
    in_double, *_ = worst_by_part(model, SMALL, SIGMA)
    in_single, *_ = worst_by_part(model.float(), SMALL, SIGMA)
    assert not in_double.passed
    assert in_single.passed


def test_nan_is_a_failure() -> None:
    model = random_model(Architecture("st", 1))
    model.scales[0].steps[0].predict.output.weight.fill_(torch.nan)
    assert not any(trip.passed for trip in worst_by_part(model, SMALL[-1:], SIGMA))


def test_a_lost_row_is_seen_in_every_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    def shifted(*arguments: Any, **options: Any) -> Tensor:
        return run(*arguments, **options).roll(1, dims=-2)

    run = streaming.run
    monkeypatch.setattr(streaming, "run", shifted)
    model = random_model(Architecture("st", 1)).float()
    plain, single, half = worst_by_part(model, SMALL, SIGMA)
    assert plain.passed
    assert not single.passed
    assert half.dtype == torch.bfloat16
    assert not half.passed
