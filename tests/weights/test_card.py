from __future__ import annotations

import json

import pytest
from huggingface_hub import ModelCard, ModelCardData

from linn_cli.weights.card import Terms, lineage, model_card, weights_table
from tests.conftest import ROOT

ENTRIES = json.loads((ROOT / "weights" / "manifest.json").read_text(encoding="utf-8"))["files"]


def test_the_card_in_the_repository_is_the_manifests() -> None:
    card = (ROOT / "weights" / "README.md").read_text(encoding="utf-8")
    assert card == model_card(ENTRIES), "run benchmarks/ship_weights.py"


def test_the_table_in_the_docs_is_the_manifests() -> None:
    page = (ROOT / "docs" / "weights.md").read_text(encoding="utf-8")
    assert weights_table(ENTRIES) in page, "run benchmarks/ship_weights.py"


def test_the_hub_reads_the_metadata() -> None:
    data = ModelCard(model_card(ENTRIES[:1])).data
    assert isinstance(data, ModelCardData)
    assert data.eval_results is not None
    assert data.to_dict()["library_name"] == "linn"
    assert data.to_dict()["pipeline_tag"] == "image-to-image"
    assert (data.license, data.datasets) == ("mit", ["bsds500"])
    assert data.model_name == ENTRIES[0]["file"].removesuffix(".safetensors")
    results = {
        (result.dataset_type, result.dataset_config): result.metric_value
        for result in data.eval_results
    }
    for sigma, psnr in ENTRIES[0]["bsd68"].items():
        assert results["bsd68", f"sigma-{sigma}"] == psnr
    for sigma, psnr in ENTRIES[0]["held_out_psnr"].items():
        assert results["held-out", f"sigma-{sigma}"] == pytest.approx(psnr, abs=5e-4)  # rounded


def test_terms_that_are_not_known_are_left_out() -> None:
    card = model_card([{**ENTRIES[0], "bsd68": {}, "held_out_psnr": {}}], Terms())
    assert {"license", "datasets", "model-index"}.isdisjoint(ModelCard(card).data.to_dict())
    assert "BSDS500" not in card.split("## Training")[1].replace(
        lineage(ENTRIES[0]["provenance"]), ""
    )


def test_a_long_lineage_is_told_in_a_row() -> None:
    made = "trained on 3 pictures; started from "
    nested = f"{made}C ({made}B ({made}A (trained before (long ago))))"
    assert lineage(nested) == f"{made}C, that from B, that from A (trained before (long ago))"


@pytest.mark.parametrize(
    "provenance", ["", "by hand", "trained; started from nothing", "M; started from A (by hand)"]
)
def test_a_short_lineage_stays(provenance: str) -> None:
    assert lineage(provenance) == provenance


def test_a_figure_that_was_not_measured_is_left_open() -> None:
    entry = {
        "file": "x",
        "variant": "lista",
        "scales": 2,
        "sigma": [25, 25],
        "bsd68": {"25": 29.126},
    }
    row = weights_table([entry]).splitlines()[-1]
    assert row == "| `x` | DnINN-LISTA 2-scale | 25 | BSD68 | - | 29.13 | - |"


def test_a_colour_set_is_listed_with_its_own_pictures_and_its_noise() -> None:
    colour = {"variant": "st", "planes": 3, "phases": 2, "width": 64, "depth": 3, "pairs": 2}
    entry = {
        "file": "x",
        "scales": 1,
        "activation": "relu",
        **colour,
        "sigma": [0.5, 80],
        "noise": "photo",
        "cbsd68": {"15": 33.9},
    }
    row = weights_table([entry]).splitlines()[-1]
    assert row.endswith("| 0.5 to 80, as in photographs | CBSD68 | 33.90 | - | - |")
