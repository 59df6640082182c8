from __future__ import annotations

import json

from linn_cli.card import model_card, weights_table

from .conftest import ROOT

ENTRIES = json.loads((ROOT / "weights" / "manifest.json").read_text(encoding="utf-8"))["files"]


def test_the_card_in_the_repository_is_the_manifests() -> None:
    card = (ROOT / "weights" / "README.md").read_text(encoding="utf-8")
    assert card == model_card(ENTRIES), "run benchmarks/ship_weights.py"


def test_the_table_in_the_readme_is_the_manifests() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert weights_table(ENTRIES) in readme, "run benchmarks/ship_weights.py"


def test_a_figure_that_was_not_measured_is_left_open() -> None:
    entry = {
        "file": "x",
        "variant": "lista",
        "scales": 2,
        "sigma": [25, 25],
        "bsd68": {"25": 29.126},
    }
    row = weights_table([entry]).splitlines()[-1]
    assert row == "| `x` | DnINN-LISTA 2-scale | 25 | - | 29.13 | - |"
