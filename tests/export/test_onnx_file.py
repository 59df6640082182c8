from __future__ import annotations

import sys
from pathlib import Path

import pytest

from linn_cli.errors import InputError, UsageError
from linn_cli.export import onnx_file
from linn_cli.network.architecture import Architecture
from linn_cli.weights import sets, sources
from linn_cli.weights.sources import Source
from tests.conftest import random_model

WHY = "needs onnx, which .[test] installs"
[ANY] = [one for one in sets.bundled() if one.name == "dninn-st-1-any"]


def test_the_file_says_what_it_holds() -> None:
    onnx = pytest.importorskip("onnx", reason=WHY)
    model = onnx.load_model_from_string(onnx_file.content(ANY, "MIT"))
    known = {entry.key: entry.value for entry in model.metadata_props}
    assert known["licence"] == "MIT"
    assert known["weights_sha256"] == ANY.sha256
    assert known["provenance"].startswith("trained by linn")
    assert known["trained_for_sigma"] == "1 to 80 of 255"
    assert known["architecture"] == "DnINN-ST 1-scale"
    assert model.producer_name == "linn"
    assert "grey, white at 1" in model.doc_string
    [picture, sigma] = model.graph.input
    axes = [one.dim_param or one.dim_value for one in picture.type.tensor_type.shape.dim]
    assert axes == ["batch", 1, "height", "width"]
    assert sigma.name == "sigma"


@pytest.mark.parametrize("opset", [18, 20, 22])
def test_the_opset_is_the_one_that_was_asked_for(opset: int) -> None:
    onnx = pytest.importorskip("onnx", reason=WHY)
    data = onnx_file.content(ANY, "MIT", opset=opset)
    [used] = onnx.load_model_from_string(data).opset_import
    assert used.version == opset
    assert data == onnx_file.content(ANY, "MIT", opset=opset)
    pytest.importorskip("onnxruntime", reason=WHY)
    assert onnx_file.compare(data, ANY, [(9, 12)]).apart < onnx_file.TOLERANCE


@pytest.mark.parametrize("opset", [9, 17, 1000])
def test_an_opset_that_does_not_do_is_refused(opset: int) -> None:
    pytest.importorskip("onnx", reason=WHY)
    with pytest.raises(UsageError, match=rf"opset {opset}: choose from 18 to \d+"):
        onnx_file.content(ANY, "MIT", opset=opset)


def test_a_sigma_may_be_fixed() -> None:
    onnx = pytest.importorskip("onnx", reason=WHY)
    data = onnx_file.content(ANY, "MIT", sigma=12.5)
    assert [one.name for one in onnx.load_model_from_string(data).graph.input] == ["input"]
    assert onnx_file.facts(ANY, "MIT", 12.5)["sigma"] == "12.5 of 255"
    pytest.importorskip("onnxruntime", reason=WHY)
    assert onnx_file.compare(data, ANY, [(9, 12)]).apart < onnx_file.TOLERANCE


def test_without_onnx_linn_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(UsageError, match="python -m pip install onnx onnxruntime"):
        onnx_file.content(ANY, "MIT")


def test_a_file_that_the_runtime_does_not_know_asks_for_a_lower_opset() -> None:
    pytest.importorskip("onnxruntime", reason=WHY)
    with pytest.raises(UsageError, match=r"ONNX Runtime [\d.]+ does not take .* a lower opset"):
        onnx_file.compare(b"no model", ANY)


def test_an_answer_that_is_no_number_does_not_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("onnx", "onnxruntime"):
        pytest.importorskip(name, reason=WHY)
    monkeypatch.setattr(onnx_file, "reference", lambda _, images, sigma: images / 0 - sigma / 0)
    assert not onnx_file.compare(onnx_file.content(ANY, "MIT"), ANY, [(9, 12)]).holds


def test_a_network_for_every_sigma_is_taken_unless_one_is_fixed() -> None:
    bundled = sources.find()
    chosen = onnx_file.choose(bundled)
    assert (chosen.name, chosen.architecture.planes) == ("polyphase-colour", 3)
    assert chosen.sigma == max((one.sigma for one in bundled.sets), key=lambda s: s[1] - s[0])
    assert onnx_file.choose(bundled, 25.0).architecture.planes == 3
    named = sources.find("dninn-st-2-25")
    assert onnx_file.choose(named).name == "dninn-st-2-25"


def test_colour_goes_before_grey(tmp_path: Path) -> None:
    assert onnx_file.choose(Source("mine", (ANY,))).name == ANY.name
    path = tmp_path / "colour.safetensors"
    colour = Architecture(planes=3, phases=2, pairs=1, width=8, depth=2, activation="relu")
    sets.save(path, random_model(colour), (5, 60), "random")
    both = Source("mine", (ANY, sets.describe(path)))
    assert onnx_file.choose(both).name == "colour"


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        onnx_file.write(tmp_path / "gone" / "a.onnx", b"")
