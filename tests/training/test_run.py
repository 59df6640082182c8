from __future__ import annotations

import math
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple, cast

import pytest
import torch

from linn_cli.errors import InputError, UsageError, WeightsError
from linn_cli.network.architecture import Architecture
from linn_cli.network.model import DnINN
from linn_cli.training.run import (
    Pictures,
    Run,
    _compiles,
    gather,
    prepare,
    train,
)
from linn_cli.training.trainer import Recipe, Trainer
from linn_cli.training.validation import Validation
from linn_cli.weights import sets
from tests.conftest import POLYPHASE, save_pictures

CPU = torch.device("cpu")
SHORT = Recipe(
    Architecture("lista", 2), sigma=(5, 50), steps=6, batch=2, patch=16, warmup=2, cooldown=3
)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Pictures:
    folder = tmp_path_factory.mktemp("files") / "pictures"
    save_pictures(folder)
    return gather([folder], None, None)


def trainer(files: Pictures, recipe: Recipe = SHORT) -> Trainer:
    return prepare(recipe, files, None, CPU, compiled=False)


def finish(subject: Trainer, files: Pictures, folder: Path, every: int = 3) -> list[float]:
    validation = Validation(files.held_out, subject.recipe.sigma)
    steps = train(subject, validation, Run(folder), every=every)
    return [progress.psnr["25"] for progress in steps if progress.psnr]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


class Finished(NamedTuple):
    """A run that came to its end. Tests share it: whoever changes files takes a copy."""

    trainer: Trainer
    folder: Path

    def copied(self, folder: Path) -> Path:
        return shutil.copytree(self.folder, folder)


@pytest.fixture(scope="module")
def finished(files: Pictures, tmp_path_factory: pytest.TempPathFactory) -> Finished:
    done = Finished(trainer(files), tmp_path_factory.mktemp("finished"))
    finish(done.trainer, files, done.folder)
    return done


@pytest.fixture(scope="module")
def finished_small(files: Pictures, tmp_path_factory: pytest.TempPathFactory) -> Finished:
    small = trainer(files, replace(SHORT, architecture=Architecture("st", 1)))
    done = Finished(small, tmp_path_factory.mktemp("small"))
    finish(small, files, done.folder)
    return done


def test_training_lowers_the_loss_and_beats_its_start(files: Pictures, tmp_path: Path) -> None:
    recipe = replace(SHORT, architecture=POLYPHASE[0], steps=80, average=0.9)
    subject = trainer(files, recipe)
    validation = Validation(files.held_out, recipe.sigma)
    before = validation.measure(subject.averaged)["25"]
    after = finish(subject, files, tmp_path / "run", every=80)[-1]
    assert after > before + 0.3


def test_a_resumed_run_takes_the_same_trajectory(
    files: Pictures, finished: Finished, tmp_path: Path
) -> None:
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

    for name, value in finished.trainer.averaged.state_dict().items():
        assert torch.equal(value, second.averaged.state_dict()[name]), name


def test_the_written_weights_load_and_say_where_they_come_from(finished: Finished) -> None:
    subject, folder = finished
    described = sets.describe(folder / "weights.safetensors")
    assert described.architecture == SHORT.architecture
    assert described.sigma == (5, 50)
    assert described.provenance == subject.provenance
    loaded = sets.load(described)
    for name, value in subject.averaged.state_dict().items():
        assert torch.equal(value, loaded.state_dict()[name])


def test_weights_can_be_grown_into_a_run(files: Pictures, finished_small: Finished) -> None:
    init = finished_small.folder / "weights.safetensors"
    grown = prepare(SHORT, files, init, CPU, compiled=False)
    measured = Validation(files.held_out, SHORT.sigma).measure(grown.averaged)
    original = sets.load(sets.describe(init))
    expected = Validation(files.held_out, SHORT.sigma).measure(original)
    assert measured == pytest.approx(expected, abs=1e-4)
    told = "18 pictures of pictures, 2 others to judge by; started from "
    assert f"{told}weights (trained by" in grown.provenance
    assert grown.provenance.endswith(f"{told}nothing)")


def test_a_new_scale_can_start_with_residual_noise(
    files: Pictures, finished_small: Finished
) -> None:
    init = finished_small.folder / "weights.safetensors"
    grown = prepare(SHORT, files, init, CPU, residual=0.2, compiled=False)
    first, second = (
        scale.steps[0].predict.layers.state_dict() for scale in cast("DnINN", grown.model).scales
    )
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
    files: Pictures, finished: Finished, other: dict[str, Any]
) -> None:
    with pytest.raises(UsageError, match=f"the run has {next(iter(other))}"):
        Run(finished.folder).resume(trainer(files, replace(SHORT, **other)))


def test_the_schedule_may_change_and_the_provenance_stays(
    files: Pictures, finished: Finished, tmp_path: Path
) -> None:
    folder = finished.copied(tmp_path / "run")
    longer = trainer(files, replace(SHORT, steps=8, lr=1e-4, cooldown=0))
    longer.provenance = "something else"
    Run(folder).resume(longer)
    finish(longer, files, folder)
    assert longer.steps_done == 8
    described = sets.describe(folder / "weights.safetensors")
    assert described.provenance == finished.trainer.provenance


def broken(network: DnINN) -> None:
    with torch.no_grad():
        network.scales[0].steps[0].predict.output.weight.fill_(torch.nan)


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        ("model", "the loss is nan at step 7: lower --lr"),
        ("averaged", "the network broke at step 7: lower --lr"),
    ],
)
def test_divergence_stops_the_run_and_keeps_the_checkpoint(
    files: Pictures, finished: Finished, tmp_path: Path, part: str, reason: str
) -> None:
    folder = finished.copied(tmp_path / "run")
    subject = trainer(files, replace(SHORT, steps=8))
    Run(folder).resume(subject)
    broken(getattr(subject, part))
    with pytest.raises(InputError, match=reason):
        finish(subject, files, folder, every=1)
    assert contents(folder) == contents(finished.folder)


def test_a_broken_network_is_not_saved_over_a_good_one(
    files: Pictures, finished: Finished, tmp_path: Path
) -> None:
    folder = finished.copied(tmp_path / "run")
    subject = trainer(files)
    broken(subject.averaged)
    with pytest.raises(WeightsError, match="not finite"):
        Run(folder).save(subject, {})
    assert contents(folder) == contents(finished.folder)


def test_a_time_limit_ends_the_run_and_saves(files: Pictures, tmp_path: Path) -> None:
    subject = trainer(files)
    validation = Validation(files.held_out, SHORT.sigma)
    steps = list(train(subject, validation, Run(tmp_path), seconds=0))
    assert [step.step for step in steps] == [1]
    assert Run(tmp_path).checkpoint.exists()


def rates(
    files: Pictures, folder: Path, monkeypatch: pytest.MonkeyPatch, seconds: float, cooldown: int
) -> list[float]:
    """The share of the learning rate at each step of a run that winds down, if a step takes a second."""
    recipe = replace(
        SHORT, architecture=POLYPHASE[0], batch=1, steps=20, cooldown=cooldown, warmup=0
    )
    subject = trainer(files, recipe)
    clock = SimpleNamespace(monotonic=lambda: float(subject.steps_done))
    monkeypatch.setattr("linn_cli.training.run.time", clock)
    [group, _] = subject.optimisers[0].param_groups
    validation = Validation(files.held_out[:1], (25, 25))
    steps = train(subject, validation, Run(folder), every=100, seconds=seconds, wind_down=True)
    return [group["lr"] / recipe.lr for _ in steps]


def test_the_rate_winds_down_by_the_time_limit(
    files: Pictures, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Half of the steps are the cooldown, so half of the time is, and the recipe's own falls later.
    assert rates(files, tmp_path, monkeypatch, seconds=8, cooldown=10) == pytest.approx(
        [1, 1, 1, 1, 1, 0.75, 0.5, 0.25, 0]
    )


@pytest.mark.parametrize(("seconds", "cooldown", "last"), [(0, 10, 1), (2, 0, 1), (2, 20, 0)])
def test_winding_down_knows_no_limit_too_short(
    files: Pictures,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    seconds: float,
    cooldown: int,
    last: float,
) -> None:
    assert rates(files, tmp_path, monkeypatch, seconds, cooldown)[-1] == last


def test_without_a_time_limit_the_rate_is_the_recipes(
    files: Pictures, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = rates(files, tmp_path, monkeypatch, math.inf, cooldown=4)
    assert found == pytest.approx([1] * 17 + [0.75, 0.5, 0.25])


@pytest.mark.parametrize("architecture", POLYPHASE[:2])
def test_photographs_need_colour_and_more_than_their_patches(
    files: Pictures, architecture: Architecture
) -> None:
    recipe = replace(SHORT, architecture=architecture, noise="photo")
    subject = trainer(files, recipe)
    assert subject.patches.pixels.shape[1] == 3
    assert subject.patches.size == recipe.patch + recipe.noise_kind.margin > recipe.patch
    assert math.isfinite(subject.step())
    assert subject.pixels_seen == 2 * 16 * 16


def test_only_processors_with_a_compiler_compile_by_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("linn_cli.training.run.shutil.which", lambda _: "/usr/bin/c++")
    assert _compiles(CPU)
    assert not _compiles(torch.device("cuda"))
    monkeypatch.setattr("linn_cli.training.run.shutil.which", lambda _: None)
    assert not _compiles(CPU)


def test_pictures_are_gathered(pictures: list[Path], tmp_path: Path) -> None:
    folder = pictures[0].parent
    names = tmp_path / "held-out.txt"
    names.write_text("04.png\n11.png\n")
    with pytest.raises(UsageError, match="exclude each other"):
        gather([folder], names, folder)
    assert [path.name for path in gather([folder], names, None).held_out] == ["04.png", "11.png"]
    assert len(gather([folder], None, folder).training) == 20
    with pytest.raises(InputError, match="cannot be read"):
        gather([folder], tmp_path / "missing.txt", None)


def test_a_larger_network_cannot_start_a_smaller_one(files: Pictures, finished: Finished) -> None:
    with pytest.raises(UsageError, match="cannot"):
        prepare(
            replace(SHORT, architecture=Architecture("st", 1)),
            files,
            finished.folder / "weights.safetensors",
            CPU,
        )
