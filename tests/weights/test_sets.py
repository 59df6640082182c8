from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from linn_cli.errors import UsageError, WeightsError
from linn_cli.network.architecture import Architecture
from linn_cli.weights import sets
from linn_cli.weights.sets import WeightSet
from tests.conftest import ARCHITECTURES, ROOT, random_model

METADATA = {"architecture": "dninn", "variant": "st", "scales": "1", "sigma": "5-60"}
State = dict[str, torch.Tensor]


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    path = tmp_path / "trained.safetensors"
    sets.save(path, random_model(Architecture("st", 1)), (5, 60), "made up", seed=7)
    return path


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=str)
def test_what_is_saved_is_loaded(architecture: Architecture, tmp_path: Path) -> None:
    model = random_model(architecture).float()
    path = tmp_path / "any.safetensors"
    sets.save(path, model, (5, 62.5), "made up", seed=7)
    described = sets.describe(path)
    assert described == WeightSet(path, architecture, (5, 62.5), "made up")
    loaded = sets.load(described)
    assert not loaded.training
    for name, value in model.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], value)


def test_the_manifest_lists_every_file_with_its_hash() -> None:
    entries = json.loads((ROOT / "weights" / "manifest.json").read_text())["files"]
    files = {path.name for path in (ROOT / "weights").glob("*.safetensors")}
    assert {entry["file"] for entry in entries} == files
    for entry in entries:
        content = (ROOT / "weights" / entry["file"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == entry["sha256"]


@pytest.mark.parametrize("entry", sets.bundled(), ids=lambda entry: entry.name)
def test_the_manifest_agrees_with_the_headers(entry: WeightSet) -> None:
    assert sets.describe(entry.path) == replace(entry, sha256=None, suits=None)
    sets.load(entry)


def test_a_changed_byte_is_refused(trained: Path) -> None:
    content = bytearray(trained.read_bytes())
    entry = replace(sets.describe(trained), sha256=hashlib.sha256(content).hexdigest())
    sets.load(entry)
    content[-5] ^= 1
    trained.write_bytes(content)
    with pytest.raises(WeightsError, match="damaged or changed"):
        sets.load(entry)


def spoil_nan(state: State) -> None:
    state["scales.0.steps.1.update.output.weight"][0, 3, 1, 1] = torch.nan


def spoil_sign(state: State) -> None:
    state["scales.0.shrinkage.threshold"][1] = -0.1


def spoil_names(state: State) -> None:
    del state["scales.0.steps.3.predict.output.weight"]


def spoil_extra(state: State) -> None:
    state["scales.1.shrinkage.threshold"] = torch.zeros(3)


def spoil_shape(state: State) -> None:
    state["scales.0.shrinkage.threshold"] = torch.zeros(4)


def spoil_range(state: State) -> None:
    name = "scales.0.shrinkage.threshold"
    state[name] = state[name].double() + 1e300  # finite until it becomes a float32


def spoil_float8(state: State) -> None:
    name = "scales.0.shrinkage.threshold"
    state[name] = state[name].to(torch.float8_e4m3fn)


def spoil_dtype(state: State) -> None:
    state["scales.0.shrinkage.threshold"] = torch.zeros(3, dtype=torch.int64)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (spoil_nan, "update.output.weight holds values that are not finite"),
        (spoil_sign, "shrinkage.threshold holds a negative threshold"),
        (spoil_names, "lacks 'scales.0.steps.3.predict.output.weight'"),
        (spoil_extra, "unknown 'scales.1.shrinkage.threshold'"),
        (spoil_shape, r"has shape \(4,\), expected \(3,\)"),
        (spoil_range, "shrinkage.threshold holds values that are not finite"),
        (spoil_float8, "shrinkage.threshold holds values that are not finite"),
        (spoil_dtype, "shrinkage.threshold holds values that are not finite"),
    ],
)
def test_wrong_values_are_refused(
    trained: Path, spoil: Callable[[State], None], reason: str
) -> None:
    state = load_file(trained)
    spoil(state)
    save_file(state, trained, METADATA)
    with pytest.raises(WeightsError, match=reason):
        sets.load(sets.describe(trained))


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        METADATA | {"architecture": "unet"},
        METADATA | {"variant": "relu"},
        METADATA | {"scales": "0"},
        METADATA | {"scales": "one"},
        METADATA | {"sigma": "60-5"},
        METADATA | {"sigma": "nan"},
        METADATA | {"sigma": "bright"},
    ],
)
def test_a_header_that_is_not_ours_is_refused(trained: Path, metadata: dict[str, str]) -> None:
    save_file(load_file(trained), trained, metadata)
    with pytest.raises(WeightsError, match="not a DnINN weight file"):
        sets.describe(trained)


@pytest.mark.parametrize(
    ("key", "value"),
    [("scales", float("inf")), ("scales", 1.9), ("scales", True), ("variant", None), ("sigma", 5)],
)
def test_metadata_that_is_not_text_is_refused(tmp_path: Path, key: str, value: object) -> None:
    header = json.dumps({"__metadata__": {**METADATA, key: value}}).encode()
    path = tmp_path / "odd.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header)
    with pytest.raises(WeightsError, match="the metadata is not text"):
        sets.describe(path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not weights at all",
        (2**63).to_bytes(8, "little"),
        (40).to_bytes(8, "little") + b'{"__metadata__": 5}'.ljust(40),
        (6).to_bytes(8, "little") + b"[" * 6,
        (200_000).to_bytes(8, "little") + b"[" * 200_000,
    ],
)
def test_a_hostile_header_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "hostile.safetensors"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match="not a"):
        sets.describe(path)


def test_tensors_beyond_the_end_are_refused(trained: Path) -> None:
    content = trained.read_bytes()
    described = sets.describe(trained)
    trained.write_bytes(content[:-100])
    with pytest.raises(WeightsError, match="not a valid safetensors file"):
        sets.load(described)


def test_a_pickle_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    path.write_bytes(b"anything")
    with pytest.raises(WeightsError, match="pickled weights can run code"):
        sets.describe(path)


def test_missing_and_huge_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="No such file"):
        sets.describe(tmp_path / "missing.safetensors")
    huge = tmp_path / "huge.safetensors"
    with huge.open("wb") as file:
        file.truncate(2**30)
    with pytest.raises(WeightsError, match="too large"):
        sets.describe(huge)


def test_another_architecture_than_the_manifest_says_is_refused(trained: Path) -> None:
    entry = replace(sets.describe(trained), architecture=Architecture("st", 2))
    with pytest.raises(WeightsError, match="holds DnINN-ST 1-scale, not DnINN-ST 2-scale"):
        sets.load(entry)


def test_a_failed_save_keeps_the_old_file(trained: Path) -> None:
    content = trained.read_bytes()
    model = random_model(Architecture("st", 1))
    model.scales[0].steps[0].predict.output.weight.fill_(torch.inf)
    with pytest.raises(WeightsError, match="not finite"):
        sets.save(trained, model, (5, 60), "diverged")
    assert trained.read_bytes() == content


LISTED = {
    "file": "x.safetensors",
    "sha256": "0" * 64,
    "variant": "st",
    "scales": 1,
    "sigma": [5, 60],
    "provenance": "made up",
}


def test_an_entry_of_a_manifest_is_a_set() -> None:
    found = sets.listed(LISTED, Path("there"))
    assert found.path == Path("there/x.safetensors")
    assert (found.architecture, found.sigma) == (Architecture("st", 1), (5, 60))
    assert found.facts == LISTED


@pytest.mark.parametrize(
    "wrong",
    [
        {"sigma": [60, 5]},
        {"sigma": [float("nan"), 5]},
        {"sigma": 5},
        {"sigma": ["a", "b"]},
        {"variant": "relu"},
        {"scales": 3},
        {"file": 5},
    ],
)
def test_an_entry_that_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(WeightsError, match="an entry of the manifest cannot be used"):
        sets.listed(LISTED | wrong, Path())
    incomplete = {key: value for key, value in LISTED.items() if key not in wrong}
    with pytest.raises(WeightsError, match="an entry of the manifest cannot be used"):
        sets.listed(incomplete, Path())


def test_a_set_must_suit_a_range() -> None:
    assert sets.listed(LISTED | {"suits": [20, 30]}, Path()).suits == (20, 30)
    with pytest.raises(WeightsError, match="an entry of the manifest cannot be used"):
        sets.listed(LISTED | {"suits": [30, 20]}, Path())


@pytest.mark.parametrize(
    ("text", "sigma"), [("25", (25, 25)), ("5-60", (5, 60)), ("0.5-1.5", (0.5, 1.5))]
)
def test_a_range_is_parsed(text: str, sigma: tuple[float, float]) -> None:
    assert sets.parse_range(text) == sigma


@pytest.mark.parametrize("text", ["", "x", "-5", "5-", "9-5", "0-256", "nan", "5-nan"])
def test_what_is_no_range_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="sigma"):
        sets.parse_range(text)


def test_what_comes_with_linn_is_known_to(tmp_path: Path) -> None:
    first = sets.bundled()[0]
    assert sets.is_bundled(first)
    assert sets.digest(first.path) == first.sha256
    assert "MIT" in sets.licence().read_text(encoding="utf-8")
    assert not sets.is_bundled(replace(first, path=tmp_path / "mine.safetensors"))
