from __future__ import annotations

import pytest

from linn_cli.errors import UsageError
from linn_cli.network.architecture import (
    NETWORKS,
    VARIANTS,
    Architecture,
    parse_network,
    parse_variant,
)
from linn_cli.network.model import DnINN
from tests.conftest import FAMILY


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
    with pytest.raises(UsageError, match="2 planes: choose 1 or 3"):
        Architecture(planes=2)
    with pytest.raises(UsageError, match="500 width: choose from 4 to 128"):
        Architecture(width=500)
    with pytest.raises(UsageError, match="'tanh': choose from soft, one-sided, relu"):
        Architecture(activation="tanh")  # type: ignore[arg-type]


@pytest.mark.parametrize("architecture", [*FAMILY, *NETWORKS.values()], ids=str)
def test_its_facts_describe_it_as_text_too(architecture: Architecture) -> None:
    assert Architecture.of(architecture.facts) == architecture
    assert Architecture.of({name: str(value) for name, value in architecture.facts.items()}) == (
        architecture
    )


def test_dninn_needs_no_more_than_its_variant_and_scales() -> None:
    assert Architecture("lista", 2).facts == {"variant": "lista", "scales": 2}
    with pytest.raises(KeyError):
        Architecture.of({"scales": "1"})
    with pytest.raises(ValueError, match="invalid literal"):
        Architecture.of({"variant": "st", "scales": "1", "width": "wide"})


@pytest.mark.parametrize("architecture", [*FAMILY, NETWORKS["colour"]], ids=str)
def test_the_multiplications_are_those_of_all_filters(architecture: Architecture) -> None:
    expected = 0.0
    for scale in DnINN(architecture).scales:
        lifting = sum(value.numel() for value in scale.steps.parameters() if value.dim() == 4)  # type: ignore[attr-defined]
        # Both ways through the networks; LISTA uses its two banks three times each.
        lista = 3 * sum(value.numel() for value in scale.shrinkage.parameters() if value.dim() == 4)
        expected += (2 * lifting + lista) / scale.phases**2
    assert architecture.multiply_adds == expected


def test_no_network_costs_more_than_ffdnet() -> None:
    limits = {"grey": 0.121e6, "colour": 0.213e6}
    for name, most in limits.items():
        assert NETWORKS[name].multiply_adds <= most
        assert NETWORKS[f"{name}-fast"].multiply_adds <= 0.4 * NETWORKS[name].multiply_adds


def test_a_network_is_parsed_by_its_name() -> None:
    assert parse_network("colour") == NETWORKS["colour"]
    assert parse_network("dninn", "lista", 2) == Architecture("lista", 2)
    with pytest.raises(UsageError, match="unknown network 'large': choose from dninn, grey"):
        parse_network("large")
    with pytest.raises(UsageError, match="are DnINN's"):
        parse_network("grey", scales=2)


def test_to_name_a_variant_or_scales_means_dninn() -> None:
    polyphase, paper = NETWORKS["grey"], Architecture("st", 2)
    assert polyphase.is_asked_for(None, None)
    assert not polyphase.is_asked_for("st", None)
    assert not polyphase.is_asked_for(None, 1)
    assert paper.is_asked_for("st", None)
    assert not paper.is_asked_for("st", 1)


def test_colour_lifted_together_counts_in_the_sigma_of_its_channels() -> None:
    assert NETWORKS["grey"].own_sigma(10) == 10
    assert NETWORKS["colour"].own_sigma(25 / 3**0.5) == pytest.approx(25)


def test_a_variant_is_parsed_by_its_name() -> None:
    assert parse_variant("lista") == "lista"
    assert parse_variant(None) is None
    with pytest.raises(UsageError, match="'ST'"):
        parse_variant("ST")
