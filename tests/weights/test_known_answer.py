from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from linn_cli.errors import WeightsError
from linn_cli.network.architecture import Architecture
from linn_cli.weights import known_answer, sets
from linn_cli.weights.sets import WeightSet
from linn_cli.weights.sources import Source
from tests.conftest import ARCHITECTURES, random_model

BUNDLED = sets.bundled()


def verify(weight_set: WeightSet) -> known_answer.Verdict:
    return known_answer.verify(Source("test", (weight_set,)), weight_set)


@pytest.mark.parametrize("entry", BUNDLED, ids=lambda entry: entry.name)
def test_the_bundled_sets_are_sound(entry: WeightSet) -> None:
    verdict = verify(entry)
    assert verdict.fault is None
    assert verdict.hash_known
    assert verdict.distance is not None, "run benchmarks/ship_weights.py"
    assert verdict.gain is not None
    assert verdict.gain > 3


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=str)
def test_an_answer_survives_the_manifest_and_differs_between_networks(
    architecture: Architecture,
) -> None:
    one, other = (
        known_answer.attempt(random_model(architecture, seed).float(), 25).golden for seed in (0, 1)
    )
    assert known_answer.parse({"golden": asdict(one)}) == one
    assert one.distance(one) == 0
    assert one.distance(other) > 10 * known_answer.TOLERANCE


def test_a_small_change_of_one_layer_is_found() -> None:
    model = sets.load(BUNDLED[0])
    answer = known_answer.attempt(model, 25).golden
    next(model.parameters()).mul_(1.01)
    assert answer.distance(known_answer.attempt(model, 25).golden) > known_answer.TOLERANCE


def test_weights_that_do_not_denoise_are_found(tmp_path: Path) -> None:
    path = tmp_path / "random.safetensors"
    sets.save(path, random_model(Architecture("st", 1)), (5, 60), "made up")
    verdict = verify(sets.describe(path))
    assert not verdict.hash_known
    assert verdict.fault is not None
    assert "it does not denoise" in verdict.fault


def test_another_answer_than_the_manifests_is_found() -> None:
    entry = BUNDLED[0]
    expected = known_answer.parse(entry.facts)
    assert expected is not None
    off = replace(expected, levels=(expected.levels[0] + 1, *expected.levels[1:]))
    verdict = verify(replace(entry, facts={"golden": asdict(off)}))
    assert verdict.fault == "its golden answer is off by 1.00 grey levels, 0.05 are allowed"


def test_a_damaged_file_is_found(tmp_path: Path) -> None:
    path = tmp_path / "damaged.safetensors"
    path.write_bytes(BUNDLED[0].path.read_bytes()[:-1] + b"\0")
    verdict = verify(replace(BUNDLED[0], path=path))
    assert verdict.fault is not None
    assert "damaged or changed" in verdict.fault
    assert (verdict.gain, verdict.distance) == (None, None)


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        {"sigma": 25},
        {"sigma": 0, "levels": [1.0] * 16},
        {"sigma": "nan", "levels": [1.0] * 16},
        {"sigma": 25, "levels": [1.0] * 15},
        {"sigma": 25, "levels": ["x"] * 16},
        {"sigma": 25, "levels": [1.0] * 15 + [float("nan")]},
    ],
)
def test_an_answer_of_another_form_is_refused(answer: Any) -> None:
    with pytest.raises(WeightsError, match="golden answer"):
        known_answer.parse({"golden": answer})


def test_a_set_is_tried_at_a_level_that_it_was_trained_for() -> None:
    assert known_answer.usual_sigma((1, 80)) == 25
    assert known_answer.usual_sigma((48, 52)) == 48
    assert known_answer.usual_sigma((3, 7)) == 7
