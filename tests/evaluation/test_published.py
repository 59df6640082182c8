from __future__ import annotations

import pytest

from linn_cli.evaluation import published
from linn_cli.evaluation.clean_pictures import CleanPictures
from linn_cli.pictures import folders
from tests.conftest import shared

SETS = {known.on: known for known in published._KNOWN.values()}


@pytest.mark.parametrize(("on", "methods"), [("BSD68", 9), ("CBSD68", 2)])
def test_every_method_has_a_figure_at_every_published_sigma(on: str, methods: int) -> None:
    known = SETS[on]
    assert len(known.psnr) == methods
    for psnrs in known.psnr.values():
        assert list(psnrs) == [15, 25, 50]
        assert psnrs[15] > psnrs[25] > psnrs[50]
    assert set(known.parameters) <= set(known.psnr)


@pytest.mark.parametrize("on", SETS)
def test_a_test_set_is_known_and_a_part_of_it_is_not(on: str) -> None:
    paths = folders.list_pictures(shared(f"data/{on}"))
    assert published.find(CleanPictures.read(paths[::-1]).digest) is SETS[on]
    assert published.find(CleanPictures.read(paths[:4]).digest) is None


def test_nothing_is_published_on_no_pictures() -> None:
    assert published.find(CleanPictures.read([]).digest) is None
