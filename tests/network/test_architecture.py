from __future__ import annotations

import pytest

from linn_cli.errors import UsageError
from linn_cli.network.architecture import VARIANTS, Architecture, parse_variant


def test_the_paper_has_four() -> None:
    assert [str(Architecture(variant, scales)) for variant in VARIANTS for scales in (1, 2)] == [
        "DnINN-ST 1-scale",
        "DnINN-ST 2-scale",
        "DnINN-LISTA 1-scale",
        "DnINN-LISTA 2-scale",
    ]


def test_others_are_refused() -> None:
    with pytest.raises(UsageError, match="'relu': choose st or lista"):
        Architecture("relu", 1)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="3 scales"):
        Architecture("st", 3)


def test_a_variant_is_parsed_by_its_name() -> None:
    assert parse_variant("lista") == "lista"
    assert parse_variant(None) is None
    with pytest.raises(UsageError, match="'ST'"):
        parse_variant("ST")
