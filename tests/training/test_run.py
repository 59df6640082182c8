from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from linn_cli.errors import InputError, UsageError, WeightsError
from linn_cli.network.architecture import Architecture
from linn_cli.training.run import (
    Pictures,
    Run,
    Validation,
    gather,
    prepare,
    train,
)
from linn_cli.training.trainer import Recipe, Trainer
from linn_cli.weights import sets

CPU = torch.device("cpu")
SHORT = Recipe(
    Architecture("lista", 2), sigma=(5, 50), steps=6, batch=2, patch=16, warmup=2, cooldown=3
)


@pytest.fixture
def files(pictures: list[Path]) -> Pictures:
    return gather(pictures[0].parent, None, None)


def trainer(files: Pictures, recipe: Recipe = SHORT) -> Trainer:
    return prepare(recipe, files, None, CPU, compiled=False)


def finish(subject: Trainer, files: Pictures, folder: Path, every: int = 3) -> list[float]:
    validation = Validation(files.held_out, subject.recipe.sigma)
    steps = train(subject, validation, Run(folder), every=every)
    return [progress.psnr["25"] for progress in steps if progress.psnr]


def test_training_lowers_the_loss_and_beats_its_start(files: Pictures, tmp_path: Path) -> None:
    recipe = replace(SHORT, architecture=Architecture("st", 1), steps=80, average=0.9)
    subject = trainer(files, recipe)
    validation = Validation(files.held_out, recipe.sigma)
    before = validation.measure(subject.averaged)["25"]
    after = finish(subject, files, tmp_path / "run", every=80)[-1]
    assert after > before + 0.3


def test_a_resumed_run_takes_the_same_trajectory(files: Pictures, tmp_path: Path) -> None:
    whole = trainer(files)
    finish(whole, files, tmp_path / "whole")

    first = trainer(files)
    validation = Validation(files.held_out, SHORT.sigma)
    stopped_at_4 = lambda: first.steps_done == 4  # noqa: E731
    for _ in train(first, validation, Run(tmp_path / "halves"), stop=stopped_at_4):
        pass
    assert first.steps_done == 4
    second = trainer(files)
    second.draws.manual_seed(99)
    Run(tmp_path / "halves").resume(second)
    finish(second, files, tmp_path / "halves")

    for name, value in whole.averaged.state_dict().items():
        assert torch.equal(value, second.averaged.state_dict()[name]), name


def test_the_written_weights_load_and_say_where_they_come_from(
    files: Pictures, tmp_path: Path
) -> None:
    subject = trainer(files)
    finish(subject, files, tmp_path)
    described = sets.describe(tmp_path / "weights.safetensors")
    assert described.architecture == SHORT.architecture
    assert described.sigma == (5, 50)
    assert described.provenance == subject.provenance
    loaded = sets.load(described)
    for name, value in subject.averaged.state_dict().items():
        assert torch.equal(value, loaded.state_dict()[name])


def test_weights_can_be_grown_into_a_run(files: Pictures, tmp_path: Path) -> None:
    finish(trainer(files, replace(SHORT, architecture=Architecture("st", 1))), files, tmp_path)
    init = tmp_path / "weights.safetensors"
    grown = prepare(SHORT, files, init, CPU, compiled=False)
    measured = Validation(files.held_out, SHORT.sigma).measure(grown.averaged)
    original = sets.load(sets.describe(init))
    expected = Validation(files.held_out, SHORT.sigma).measure(original)
    assert measured == pytest.approx(expected, abs=1e-4)
    told = "18 pictures of pictures, 2 others to judge by; started from "
    assert f"{told}weights (trained by" in grown.provenance
    assert grown.provenance.endswith(f"{told}nothing)")


def test_a_new_scale_can_start_with_residual_noise(files: Pictures, tmp_path: Path) -> None:
    finish(trainer(files, replace(SHORT, architecture=Architecture("st", 1))), files, tmp_path)
    init = tmp_path / "weights.safetensors"
    grown = prepare(SHORT, files, init, CPU, residual=0.2, compiled=False)
    first, second = (scale.steps[0].predict.layers.state_dict() for scale in grown.model.scales)
    for name, value in first.items():
        share = 0.2 if "threshold" in name else 1
        torch.testing.assert_close(second[name], value * share)
    assert "weights, a new scale for 0.2 of the noise (trained by" in grown.provenance
    with pytest.raises(UsageError, match="give that too"):
        prepare(SHORT, files, None, CPU, residual=0.2, compiled=False)


def test_a_damaged_or_missing_checkpoint_is_an_error(files: Pictures, tmp_path: Path) -> None:
    subject = trainer(files)
    with pytest.raises(InputError, match="nothing to resume"):
        Run(tmp_path).resume(subject)
    (tmp_path / "checkpoint.pt").write_bytes(b"not a checkpoint")
    with pytest.raises(InputError, match="cannot resume"):
        Run(tmp_path).resume(subject)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut", b"junk"])
def test_every_damaged_checkpoint_has_the_same_reason(
    files: Pictures, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "checkpoint.pt").write_bytes(content)
    with pytest.raises(InputError, match="damaged, cannot resume from it"):
        Run(tmp_path).resume(trainer(files))


@pytest.mark.parametrize(
    "other",
    [
        {"architecture": Architecture("st", 1)},
        {"sigma": (5, 40)},
        {"batch": 3},
        {"seed": 1},
    ],
)
def test_another_recipe_cannot_resume(
    files: Pictures, tmp_path: Path, other: dict[str, Any]
) -> None:
    finish(trainer(files), files, tmp_path)
    with pytest.raises(UsageError, match=f"the run has {next(iter(other))}"):
        Run(tmp_path).resume(trainer(files, replace(SHORT, **other)))


def test_the_schedule_may_change_and_the_provenance_stays(files: Pictures, tmp_path: Path) -> None:
    first = trainer(files)
    finish(first, files, tmp_path)
    longer = trainer(files, replace(SHORT, steps=8, lr=1e-4, cooldown=0))
    longer.provenance = "something else"
    Run(tmp_path).resume(longer)
    finish(longer, files, tmp_path)
    assert longer.steps_done == 8
    described = sets.describe(tmp_path / "weights.safetensors")
    assert described.provenance == first.provenance


def test_divergence_stops_the_run_and_keeps_the_checkpoint(files: Pictures, tmp_path: Path) -> None:
    subject = trainer(files)
    with torch.no_grad():
        subject.model.scales[0].steps[0].predict.output.weight.fill_(torch.nan)
    with pytest.raises(InputError, match="lower --lr"):
        finish(subject, files, tmp_path)
    assert list(tmp_path.glob("*.*")) == []


def test_a_broken_network_is_not_saved_over_a_good_one(files: Pictures, tmp_path: Path) -> None:
    subject = trainer(files)
    finish(subject, files, tmp_path)
    before = Run(tmp_path).checkpoint.read_bytes()
    with torch.no_grad():
        subject.averaged.scales[0].steps[0].predict.output.weight.fill_(torch.inf)
    with pytest.raises(WeightsError, match="not finite"):
        Run(tmp_path).save(subject, {})
    assert Run(tmp_path).checkpoint.read_bytes() == before


def test_a_time_limit_ends_the_run_and_saves(files: Pictures, tmp_path: Path) -> None:
    subject = trainer(files)
    validation = Validation(files.held_out, SHORT.sigma)
    steps = list(train(subject, validation, Run(tmp_path), seconds=0))
    assert [step.step for step in steps] == [1]
    assert Run(tmp_path).checkpoint.exists()


def test_pictures_are_gathered(pictures: list[Path], tmp_path: Path) -> None:
    folder = pictures[0].parent
    names = tmp_path / "held-out.txt"
    names.write_text("04.png\n11.png\n")
    with pytest.raises(UsageError, match="exclude each other"):
        gather(folder, names, folder)
    assert [path.name for path in gather(folder, names, None).held_out] == ["04.png", "11.png"]
    assert len(gather(folder, None, folder).training) == 20
    with pytest.raises(InputError, match="cannot be read"):
        gather(folder, tmp_path / "missing.txt", None)


def test_a_larger_network_cannot_start_a_smaller_one(files: Pictures, tmp_path: Path) -> None:
    finish(trainer(files), files, tmp_path)
    with pytest.raises(UsageError, match="cannot"):
        prepare(
            replace(SHORT, architecture=Architecture("st", 1)),
            files,
            tmp_path / "weights.safetensors",
            CPU,
        )
