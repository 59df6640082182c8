from __future__ import annotations

import pytest

from linn_cli.evaluation import published


@pytest.mark.parametrize(("colour", "on", "methods"), [(False, "BSD68", 9), (True, "CBSD68", 2)])
def test_every_method_has_a_figure_at_every_published_sigma(
    colour: bool, on: str, methods: int
) -> None:
    where, known = published.figures(colour=colour)
    assert (where, len(known)) == (on, methods)
    for psnrs in known.values():
        assert list(psnrs) == [15, 25, 50]
        assert psnrs[15] > psnrs[25] > psnrs[50]


def test_sizes_belong_to_published_methods() -> None:
    assert set(published.PARAMETERS) <= set(published.figures(colour=False)[1])
